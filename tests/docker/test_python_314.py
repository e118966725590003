"""Python 3.14: a project's everyday commands, as people run them without Compose, and Cookiecutter itself."""

import contextlib
import functools
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests import TEMPLATE
from tests.docker.stack import run

IMAGE = "python:3.14-slim-trixie"


@contextlib.contextmanager
def container(name, folder, *volumes):
    """Yield a function that runs a command in a container with Python 3.14, in that folder."""
    cache = TEMPLATE / ".cache/pip-in-docker"
    cache.mkdir(parents=True, exist_ok=True)
    options = f"--detach --init --rm --name {name} --user {os.getuid()}:{os.getgid()} --env HOME=/tmp".split()
    volumes = [*volumes, f"{folder}:/project", f"{cache}:/tmp/.cache"]
    mounts = [option for volume in volumes for option in ("--volume", volume)]
    run("docker", "rm", "--force", name, check=False)  # of a run that was killed
    try:
        run("docker", "run", *options, *mounts, "--workdir", "/project", IMAGE, "sleep", "infinity")
        yield lambda *command: run("docker", "exec", name, *command, timeout=600)
    finally:
        run("docker", "rm", "--force", name, check=False)


@pytest.fixture(scope="module")
def pipenv(bake, tmp_path_factory):
    """Return a function that runs Pipenv, at the version that the template uses, in a container with the project."""
    project = tmp_path_factory.mktemp("python-314") / "project"
    shutil.copytree(bake(project_slug="python-314-test", python_version="3.14"), project)
    version = re.search("^pipenv==([0-9.]+)", (TEMPLATE / "requirements-dev.txt").read_text("utf-8"), re.MULTILINE)[1]
    with container("python-314-test", project) as execute:
        execute("python", "-m", "venv", "/tmp/pipenv")
        execute("/tmp/pipenv/bin/pip", "install", "--quiet", f"pipenv=={version}")
        yield functools.partial(execute, "/tmp/pipenv/bin/pipenv")


@pytest.fixture(scope="module")
def installed(pipenv):
    """Return the same function, once the packages are there. `--deploy` refuses a lock of another Pipfile."""
    pipenv("install", "--deploy", "--dev")
    return pipenv


def test_pipenv_finds_that_the_lock_belongs_to_the_pipfile(pipenv):
    pipenv("verify")


def test_the_python_is_the_one_that_was_asked_for(installed):
    assert installed("run", "python", "--version").stdout.startswith("Python 3.14.")


@pytest.mark.parametrize("script", ["lint", "typecheck", "doctor --files"])
def test_the_project_finds_nothing_wrong_with_itself(installed, script):
    installed("run", *script.split())


def test_the_projects_own_tests_pass(installed):
    assert re.search(r"= \d+ passed in ", installed("run", "test").stdout)


@pytest.mark.parametrize("version", ["2.6.0", "2.7.1"])
def test_cookiecutter_on_this_python_makes_a_project(version, tmp_path):
    with container("cookiecutter-314-test", tmp_path, f"{TEMPLATE}:/drf-docker:ro") as execute:
        execute("python", "-m", "venv", "/tmp/venv")
        execute("/tmp/venv/bin/pip", "install", "--quiet", f"cookiecutter=={version}")
        execute("/tmp/venv/bin/cookiecutter", "/drf-docker", "--no-input")
    subprocess.run([sys.executable, tmp_path / "my-api/doctor.py", "--files"], check=True)
