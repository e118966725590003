"""Measure, and write benchmarks/results.md: all with `make bench`, or `python -m benchmarks generation image`.

A part that is not measured keeps what was written of it before.
"""

import argparse
import os
import platform
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import api, generation, image, plot, start, suites
from tests import TEMPLATE
from tests.docker.stack import run

HERE = Path(__file__).parent
PIPFILE = TEMPLATE / "{{cookiecutter.project_slug}}/Pipfile"
PARTS = {"generation": generation, "image": image, "start": start, "api": api, "suites": suites}
HEADER = """# Results

`make bench` writes this. All that a part measures takes turns, run by run, each in an order of its own. A ratio is the
median of the runs' own ratios: seconds differ between machines, ratios differ much less. The goal is one for the ratio
where there is one, and for the value where there is none; the spread, from the least to the most of the runs, likewise.
"""
TABLE = """
{runs} runs on {day}, with {cpus} cores, {memory:.0f} GB, {system}; {versions}.

| what | median | times the reference | goal | spread |
|---|---|---|---|---|
"""


def versions():
    """Return what was measured with, in words; the engine where there is one."""
    pins = re.findall(r'(?m)^(django|djangorestframework|gunicorn|psycopg) = .*"==([^"]+)"', PIPFILE.read_text("utf-8"))
    named = [f"Python {platform.python_version()}", *map(" ".join, pins)]
    if shutil.which("docker"):
        engine = run("docker", "version", "--format", "{{.Server.Version}}", check=False).stdout.strip()
        named.append(f"Docker {engine}")
    return ", ".join(named)


def section(name, peer):
    """Measure a part and return its section: the table, and the plots that it drew."""
    part = PARTS[name]
    rows = part.measure(peer) if name == "generation" else part.measure()
    head = TABLE.format(
        runs=part.RUNS,
        day=datetime.now(UTC).date(),
        cpus=os.cpu_count(),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9,
        system=platform.system(),
        versions=versions(),
    )
    plots = "".join(f"\n![{path.stem}](plots/{path.name})\n" for path in sorted(plot.FOLDER.glob(f"{name}*.svg")))
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows) + plots


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all, if none is named")
    parser.add_argument("--peer", help="path of another template, to be generated beside this one")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"There is no part {', '.join(unknown)}; there are {', '.join(PARTS)}.")
    results = HERE / "results.md"
    for name in arguments.parts or PARTS:
        measured = section(name, arguments.peer)
        print(measured)
        sections = dict(re.findall(r"(?ms)^## (\w+)\n(.*?)(?=^## |\Z)", results.read_text("utf-8")))
        sections[name] = measured
        written = "".join(f"\n## {part}\n{sections[part].rstrip()}\n" for part in PARTS if part in sections)
        results.write_text(HEADER + written + "\n" + (HERE / "reasons.md").read_text("utf-8"), "utf-8")


if __name__ == "__main__":
    main()
