"""What the hook checks: each check refuses a project that has the fault that it looks for."""

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import threading

import pytest

from tests import TEMPLATE

FOLLOWS_NOTHING = """
dependencies = (
        ("users", "0009_gone"),
)
"""

# The check, the file to break, the text to find in it (None for all of it), what to put there (None to delete the
# file), and what is then said about it.
FAULTS = [
    ("unparsable", "users/models.py", None, "class", "users/models.py: does not parse"),
    ("unparsable", "pyproject.toml", None, "[", "pyproject.toml: does not parse"),
    ("unparsable", "compose.yaml", None, "\tservices: 1", "compose.yaml: does not parse"),
    ("unparsable", "Pipfile.lock", None, "{", "Pipfile.lock: does not parse"),
    ("template_syntax", "Caddyfile", None, "{{ name }}", "Caddyfile: line 1 has template syntax left: {{ name }}"),
    ("template_syntax", "README.md", None, "{% if x %}", "README.md: line 1 has template syntax left"),
    (
        "template_syntax",
        "compose.yaml",
        "services:",
        "# % endfor\nservices:",
        "has template syntax left: # % endfor",
    ),
    ("line_endings", "manage.py", "\n", "\r\n", "manage.py: has Windows line endings"),
    ("pins", "Pipfile", '"==6.1.3"', '"*"', "Pipfile: django is not pinned; write == and a version, not '*'."),
    ("pins", "Pipfile", '"==6.1.3"', '">=6.1.3"', "Pipfile: django is not pinned"),
    ("pins", "Pipfile", '"==6.1.3"', '"==6.1.2"', "Pipfile.lock: django is ==6.1.2 in Pipfile but ==6.1.3 here."),
    ("pins", "Pipfile", "django = ", "jango = ", "Pipfile.lock: jango is ==6.1.3 in Pipfile but missing here."),
    ("pins", "Pipfile.lock", "sha256:", "md5:", "Pipfile.lock: django has no hashes, or one that is not SHA-256."),
    ("lock_hash", "Pipfile", '"==6.1.3"', '"==6.1.2"', "Pipfile.lock: was not made from this Pipfile"),
    (
        "python_version",
        "Dockerfile",
        "python:3.14",
        "python:3.13",
        "Dockerfile: has Python 3.13, but Pipfile requires 3.14",
    ),
    ("python_version", "pyproject.toml", '"3.14"', '"3.12"', "pyproject.toml: has Python 3.12, but Pipfile requires"),
    ("python_version", "pyproject.toml", '"py314"', '"py313"', "pyproject.toml: has Python 3.13, but Pipfile requires"),
    ("python_version", "Pipfile.lock", '"3.14"', '"3.13"', "Pipfile.lock: has Python 3.13, but Pipfile requires 3.14"),
    (
        "installed_apps",
        "config/settings.py",
        "= DJANGO_APPS +",
        "= ",
        "INSTALLED_APPS is not DJANGO_APPS + THIRD_PARTY",
    ),
    (
        "installed_apps",
        "config/settings.py",
        "LOCAL_APPS = [",
        "OTHER = [",
        "config/settings.py: LOCAL_APPS is missing.",
    ),
    (
        "installed_apps",
        "config/settings.py",
        '"knox",',
        '"knox", "users",',
        "users is in INSTALLED_APPS more than once.",
    ),
    ("installed_apps", "config/settings.py", '"knox",', '"users",', "users in THIRD_PARTY_APPS is the project's own."),
    (
        "installed_apps",
        "config/settings.py",
        '    "rest_framework",',
        "",
        "rest_framework is missing from THIRD_PARTY_APPS",
    ),
    (
        "installed_apps",
        "config/settings.py",
        '"users",',
        '"people",',
        "people in LOCAL_APPS is not a folder of the project",
    ),
    (
        "installed_apps",
        "config/settings.py",
        '"knox",',
        '"django.x",',
        "django.x in THIRD_PARTY_APPS is a part of Django",
    ),
    (
        "installed_apps",
        "config/settings.py",
        '"django.contrib.auth",',
        '"x",',
        "x in DJANGO_APPS is not a part of Django",
    ),
    (
        "settings_names",
        "config/settings.py",
        "TIME_ZONE",
        "USE_L10N = TIME_ZONE",
        "USE_L10N is a setting that this Django",
    ),
    (
        "settings_names",
        "config/settings.py",
        "SECURE_HSTS_SECONDS",
        "SECURE_HSTS_SECOND",
        "did you mean SECURE_HSTS_SECONDS?",
    ),
    (
        "settings_names",
        "config/settings.py",
        "TIME_ZONE",
        "EMAIL_HOST",
        "EMAIL_HOST is a setting that this Django no longer",
    ),
    (
        "names",
        "config/settings.py",
        "config.health.Health",
        "config.health.Wealth",
        "names config.health.WealthMiddleware, which",
    ),
    (
        "names",
        "config/settings.py",
        "config.pagination",
        "config.pages",
        "names config.pages.CursorPagination, which is not",
    ),
    (
        "names",
        "config/settings.py",
        "users.User",
        "users.Person",
        "config/settings.py: names users.Person, which is not there.",
    ),
    (
        "names",
        "config/urls.py",
        "users.urls",
        "users.addresses",
        "config/urls.py: names users.addresses, which is not there.",
    ),
    (
        "names",
        "users/views.py",
        "class MeView",
        "class SelfView",
        "users/urls.py: names users.views.MeView, which is not there.",
    ),
    (
        "names",
        "users/serializers.py",
        None,
        None,
        "users/views.py: names users.serializers.UserSerializer, which is not",
    ),
    ("migrations", "users/migrations/0001_initial.py", None, None, "users/models.py: has no migration; run"),
    (
        "migrations",
        "users/migrations/0002_more.py",
        None,
        FOLLOWS_NOTHING,
        "follows users.0009_gone, which is not there.",
    ),
    (
        "scripts",
        "Pipfile",
        '"mypy .',
        '"pyright .',
        "Pipfile: the script typecheck runs pyright, which no locked package",
    ),
    ("scripts", "manage.py", None, None, "Pipfile: the script migrate runs manage.py, which is not there."),
    ("file_names", "users/aux.py", None, "", "users/aux.py: aux.py cannot be a name on Windows."),
    ("file_names", "what?.md", None, "", "what?.md: what?.md cannot be a name on Windows."),
    ("file_names", "readme.md", None, "", "readme.md: differs from README.md by upper and lower case only"),
    ("kept_out", ".gitignore", ".env", "env", ".gitignore: does not keep .env out."),
    ("kept_out", ".dockerignore", "secrets", "", ".dockerignore: does not keep secrets out."),
    ("kept_out", ".dockerignore", "tests", "!.env", ".dockerignore: lets .env in again."),
    ("image_stages", "Dockerfile", "python:3.14-slim-trixie", "python", "Dockerfile: the image python has no tag"),
    (
        "image_stages",
        "Dockerfile",
        "--from=packages",
        "--from=builder",
        "Dockerfile: copies from builder, which is not a stage.",
    ),
    ("image_stages", "Dockerfile", "AS development", "AS dev", "service web builds development, which is not a stage"),
    ("compose_names", "compose.yaml", "postgres:18", "postgres", "service db has an image without a tag: postgres"),
    (
        "compose_names",
        "compose.yaml",
        "@db:",
        "@database:",
        "service web names database, which is not among the services.",
    ),
    (
        "compose_names",
        "compose.production.yaml",
        "secrets/secret_key",
        "secrets/key",
        "reads the secret key, which it is not given",
    ),
    ("proxy", "Caddyfile", "web:8000", "app:8000", "Caddyfile: sends requests to app:8000, where no service"),
    ("proxy", "Dockerfile", "EXPOSE 8000", "EXPOSE 80", "Caddyfile: sends requests to web:8000, where no service"),
    ("image_user", "Dockerfile", "USER 10001:10001", "USER root", "Dockerfile: the last stage ends as root"),
    ("image_user", "Dockerfile", "USER 10001:10001\n", "", "Dockerfile: the last stage ends as root"),
    (
        "compose_names",
        "compose.yaml",
        "volumes:\n  database:",
        "volumes:",
        "service db names database, which is not among",
    ),
    (
        "compose_names",
        "compose.yaml",
        "      migrate:",
        "      migration:",
        "service web names migration, which is not among",
    ),
    ("compose_names", "compose.yaml", "    image: postgres:18", "", "service db has neither an image nor a build."),
    (
        "compose_names",
        "compose.production.yaml",
        "  secret_key:",
        "  key:",
        "names secret_key, which is not among the secrets",
    ),
    (
        "compose_names",
        "compose.production.yaml",
        "  front:",
        "  back:",
        "names front, which is not among the networks.",
    ),
    (
        "compose_names",
        "compose.production.yaml",
        "  caddyfile:",
        "  c:",
        "names caddyfile, which is not among the configs.",
    ),
    (
        "environment_example",
        ".env.example",
        "POSTGRES_PASSWORD=",
        "# ",
        "POSTGRES_PASSWORD, which .env.example does not set.",
    ),
    ("environment_example", ".env.example", "WEB_", "W_", "WEB_CONCURRENCY, which .env.example does not explain."),
]


def load(project):
    """Return the doctor of that project, as a module."""
    specification = importlib.util.spec_from_file_location("doctor", project / "doctor.py")
    doctor = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(doctor)
    return doctor


def breach(path, old, new):
    """Put that fault into the file."""
    if new is None:
        path.unlink()
    elif old is None:
        path.write_text(new, "utf-8")
    else:
        text = path.read_text("utf-8")
        assert old in text
        path.write_bytes(text.replace(old, new).encode())


def test_nothing_is_wrong_with_a_project_as_generated(bake):
    assert load(bake()).problems(bake()) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault[0]}-{fault[1]}-{fault[4]}")
def test_a_fault_is_found_and_named(bake, tmp_path, fault):
    check, file, old, new, problem = fault
    project = shutil.copytree(bake(), tmp_path / "project")
    breach(project / file, old, new)
    doctor = load(project)
    assert [said for said in getattr(doctor, check)(project) if problem in said]
    assert [said for said in doctor.problems(project) if problem in said]


def test_every_check_has_a_fault_that_it_finds(bake):
    doctor = load(bake())
    assert {check.__name__ for check in doctor.CHECKS} | {"unparsable"} == {fault[0] for fault in FAULTS}


def test_its_owner_can_run_the_checks_again(bake, tmp_path):
    project = shutil.copytree(bake(), tmp_path / "project")
    command = [sys.executable, "doctor.py", "--files"]
    result = subprocess.run(command, cwd=project, check=False, capture_output=True, text=True)
    assert result.returncode == 0
    assert all(line.startswith("ok     ") for line in result.stdout.splitlines())
    breach(project / "Dockerfile", "USER 10001:10001\n", "")
    result = subprocess.run(command, cwd=project, check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert [line for line in result.stdout.splitlines() if line.startswith("wrong  Dockerfile: the last stage")]


def machine(project, *, path=None, **variables):
    """Return what is said of the machine, with only these programs on PATH and these variables in .env."""
    text = (project / ".env").read_text()
    for name, value in variables.items():
        text = re.sub(f"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
    (project / ".env").write_text(text)
    command = [sys.executable, "doctor.py"]
    environment = {**os.environ, "PATH": str(path or project)}
    result = subprocess.run(command, cwd=project, check=False, capture_output=True, text=True, env=environment)
    return [line for line in result.stdout.splitlines() if line.startswith("wrong")]


@pytest.fixture
def copy(bake, tmp_path):
    return shutil.copytree(bake(), tmp_path / "project")


@pytest.fixture
def docker(tmp_path):
    """Return a function that makes a program called docker, which says this; its folder is all of PATH."""

    def program(script):
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/docker").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin/docker").chmod(0o755)
        return tmp_path / "bin"

    return program


def test_a_missing_docker_is_named_with_a_way_out(copy):
    assert machine(copy, PORT=1)[0].startswith("wrong  Docker is not installed: docs.docker.com/engine/install.")


def test_an_engine_that_does_not_answer_is_named(copy, docker):
    said = machine(copy, path=docker("echo Cannot connect to the daemon >&2; exit 1"), PORT=1)
    assert said[0] == "wrong  Docker does not answer: Cannot connect to the daemon"


def test_an_old_docker_is_named(copy, docker):
    says = 'case $1 in info) echo "Server:"; echo " Server Version: 24.0.7";; *) echo "version v2.20.1";; esac'
    said = machine(copy, path=docker(says), PORT=1)
    assert said[0] == "wrong  Docker is 24.0; the Compose files need 25.0 or newer."
    assert said[1] == "wrong  Docker Compose is 2.20; the Compose files need 2.26 or newer."


def test_a_port_that_somebody_else_has_is_named(copy):
    with socket.create_server(("127.0.0.1", 0)) as other:

        def hang_up():
            other.accept()[0].close()

        threading.Thread(target=hang_up).start()
        number = other.getsockname()[1]
        assert f"wrong  .env: something else answers at port {number}; set PORT to another one." in machine(
            copy, PORT=number
        )


def test_an_environment_that_is_not_filled_in_is_named(copy):
    assert "wrong  .env: SECRET_KEY is still change-me" in "".join(machine(copy, PORT=1, SECRET_KEY="change-me"))
    (copy / ".env").write_text("PORT=1\n")
    assert "wrong  .env: POSTGRES_PASSWORD is missing" in "".join(machine(copy))
    (copy / ".env").write_text("")
    assert "wrong  .env: is not there" in "".join(machine(copy))


def test_a_broken_template_leaves_a_list_of_problems_and_nothing_else(tmp_path):
    template = tmp_path / "drf-docker"
    shutil.copytree(TEMPLATE, template, ignore=shutil.ignore_patterns(".git", ".venv", ".cache"))
    inner = template / "{{cookiecutter.project_slug}}"
    breach(inner / "Dockerfile", "USER 10001:10001\n", "")
    breach(inner / "features/library/settings.py.local_apps", '"library"', '"biblioteca"')
    (tmp_path / "out").mkdir()
    command = [sys.executable, "-m", "cookiecutter", template, "--no-input", "--output-dir", tmp_path / "out"]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert "Dockerfile: the last stage ends as root" in result.stderr
    assert "biblioteca in LOCAL_APPS is not a folder of the project" in result.stderr
    assert not list((tmp_path / "out").iterdir())
