"""The dev container: started as editors start it, it is a place to work in, and what is made there is its owner's."""

import json
import os
import shutil

import pytest

from tests import TEMPLATE
from tests.docker.stack import Stack, eventually, run, set_variables
from tests.docker.test_development import initialize


@pytest.fixture(scope="module")
def container(bake):
    return json.loads((bake(devcontainer=True) / ".devcontainer/devcontainer.json").read_text("utf-8"))


class DevContainer(Stack):
    """The services as editors start them: with a command that only waits in place of the one that serves."""

    def __init__(self, project, container):
        super().__init__(project)
        self.container = container
        self.waiting = project / ".devcontainer/waiting.yaml"
        services = {container["service"]: {"command": ["sleep", "infinity"]}}
        self.waiting.write_text(json.dumps({"services": services}), "utf-8")

    def compose(self, *arguments, **options):
        files = ["--file", self.container["dockerComposeFile"], "--file", self.waiting.name]
        return run("docker", "compose", *files, *arguments, cwd=self.waiting.parent, **options)


@pytest.fixture(scope="module")
def stack(bake, container):
    answers = {"devcontainer": True, "library": False, "python_version": "3.13"}
    stack = DevContainer(bake(project_slug="devcontainer-test", **answers), container)
    if os.geteuid() == 0:  # only root can give files to somebody else, and root is nobody's user
        set_variables(stack.project, HOST_UID=12345, HOST_GID=12345)
        for path in [stack.project, *stack.project.rglob("*")]:
            shutil.chown(path, 12345, 12345)
    stack.down("--volumes")
    try:
        # Not --wait: nothing answers yet.
        stack.compose("up", "--build", "--detach", timeout=600)
        yield stack
    finally:
        stack.down("--volumes")


def test_the_command_of_a_new_container_succeeds(stack, container):
    assert stack.execute("pwd").stdout.strip() == container["workspaceFolder"]
    assert "wrong" not in stack.execute("sh", "-c", container["postCreateCommand"]).stdout


def test_an_editor_finds_what_it_is_told_of(stack, container):
    settings = container["customizations"]["vscode"]["settings"]
    python = settings["python.defaultInterpreterPath"]
    stack.execute(python, "-m", "ruff", "check")
    stack.execute(python, "-m", "pytest", *settings["python.testing.pytestArgs"], "tests/test_users.py")
    stack.execute(python, "-m", "mypy", "users")
    made = stack.project / ".ruff_cache"
    assert made.stat().st_uid == stack.project.stat().st_uid


def test_the_project_is_served_under_the_debugger(stack, container):
    [launch] = container["customizations"]["vscode"]["settings"]["launch"]["configurations"]
    command = ["python", "-m", launch["type"], "--listen", "0.0.0.0:5678", launch["program"], *launch["args"]]
    stack.execute(*command, options=("--detach",))

    def it_answers():
        with stack.client() as client:
            return client.get("/health/ready").status_code == 200

    eventually(it_answers, seconds=60)
    port = stack.compose("port", "web", "5678").stdout.rpartition(":")[2]
    assert b'"success": true' in initialize(int(port))


def test_this_repository_has_one_too(template):
    folder = TEMPLATE / ".devcontainer"
    command = json.loads((folder / "devcontainer.json").read_text("utf-8"))["postCreateCommand"]
    run("docker", "build", "--tag", "repository-devcontainer-test", folder, timeout=600)
    options = ("--rm", f"--volume={template}:/workspace", "--workdir=/workspace", "repository-devcontainer-test")
    run("docker", "run", *options, "sh", "-c", f"{command} && make lint", timeout=600)
