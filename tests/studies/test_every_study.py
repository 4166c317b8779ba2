"""Every study at quick budget, with its mechanism and without: a smoke test, never a verdict.

Studies may take a minute each on one core, and CI ten minutes in all. So a run of the suite takes
as many as fit, starting where the last commit stopped: over a few commits all have their turn, and
a checkout always takes the same. `plaudit study run all` takes them all.
"""

import ast
import math
import subprocess
from pathlib import Path

import pytest

from plaudit.studies import catalogue, results
from plaudit.studies.registry import STUDIES
from plaudit.studies.runner import all_studies, by_arm, execute, jobs_of, load_study
from plaudit.studies.verdict import judge

ROOT = Path(__file__).parents[2]
SECONDS_EACH, SECONDS_IN_ALL = 60, 600
TAKEN = SECONDS_IN_ALL // SECONDS_EACH


def commits():
    """In the history of this checkout; 0 where there is none."""
    counting = ["git", "-C", str(ROOT), "rev-list", "--count", "HEAD"]
    counted = subprocess.run(counting, capture_output=True, text=True, check=False)
    return int(counted.stdout) if counted.returncode == 0 else 0


def turn(names, number, taken=TAKEN):
    """Whose turn it is at a commit: the next `taken` names, round and round."""
    count = min(taken, len(names))
    return [names[(number * count + place) % len(names)] for place in range(count)]


def lines_of_code(source):
    """Without blank lines, comments, docstrings and the declaration of the study."""
    tree = ast.parse(source)
    left_out = set()
    for node in ast.walk(tree):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if documented and ast.get_docstring(node) is not None:
            left_out |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "STUDY":
            left_out |= set(range(node.lineno, node.end_lineno + 1))
    lines = enumerate(source.splitlines(), 1)
    code = [line.strip() for number, line in lines if number not in left_out]
    return sum(bool(line) and not line.startswith("#") for line in code)


def test_over_a_few_commits_every_study_has_its_turn():
    names = [f"study {n}" for n in range(23)]
    taken = [set(turn(names, number)) for number in range(5, 8)]
    assert all(len(some) == TAKEN for some in taken)
    assert set.union(*taken) == set(names)
    assert turn(["a", "b"], 7) == ["a", "b"]


@pytest.mark.slow
@pytest.mark.parametrize("name", turn(sorted(STUDIES), commits()))
def test_the_mechanism_does_more_than_nothing(name, tmp_path):
    study = load_study(name)
    jobs = jobs_of(study, "quick", range(study.quick_seeds))
    runs = by_arm(jobs, execute(jobs, tmp_path / "log", 1))
    for part in judge(study, runs).claims:
        assert math.isfinite(part.effect.mean)
        if part.ablation is not None:
            assert part.effect.mean > part.ablation.mean, part.text
    # with the mechanism off: the same runs, judged as if the ablation were claimed
    for part in judge(study, runs, ablated=True).claims:
        assert not part.met, part.text


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_a_study_is_a_system_of_the_table_and_short(name):
    study = load_study(name)
    module = ROOT.joinpath(*study.run.__module__.split(".")[1:]).with_suffix(".py")
    assert study.name == name == module.stem
    assert study.id in {system.id for system in catalogue.systems()}
    assert 20 <= lines_of_code(module.read_text("utf-8")) <= 120


def test_every_study_has_its_own_system():
    assert list(STUDIES) == sorted(STUDIES)
    assert len({study.id for study in all_studies()}) == len(STUDIES)


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_the_result_is_that_of_the_study_as_it_is_declared(name):
    kept = results.newest(name)
    assert kept is not None
    assert results.is_current(kept, load_study(name)), "run it again: the study has changed"
    assert kept["budget"] == "full"


def test_the_page_is_that_of_the_results():
    assert (ROOT / "docs/studies.md").read_text("utf-8") == catalogue.page(catalogue.results())
