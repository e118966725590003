"""The production image: its size above its base, and how long it takes to build, beside a plain build of the same."""

import functools
import json
import tempfile
from collections import Counter

from benchmarks.measure import bake, in_turn, row, seconds
from benchmarks.plot import bars
from tests.docker.stack import run

RUNS = 5
VERSION = "3.14"
BASE = f"python:{VERSION}-slim-trixie"
IMAGE, PLAIN_IMAGE = "bench-image", "bench-plain-image"
# What a project without a Dockerfile of its own would do first.
PLAIN = f"""
FROM {BASE}
WORKDIR /app
# The stand-ins of .ci/base-images have packages of Debian, which pip cannot replace, but go before.
ENV PIP_IGNORE_INSTALLED=1
RUN pip install pipenv
COPY Pipfile Pipfile.lock ./
RUN pipenv install --deploy --system
COPY . .
RUN SECRET_KEY=for-this-command-only ALLOWED_HOSTS=localhost python manage.py collectstatic --no-input
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "config.wsgi"]
"""
# In the image: bytes by package, of the files that are still there of those that it was installed with.
SIZES = """
import collections, importlib.metadata, json, os
sizes = collections.Counter()
for package in importlib.metadata.distributions():
    for path in map(package.locate_file, package.files or ()):
        sizes[package.name] += os.path.getsize(path) if os.path.exists(path) else 0
for folder, _, names in os.walk("/app"):
    part = "static files" if folder.startswith("/app/static") else "the project"
    sizes[part] += sum(os.path.getsize(os.path.join(folder, name)) for name in names)
print(json.dumps(sizes))
"""


def build(project, file, image, *options):
    run("docker", "build", "--quiet", "--file", file, "--tag", image, *options, ".", cwd=project, timeout=1200)


def megabytes(image):
    """Return the size of all the image's layers, uncompressed, in MB."""
    return int(run("docker", "image", "inspect", "--format", "{{.Size}}", image).stdout) / 1e6


def plot_sizes():
    sizes = Counter(json.loads(run("docker", "run", "--rm", IMAGE, "python", "-c", SIZES).stdout))
    shown = dict(sizes.most_common(14))
    rest = megabytes(IMAGE) - megabytes(BASE) - sum(shown.values()) / 1e6
    values = {name: size / 1e6 for name, size in shown.items()} | {"all else": rest}
    bars("image", "MB of the production image above its base", values, "MB")


def measure():
    """Return the rows of the table. Needs an engine; leaves the images, whose layers the other parts use again."""
    with tempfile.TemporaryDirectory() as temporary:
        project = bake(temporary, project_slug="bench-image", python_version=VERSION)
        (project / "Dockerfile.plain").write_text(PLAIN, "utf-8")
        # An empty cache each time, as on a machine that builds for the first time.
        cold = (project / "Dockerfile").read_text("utf-8").replace("--mount=type=cache", "--mount=type=tmpfs")
        (project / "Dockerfile.cold").write_text(cold, "utf-8")

        build(project, "Dockerfile.cold", IMAGE)  # for a rebuild that comes first

        def rebuild():
            with (project / "config/urls.py").open("a", encoding="utf-8") as source:
                source.write("# another line\n")
            return seconds(build, project, "Dockerfile.cold", IMAGE)

        cases = {
            "plain": functools.partial(seconds, build, project, "Dockerfile.plain", PLAIN_IMAGE, "--no-cache"),
            "cold": functools.partial(seconds, build, project, "Dockerfile.cold", IMAGE, "--no-cache"),
            "rebuild": rebuild,
        }
        times = in_turn(cases, RUNS, "image")
    plot_sizes()
    return [*rows(times)]


def rows(times):
    base = megabytes(BASE)
    # 60 without any bytecode of Python's own modules; collecting static files leaves that of what Django imports.
    yield row("runtime image above its base, with bytecode", [megabytes(IMAGE) - base], "MB", goal="≤ 75")
    yield row("a plain image above the same base", [megabytes(PLAIN_IMAGE) - base], "MB")
    yield row("plain build with `pipenv install --deploy --system`, empty cache", times["plain"], "s")
    yield row("build, empty cache, to the plain one", times["cold"], "s", times["plain"], "≤ 0.8")
    yield row("rebuild after one changed line, to the plain build", times["rebuild"], "s", times["plain"], "≤ 0.15")
