"""How long tests take: those of a project on SQLite, and those of this repository that need no Docker."""

import os
import subprocess
import tempfile

from benchmarks.measure import bake, row, seconds
from tests import TEMPLATE
from tests.test_projects import install_by_uv, interpreter, pipenv_in

RUNS = 1


def measure():
    """Return the rows of the table. Each runs once before, so that everything is installed and compiled."""
    with tempfile.TemporaryDirectory() as temporary:
        project = bake(temporary, python_version="3.13")
        python = install_by_uv(pipenv_in(project, "3.13"), interpreter("3.13")) / "bin/python"
        own = [seconds(passes, python, "-m", "pytest", "--quiet", cwd=project) for _ in range(2)]
    ours = [seconds(passes, "make", "test", cwd=TEMPLATE) for _ in range(2)]
    return [
        row("tests of a project, SQLite, two processes, with coverage", own[1:], "s", goal="≤ 10"),
        row("`make test` here, set up", ours[1:], "s", goal="≤ 180"),
    ]


def passes(*command, cwd):
    # Pipenv compiles what it installs, and Python keeps bytecode. uv does not, and the variable forbids it: tests of a
    # project would take ten seconds of CPU more each time, to compile the same.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, cwd=cwd, env=environment, check=True, stdout=subprocess.DEVNULL)
