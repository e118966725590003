"""Continuous integration: its files are what GitHub and GitLab accept, and leave nothing behind where not chosen."""

import re
import subprocess

import pytest
import yaml

from tests import BIN
from tests.combinations import EVERYTHING

GITHUB, GITLAB = "github", "gitlab"
FILES = {
    "vendor.renovate": (GITLAB, "renovate.json"),
    "vendor.github-workflows": (GITHUB, ".github/workflows/ci.yml"),
    "vendor.dependabot": (GITHUB, ".github/dependabot.yml"),
    "vendor.gitlab-ci": (GITLAB, ".gitlab-ci.yml"),
}


@pytest.mark.parametrize("schema", FILES)
def test_a_file_follows_its_schema(bake, schema):
    ci, file = FILES[schema]
    command = [BIN / "check-jsonschema", "--builtin-schema", schema, bake(**EVERYTHING, ci=ci) / file]
    assert subprocess.run(command, check=False).returncode == 0


def test_zizmor_finds_nothing(bake):
    command = [BIN / "zizmor", "--offline", bake(**EVERYTHING) / ".github"]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_every_action_is_pinned_and_says_its_version(bake):
    uses = re.findall(r"uses: (.*)", (bake() / FILES["vendor.github-workflows"][1]).read_text("utf-8"))
    assert uses
    assert not [use for use in uses if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)]


@pytest.mark.parametrize("schema", ["vendor.github-workflows", "vendor.gitlab-ci"])
def test_the_tests_run_on_the_database_of_the_compose_files(bake, schema):
    ci, file = FILES[schema]
    project = bake(ci=ci)
    database = yaml.safe_load((project / "compose.yaml").read_text("utf-8"))["services"]["db"]["image"]
    assert re.findall(r"postgres:\d+", (project / file).read_text("utf-8")) == [database]


@pytest.mark.parametrize("ci", [GITHUB, GITLAB])
def test_no_trace_is_left_without_it(bake, ci):
    for path in bake(**EVERYTHING, ci="none").rglob("*"):
        assert ci not in path.name.lower()
        assert not path.is_file() or not re.search(rf"\b{ci}\b(?!\.com)", path.read_text("utf-8"), re.IGNORECASE)
