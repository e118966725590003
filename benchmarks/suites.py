"""How long tests take: of a project, by its README's command, and those of this repository that need no Docker."""

import contextlib
import functools
import os
import subprocess
import tempfile

from benchmarks.measure import bake, in_turn, row, seconds
from tests import TEMPLATE
from tests.docker.stack import run

RUNS = 5
NAME = "bench-suites"  # of the image and the container


@contextlib.contextmanager
def development():
    """Run a project's image of development, with the source mounted as by compose.yaml."""
    with tempfile.TemporaryDirectory() as temporary:
        project = bake(temporary, project_slug=NAME)
        run("docker", "build", "--quiet", "--target=development", f"--tag={NAME}", ".", cwd=project, timeout=1200)
        run("docker", "rm", "--force", NAME, check=False)  # of a run that was killed
        user, source = f"--user={os.getuid()}:{os.getgid()}", f"--volume={project}:/app"
        run("docker", "run", "--detach", f"--name={NAME}", user, source, NAME, "sleep", "infinity")
        try:
            yield
        finally:
            run("docker", "rm", "--force", NAME)


def measure():
    """Return the rows of the table. Needs an engine. Each runs once before, so that all is installed and compiled."""
    commands = {"alone": ["pytest"], "with coverage": ["pytest", "--cov"]}
    with development():
        cases = {case: functools.partial(seconds, run, "docker", "exec", NAME, *commands[case]) for case in commands}
        for warm_up in cases.values():
            warm_up()
        series = in_turn(cases, RUNS, "suites")
    # Python keeps bytecode, as it does by default: without it, projects under test compile the same packages each time.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    make = functools.partial(subprocess.run, ["make", "test"], cwd=TEMPLATE, check=True, stdout=subprocess.DEVNULL)
    ours = [seconds(make, env=environment) for _ in range(2)]
    return [
        row("tests of a project, SQLite, two processes", series["alone"], "s", goal="≤ 10"),
        row("the same with coverage, as CI runs them", series["with coverage"], "s", series["alone"]),
        row("`make test` here, set up, one run", ours[1:], "s", goal="≤ 180"),
    ]
