"""Everyday commands of a project with Python 3.14, as people run them without Compose."""

import os
import re
import shutil

import pytest

from tests import TEMPLATE
from tests.docker.stack import run

IMAGE = "python:3.14-slim-trixie"
CONTAINER = "python-314-test"


@pytest.fixture(scope="module")
def pipenv(bake, tmp_path_factory):
    """Return a function that runs Pipenv, at the version that the template uses, in a container with the project."""
    project = tmp_path_factory.mktemp("python-314") / "project"
    shutil.copytree(bake(project_slug="python-314-test", python_version="3.14"), project)
    cache = TEMPLATE / ".cache/pip-in-docker"
    cache.mkdir(parents=True, exist_ok=True)
    version = re.search("^pipenv==([0-9.]+)", (TEMPLATE / "requirements-dev.txt").read_text("utf-8"), re.MULTILINE)[1]
    options = f"--detach --init --rm --name {CONTAINER} --user {os.getuid()}:{os.getgid()} --env HOME=/tmp".split()
    mounts = ["--volume", f"{project}:/project", "--volume", f"{cache}:/tmp/.cache", "--workdir", "/project"]
    run("docker", "rm", "--force", CONTAINER, check=False)  # of a run that was killed
    try:
        run("docker", "run", *options, *mounts, IMAGE, "sleep", "infinity")
        run("docker", "exec", CONTAINER, "python", "-m", "venv", "/tmp/pipenv")
        run("docker", "exec", CONTAINER, "/tmp/pipenv/bin/pip", "install", "--quiet", f"pipenv=={version}")
        yield lambda *command: run("docker", "exec", CONTAINER, "/tmp/pipenv/bin/pipenv", *command, timeout=600)
    finally:
        run("docker", "rm", "--force", CONTAINER, check=False)


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
