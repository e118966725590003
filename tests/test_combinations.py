"""What test_projects.py checks, of sets of options: in a file of its own, since a file is the work of one process."""

import itertools

import pytest

from tests.combinations import OPTION_PAIRS
from tests.test_projects import (  # noqa: F401 - the tests are collected here too, with the projects of this file
    installed,
    named,
    test_lint_finds_nothing,
    test_the_doctor_finds_nothing,
    test_the_doctor_knows_the_settings_of_this_django,
    test_the_schema_is_valid,
    test_the_tests_pass,
    test_types_are_right,
)


@pytest.fixture(scope="module", params=map(named, itertools.cycle(["3.12", "3.13"]), OPTION_PAIRS))
def project(request, bake, tmp_path_factory):
    """Return a project with the options, and with its packages installed."""
    return installed(*request.param, bake, tmp_path_factory)
