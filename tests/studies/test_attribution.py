import sys

import pytest

from plaudit.studies.attribution import attribute, jobs_for, shapley, subsets
from plaudit.studies.registry import STUDIES
from plaudit.studies.runner import execute
from tests.studies import toy as module


def by_names(table):
    return {frozenset(names): value for names, value in table.items()}


def test_there_are_two_to_the_k_subsets():
    assert subsets("ab") == [frozenset(), frozenset("a"), frozenset("b"), frozenset("ab")]


def test_parts_that_add_up_are_found():
    regret = {exact: 3.0 - 2.0 * ("a" in exact) - ("b" in exact) for exact in subsets("ab")}
    assert shapley(regret, ["a", "b"]) == {"a": 2.0, "b": 1.0}


def test_what_two_stages_cause_together_is_shared():
    # only both together help: 1 -> 0; each has it in one of two orders
    regret = by_names({"": 1.0, "a": 1.0, "b": 1.0, "ab": 0.0})
    assert shapley(regret, ["a", "b"]) == {"a": 0.5, "b": 0.5}


def test_three_stages_by_hand():
    # orders abc acb bac bca cab cba; a saves 6-2, 6-2, 5-2, 3-0, 4-1, 3-0
    regret = by_names({"": 6, "a": 2, "b": 5, "c": 4, "ab": 2, "ac": 1, "bc": 3, "abc": 0})
    parts = shapley(regret, ["a", "b", "c"])
    assert parts["a"] == pytest.approx((4 + 4 + 3 + 3 + 3 + 3) / 6)
    assert sum(parts.values()) == pytest.approx(6.0)


def test_the_parts_and_what_is_left_sum_to_the_regret(monkeypatch, tmp_path):
    monkeypatch.setitem(STUDIES, "toy", "toy_study:STUDY")
    monkeypatch.setitem(sys.modules, "toy_study", module)
    jobs = jobs_for(module.STUDY, "full", range(3))
    assert len(jobs) == 3 * 2**2
    found = attribute(module.STUDY, jobs, execute(jobs.values(), tmp_path / "log", 1))
    assert found.regret.mean == 1.0
    assert {stage: part.mean for stage, part in found.parts.items()} == {"gain": 1.0, "noise": 0.0}
    assert found.residue.mean == 0.0


def test_a_study_without_stages_cannot_be_explained():
    plain = module.toy(stages={}, explained=None)
    with pytest.raises(ValueError, match="names no stages"):
        jobs_for(plain, "full", range(2))
