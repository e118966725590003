"""What the tests with Docker ask for by name: an engine, and stacks, each built and started once."""

import contextlib
import os
import shutil
import time
from pathlib import Path

import pytest

from tests.docker.load import Load
from tests.docker.stack import Production, Stack, run, set_variables

FRONTEND = "http://localhost:3000"  # of which nothing is there but its origin


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("docker")


@pytest.fixture(scope="session", autouse=True)
def _engine():
    """Skip these tests where no engine answers, but not where they are what must pass."""
    if shutil.which("docker") and run("docker", "info", check=False).returncode == 0:
        return
    reason = "No Docker engine answers (`docker info` fails)."
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextlib.contextmanager
def running(stack):
    """Keep a stack for as long as the tests that ask for it: no other process must have one of the same name."""
    stack.down("--volumes")  # of a run that was killed
    try:
        stack.up()
        stack.add_user()
        yield stack
    finally:
        stack.down("--volumes")


@pytest.fixture(scope="session")
def development(bake, worker_id):
    with running(Stack(bake(project_slug=f"development-{worker_id}", python_version="3.14"))) as stack:
        stack.manage("seed", "30")
        yield stack


@pytest.fixture(scope="session")
def production(bake, worker_id):
    project = bake(project_slug=f"production-{worker_id}", python_version="3.14")
    set_variables(project, CORS_ALLOWED_ORIGINS=FRONTEND)
    with running(Production(project)) as stack:
        stack.manage("seed", "30")
        yield stack


@pytest.fixture(scope="session")
def development_without_library(bake, worker_id):
    answers = {"library": False, "python_version": "3.13"}
    with running(Stack(bake(project_slug=f"plain-development-{worker_id}", **answers))) as stack:
        yield stack


@pytest.fixture(scope="session")
def production_without_library(bake, worker_id):
    answers = {"library": False, "python_version": "3.13"}
    with running(Production(bake(project_slug=f"plain-production-{worker_id}", **answers))) as stack:
        yield stack


@pytest.fixture
def load(stack):
    """People at work for two seconds before and three after what the test does; then, nothing acknowledged is lost."""
    with Load(stack) as load:
        time.sleep(2)
        yield load
        time.sleep(3)
    assert load.acknowledged
    assert load.lost() == set()


@pytest.fixture
def visitor(stack):
    """Return a browser that knows nobody yet, of the file's own stack."""
    with stack.client() as client:
        yield client
