"""Generated projects pass their own lint, type check and tests, installed from their own locks."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from hypothesis import given, settings

from tests import BIN, TEMPLATE, test_properties
from tests.combinations import NOTHING, differences

NAMES = ["My API", "{{7*7}}", "{% raw %}", "</title><script>", "&amp;", "\"'\\", "%s", "שלום", "中文 🚀", "a\u0301"]
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))


def interpreter(version):
    """Return a Python of that version, from PATH or pyenv. Where there is none, skip, unless PYTHONS asks for it."""
    candidates = [shutil.which(f"python{version}"), *sorted(PYENV.glob(f"versions/{version}.*/bin/python"))]
    for candidate in filter(None, candidates):
        if subprocess.run([candidate, "--version"], check=False, capture_output=True).returncode == 0:
            return candidate
    absent = pytest.fail if version in os.environ.get("PYTHONS", "").split() else pytest.skip
    return absent(f"Python {version} is neither on PATH nor in pyenv.")


def environment_with(package, version):
    """Return the folder of an environment of that Python with a tool, `name==1.2.3`, and what it needs."""
    folder = TEMPLATE / ".cache" / f"{package}-{version}"
    if not (folder / "ready").exists():
        subprocess.run([BIN / "uv", "venv", "--quiet", "--clear", "--python", interpreter(version), folder], check=True)
        subprocess.run([BIN / "uv", "pip", "install", "--quiet", "--python", folder, package], check=True)
        (folder / "ready").touch()
    return folder


def virtual_environment(folder, version):
    """Return an environment in which Pipenv keeps one set of packages for each lock, from one run to the next."""
    digest = json.loads((folder / "Pipfile.lock").read_text("utf-8"))["_meta"]["hash"]["sha256"]
    # Where CI is set, a project's tests want its schema committed. Bytecode is kept: eight processes use it.
    outside = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTHONDONTWRITEBYTECODE"}}
    return {
        **outside,
        "PIPENV_CUSTOM_VENV_NAME": f"{version}-{digest[:16]}",
        "PIPENV_IGNORE_VIRTUALENVS": "1",
        "PIPENV_NOSPIN": "1",
        # More cost half as much CPU again, and two projects are tested at once (the Makefile).
        "PYTEST_XDIST_AUTO_NUM_WORKERS": "0",
        "WORKON_HOME": str(TEMPLATE / ".cache/virtualenvs"),
    }


def pipenv_in(folder, version):
    """Return a function that runs Pipenv there, and returns what it prints."""
    environment = virtual_environment(folder, version)

    def pipenv(*arguments, cwd=folder, fails=False, **variables):
        command = [sys.executable, "-m", "pipenv", *arguments]
        # What another project has taught mypy is of no use: one of the test's own saves 15 s from the second run on.
        test = re.sub(r"\W+", "-", os.environ.get("PYTEST_CURRENT_TEST", "none ").rpartition(" ")[0])
        settings = {**environment, "MYPY_CACHE_DIR": str(TEMPLATE / ".cache/mypy" / test), **variables}
        result = subprocess.run(command, cwd=cwd, env=settings, check=False, capture_output=True, text=True)
        assert (result.returncode != 0) is fails, result.stdout + result.stderr
        return result.stdout

    pipenv.virtual_environment = Path(environment["WORKON_HOME"], environment["PIPENV_CUSTOM_VENV_NAME"])
    return pipenv


def make_by_uv(pipenv, python):
    """Make the virtual environment that Pipenv looks for, where there is none yet, and return the folder."""
    folder = pipenv.virtual_environment
    if not folder.exists():
        subprocess.run([BIN / "uv", "venv", "--quiet", "--python", python, folder], check=True)
    return folder


def install_by_uv(pipenv, python):
    """Install what is locked, in a tenth of Pipenv's time, and return the virtual environment's folder."""
    folder = make_by_uv(pipenv, python)
    # The first line names an index; the machine's own settings say where packages are.
    requirements = pipenv("requirements", "--dev", "--hash").partition("\n")[2]
    command = [BIN / "uv", "pip", "sync", "--quiet", "--python", folder, "--require-hashes", "-"]
    subprocess.run(command, check=True, input=requirements, text=True)
    return folder


def named(version, options):
    """Return a parameter of `project`. Its tests are the work of one process: two must not install into one place."""
    name = f"{version} {differences(options)}"
    return pytest.param((version, options), id=name, marks=pytest.mark.xdist_group(name))


DEFAULT = named("3.13", {})
PLAIN = named("3.13", NOTHING)


@pytest.fixture(scope="module", params=[DEFAULT, named("3.14", {})])
def project(request, bake, tmp_path_factory):
    """Return a project with its packages installed: its folder, and Pipenv in it as a function."""
    return installed(*request.param, bake, tmp_path_factory)


def installed(version, options, bake, tmp_path_factory):
    python = interpreter(version)
    baked = bake(python_version=version, **options)
    folder = shutil.copytree(baked, tmp_path_factory.mktemp("project") / baked.name)
    pipenv = pipenv_in(folder, version)
    if options:
        install_by_uv(pipenv, python)
    else:
        pipenv("install", "--deploy", "--dev", "--python", python)
    return SimpleNamespace(folder=folder, pipenv=pipenv)


def test_lint_finds_nothing(project):
    assert "All checks passed!" in project.pipenv("run", "lint")


def test_types_are_right(project):
    assert "Success" in project.pipenv("run", "typecheck")


def test_the_tests_pass(project):
    assert " passed" in project.pipenv("run", "test", "--cov")


def test_the_schema_is_valid(project):
    project.pipenv("run", "schema")


def test_the_doctor_finds_nothing(project):
    assert "wrong" not in project.pipenv("run", "doctor", "--files")


def test_the_doctor_knows_the_settings_of_this_django(project):
    script = """
import doctor, django.conf.global_settings
settings = {name for name in dir(django.conf.global_settings) if name.isupper()}
# Two that Django reads, but has no default for.
settings |= {"MAILERS", "ROOT_URLCONF"}
print(sorted(settings - doctor.REMOVED_SETTINGS ^ doctor.DJANGO_SETTINGS))
"""
    assert project.pipenv("run", "python", "-c", script) == "[]\n"


def test_ci_runs_what_passed_here(bake):
    workflow = yaml.safe_load((bake() / ".github/workflows/ci.yml").read_text("utf-8"))
    commands = [step["run"] for step in workflow["jobs"]["check"]["steps"] if "run" in step]
    assert commands[0].startswith("pipx install pipenv==")
    runs = ("sync --dev", "run doctor --files", "run lint", "run typecheck", "run test --cov", "run fuzz")
    assert commands[1:] == [f"pipenv {arguments}" for arguments in runs]


@pytest.mark.parametrize("project", [DEFAULT], indirect=True)
def test_a_stale_schema_fails_the_tests_and_one_that_is_not_committed_is_asked_for(project, tmp_path):
    folder = shutil.copytree(project.folder, tmp_path / "project")
    test = ("run", "pytest", "--numprocesses=0", "tests/test_project.py", "-k", "committed_schema")
    (folder / "openapi.yaml").unlink(missing_ok=True)
    assert "commit openapi.yaml" in project.pipenv(*test, "-rs", cwd=folder, CI="true")
    project.pipenv(*test, cwd=folder)
    project.pipenv(*test, cwd=folder, CI="true")
    serializers = folder / "users/serializers.py"
    serializers.write_text(serializers.read_text("utf-8").replace('"email", "first_name"', '"first_name"', 1), "utf-8")
    assert "commit the file" in project.pipenv(*test, cwd=folder, fails=True)


@pytest.mark.parametrize("project", [DEFAULT], indirect=True)
def test_the_readme_leads_to_an_own_endpoint(project, tmp_path):
    folder = shutil.copytree(project.folder, tmp_path / "project")
    assert " passed" in add_own_app(folder, project.pipenv)
    begin_a_second_version(folder)
    project.pipenv("run", "schema", cwd=folder)
    schema = (folder / "openapi.yaml").read_text("utf-8")
    assert "operationId: notes_list" in schema
    assert "operationId: v2_notes_list" in schema


def add_own_app(folder, pipenv, end="## "):
    """Do, word for word, what the project's README says of an own app, and return what the last command prints."""
    section = re.search(rf"## Add your own app\n(.*?)\n{end}", (folder / "README.md").read_text("utf-8"), re.DOTALL)[1]
    for words, language, block in re.findall(r"(.*?)```(\w+)\n(.*?)```", section, re.DOTALL):
        follow(words, folder)
        if language == "python":
            (folder / re.findall(r"`(\w+/\w+\.py)`", words)[-1]).write_text(textwrap.dedent(block))
        for command in block.strip().splitlines() if language == "sh" else []:
            program, *arguments = command.split()
            output = run_pipenv_or_rm(pipenv, folder, program, arguments)
    return output


def shell(project, folder, variables, script):
    """Return what a script prints in the project's shell, with these variables in .env."""
    kept = [
        line
        for line in (project.folder / ".env").read_text("utf-8").splitlines()
        if line.partition("=")[0] not in variables
    ]
    (folder / ".env").write_text(
        "\n".join([*kept, *(f"{name}={value}" for name, value in variables.items()), ""]), "utf-8"
    )
    return project.pipenv("run", "python", "manage.py", "shell", "--no-imports", "--command", script, cwd=folder)


@pytest.mark.parametrize("project", [DEFAULT], indirect=True)
def test_without_docker_it_answers_at_the_port_of_the_environment(project, tmp_path):
    folder = shutil.copytree(project.folder, tmp_path / "project")
    script = "from django.core.management.commands.runserver import Command; print(Command.default_port)"
    assert shell(project, folder, {"PORT": "8765"}, script) == "8765\n"
    assert shell(project, folder, {"PORT": ""}, script) == "8000\n"


@pytest.mark.parametrize("project", [DEFAULT], indirect=True)
def test_a_form_from_another_origin_is_accepted_once_the_origin_is_trusted(project, tmp_path):
    assert "`The form was not accepted` | The form was sent from another origin: add it to `CSRF_TRUSTED_ORIGINS`" in (
        project.folder / "README.md"
    ).read_text("utf-8")
    folder = shutil.copytree(project.folder, tmp_path / "project")
    project.pipenv("run", "migrate", cwd=folder)
    script = """
from django.test import Client
client = Client(enforce_csrf_checks=True, headers={"host": "localhost", "origin": "https://elsewhere.example.com"})
client.get("/admin/login/")
answer = client.post("/admin/login/", {"csrfmiddlewaretoken": client.cookies["csrftoken"].value})
print(answer.status_code, "The form was not accepted" in answer.text)
"""
    assert shell(project, folder, {}, script).endswith("403 True\n")
    trusted = {"CSRF_TRUSTED_ORIGINS": "https://elsewhere.example.com"}
    assert shell(project, folder, trusted, script).endswith("200 False\n")


@pytest.mark.parametrize("project", [DEFAULT, PLAIN], indirect=True)
def test_pages_show_any_name_as_typed(project, tmp_path):
    names = [*NAMES, "".join(NAMES), *drawn(400)]
    script = TEMPLATE / "tests/show_names.py"
    (tmp_path / "names.json").write_text(json.dumps(names), "utf-8")  # Pipenv puts variables in its arguments
    shown = project.pipenv("run", "python", str(script), str(tmp_path / "names.json"))
    assert json.loads(shown.splitlines()[-1]) == names


def begin_a_second_version(folder):
    section = (folder / "README.md").read_text("utf-8").partition("## Begin a second version\n")[2]
    words, block = re.search(r"(.*?)```python\n(.*?)```", section, re.DOTALL).groups()
    version_1 = (folder / "notes/api.py").read_text("utf-8")
    (folder / "notes/api_v2.py").write_text(version_1.replace("NoteSerializer", "NoteV2Serializer"), "utf-8")
    follow(words, folder)
    urls = folder / "config/urls.py"
    urls.write_text(urls.read_text("utf-8").replace("urlpatterns = [", f"{block}\nurlpatterns = ["), "utf-8")


def drawn(count):
    """Return so many of the names that the property tests try, as far as they are taken, without spaces around them."""
    names = []

    @settings(max_examples=count, database=None)
    @given(test_properties.names)
    def draw(name):
        names.append(name)

    draw()
    return [name for name in names if test_properties.takes(name) and name == name.strip()]


@pytest.mark.parametrize("project", [DEFAULT], indirect=True)
@pytest.mark.parametrize("name", ['with "one"', "with 'other'", "\\'\"{}"])
def test_settings_can_be_imported_whatever_quotes_the_name_has(project, bake, name):
    folder = bake(python_version="3.13", project_name=name, project_slug="quotes")
    script = "import json; from config.settings import PROJECT_NAME; print(json.dumps(PROJECT_NAME))"
    assert json.loads(project.pipenv("run", "python", "-c", script, cwd=folder).splitlines()[-1]) == name


def follow(words, folder):
    """Do what the words say: add a line at the end of a list of a file."""
    for file, line, name in re.findall(r"[Ii]n `(\S+)`, add `([^`]+)`\s+at\s+the\s+end\s+of\s+`(\w+)`", words):
        text, count = re.subn(
            rf"(?sm)^({name}\b.*?)^\]", rf"\1    {line}\n]", (folder / file).read_text("utf-8"), count=1
        )
        assert count == 1
        (folder / file).write_text(text, "utf-8")


def run_pipenv_or_rm(pipenv, folder, program, arguments):
    if program == "pipenv":
        return pipenv(*arguments, cwd=folder)
    assert program == "rm"
    return [(folder / argument).unlink() for argument in arguments]
