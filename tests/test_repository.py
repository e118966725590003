"""This repository's own surroundings on GitHub: what GitHub accepts, pinned as a project's are."""

import re
import subprocess

import pytest

from tests import BIN, TEMPLATE

WORKFLOW = TEMPLATE / ".github/workflows/ci.yml"
FORMS = sorted(set((TEMPLATE / ".github/ISSUE_TEMPLATE").iterdir()) - {TEMPLATE / ".github/ISSUE_TEMPLATE/config.yml"})
PROJECTS = "{{cookiecutter.project_slug}}/features/ci/github/files/.github/workflows/ci.yml"


@pytest.mark.parametrize(
    ("schema", "file"), [("github-workflows", WORKFLOW), *[("github-issue-forms", form) for form in FORMS]]
)
def test_a_file_follows_its_schema(schema, file):
    command = [BIN / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", file]
    assert subprocess.run(command, check=False).returncode == 0


def test_zizmor_finds_nothing():
    result = subprocess.run(
        [BIN / "zizmor", "--offline", TEMPLATE / ".github"], check=False, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout


def test_actions_are_pinned_as_in_projects():
    used, known = (set(re.findall("uses: (.*)", path.read_text("utf-8"))) for path in (WORKFLOW, TEMPLATE / PROJECTS))
    assert used <= known


def test_cookiecutter_is_the_one_that_the_tests_run():
    [version] = re.findall(r"cookiecutter==([\d.]+)", WORKFLOW.read_text("utf-8"))
    assert f"cookiecutter=={version} " in (TEMPLATE / "requirements-dev.txt").read_text("utf-8")


def test_documents_lead_to_commands_and_files_that_are_there():
    targets = set(re.findall(r"^([a-z-]+):", (TEMPLATE / "Makefile").read_text("utf-8"), re.MULTILINE))
    text = "".join((TEMPLATE / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md"))
    commands = " ".join(re.findall("^make (.*?)(?: PYTEST=.*| *#.*)?$", text, re.MULTILINE)).split()
    assert commands
    assert {*commands} <= targets
    assert not [link for link in re.findall(r"\]\(([\w./-]+)\)", text) if not (TEMPLATE / link).exists()]
