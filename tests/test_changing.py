"""Answers can change later, by the README's own words: what goes leaves no trace, and what is its owner's stays."""

import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib

import pytest

from tests import BIN, TEMPLATE, commit, copy_of_template, git
from tests.combinations import CHOICES, EVERYTHING, OPTIONS, QUESTIONS, everything_but
from tests.test_doctor import load
from tests.test_projects import add_own_app, install_by_uv, interpreter, pipenv_in
from tests.test_surroundings import is_whole

QUESTION_COUNT = sum(not name.startswith("_") for name in QUESTIONS)

OWN = {
    "config/settings.py": "\nFIRST_DAY_OF_WEEK = 1\n",
    "README.md": "\nOurs.\n",
    "notes/__init__.py": "OURS = 1\n",
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """Return the template as it stands, in a Git repository as cruft needs it."""
    return commit(copy_of_template(tmp_path_factory.mktemp("template")))


@pytest.fixture(scope="module")
def everything(repository, tmp_path_factory):
    return create(repository, tmp_path_factory.mktemp("everything"), **EVERYTHING)


@pytest.fixture
def project(everything, tmp_path):
    """Return a project with all options, made by cruft, committed, and free to change."""
    return shutil.copytree(everything, tmp_path / everything.name)


def create(repository, folder, checkout="HEAD", **answers):
    command = [BIN / "cruft", "create", repository, "--no-input", "--extra-context", json.dumps(answers)]
    command += ["--checkout", checkout]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return commit(folder / "my-api")


def documented(project, command):
    """Return the line of the project's README that runs this command of cruft's, without its last argument."""
    readme = (project / "README.md").read_text("utf-8")
    [line] = re.findall(rf"^pipx run (cruft {command} .*)$", readme, re.MULTILINE)
    name, *arguments, _ = shlex.split(line)
    return [BIN / name, *arguments]


def change(project, **answers):
    command = [*documented(project, "update"), json.dumps(answers)]
    return subprocess.run(command, cwd=project, check=True, capture_output=True, text=True)


def differing(project, other):
    """Return the files that only one of the two projects has, or that are not the same in both."""
    one, two = tree(project), tree(other)
    return sorted(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))


def tree(project):
    # .env has secrets of its own in each project, and .cruft.json is cruft's.
    paths = [path for path in project.rglob("*") if path.is_file() and path.name not in {".env", ".cruft.json"}]
    names = {path.relative_to(project).as_posix(): path for path in paths}
    return {name: path.read_bytes() for name, path in names.items() if not name.startswith(".git/")}


@pytest.mark.parametrize("option", OPTIONS)
def test_removing_an_option_gives_the_same_tree_as_not_choosing_it(project, bake, option):
    environment = (project / ".env").read_bytes()
    answers = everything_but(option)
    change(project, **{name: False for name, chosen in answers.items() if not chosen})
    assert differing(project, bake(**answers)) == []
    assert (project / ".env").read_bytes() == environment


@pytest.mark.parametrize("question", CHOICES)
def test_another_answer_gives_the_same_tree_as_choosing_it_at_once(project, bake, question):
    answer = {question: CHOICES[question][-1]}
    change(project, **answer)
    assert differing(project, bake(**EVERYTHING, **answer)) == []


def test_all_questions_can_be_asked_again(project, bake):
    *command, _ = documented(project, "update")
    typed = "\n" * (QUESTION_COUNT - 1) + f"{len(CHOICES['license'])}\n"
    subprocess.run([*command, "--cookiecutter-input"], cwd=project, check=True, input=typed, text=True)
    assert differing(project, bake(**EVERYTHING, license=CHOICES["license"][-1])) == []


@pytest.mark.parametrize(("option", "needed"), QUESTIONS["_needs"].items())
def test_what_an_option_needs_stays_as_long_as_the_option(project, everything, option, needed):
    change(project, **{needed: False})
    assert differing(project, everything) == []
    assert f'{{"{option}": false, "{needed}": false}}' in (project / "README.md").read_text("utf-8")


def test_a_project_that_cookiecutter_made_is_linked_and_gets_an_option(repository, bake, tmp_path):
    project = commit(shutil.copytree(bake(), tmp_path / "my-api"))
    link = [*documented(project, "link"), repository]
    # Enter to every question, and to the commit.
    subprocess.run(link, cwd=project, check=True, input="\n" * (QUESTION_COUNT + 1), text=True)
    change(commit(project), celery=True)
    assert differing(project, bake(celery=True)) == []


def test_what_the_owner_wrote_stays(project):
    add_own_lines(project)
    (project / "users/jwt/api.py").unlink()
    change(commit(project), jwt=False, sentry=False)
    assert all((project / name).read_text("utf-8").endswith(text) for name, text in OWN.items())
    assert "jwt" not in (project / "config/settings.py").read_text("utf-8")
    assert not (project / "users/jwt").exists()
    assert is_whole(project)


def test_a_line_that_both_changed_is_marked(project):
    lock = project / "Pipfile.lock"
    lock.write_text(re.sub('"sha256": ".*"', f'"sha256": "{"0" * 64}"', lock.read_text("utf-8"), count=1))
    said = change(commit(project), jwt=False).stderr
    assert "Applied patch to 'Pipfile.lock' with conflicts." in said
    status = subprocess.run(["git", "status", "--short"], cwd=project, check=True, capture_output=True, text=True)
    assert re.findall("^UU (.*)", status.stdout, re.MULTILINE) == ["Pipfile.lock"]
    assert "D  users/jwt/__init__.py\n" in status.stdout


def test_what_is_new_in_the_template_comes_in(template, tmp_path):
    project = create(commit(template), tmp_path)
    append(project / "config/settings.py", "\nFIRST_DAY_OF_WEEK = 1\n")
    commit(project)
    base = template / "{{cookiecutter.project_slug}}"
    settings = (base / "config/settings.py").read_text("utf-8")
    (base / "config/settings.py").write_text(settings.replace('TIME_ZONE = "UTC"', 'TIME_ZONE = "Europe/Vienna"'))
    append(base / "features/library/README.md.tree", "shelves/                  new in the template\n")
    commit(template)
    *command, _ = documented(project, "update")
    subprocess.run(command, cwd=project, check=True)
    settings = (project / "config/settings.py").read_text("utf-8")
    assert 'TIME_ZONE = "Europe/Vienna"\n' in settings
    assert settings.endswith("\nFIRST_DAY_OF_WEEK = 1\n")
    assert "\nshelves/ " in (project / "README.md").read_text("utf-8")
    assert is_whole(project)


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    """Return the template as it stands, and behind it a release that had other options, packages and files."""
    template = copy_of_template(tmp_path_factory.mktemp("releases"))
    template = template.rename(template.with_suffix(".git"))
    commit(template)
    questions = json.loads((template / "cookiecutter.json").read_text("utf-8"))
    del questions["devcontainer"], questions["__prompts__"]["devcontainer"]
    questions["_features"].remove("devcontainer")
    (template / "cookiecutter.json").write_text(json.dumps(questions), "utf-8")
    base = template / "{{cookiecutter.project_slug}}"
    (base / "features/Pipfile.sha256").unlink()  # of the lock that is written over
    pipfile = (base / "Pipfile").read_text("utf-8")
    (base / "Pipfile").write_text(re.sub("(?m)^(upgrade|pytest-randomly) = .*\n", "", pipfile), "utf-8")
    lock = json.loads((base / "Pipfile.lock").read_text("utf-8"))
    del lock["develop"]["pytest-randomly"]
    (base / "Pipfile.lock").write_text(json.dumps(lock, indent=4, sort_keys=True) + "\n", "utf-8")
    (base / "upgrade.py").unlink()
    (base / "config/former.py").write_text("# No longer there.\n")
    git(commit(template), "tag", "2026.10")
    git(template, "revert", "--no-edit", "HEAD")
    return template


def test_a_project_of_the_last_release_becomes_one_of_this_release(releases, bake, tmp_path):
    project = create(releases, tmp_path, checkout="2026.10", jwt=True)
    assert not (project / "upgrade.py").exists()
    add_own_lines(project)
    change(commit(project), devcontainer=True)
    assert differing(project, bake(jwt=True, devcontainer=True)) == sorted(OWN)
    assert all((project / name).read_text("utf-8").endswith(text) for name, text in OWN.items())
    assert is_whole(project)


@pytest.fixture(scope="module")
def last_release(releases, tmp_path_factory):
    """Return the template as it stands with its newest release behind it, or a made-up one; and its tag."""
    listed = ["tag", "--list", "20*", "--merged", "HEAD", "--no-contains", "HEAD", "--sort=-version:refname"]
    tags = git(TEMPLATE, *listed).split() if (TEMPLATE / ".git").exists() else []
    if not tags:
        return releases, "2026.10"
    template = tmp_path_factory.mktemp("last_release") / "drf-docker.git"
    git(TEMPLATE, "clone", "--quiet", TEMPLATE, template)
    git(template, "rm", "-r", "--quiet", ".")
    shutil.copytree(copy_of_template(tmp_path_factory.mktemp("template")), template, dirs_exist_ok=True)
    git(template, "add", "--all")
    git(template, "commit", "--quiet", "--allow-empty", "--message", "test")
    return template, tags[0]


@pytest.mark.combinations  # it is installed twice
def test_what_an_owner_made_of_the_last_release_passes_its_checks_in_this_release(last_release, bake, tmp_path):
    template, tag = last_release
    version, options = "3.13", {"jwt": True, "python_version": "3.13"}
    project = create(template, tmp_path, checkout=tag, **options)
    add_own_package(project, project)
    pipenv = pipenv_in(project, version)
    install_by_uv(pipenv, interpreter(version))
    readme = (project / "README.md").read_text("utf-8")
    add_own_app(project, pipenv, end="7. ")
    append(project / "Pipfile", 'ours = "pytest --exitfirst"\n')
    (project / "README.md").write_text(readme.replace("# My API\n", "# Notes, and nothing else\n", 1), "utf-8")
    change(commit(project), jwt=False, library=False, devcontainer=True)
    status = git(project, "status", "--short")
    assert re.findall("^(?:U.|.U|AA|DD) (.*)", status, re.MULTILINE) == ["Pipfile.lock"], status
    end_conflict(project, bake(library=False, devcontainer=True, python_version=version))
    assert (project / "README.md").read_text("utf-8").startswith("# Notes, and nothing else\n")
    pipfile = tomllib.loads((project / "Pipfile").read_text("utf-8"))
    assert "inflection" in pipfile["packages"]
    assert "ours" in pipfile["scripts"]
    assert "seed" not in pipfile["scripts"]
    assert is_whole(project)
    pipenv = pipenv_in(project, version)
    install_by_uv(pipenv, interpreter(version))
    pipenv("run", "schema")
    pipenv("run", "format")
    assert "All checks passed!" in pipenv("run", "lint")
    assert "Success" in pipenv("run", "typecheck")
    assert " passed" in pipenv("run", "test")


# It is locked already, so that to lock it takes no index.
OWN_PACKAGE = "inflection = "


def add_own_package(project, locked):
    """Do as `pipenv install` does: put a package at the end of its list, and lock; here, from what is locked there."""
    lock = json.loads((locked / "Pipfile.lock").read_text("utf-8"))
    pipfile = (project / "Pipfile").read_text("utf-8")
    if OWN_PACKAGE not in pipfile:
        line = f'{OWN_PACKAGE}"{lock["default"]["inflection"]["version"]}"\n'
        pipfile = pipfile.replace("\n[dev-packages]", f"{line}\n[dev-packages]")
        (project / "Pipfile").write_text(pipfile, "utf-8")
    lock["_meta"]["hash"]["sha256"] = load(project).pipfile_hash(tomllib.loads(pipfile))
    (project / "Pipfile.lock").write_text(json.dumps(lock, indent=4, sort_keys=True) + "\n", "utf-8")


def end_conflict(project, locked):
    """End the conflict in the lock by the README's two commands, of which the second is done without an index."""
    [(first, second)] = re.findall(
        r"One in `Pipfile.lock` ends with `(git .*?)` and `(pipenv .*?)`", (project / "README.md").read_text("utf-8")
    )
    subprocess.run(shlex.split(first), cwd=project, check=True)
    assert "inflection" in json.loads((project / "Pipfile.lock").read_text("utf-8"))["default"]
    assert second == "pipenv run lock"
    add_own_package(project, locked)


def test_cookiecutter_makes_a_project_of_a_former_release(releases, tmp_path):
    command = [BIN / "cookiecutter", f"file://{releases}", "--checkout", "2026.10", "--no-input"]
    home = {**os.environ, "HOME": str(tmp_path)}
    subprocess.run([*command, "--output-dir", tmp_path], env=home, check=True)
    assert (tmp_path / "my-api/config/former.py").exists()
    assert is_whole(tmp_path / "my-api")


def add_own_lines(project):
    """Do as a project's owner does: add to its files, and files to it."""
    (project / "notes").mkdir()
    for name, text in OWN.items():
        append(project / name, text)


def append(path, text):
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def test_every_option_says_what_to_do_before_it_goes(bake):
    section = (bake(**EVERYTHING) / "README.md").read_text("utf-8").partition("\n## Change an option\n")[2]
    rows = re.findall(r"^\| `(\w+)` \|", section.partition("\n## ")[0], re.MULTILINE)
    assert sorted(rows) == sorted(OPTIONS)
