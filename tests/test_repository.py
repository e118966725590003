"""This repository's own surroundings on GitHub: what GitHub accepts, pinned as a project's are."""

import re
import subprocess
import tomllib

import pytest

from tests import BIN, TEMPLATE, commit, git
from tools.lock import write_workflow

WORKFLOWS = sorted((TEMPLATE / ".github/workflows").iterdir())
FORMS = sorted(set((TEMPLATE / ".github/ISSUE_TEMPLATE").iterdir()) - {TEMPLATE / ".github/ISSUE_TEMPLATE/config.yml"})
PROJECTS = "{{cookiecutter.project_slug}}/features/ci/github/files/.github/workflows/ci.yml"


@pytest.mark.parametrize(
    ("schema", "file"),
    [*[("github-workflows", file) for file in WORKFLOWS], *[("github-issue-forms", form) for form in FORMS]],
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
    used, known = (
        set(re.findall("uses: (.*)", "".join(path.read_text("utf-8") for path in paths)))
        for paths in (WORKFLOWS, [TEMPLATE / PROJECTS])
    )
    assert used <= known


def test_an_action_is_pinned_to_the_commit_of_its_newest_release(tmp_path, monkeypatch):
    action = tmp_path / "github/owner/action"
    action.mkdir(parents=True)
    (action / "action.yml").touch()
    commit(action)
    for tag in (["v7.9.0"], ["v7.10.0", "--annotate", "--message", "x"], ["v8-beta"]):
        git(action, "tag", *tag)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{tmp_path}/github/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    workflow = tmp_path / "ci.yml"
    workflow.write_text(f"- uses: owner/action@{'0' * 40} # v7.8.0\n- uses: owner/gone@{'0' * 40} # v1.0.0\n")
    write_workflow(workflow)
    head = git(action, "rev-parse", "HEAD").strip()
    assert workflow.read_text() == f"- uses: owner/action@{head} # v7.10.0\n- uses: owner/gone@{'0' * 40} # v1.0.0\n"


def test_cookiecutter_is_the_one_that_the_tests_run():
    text = "".join(workflow.read_text("utf-8") for workflow in WORKFLOWS)
    [version] = set(re.findall(r"cookiecutter==([\d.]+)", text))
    assert f"cookiecutter=={version} " in (TEMPLATE / "requirements-dev.txt").read_text("utf-8")


def test_the_newest_changes_are_those_of_this_version():
    changes = re.split(r"^## (.*)\n", (TEMPLATE / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    releases = dict(zip(changes[::2], changes[1::2], strict=True))
    version = tomllib.loads((TEMPLATE / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert next(iter(releases)) in {"Unreleased", version}
    assert [name for name in releases if name != "Unreleased"][:1] == [version]
    for name, text in releases.items():
        assert re.fullmatch(r"Unreleased|20\d\d\.(0[1-9]|1[0-2])(\.\d+)?", name)
        assert name == "Unreleased" or text.partition("\n### In an existing project\n")[2].strip(), name


def test_the_readme_names_no_release_that_may_not_be_there():
    assert {*re.findall("--checkout (\\S+)`", (TEMPLATE / "README.md").read_text("utf-8"))} == {"TAG"}


def test_documents_lead_to_commands_and_files_that_are_there():
    targets = set(re.findall(r"^([a-z-]+):", (TEMPLATE / "Makefile").read_text("utf-8"), re.MULTILINE))
    text = "".join((TEMPLATE / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md"))
    commands = " ".join(re.findall("^make (.*?)(?: PYTEST=.*| *#.*)?$", text, re.MULTILINE)).split()
    assert commands
    assert {*commands} <= targets
    assert not [link for link in re.findall(r"\]\(([\w./-]+)\)", text) if not (TEMPLATE / link).exists()]
