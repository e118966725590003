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
NAME = "bench-suites"  # of the image and the container, which get the version of Python too


@contextlib.contextmanager
def development(version):
    """Run a project's image of development, with the source mounted as by compose.yaml; yield its container's name."""
    name = f"{NAME}-{version}"
    with tempfile.TemporaryDirectory() as temporary:
        project = bake(temporary, project_slug=NAME, python_version=version)
        run("docker", "build", "--quiet", "--target=development", f"--tag={name}", ".", cwd=project, timeout=1200)
        run("docker", "rm", "--force", name, check=False)  # of a run that was killed
        user, source = f"--user={os.getuid()}:{os.getgid()}", f"--volume={project}:/app"
        run("docker", "run", "--detach", f"--name={name}", user, source, name, "sleep", "infinity")
        try:
            yield name
        finally:
            run("docker", "rm", "--force", name)


def measure():
    """Return the rows of the table. Needs an engine. Each runs once before, so that all is installed and compiled."""
    with development("3.14") as default, development("3.13") as former:
        cases = {name: functools.partial(seconds, run, "docker", "exec", name, "pytest") for name in (default, former)}
        for warm_up in cases.values():
            warm_up()
        series = in_turn(cases, RUNS, "suites")
    # Python keeps bytecode, as it does by default: without it, projects under test compile the same packages each time.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    make = functools.partial(subprocess.run, ["make", "test"], cwd=TEMPLATE, check=True, stdout=subprocess.DEVNULL)
    ours = [seconds(make, env=environment) for _ in range(2)]
    what = "tests of a project, SQLite, two processes, with coverage"
    return [
        row(f"{what}, on Python 3.14, the default", series[default], "s", goal="≤ 10"),
        row("the same on Python 3.13, whose coverage takes longer", series[former], "s", series[default]),
        row("`make test` here, set up, one run", ours[1:], "s", goal="≤ 180"),
    ]
