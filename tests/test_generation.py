"""From answers to a project: what is made, where, and with what at hand."""

import ast
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from types import SimpleNamespace

import pytest

from tests import BIN, TEMPLATE, commit, cookiecutter
from tests.combinations import CHOICES, EVERYTHING, NOTHING, OPTIONS, PAIRS, QUESTIONS, differences, everything_but
from tools.lock import pin, write_json

BASE = """
.dockerignore .editorconfig .env .env.example .gitattributes .gitignore Caddyfile Dockerfile LICENSE Pipfile
Pipfile.lock README.md assets/browsable-api.css assets/docs.css assets/favicon.svg assets/redoc.js assets/style.css
compose.production.yaml compose.yaml config/__init__.py config/database.py config/docs.py config/email.py
config/filters.py config/gunicorn.py config/headers.py config/health.py config/limits.py config/logs.py
config/pagination.py config/parsers.py config/problems.py config/schema.py config/serializers.py config/settings.py
config/template_tags.py config/throttling.py config/urls.py config/wsgi.py database.sh doctor.py manage.py
pyproject.toml swarm.py
templates/400.html templates/403.html templates/403_csrf.html templates/404.html templates/413.html templates/429.html
templates/500.html templates/503.html templates/base.html templates/drf_spectacular/redoc.html
templates/drf_spectacular/swagger_ui.html templates/rest_framework/api.html tests/__init__.py tests/conftest.py
tests/fuzz_api.py tests/settings.py tests/test_filters.py tests/test_logs.py tests/test_pages.py
tests/test_pagination.py tests/test_project.py tests/test_serializers.py tests/test_users.py upgrade.py
users/__init__.py users/admin.py users/apps.py users/authentication.py users/backends.py
users/migrations/0001_initial.py users/migrations/0002_search.py users/migrations/__init__.py users/models.py
users/serializers.py users/urls.py users/views.py
"""
LIBRARY = """
library/__init__.py library/admin.py library/api.py library/apps.py library/filters.py library/isbn.py
library/management/__init__.py library/management/commands/__init__.py library/management/commands/seed.py
library/migrations/0001_initial.py library/migrations/0002_search.py library/migrations/0003_authors_stay.py
library/migrations/__init__.py library/models.py
library/permissions.py library/serializers.py library/static/library/style.css library/templates/library/base.html
library/templates/library/book_detail.html library/templates/library/book_form.html
library/templates/library/book_list.html library/templates/library/login.html library/urls.py library/views.py
tests/test_library.py
"""
CI = ".github/dependabot.yml .github/workflows/ci.yml"


def files(project):
    return {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}


def test_every_answer_has_a_default_and_a_wording(answers):
    questions = [name for name in answers if not name.startswith("_")]
    assert len(questions) <= 15
    assert set(answers["__prompts__"]) == set(questions)
    assert set(answers["_features"]) == set(OPTIONS)


def test_the_default_project_is_exactly_this(bake):
    assert files(bake()) == set((BASE + LIBRARY + CI).split())
    assert bake().name == "my-api"


def test_what_the_readme_shows_is_there(bake):
    tree = re.findall(r"^[├└]── (.*?)  ", (TEMPLATE / "README.md").read_text("utf-8"), re.MULTILINE)
    assert len(tree) > 10
    assert not [name for names in tree for name in names.split(", ") if not (bake() / name).exists()]


def test_the_settings_fit_on_a_few_screens(bake):
    assert len((bake() / "config/settings.py").read_text("utf-8").splitlines()) < 220


def test_without_options_the_base_is_left(bake):
    assert files(bake(**NOTHING, ci="none")) == set(BASE.split())


# The identifier of each (spdx.org), and the SHA-256 of its text at choosealicense.com without the name of the holders.
LICENSES = {
    "MIT": ("MIT", "e4cbb274970b9a787533e6de7aea853d0fbb56d140b9b3b57dec302fad9d93ad"),
    "BSD-3-Clause": ("BSD-3-Clause", "a927cf6360215e3dc3d05fbd0c9ec5a19b30b859e1df6632057c83686f90809e"),
    "Apache-2.0": ("Apache-2.0", "c71d239df91726fc519c6eb72d318ec65820627232b2f796219e87dcf35d0ab4"),
    "GPL-3.0": ("GPL-3.0-or-later", "3972dc9744f6499f0f9b2dbf76696f2ae7ad8af9b23dde66d6af86c9dfb36986"),
    "AGPL-3.0": ("AGPL-3.0-or-later", "8486a10c4393cee1c25392769ddd3b2d6c242d6ec7928e1414efff7dfb2f07ef"),
    "proprietary": ("LicenseRef-proprietary", "2707f4805a0271a0dff281970f3f92c38cdc0321752b901c9622f862c193637b"),
}


@pytest.mark.parametrize("name", CHOICES["license"])
def test_a_license_is_whole_and_named_by_its_identifier(bake, name):
    identifier, digest = LICENSES[name]
    project = bake(**NOTHING | {"license": name})
    holders = re.compile(r"^Copyright \(c\) \d{4},? the authors of my-api", re.MULTILINE)
    assert hashlib.sha256(holders.sub("", (project / "LICENSE").read_text("utf-8")).encode()).hexdigest() == digest
    assert f"SPDX: `{identifier}`" in (project / "README.md").read_text("utf-8")


def test_an_option_is_one_question_and_one_folder(template, tmp_path):
    add_the_option_of_the_readme(template)
    lock_the_option_of_the_readme(template)
    for name, answer in {"with": "yes", "without": "no"}.items():
        arguments = ("--no-input", f"reports={answer}", "--output-dir", tmp_path / name)
        result = cookiecutter(*arguments, template=template, cwd=tmp_path, home=tmp_path)
        assert result.returncode == 0, result.stderr
    with_it, without = tmp_path / "with/my-api", tmp_path / "without/my-api"
    assert files(with_it) - files(without) == {"reports/__init__.py"}
    assert 'LOCAL_APPS = [\n    "library",\n    "reports",\n' in (with_it / "config/settings.py").read_text("utf-8")
    assert "\n| `reports` | nothing |\n" in (with_it / "README.md").read_text("utf-8")
    assert json.loads((with_it / "Pipfile.lock").read_text("utf-8"))["default"]["tablib"]["version"] == "==1.0"
    assert not [path for path in files(without) if re.search("reports|tablib", (without / path).read_text("utf-8"))]
    test_every_answer_is_in_the_readme(template)


def add_the_option_of_the_readme(template):
    """Do what the block of "Adding an option" shows."""
    readme, questions = template / "README.md", json.loads((template / "cookiecutter.json").read_text("utf-8"))
    section = readme.read_text("utf-8").partition("\n## Adding an option\n")[2].partition("\n## ")[0]
    block = re.search("```text\n(.*?)```", section, re.DOTALL)[1]
    assert len(block.splitlines()) <= 10
    column = block.index('"reports"')
    for place, text in ((line[:column].strip(), line[column:]) for line in block.splitlines()):
        if place == "cookiecutter.json":
            at = list(questions).index(OPTIONS[-1]) + 1
            question = json.loads(f"{{{text}}}")
            questions = dict([*list(questions.items())[:at], *question.items(), *list(questions.items())[at:]])
        elif place == "cookiecutter.json __prompts__":
            questions["__prompts__"] |= json.loads(f"{{{text}}}")
        elif place == "cookiecutter.json _features":
            questions["_features"].append(json.loads(text))
        elif place == "README.md":
            last = rf"^(\| `{OPTIONS[-1]}` .*\n)"
            changed = re.sub(last, rf"\g<1>{text}\n", readme.read_text("utf-8"), flags=re.MULTILINE)
            readme.write_text(changed, "utf-8")
        else:
            path = template / "{{cookiecutter.project_slug}}" / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n" if text else "", "utf-8")
    (template / "cookiecutter.json").write_text(json.dumps(questions), "utf-8")


def lock_the_option_of_the_readme(template):
    """Do what `make lock` does, without an index: the version is made up."""
    feature, entry = template / "{{cookiecutter.project_slug}}/features/reports", {"version": "==1.0"}
    pin(feature / "Pipfile.packages", {"tablib": entry})
    write_json(feature / "Pipfile.lock", {"default": {"tablib": {**entry, "hashes": [f"sha256:{0:064}"]}}})


def test_every_answer_is_in_the_readme(template):
    answers = json.loads((template / "cookiecutter.json").read_text("utf-8"))
    table = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", (template / "README.md").read_text("utf-8"), re.MULTILINE))
    assert list(table) == [name for name in answers if not name.startswith("_")]
    for name, offered in CHOICES.items():
        assert all(answer in table[name] for answer in offered)


@pytest.mark.parametrize("option", OPTIONS)
def test_no_trace_of_an_option_is_left_without_it(bake, option):
    everything_else = bake(**everything_but(option))
    assert not [path for path in files(everything_else) if names(option, everything_else, path)]


def test_no_trace_of_the_website_is_left_without_the_library(bake):
    project = bake(**everything_but("library"))
    traces = r"website|\.(books|pages)\b|role=\"?search|books_"
    assert not [path for path in files(project) if re.search(traces, (project / path).read_text("utf-8", "replace"))]


@pytest.mark.parametrize("option", OPTIONS)
def test_the_base_names_no_option(option):
    base = TEMPLATE / "{{cookiecutter.project_slug}}"
    assert not [path for path in files(base) if not path.startswith("features/") and names(option, base, path)]


def test_an_option_stands_in_one_folder():
    base = TEMPLATE / "{{cookiecutter.project_slug}}"
    named = [path for path in files(base) if names("celery", base, path)]
    assert named
    assert not [path for path in named if not path.startswith("features/celery/")]


@pytest.mark.parametrize(("option", "needed"), QUESTIONS["_needs"].items())
def test_an_option_brings_what_it_needs(bake, option, needed):
    assert files(bake(**NOTHING | {option: True})) == files(bake(**NOTHING | {option: True, needed: True}))


@pytest.mark.parametrize(("one", "other"), QUESTIONS["_pairs"])
def test_a_pair_of_options_brings_what_only_the_two_together_need(bake, one, other):
    folder = TEMPLATE / f"{{{{cookiecutter.project_slug}}}}/features/{one}/{other}"
    projects = [bake(**NOTHING | answers) for answers in ({one: True}, {other: True}, {one: True, other: True})]

    def only_together(text, file):
        texts = [(project / file).read_text("utf-8") if (project / file).exists() else "" for project in projects]
        return [text in found for found in texts] == [False, False, True]

    for path in files(folder):
        kind, _, place = path.partition("/")
        if kind in {"files", "appended"}:
            assert only_together((folder / path).read_text("utf-8"), place)
        elif path == "Pipfile.packages":
            packages = tomllib.loads((folder / path).read_text("utf-8"))
            assert all(only_together(f'"{package}": {{', "Pipfile.lock") for package in packages)


def names(option, project, path):
    """Tell whether the path of a file, or what is in it, has the option's name, be it a part of CELERY_BROKER_URL."""
    if "/migrations/" in path:  # where Django's own sentences may have the word
        return None
    text = f"{path}\n{(project / path).read_text('utf-8')}"
    return re.search(rf"(?<![a-z0-9]){option}(?![a-z0-9])", text, re.IGNORECASE)


def test_the_environment_is_for_its_owner_only_and_fresh(bake, cookies):
    environments = [project / ".env" for project in (bake(), cookies.bake().project_path)]
    texts = [path.read_text("utf-8") for path in environments]
    assert texts[0] != texts[1]
    assert not any("change-me" in text for text in texts)
    assert f"HOST_UID={os.getuid()}\n" in texts[0]
    assert stat.S_IMODE(environments[0].stat().st_mode) == 0o600


def test_no_secret_is_in_a_file_that_git_keeps(bake):
    project = bake()
    secrets = [line.partition("=")[2] for line in (project / ".env").read_text("utf-8").splitlines()]
    secrets = [secret for secret in secrets if len(secret) > 40]
    assert len(secrets) == 2
    others = [path.read_text("utf-8") for path in project.rglob("*") if path.is_file() and path.name != ".env"]
    assert not [secret for secret in secrets if any(secret in text for text in others)]


@pytest.mark.parametrize("answers", PAIRS, ids=differences)
def test_ruff_finds_nothing_whatever_is_chosen(bake, answers):
    for arguments in (["check"], ["format", "--check"]):
        command = [BIN / "ruff", *arguments, "--no-cache", bake(**answers)]
        assert subprocess.run(command, check=False).returncode == 0


@pytest.mark.parametrize("answers", PAIRS, ids=differences)
def test_pipenv_accepts_the_lock(bake, answers):
    command = [sys.executable, "-m", "pipenv", "verify"]
    result = subprocess.run(command, cwd=bake(**answers), check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("answers", PAIRS, ids=differences)
@pytest.mark.parametrize("file", ["compose.yaml", "compose.production.yaml"])
def test_compose_accepts_the_files(bake, tmp_path, file, answers):
    project = shutil.copytree(bake(**answers), tmp_path / "project")
    compose = [BIN / "docker-compose", "--file", file, "config", "--quiet"]
    result = subprocess.run(compose, cwd=project, check=False, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")


def test_packages_that_only_windows_needs_are_locked(bake):
    lock = json.loads((bake() / "Pipfile.lock").read_text("utf-8"))
    assert lock["default"]["tzdata"]["markers"] == "sys_platform == 'win32'"
    assert lock["develop"]["colorama"]["markers"] == "sys_platform == 'win32'"


@pytest.mark.parametrize("file", ["compose.yaml", "compose.production.yaml"])
def test_compose_files_follow_the_compose_specification(bake, file):
    schema = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", bake(**EVERYTHING) / file]
    assert subprocess.run(schema, check=False).returncode == 0


def test_the_dev_container_follows_its_schema(bake):
    file = bake(**EVERYTHING) / ".devcontainer/devcontainer.json"
    schema = [BIN / "check-jsonschema", "--schemafile", TEMPLATE / "tests/devcontainer.schema.json", file]
    assert subprocess.run(schema, check=False).returncode == 0


def test_hadolint_finds_nothing_in_the_dockerfile(bake):
    result = subprocess.run([BIN / "hadolint", bake() / "Dockerfile"], check=False, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "")


def test_generation_needs_no_network_and_no_other_program(tmp_path):
    cut = ["unshare", "--net"] if os.getuid() == 0 else ["unshare", "--net", "--map-root-user"]
    cut[0] = shutil.which("unshare")
    result = cookiecutter("--no-input", prefix=cut, cwd=tmp_path, home=tmp_path, env={"PATH": str(tmp_path)})
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "my-api/compose.yaml").is_file()


def test_next_steps_name_the_folder(tmp_path):
    result = cookiecutter("--no-input", "project_name=Book Shop", cwd=tmp_path, home=tmp_path)
    assert f"Book Shop is ready in {tmp_path / 'book-shop'}" in result.stdout
    assert "on Python 3.14, with library, ci github, license MIT\n" in result.stdout
    assert f"\n    cd {tmp_path / 'book-shop'}\n" in result.stdout


def test_what_was_not_chosen_is_not_named(tmp_path):
    result = cookiecutter("--no-input", "library=no", "ci=none", cwd=tmp_path, home=tmp_path)
    assert "on Python 3.14, with license MIT\n" in result.stdout


@pytest.mark.parametrize(
    ("folder", "line"),
    [
        ("D:\\my projects\\my-api", r'pushd "D:\my projects\my-api"'),
        ("D:\\$HOME\\my-api", r"pushd 'D:\$HOME\my-api'"),
    ],
)
def test_next_steps_on_windows_change_the_drive_in_any_shell(answers, folder, line):
    hook = ast.parse((TEMPLATE / "hooks/post_gen_project.py").read_text("utf-8"))
    [function] = [node for node in hook.body if getattr(node, "name", "") == "next_steps"]
    namespace = {"os": SimpleNamespace(name="nt"), "ANSWERS": answers}
    exec(compile(ast.Module([function], []), "hook", "exec"), namespace)
    assert f"\n    {line}\n    docker compose up" in namespace["next_steps"](folder)


def test_a_replay_gives_the_same_project(tmp_path):
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
    assert cookiecutter("--no-input", "project_name=Book Shop", cwd=tmp_path / "first", home=tmp_path).returncode == 0
    assert cookiecutter("--replay", "--output-dir", tmp_path / "second", cwd=tmp_path, home=tmp_path).returncode == 0
    assert files(tmp_path / "first/book-shop") == files(tmp_path / "second/book-shop")


def test_the_template_may_be_named_by_a_relative_path(tmp_path):
    result = cookiecutter("--no-input", template=os.path.relpath(TEMPLATE, tmp_path), cwd=tmp_path, home=tmp_path)
    assert result.returncode == 0, result.stderr


def test_the_template_may_be_cloned_from_a_git_address(template, tmp_path):
    source = commit(template.rename(tmp_path / "drf-docker.git"))
    result = cookiecutter("--no-input", template=f"file://{source}", cwd=tmp_path, home=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "my-api/compose.yaml").is_file()


def test_the_questions_can_be_answered_with_enter_alone(tmp_path):
    result = cookiecutter(cwd=tmp_path, home=tmp_path, input="\n" * 20)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "my-api").is_dir()
