"""How long until the first answer: of all services in development, and of `web` alone with and without bytecode."""

import functools
import tempfile
import time

import httpx

from benchmarks.measure import bake, in_turn, row
from tests.docker.stack import Stack, free_port, run

RUNS = 7
IMAGE, BARE_IMAGE = "bench-start:latest", "bench-start:without-bytecode"
BARE = f"""
FROM {IMAGE}
USER root
RUN find / -xdev -name __pycache__ -prune -exec rm -r {{}} +
ENV PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
"""


def wait_for(url, minutes=2):
    """Return when the address answers with 200; raise TimeoutError if it does not in that time."""
    deadline = time.monotonic() + 60 * minutes
    with httpx.Client(trust_env=False) as client:
        while time.monotonic() < deadline:
            try:
                if client.get(url).status_code == 200:
                    return
            except httpx.TransportError:
                pass  # nothing listens yet
            time.sleep(0.02)
    raise TimeoutError(f"{url} has not answered with 200 in {minutes} minutes.")


def start_services(stack, url, *options):
    """Start services without any data; return the seconds until they are up and, if there is a URL, it answers."""
    stack.down("--volumes")
    start = time.perf_counter()
    stack.compose("up", "--detach", *options)
    if url:
        wait_for(url)
    return time.perf_counter() - start


def start_web(image):
    """Return the seconds from `docker run` to the first answer of the image's own command, without a database."""
    port = free_port()
    start = time.perf_counter()
    options = ("--env=SECRET_KEY=only-measured", "--env=ALLOWED_HOSTS=localhost", f"--publish=127.0.0.1:{port}:8000")
    container = run("docker", "run", "--detach", "--rm", *options, image).stdout.strip()
    try:
        wait_for(f"http://127.0.0.1:{port}/health/live")
        return time.perf_counter() - start
    finally:
        run("docker", "rm", "--force", container)


def measure():
    """Return the rows of the table. Needs an engine; removes the containers and volumes that it made."""
    with tempfile.TemporaryDirectory() as temporary:
        stack = Stack(bake(temporary, project_slug="bench-start", python_version="3.14"))
        stack.compose("build", timeout=1200)
        run("docker", "build", "--quiet", "--tag", IMAGE, ".", cwd=stack.project, timeout=1200)
        (stack.project / "Dockerfile.bare").write_text(BARE, "utf-8")
        run("docker", "build", "--quiet", "--file", "Dockerfile.bare", "--tag", BARE_IMAGE, ".", cwd=stack.project)
        cases = {
            "database": functools.partial(start_services, stack, "", "--wait", "db"),
            "services": functools.partial(start_services, stack, f"{stack.url}/api/v1/books/"),
            "web": functools.partial(start_web, IMAGE),
            "web without bytecode": functools.partial(start_web, BARE_IMAGE),
        }
        try:
            times = in_turn(cases, RUNS, "start")
        finally:
            stack.down("--volumes")
    return [*rows(times)]


def rows(times):
    more = [services - database for services, database in zip(times["services"], times["database"], strict=True)]
    yield row("`docker compose up --wait db`, an empty volume", times["database"], "s")
    yield row("`docker compose up` to the first list of books, an empty volume", times["services"], "s")
    yield row("of that, more than the database alone", more, "s", goal="≤ 4")
    bare = times["web without bytecode"]
    yield row("`docker run` of `web` without any bytecode, to its first 200", bare, "s")
    yield row("`docker run` of `web` to its first 200, to that", times["web"], "s", bare, "≤ 0.4")
