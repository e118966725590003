"""What tests ask for by name: projects, baked once for each set of answers."""

import functools
import json
import sys

import pytest

from tests import TEMPLATE, copy_of_template

# A test may import a project's doctor; the project must not get a __pycache__ from that.
sys.dont_write_bytecode = True


@pytest.fixture(scope="session")
def answers():
    """Return cookiecutter.json, the questions and their defaults."""
    return json.loads((TEMPLATE / "cookiecutter.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def bake(cookies_session):
    """Return a function that bakes a project with these answers and returns its folder. Tests leave it as it is."""

    @functools.cache
    def baked(**answers):
        result = cookies_session.bake(extra_context=answers)
        if result.exception:
            raise result.exception
        return result.project_path

    return baked


@pytest.fixture
def template(tmp_path):
    """Return a copy of the template, which a test may change."""
    return copy_of_template(tmp_path)


@pytest.fixture
def out(tmp_path):
    """Return an empty folder, to generate into."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out"
