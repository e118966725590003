"""How everything here is measured: in turn, so that whatever else the machine does, it does it to each of them."""

import random
import statistics
import subprocess
import time
from pathlib import Path

from rich.progress import track

from tests import BIN, TEMPLATE


def bake(folder, template=TEMPLATE, **answers):
    """Make a project of the template in a folder that is not there yet, and return where it is."""
    command = [BIN / "cookiecutter", template, "--no-input", "--output-dir", folder]
    command += [f"{name}={answer}" for name, answer in answers.items()]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next(Path(folder).iterdir())


def seconds(function, *arguments, **options):
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    function(*arguments, **options)
    return time.perf_counter() - start


def in_turn(cases, runs, label):
    """Call each of the cases, a dictionary of functions, once in every run. Return a list for each of what they did.

    Each run has an order of its own: what a case leaves behind, as heat or in caches, does not always meet the same.
    """
    series = {name: [] for name in cases}
    drawn = random.Random(0)
    for name in track([name for _ in range(runs) for name in drawn.sample([*cases], len(cases))], label):
        series[name].append(cases[name]())
    return series


def row(what, values, unit, reference=None, goal=""):
    """Return a row of the table.

    `goal` is "≤" or "≥" and a number. Beside a reference, goal and spread are of the ratio, which is taken in each run
    and then its median: what slows down a run slows down both.
    """
    judged = [value / other for value, other in zip(values, reference, strict=True)] if reference else values
    median = statistics.median(judged)
    if goal:
        sign, limit = goal.split()
        reached = median <= float(limit) if sign == "≤" else median >= float(limit)
        goal += "" if reached else ", **missed**"
    spread = f"{min(judged):.3g} to {max(judged):.3g}" if len(judged) > 1 else ""
    ratio = f"{median:.2f}" if reference else ""
    return what, f"{statistics.median(values):.3g} {unit}", ratio, goal, spread
