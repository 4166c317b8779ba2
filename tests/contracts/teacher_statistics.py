"""Do answers follow the odds that a teacher states? One p-value per case.

`python -m tests.contracts.teacher_statistics > docs/teachers.md` measures them all again.
"""

import inspect
import pkgutil
import re
from importlib import import_module
from pkgutil import iter_modules

import numpy as np
from scipy.stats import chisquare, kstest

from plaudit import feedback
from plaudit.feedback.registry import TEACHERS
from plaudit.feedback.teachers.simulated import Simulated
from tests.contracts import teacher_cases

ANSWERS = 20_000
GROUPS = [module.name for module in iter_modules(teacher_cases.__path__) if module.name != "case"]
CASES = [
    case for group in GROUPS for case in import_module(f"{teacher_cases.__name__}.{group}").CASES
]
STREAMS = ("rng", "delays")
HEAD = """# Teachers

Made by `plaudit.feedback.make(name, **settings)`; `help(...)` of the function named in
`feedback/registry.py` tells the settings. All but `file`, `terminal` and `web`, behind which people
sit, are simulated: `teacher.probs(query)` gives the exact odds of every answer, all noise included.

Written by `make teachers`.
"""
MEASURED = f"""
## Do they answer as they say?

{ANSWERS} answers to one question at one state against the stated odds: chi-square with cells pooled
to an expectation of at least 5, over the parts of an answer (p times their number) where there are
more than 5040 answers, Kolmogorov-Smirnov where answers are real numbers. Tests demand p above 1e-4
divided by the number of rows.
"""


def make(case, **settings):
    """A case's teacher, calibrated where it needs that."""
    teacher = feedback.make(case.name, **{**case.settings, **settings})
    if case.warm is not None:
        teacher.answer(case.warm())
    return teacher


def answers_at_one_state(teacher, query, count=ANSWERS):
    """Answers to one query as if each were the next one: memory stays, only the streams go on."""
    before = teacher.get_state()
    odds = stated(teacher, query)
    first = teacher.answer([query])[0].answer
    if same(stated(teacher, query), odds):
        return [first, *(f.answer for f in teacher.answer([query] * (count - 1)))]
    answers = [first]
    if isinstance(teacher, Simulated):
        teacher.set_state(with_streams(before, teacher.get_state()))
        memory = teacher.memory
        for _ in range(count - 1):
            answers.append(teacher.answer([query])[0].answer)
            teacher.memory = memory
        return answers
    for _ in range(count - 1):
        teacher.set_state(with_streams(before, teacher.get_state()))
        answers.append(teacher.answer([query])[0].answer)
    teacher.set_state(before)
    return answers


def with_streams(before, after):
    """The state `before` with the random streams of `after`."""
    if isinstance(before, list):
        return [with_streams(*pair) for pair in zip(before, after, strict=True)]
    if not isinstance(before, dict):
        return before
    return {
        key: after[key]
        if key in STREAMS
        else with_streams(value, after[key])
        if isinstance(value, dict | list) and key not in ("pending", "noises", "choice", "memory")
        else value
        for key, value in before.items()
    }


def stated(teacher, query):
    """What a teacher says of its odds, whatever the question."""
    if query.ask.continuous:
        grid = np.linspace(query.ask.low, query.ask.high, 2001)
        return [np.exp([teacher.log_density(query, float(x)) for x in grid])]
    if query.ask.count <= 5040:
        return [teacher.probs(query)]
    odds = teacher.odds(query)
    return [*odds.parts, np.array([1 - odds.skip, odds.skip])]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def p_value(teacher, query):
    """(p, degrees of freedom or "KS"): of `ANSWERS` answers against the stated odds.

    Chi-square with cells pooled to an expectation of at least 5; over the parts, with p times their
    number, where the answers are too many; Kolmogorov-Smirnov where they are real numbers.
    """
    odds, answers = stated(teacher, query), answers_at_one_state(teacher, query)
    if query.ask.continuous:
        return _continuous(query.ask, odds[0], answers), "KS"
    if query.ask.count <= 5040:
        place = {answer: cell for cell, answer in enumerate((*query.ask.answers(), None))}
        return _pooled([place[answer] for answer in answers], odds[0])
    given = [answer for answer in answers if answer is not None]
    cells = query.ask.codes(np.array(given)).T
    tests = [_pooled(part, probs) for part, probs in zip(cells, odds[:-1], strict=True)]
    tests.append(_pooled([answer is None for answer in answers], odds[-1]))
    return min(1.0, len(tests) * min(p for p, _ in tests)), sum(free for _, free in tests)


def _pooled(cells, probs):
    counts = np.bincount(np.asarray(cells, int), minlength=len(probs))
    expected = probs * len(cells)
    if counts[probs == 0.0].any():
        return 0.0, 0  # what cannot be was said
    large = expected >= 5
    observed = np.append(counts[large], counts[~large].sum())
    expected = np.append(expected[large], expected[~large].sum())
    if expected[-1] < 5 and len(expected) > 1:
        # The rest joins the smallest of the others.
        smallest = np.argmin(expected[:-1])
        observed[smallest] += observed[-1]
        expected[smallest] += expected[-1]
        observed, expected = observed[:-1], expected[:-1]
    if len(expected) < 2:
        return 1.0, 0
    expected *= observed.sum() / expected.sum()  # of rounding
    return float(chisquare(observed, expected).pvalue), len(expected) - 1


def _continuous(ask, density, answers):
    grid = np.linspace(ask.low, ask.high, 2001)
    steps = (density[1:] + density[:-1]) / 2 * (grid[1] - grid[0])
    below = np.append(0.0, np.cumsum(steps))
    share = below[-1]  # the rest are skips
    numbers = [answer for answer in answers if answer is not None]
    if abs(len(numbers) / len(answers) - share) > 4.5 * np.sqrt(0.25 / len(answers)):
        return 0.0
    return float(kstest(numbers, lambda x: np.interp(x, grid, below / share)).pvalue)


def described(name):
    """A teacher's first sentence and its source, from its docstring."""
    text = inspect.getdoc(pkgutil.resolve_name(TEACHERS[name])) or ""
    source = re.search(r"Source: (.+?)(?:\n\n|\n[A-Z]|$)", text, re.S)
    return text.split("\n\n")[0].replace("\n", " "), " ".join(source[1].split()) if source else ""


def main():
    print(HEAD)
    print("| name | who it is | source |\n|---|---|---|")
    for name in TEACHERS:
        print(f"| `{name}` |", " | ".join(described(name)), "|")
    print(MEASURED)
    print("| teacher | question | test | p |\n|---|---|---|---|")
    for case in CASES:
        p, free = p_value(make(case, seed=7), case.query())
        test = "Kolmogorov-Smirnov" if free == "KS" else f"chi-square, {free} d.f."
        shown = ("no degree of freedom", "certain") if free == 0 else (test, f"{p:.3f}")
        question = str(case).removeprefix(f"{case.name}-")
        print(f"| `{case.name}` | {question} |", " | ".join(shown), "|", flush=True)


if __name__ == "__main__":
    main()
