"""This repository's own surroundings on GitHub: what GitHub accepts, pinned as a project's are."""

import html
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml

from tests import BIN, TEMPLATE, commit, git
from tools import lock

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


@pytest.fixture
def github(tmp_path, monkeypatch):
    """Return a function that makes a repository with such tags, where Git looks for it in place of GitHub."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{tmp_path}/github/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    lock.releases.cache_clear()

    def make(name, *tags):
        repository = tmp_path / "github" / name
        repository.mkdir(parents=True)
        (repository / "README.md").touch()
        commit(repository)
        for tag in tags:
            git(repository, "tag", *tag.split())
        return repository

    yield make
    lock.releases.cache_clear()


def test_an_action_is_pinned_to_the_commit_of_its_newest_release(github, tmp_path):
    action = github("owner/action", "v7.9.0", "v7.10.0 --annotate --message x", "v8-beta")
    workflow = tmp_path / "ci.yml"
    workflow.write_text(f"- uses: owner/action@{'0' * 40} # v7.8.0\n- uses: owner/gone@{'0' * 40} # v1.0.0\n")
    lock.write_workflow(workflow)
    head = git(action, "rev-parse", "HEAD").strip()
    assert workflow.read_text() == f"- uses: owner/action@{head} # v7.10.0\n- uses: owner/gone@{'0' * 40} # v1.0.0\n"


def test_images_are_named_by_their_newest_release_or_major_version(github, template, monkeypatch, capsys):
    monkeypatch.setattr(lock, "ROOT", template)
    monkeypatch.setattr(lock, "TEMPLATE", template / lock.TEMPLATE.name)
    assert lock.images().keys() == lock.IMAGES.keys()
    github("axllent/mailpit", "v1.9.9", "v1.199.0", "v1.200.1", "v2.0.0-beta")
    github("tonistiigi/binfmt", "deploy/v99.1.0-60", "buildkit/v99.9.9-60")
    github("postgres/postgres", "REL_99_0", "REL_100_BETA1")
    before = lock.images()
    for image in ("axllent/mailpit:v", "postgres:", "redis:", "tonistiigi/binfmt:qemu-v"):
        lock.write_image(image, before[image])
    assert lock.images() == before | {"axllent/mailpit:v": "1.200", "tonistiigi/binfmt:qemu-v": "99.1.0"}
    assert "axllent/mailpit:v1.200|" in (template / ".ci/base-images/build").read_text("utf-8")
    said = capsys.readouterr().out.splitlines()
    assert (
        said[0]
        == f"postgres:{before['postgres:']}: stays as it is; there is 99, and taking that is a change of its own"
    )
    assert said[1] == "redis/redis: stays as it is; its releases were not found"


def test_what_changed_is_said(monkeypatch, capsys):
    for name in ("lock_projects", "lock_development_tools", "lock_stand_ins", "write_workflow", "write_image"):
        monkeypatch.setattr(lock, name, lambda *_: None)
    versions = [{"django": "6.1", "gone": "1", "same": "2"}, {"django": "6.2", "new (development)": "3", "same": "2"}]
    monkeypatch.setattr(lock, "pinned", lambda: versions.pop(0))
    lock.main()
    said = capsys.readouterr().out
    assert said == "django: 6.1 -> 6.2\ngone: 1 -> nothing\nnew (development): nothing -> 3\n"


def test_workflows_install_nothing_but_what_is_locked_with_hashes():
    text = "".join(workflow.read_text("utf-8") for workflow in WORKFLOWS)
    installs = re.findall("pip install (.*)", text)
    assert {*installs} == {"--require-hashes --requirement requirements-dev.txt"}


def script(workflow, step):
    """Return what a step of a workflow runs."""
    jobs = yaml.safe_load((TEMPLATE / f".github/workflows/{workflow}.yml").read_text("utf-8"))["jobs"].values()
    return next(found["run"] for job in jobs for found in job["steps"] if found.get("name") == step)


@pytest.fixture
def runner(tmp_path, github, monkeypatch):
    """Return a function that runs a script as GitHub does, beside a `gh` that writes down what it is told."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gh").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/told\n')
    (tmp_path / "bin/python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    for program in (tmp_path / "bin").iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    for name, value in {"RUNNER_TEMP": tmp_path, "GITHUB_REPOSITORY": "org/drf-docker", "HOME": tmp_path}.items():
        monkeypatch.setenv(name, str(value))
    return lambda text, folder: subprocess.run(["bash", "-e", "-c", text], cwd=folder, check=True)


def test_what_make_lock_changed_is_proposed_with_files_that_are_new(runner, github, tmp_path):
    origin = github("org/drf-docker")
    subprocess.run(["git", "clone", "--quiet", origin, tmp_path / "clone"], check=True)
    propose = script("lock", "Propose what changed")
    said = [
        "django: 6.1 -> 6.2",
        "new (image): nothing -> 3",
        "postgres:18: stays as it is; there is 19",
        "a/b.py -> c",
    ]
    (tmp_path / "said").write_text("\n".join([*said, "Note: this file -> that file", ""]))
    runner(propose, tmp_path / "clone")
    assert not (tmp_path / "told").exists()
    (tmp_path / "clone/new.lock").touch()
    runner(propose, tmp_path / "clone")
    assert git(origin, "ls-tree", "--name-only", "lock").split() == ["README.md", "new.lock"]
    assert (tmp_path / "body").read_text() == "".join(f"- {line}\n" for line in said[:3])
    assert "pr create --head lock " in (tmp_path / "told").read_text()


def test_what_a_commit_does_to_projects_is_published(runner, github, template, tmp_path):
    demo = github("org/drf-docker-demo")
    git(demo, "config", "receive.denyCurrentBranch", "ignore")
    commit(template)
    publish = script("demo", "Generate, and push what differs")
    runner(publish, template)
    published = git(demo, "ls-tree", "-r", "--name-only", "HEAD").splitlines()
    assert {"default/manage.py", "full/kubernetes/base/web.yaml", "full/users/jwt/api.py"} <= {*published}
    assert not any(name.endswith("/.env") for name in published)
    shutil.rmtree(tmp_path / "demo")
    runner(publish, template)
    assert git(demo, "rev-list", "--count", "HEAD") == "2\n"


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


def test_the_recording_of_the_terminal_shows_the_questions_as_they_are():
    picture = (TEMPLATE / "docs/screenshots/terminal.svg").read_text("utf-8")
    assert "@keyframes" in picture
    assert "@font-face" not in picture
    shown = " ".join(html.unescape("".join(re.findall(r"<text[^>]*>(.*?)</text>", picture, re.DOTALL))).split())
    questions = json.loads((TEMPLATE / "cookiecutter.json").read_text("utf-8"))["__prompts__"].values()
    assert not [wording for wording in questions if wording not in shown]
    assert "docker compose up" in shown


def test_documents_lead_to_commands_and_files_that_are_there():
    targets = set(re.findall(r"^([a-z-]+):", (TEMPLATE / "Makefile").read_text("utf-8"), re.MULTILINE))
    documents = {path: path.read_text("utf-8") for path in [*TEMPLATE.glob("*.md"), *TEMPLATE.glob("docs/*.md")]}
    text = "".join(documents.values())
    commands = " ".join(re.findall("^make (.*?)(?: PYTEST=.*| *#.*)?$", text, re.MULTILINE)).split()
    assert commands
    assert {*commands} <= targets
    links = [
        path.parent / (link or source)
        for path, text in documents.items()
        for link, source in re.findall(r"""\]\(([\w./-]+)\)|src(?:set)?="([^"]+)\"""", text)
    ]
    assert len(links) > 10
    assert not [link for link in links if not link.exists()]


def test_make_help_lists_every_target():
    makefile = (TEMPLATE / "Makefile").read_text("utf-8")
    command = ["make", "--no-print-directory", "help"]  # which says more within another make
    said = subprocess.run(command, cwd=TEMPLATE, check=True, capture_output=True, text=True).stdout
    listed = dict(line.split("\t") for line in said.splitlines())
    assert listed.keys() == {*re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)}
    assert all(listed.values())


def test_before_a_commit_runs_what_the_makefile_has():
    hooks = yaml.safe_load((TEMPLATE / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert [(repo["repo"], hook["entry"]) for repo in hooks for hook in repo["hooks"]] == [("local", "make lint")]


def test_issues_lead_to_where_holes_are_told_in_private():
    [link] = yaml.safe_load((TEMPLATE / ".github/ISSUE_TEMPLATE/config.yml").read_text("utf-8"))["contact_links"]
    assert link["url"] == "https://github.com/org/drf-docker/security/advisories/new"
    assert link.keys() == {"name", "url", "about"}
