"""Run every benchmark and write benchmarks/results.md: `make bench`, or `make bench PEER=path` of another template."""

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import generation

HEADER = """# Results

`make bench` wrote this on {day}: {cpus} cores, Python {python}, {system}. Medians of {runs} alternating runs. Seconds
differ between machines; the ratio to the reference beside them differs much less.

| what | median | times the reference |
|---|---|---|
"""


def main(peer=None):
    header = HEADER.format(
        day=datetime.now(UTC).date(),
        cpus=os.cpu_count(),
        python=platform.python_version(),
        system=platform.system(),
        runs=generation.RUNS,
    )
    rows = "".join(f"| {' | '.join(row)} |\n" for row in generation.measure(peer))
    (Path(__file__).parent / "results.md").write_text(header + rows, "utf-8")
    print(header + rows)


if __name__ == "__main__":
    main(*filter(None, sys.argv[1:]))
