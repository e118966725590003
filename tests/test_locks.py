"""Whatever is chosen, the lock holds what is needed for it, and nothing else."""

import io
import itertools
import json
import os
import re
import shutil
import subprocess
import tomllib
from functools import cache

import jinja2
import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pipenv.vendor.plette.pipfiles import Pipfile

from tests import BIN, TEMPLATE
from tests.combinations import EVERYTHING, FEATURES, NOTHING, OPTIONS, QUESTIONS, differences
from tests.test_doctor import load
from tests.test_projects import install_by_uv, interpreter, make_by_uv, pipenv_in
from tests.test_surroundings import is_whole
from tools.lock import SECTIONS, fragment, requirements

PROJECT = TEMPLATE / "{{cookiecutter.project_slug}}"
VERSION = "3.13"
LOCKED = [option for option in OPTIONS if (FEATURES / option / "Pipfile.lock").exists()]
PACKAGED = [option for option in OPTIONS if [*(FEATURES / option).rglob("Pipfile*")]]
MACHINE = {**default_environment(), "python_version": VERSION, "python_full_version": f"{VERSION}.0"}


@pytest.fixture(scope="module")
def needs(bake):
    """Return a function that tells what a package with such extras needs, as the installed packages themselves say."""
    folder = bake(python_version=VERSION, **EVERYTHING)
    python = install_by_uv(pipenv_in(folder, VERSION), interpreter(VERSION)) / "bin/python"
    script = "import importlib.metadata as m, json; print(json.dumps({d.name: d.requires for d in m.distributions()}))"
    output = subprocess.run([python, "-c", script], check=True, capture_output=True, text=True).stdout
    installed = {canonicalize_name(name): lines or [] for name, lines in json.loads(output).items()}

    @cache
    def needs(name, extras):
        return {
            (canonicalize_name(needed.name), frozenset(needed.extras))
            for needed in map(Requirement, installed[name])
            if not needed.marker or any(needed.marker.evaluate({**MACHINE, "extra": e}) for e in extras or {""})
        }

    return needs


def all_sets():
    """Return every set of the options that bring packages or scripts."""
    answers = itertools.product([True, False], repeat=len(PACKAGED))
    return [NOTHING | dict(zip(PACKAGED, chosen, strict=True)) for chosen in answers]


def answered(options):
    """Return the answers and what Cookiecutter makes of them."""
    answers = {**QUESTIONS, **options, **{name: offered[0] for name, offered in QUESTIONS["_choices"].items()}}
    for name in ("__needed", "__chosen"):
        answers[name] = jinja2.Template(QUESTIONS[name]).render(cookiecutter=answers)
    return answers


def chosen(options):
    """Return the folders that Cookiecutter finds chosen."""
    return [PROJECT / "features" / feature for feature in answered(options)["__chosen"].split()]


def locked(folders, section):
    """Return what the merged lock holds for this machine, and the versions."""
    entries = {}
    for file in (folder / "Pipfile.lock" for folder in folders):
        entries |= json.loads(file.read_text("utf-8")).get(section, {}) if file.exists() else {}
    return {name: entry["version"] for name, entry in entries.items() if holds(entry.get("markers"))}


@cache
def holds(marker):
    return not marker or Marker(marker).evaluate(MACHINE)


@pytest.mark.parametrize(("section", "key"), SECTIONS.items())
def test_a_lock_holds_what_is_needed_for_what_was_chosen_and_nothing_else(needs, section, key):
    base = requirements(tomllib.loads((PROJECT / "Pipfile").read_text("utf-8"))[section])
    for options in all_sets():
        folders = chosen(options)
        lines = [*base, *itertools.chain(*(requirements(fragment(folder, section)) for folder in folders))]
        left = {(canonicalize_name(root.name), frozenset(root.extras)) for root in map(Requirement, lines)}
        found = set()
        while left:
            found |= (step := left)
            left = set().union(*(needs(*package) for package in step)) - found
        assert {name for name, _ in found} == locked([PROJECT, *folders], key).keys(), folders


def test_pipenv_finds_the_same_hash_whatever_was_chosen(bake):
    doctor = load(bake())
    settings = {"keep_trailing_newline": True, **QUESTIONS["_jinja2_env_vars"]}
    pipfile = jinja2.Environment(loader=jinja2.FileSystemLoader(PROJECT), **settings).get_template("Pipfile")
    pipfiles = {pipfile.render(cookiecutter=answered(options)) for options in all_sets()}
    assert len(pipfiles) > 100
    for text in pipfiles:
        assert doctor.pipfile_hash(tomllib.loads(text)) == Pipfile.load(io.StringIO(text)).get_hash().value


@pytest.mark.index
@pytest.mark.parametrize(
    "options", [NOTHING, *(NOTHING | {option: True} for option in LOCKED), EVERYTHING], ids=differences
)
def test_pipenv_locks_the_same(bake, tmp_path, options):
    project = shutil.copytree(bake(python_version=VERSION, **options), tmp_path / "project")
    pipenv = pipenv_in(project, VERSION)
    make_by_uv(pipenv, interpreter(VERSION))
    merged = {(key, *package) for key in SECTIONS.values() for package in locked([project], key).items()}
    pipenv("lock")
    found = {(key, *package) for key in SECTIONS.values() for package in locked([project], key).items()}
    if options != EVERYTHING:  # an option may hold back a version, which is then the same in projects without it
        merged, found = ({package[:2] for package in packages} for packages in (merged, found))
    assert {"missing": found - merged, "needless": merged - found} == {"missing": set(), "needless": set()}


@pytest.mark.index
def test_a_project_upgrades_itself_to_what_is_pinned_here(bake, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(BIN), prepend=os.pathsep)
    project = shutil.copytree(bake(python_version=VERSION), tmp_path / "project")
    pipfile = (project / "Pipfile").read_text("utf-8")
    older = re.sub(r"^((?:whitenoise|environs) = .*?)==[^\"]+", r"\1==6.0.0", pipfile, flags=re.MULTILINE)
    (project / "Pipfile").write_text(older, "utf-8")
    pipenv = pipenv_in(project, VERSION)
    make_by_uv(pipenv, interpreter(VERSION))
    said = pipenv("run", "upgrade")
    assert "whitenoise: 6.0.0 -> " in said
    assert (project / "Pipfile").read_text("utf-8") == pipfile
    assert is_whole(project)
