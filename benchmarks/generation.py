"""How long a project takes: beside Cookiecutter's own work for a template of one file, and beside a peer's.

Alone: `python -m benchmarks.generation [path of another template]`.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.progress import track

from tests import BIN, TEMPLATE

RUNS = 15
VALIDATION = """
import sys, time
sys.dont_write_bytecode = True
start = time.perf_counter()
import doctor, pathlib
assert not doctor.problems(pathlib.Path.cwd())
print(time.perf_counter() - start)
"""


def one_file_template(folder):
    """Make the least that Cookiecutter can be given."""
    (folder / "{{cookiecutter.name}}").mkdir(parents=True)
    (folder / "{{cookiecutter.name}}/README.md").write_text("# {{ cookiecutter.name }}\n")
    (folder / "cookiecutter.json").write_text(json.dumps({"name": "one-file"}))
    return folder


def seconds_to_generate(template, output):
    """Return the seconds that one run takes, from the shell's view, into a folder that is not there yet."""
    start = time.perf_counter()
    subprocess.run(
        [BIN / "cookiecutter", template, "--no-input", "--output-dir", output], check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - start


def seconds_to_validate(project):
    """Return the seconds that the checks take in a process of their own, the import of the checks included."""
    return float(subprocess.check_output([sys.executable, "-c", VALIDATION], cwd=project, text=True))


def measure(peer=None):
    """Yield the rows of the table: what, median, and how often the reference."""
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        templates = {"a template of one file": one_file_template(scratch / "template"), "default answers": TEMPLATE}
        if peer:
            templates["the peer, default answers"] = peer
        times = {name: [] for name in [*templates, "validation"]}
        for run in track(range(RUNS), "generation"):
            # Side by side: whatever else the machine does, it does it to each of them.
            for name, template in templates.items():
                times[name].append(seconds_to_generate(template, scratch / name / str(run)))
            times["validation"].append(seconds_to_validate(next((scratch / "default answers" / str(run)).iterdir())))
    medians = {name: statistics.median(series) for name, series in times.items()}
    reference = medians["a template of one file"]
    for name in templates:
        yield f"generation: {name}", f"{medians[name]:.2f} s", f"{medians[name] / reference:.2f}"
    yield "validation by the hook", f"{medians['validation'] * 1000:.0f} ms", ""


if __name__ == "__main__":
    for row in measure(*sys.argv[1:]):
        print(" | ".join(row))
