"""Sets of answers to bake with, computed from the questions of cookiecutter.json."""

import itertools
import json
import random

from tests import TEMPLATE

QUESTIONS = json.loads((TEMPLATE / "cookiecutter.json").read_text("utf-8"))
OPTIONS = [name for name, default in QUESTIONS.items() if isinstance(default, bool)]
CHOICES = {name: offered for name, offered in QUESTIONS.items() if isinstance(offered, list) and name[0] != "_"}
NOTHING = dict.fromkeys(OPTIONS, False)
EVERYTHING = dict.fromkeys(OPTIONS, True)


def everything_but(option):
    """Return all options but that one, and those that need it."""
    needy = [other for other, needed in QUESTIONS["_needs"].items() if needed == option]
    return EVERYTHING | dict.fromkeys([option, *needy], False)


def pairwise(offered, *given):
    """Return few sets of answers, those given first, in which each answer meets each answer to every other question.

    Faults that need three particular answers at once are rare (Kuhn, Wallace and Gallo: Software Fault Interactions
    and Implications for Software Testing, 2004). The fewest of what twenty orders of the questions lead to.
    """
    return min((greedy(offered, given, random.Random(seed)) for seed in range(20)), key=len)


def greedy(offered, given, order):
    """Return such sets, each of which takes, question by question, the answer that meets most of what is left."""
    answers = [[(name, value) for value in values] for name, values in offered.items()]
    left = {pair for one, other in itertools.combinations(answers, 2) for pair in itertools.product(one, other)}
    sets = [{name: answers[name] for name in offered} for answers in given]
    left -= {pair for answers in sets for pair in pairs(answers.items())}
    while left:
        order.shuffle(answers)
        chosen = list(min(left))
        for question in answers:
            if question[0][0] not in dict(chosen):
                chosen.append(max(question, key=lambda answer: len(left & pairs([*chosen, answer]))))
        left -= pairs(chosen)
        sets.append({name: dict(chosen)[name] for name in offered})
    return sets


def pairs(answers):
    return set(itertools.permutations(answers, 2))


# Every two answers meet in one of these: for checks that take no time.
PAIRS = pairwise({**CHOICES, **dict.fromkeys(OPTIONS, (True, False))})
# Every two options that bring Python meet in one of these, all in the first: for what has to be installed.
FEATURES = TEMPLATE / "{{cookiecutter.project_slug}}/features"
WITH_PYTHON = {name: (True, False) for name in OPTIONS if [*(FEATURES / name).rglob("*.py*")]}
OPTION_PAIRS = pairwise(WITH_PYTHON, EVERYTHING)


def differences(answers):
    """Return what is not the default, in few words: the name of a test."""
    defaults = {name: default[0] if isinstance(default, list) else default for name, default in QUESTIONS.items()}
    return " ".join(f"{name}={value}" for name, value in answers.items() if value != defaults[name]) or "default"
