import json

import pytest

from plaudit.studies import results
from plaudit.studies.runner import Done, Job
from plaudit.studies.verdict import judge
from tests.studies.toy import run, toy


def result(budget="full", study=None):
    study = study or toy()
    runs = {
        arm: {seed: run(study.set("full", changes), seed) for seed in range(4)}
        for arm, changes in study.arms.items()
    }
    done = [Done(Job("toy", "", {}, 0, "on"), runs["on"][0], 2.0)] * 3
    return results.result_of(study, budget, judge(study, runs), runs, done)


def test_a_full_run_has_a_verdict_and_a_quick_one_has_none():
    # scores 1.1 .9 1.1 .9 against .1 -.1 .1 -.1: the difference is 1 for every seed
    assert result()["verdict"] == "holds"
    assert result("quick")["verdict"] is None


def test_it_holds_every_seed_and_what_it_cost():
    found = result()
    assert found["arms"]["on"]["measures"]["score"] == [1.1, 0.9, 1.1, 0.9]
    assert found["arms"]["on"]["curves"][1] == {"x": [0.0, 1.0], "y": [0.0, 0.9]}
    assert (found["seconds"], found["slowest_run"]) == (6.0, 2.0)
    assert "torch" in found["versions"]


def test_results_are_numbered_and_kept(tmp_path):
    first, second = (results.keep(result(), tmp_path) for _ in range(2))
    assert (first.name, second.name) == ("toy.1.json", "toy.2.json")
    assert results.newest("toy", tmp_path)["number"] == 2
    assert json.loads(first.read_text())["number"] == 1
    assert results.newest("other", tmp_path) is None


def test_what_is_kept_is_read_back(tmp_path):
    results.keep(result(), tmp_path)
    assert results.newest("toy", tmp_path) == {"number": 1} | result()


def test_a_result_knows_the_study_it_was_made_by():
    assert results.is_current(result(), toy())
    assert not results.is_current(result(), toy(seeds=9))


def test_long_curves_are_thinned_and_keep_their_ends():
    line = {"x": list(range(1000)), "y": [0.0] * 1000}
    kept = results._thinned(line)["x"]
    assert (len(kept), kept[0], kept[-1]) == (results.POINTS, 0.0, 999.0)


def test_numbers_arerounded_to_what_they_tell():
    assert results.rounded({"a": [1.23456789, (2.0,)]}) == {"a": [1.2346, [2.0]]}


def test_a_failed_keep_leaves_nothing(tmp_path, monkeypatch):
    broken = result() | {"reason": {1, 2}}
    with pytest.raises(TypeError):
        results.keep(broken, tmp_path)
    assert results.numbers("toy", tmp_path) == []
