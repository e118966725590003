"""How long a project takes: beside Cookiecutter's own work for a template of one file, and beside a peer's."""

import functools
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import bake, in_turn, row, seconds
from benchmarks.plot import bars
from tests import TEMPLATE
from tests.combinations import OPTIONS

RUNS = 9
# As hooks/post_gen_project.py does.
VALIDATION = """
import gc, sys, time
gc.disable()
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


def seconds_to_validate(project):
    """Return the seconds that the checks take in a process of their own, the import of the checks included."""
    return float(subprocess.check_output([sys.executable, "-c", VALIDATION], cwd=project, text=True))


def measure(peer=None):
    """Return the rows of the table, with those of another template where its path is given."""
    with tempfile.TemporaryDirectory() as temporary:
        numbers = itertools.count()

        def generation(template, **answers):
            return lambda: seconds(bake, f"{temporary}/{next(numbers)}", template, **answers)

        counts = range(0, len(OPTIONS) + 1, 2)
        chosen = {count: {name: place < count for place, name in enumerate(OPTIONS)} for count in counts}
        project = bake(Path(temporary, "project"))
        cases = {
            "a template of one file": generation(one_file_template(Path(temporary, "template"))),
            "default answers": generation(TEMPLATE),
            "validation": functools.partial(seconds_to_validate, project),
            **{count: generation(TEMPLATE, **answers) for count, answers in chosen.items()},
        }
        if peer:
            cases["the peer, default answers"] = generation(peer)
        series = in_turn(cases, RUNS, "generation")
    growth = {f"{count} options": statistics.median(series[count]) for count in chosen}
    bars("generation", "Seconds to generate, by the number of options", growth, "s")
    return [*rows(series, len(OPTIONS))]


def rows(series, everything):
    least, default = series["a template of one file"], series["default answers"]
    yield row("a template of one file", least, "s")
    yield row("default answers, to a template of one file", default, "s", least, "≤ 2.0")
    yield row("all options, to default answers", series[everything], "s", default, "≤ 1.3")
    yield row("validation by the hook", [1000 * value for value in series["validation"]], "ms", goal="≤ 300")
    if "the peer, default answers" in series:
        yield row("the peer, to a template of one file", series["the peer, default answers"], "s", least)
