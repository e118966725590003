"""Requests a second of the list of books, beside the same as the DRF tutorial writes it and as a bare view.

Everything is in containers: PostgreSQL with one database for each number of rows, the same image once for each variant,
and wrk, with 16 connections that each send the next request as soon as they have an answer.
"""

import base64
import contextlib
import functools
import re
import statistics
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import bake, in_turn, row, seconds
from benchmarks.plot import bars
from tests.docker.stack import SHARES, eventually, megabytes, run

RUNS = 9
SECONDS, CLIENTS = 3, 16
ROWS = (1_000, 10_000, 100_000, 1_000_000)
MOST = ROWS[-1]
NAME = "bench-api"  # of the image and the network, and what every container's begins with
VARIANTS = Path(__file__).parent / "variants"
LOAD = """
FROM python:3.14-slim-trixie
RUN apt-get update && apt-get install --yes --no-install-recommends wrk
"""
GRANIAN = f"""
FROM python:3.14-slim-trixie AS granian
RUN pip install --quiet --target /granian granian==2.8.7
FROM {NAME}
COPY --from=granian /granian /granian
ENV PYTHONPATH=/granian
"""
# Nanoseconds of CPU that a container has used, by version 1 and 2 of control groups.
CPU = """
cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2> /dev/null || awk '/usage_usec/ {print $2 "000"}' /sys/fs/cgroup/cpu.stat
"""
# gunicorn without a configuration has one sync worker.
TUTORIAL = ("gunicorn", "--bind=0.0.0.0:8000", "config.wsgi")
# What else could serve the project, with as many processes. gunicorn's sync workers have no threads.
SERVERS = {
    "sync": "gunicorn --config=config/gunicorn.py --worker-class=sync --threads=1 config.wsgi",
    "granian": "python -m granian --interface=wsgi --host=0.0.0.0 --workers=2 --blocking-threads=4 "
    "config.wsgi:application",
}
BOOKS = "/api/v1/books/"
MAKE_TOKENS = """
from datetime import timedelta
from knox.models import AuthToken
from rest_framework_simplejwt.tokens import AccessToken
from users.models import User
user = User.objects.get(username="demo")
print("token:", AuthToken.objects.create(user)[1])
access = AccessToken.for_user(user)
access.set_exp(lifetime=timedelta(hours=1))  # in place of the minutes that it has by default
print("jwt:", access)
"""


class Load(NamedTuple):
    """What came of some seconds of load: requests a second, milliseconds of CPU that one took of the server and the
    database together, and milliseconds that half and 99% of them took at most."""

    rate: float
    cpu: float
    p50: float
    p99: float


def milliseconds(text):
    """Return what wrk writes as 950.00us, 12.34ms or 1.20s."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def load(server, path, *headers, seconds=SECONDS):
    """Load a server for some seconds; raise RuntimeError if any answer is not a 200."""
    wrk = ("wrk", "--latency", "--threads=1", f"--connections={CLIENTS}", f"--duration={seconds}s")
    options = ("--script=/variants/clients.lua", *(f"--header={header}" for header in headers))
    url = f"http://{NAME}-{server}:8000{path}"
    volume = f"--volume={VARIANTS}:/variants:ro"
    before = used_cpu(server)
    said = run("docker", "run", "--rm", f"--network={NAME}", volume, f"{NAME}-load", *wrk, *options, url).stdout
    used = used_cpu(server) - before
    if "Non-2xx" in said:
        raise RuntimeError(f"{server} {path}:\n{said}")
    p50, p99 = (milliseconds(re.search(rf"(?m)^ +{percent}% +(\S+)", said)[1]) for percent in (50, 99))
    rate, requests = re.search(r"Requests/sec: +(\S+)", said)[1], re.search(r"(\d+) requests in", said)[1]
    return Load(float(rate), used / int(requests), p50, p99)


def used_cpu(server):
    """Return the milliseconds of CPU that a server and the database have used so far."""
    return sum(int(run("docker", "exec", f"{NAME}-{name}", "sh", "-c", CPU).stdout) for name in (server, "db")) / 1e6


def start(server, *command, rows=ROWS[0], image=NAME, **environment):
    """Start a container of the project's image, with the variants at hand, and the database of so many rows."""
    variables = {
        "ALLOWED_HOSTS": "*",
        "DATABASE_URL": f"postgres://postgres:only-measured@{NAME}-db:5432/rows_{rows}",
        "NUM_PROXIES": "1",
        "SECRET_KEY": "only-measured-and-never-used-for-anything-else",
        **environment,
    }
    options = [f"--env={name}={value}" for name, value in variables.items()]
    options += ["--detach", f"--network={NAME}", f"--name={NAME}-{server}", f"--volume={VARIANTS}:/app/variants:ro"]
    # The checks of ten containers would be load, too.
    run("docker", "run", "--no-healthcheck", *options, image, *command)


def manage(server, *arguments):
    """Run a command of manage.py in a container that runs; return what it prints."""
    return run("docker", "exec", f"{NAME}-{server}", "python", "manage.py", *arguments, timeout=900).stdout


def start_database():
    options = ("--detach", f"--network={NAME}", f"--name={NAME}-db", "--env=POSTGRES_PASSWORD=only-measured")
    # All servers together may open more connections than PostgreSQL has by default, and then one was refused.
    run("docker", "run", *options, "--shm-size=256m", "postgres:18", "postgres", "--max-connections=300")

    def the_database_answers():
        ready = run("docker", "exec", f"{NAME}-db", "pg_isready", "--quiet", "--host=127.0.0.1", check=False)
        return ready.returncode == 0

    eventually(the_database_answers, seconds=120)
    for rows in ROWS:
        run("docker", "exec", f"{NAME}-db", "createdb", "--username=postgres", f"rows_{rows}")


def start_servers():
    """Start one of each, with the rows that it needs; return the seconds that adding the most of them took."""
    start_database()
    for rows in ROWS:
        start(f"rows-{rows}", rows=rows)
        manage(f"rows-{rows}", "migrate", "--verbosity=0")
        seeding = seconds(manage, f"rows-{rows}", "seed", str(rows))
    # As autovacuum does it some time after rows were added.
    run("docker", "exec", f"{NAME}-db", "vacuumdb", "--username=postgres", "--all", "--analyze", timeout=600)
    start("tutorial", *TUTORIAL, DJANGO_SETTINGS_MODULE="variants.tutorial", CONN_MAX_AGE="600")
    start("tutorial-connecting", *TUTORIAL, DJANGO_SETTINGS_MODULE="variants.tutorial")
    start("bare", DJANGO_SETTINGS_MODULE="variants.bare")
    start("unthrottled", DJANGO_SETTINGS_MODULE="variants.unthrottled")
    run("docker", "run", "--detach", f"--network={NAME}", f"--name={NAME}-cache", "redis:8")
    start("redis", REDIS_URL=f"redis://{NAME}-cache:6379/0")
    start("sync", *SERVERS["sync"].split())
    start("granian", *SERVERS["granian"].split(), image=f"{NAME}-granian")
    for workers in (1, 3, 4):
        start(f"workers-{workers}", WEB_CONCURRENCY=str(workers))
    return seeding


@contextlib.contextmanager
def servers():
    """Build the images and start everything; remove it, with its volumes, at the end."""
    remove()  # of a run that was killed
    with tempfile.TemporaryDirectory() as temporary:
        # Without REDIS_URL, a project with that option does as one without it.
        project = bake(temporary, project_slug=NAME, python_version="3.14", redis=True, jwt=True)
        run("docker", "build", "--quiet", "--tag", NAME, ".", cwd=project, timeout=1200)
        for name, recipe in {"load": LOAD, "granian": GRANIAN}.items():
            (project / "Dockerfile.bench").write_text(recipe, "utf-8")
            run("docker", "build", "--quiet", "--tag", f"{NAME}-{name}", "--file=Dockerfile.bench", ".", cwd=project)
    run("docker", "network", "create", NAME)
    try:
        yield start_servers()
    finally:
        remove()


def remove():
    containers = run("docker", "ps", "--all", "--quiet", f"--filter=name=^{NAME}-").stdout.split()
    if containers:
        run("docker", "rm", "--force", "--volumes", *containers)
    run("docker", "network", "rm", NAME, check=False)


def cases():
    """Return what is measured: a function for each, which returns a Load."""
    cursor = base64.b64encode(f"p={MOST // 2}".encode()).decode()  # of page 10,000, newest first
    made = manage("unthrottled", "shell", "--verbosity=0", "--command", MAKE_TOKENS)
    tokens = dict(re.findall(r"(?m)^(token|jwt): (\S+)$", made))
    loads = {
        "tutorial": ("tutorial", BOOKS),
        "tutorial, connecting": ("tutorial-connecting", BOOKS),
        "bare": ("bare", "/bare"),
        **{rows: (f"rows-{rows}", BOOKS) for rows in ROWS},
        "deep": (f"rows-{MOST}", f"{BOOKS}?cursor={cursor}"),
        "a common word": (f"rows-{MOST}", f"{BOOKS}?search=lantern"),
        "one book": (f"rows-{MOST}", f"{BOOKS}?search=volume+123456"),
        "unthrottled": ("unthrottled", BOOKS),
        **{name: ("unthrottled", BOOKS, f"Authorization: Bearer {token}") for name, token in tokens.items()},
        "redis": ("redis", BOOKS),
        **{server: (server, BOOKS) for server in SERVERS},
        **{f"{workers} workers": (f"workers-{workers}", BOOKS) for workers in (1, 3, 4)},
    }
    return {name: functools.partial(load, *arguments) for name, arguments in loads.items()}


def measure():
    """Return the rows of the table. Needs an engine; removes the containers, volumes and the network that it made."""
    with servers() as seeding:
        loads = cases()
        for warm_up in loads.values():
            warm_up(seconds=1)
        series = in_turn(loads, RUNS, "api")
        used = megabytes(run("docker", "exec", f"{NAME}-rows-{ROWS[0]}", *SHARES, check=False).stdout)
    plots(series)
    return [*rows(series, used), row("adding 1,000,000 books (`seed`)", [seeding], "s", goal="≤ 60")]


def plots(series):
    def medians(names, field):
        return [statistics.median(getattr(load, field) for load in series[name]) for name in names]

    lists = {
        "tutorial": "DRF's tutorial",
        "bare": "bare view",
        ROWS[0]: "the project",
        "unthrottled": "without throttles",
    }
    lists |= {
        "token": "with a token",
        "redis": "throttles in Redis",
        MOST: "1,000,000 rows",
        "deep": "page 10,000 of them",
    }
    lists |= {"a common word": "search, a common word", "one book": "search, one book"}
    cpu = dict(zip(lists.values(), medians(lists, "cpu"), strict=True))
    bars("api-cpu", "Milliseconds of CPU for a list of 50, of server and database", cpu, "ms")
    labels = [f"{rows:,} rows" for rows in ROWS]
    latencies = dict(zip(labels, medians(ROWS, "p50"), strict=True))
    bars("api-rows", "Milliseconds to a list of 50 for 16 clients, by rows", latencies, "ms")
    workers = ["1 workers", ROWS[0], "3 workers", "4 workers"]
    rates = dict(zip(["1 worker", "2", "3", "4"], medians(workers, "rate"), strict=True))
    bars("api-workers", "Lists a second, by workers of four threads each", rates, "/s")


def rows(series, used):
    project = ROWS[0]
    for name, what, reference, goal in [
        ("tutorial", "list as in DRF's tutorial, one sync worker, persistent connections", None, ""),
        ("bare", "list by a bare view, one SQL statement, the project's server", None, ""),
        (project, "list of the project, to the tutorial's", "tutorial", "≥ 2.5"),
        (project, "list of the project, to the tutorial's that connects anew", "tutorial, connecting", ""),
        (project, "list of the project, to the bare view", "bare", "≥ 0.30"),
        (MOST, "list at 1,000,000 rows, to 1,000", project, "≥ 0.9"),
        ("deep", "page 10,000 of 1,000,000 rows, to the first", MOST, "≥ 0.9"),
        ("a common word", "search in 1,000,000 rows for a common word, to the first page", MOST, "≥ 0.5"),
        ("one book", "search in 1,000,000 rows for two words that one book has", MOST, "≥ 0.5"),
        ("token", "with a token, to anonymous, without throttles", "unthrottled", "≥ 0.75"),
        ("jwt", "with a JWT, to anonymous, without throttles", "unthrottled", "≥ 0.75"),
        (project, "with throttles in memory, to without", "unthrottled", "≥ 0.9"),
        ("redis", "with throttles in Redis, to without", "unthrottled", "≥ 0.8"),
        ("sync", "list by sync workers, to those with threads", project, ""),
        ("granian", "list by granian, to gunicorn", project, ""),
    ]:
        yield row(what, rates(series[name]), "/s", reference and rates(series[reference]), goal)
        # What others do on the machine changes this much less.
        per_cpu = [1000 / load.cpu for load in series[reference]] if reference else None
        yield row("for a second of CPU", [1000 / load.cpu for load in series[name]], "", per_cpu)
    p99 = {name: [load.p99 for load in series[name]] for name in (project, "tutorial")}
    yield row("p99 of the list, to the tutorial's", p99[project], "ms", p99["tutorial"], "≤ 0.6")
    yield row("memory of two workers after it all, PSS", [used], "MB", goal="≤ 170")


def rates(loads):
    return [load.rate for load in loads]
