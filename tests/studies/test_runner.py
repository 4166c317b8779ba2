import inspect
import json
import sys

import pytest

from plaudit.studies.registry import STUDIES
from plaudit.studies.runner import by_arm, execute, jobs_of, load_study
from tests.studies import toy as module


@pytest.fixture
def study(monkeypatch):
    monkeypatch.setitem(STUDIES, "toy", "toy_study:STUDY")
    monkeypatch.setitem(sys.modules, "toy_study", module)
    return module.STUDY


def played(monkeypatch, calls):
    """Count the runs that are really played."""
    plain = module.run

    def counted(settings, seed):
        calls.append((settings.gain, seed))
        return plain(settings, seed)

    monkeypatch.setattr(module, "STUDY", module.toy(run=counted))


def test_every_arm_meets_every_seed(study, tmp_path):
    jobs = jobs_of(study, "full", range(2))
    runs = by_arm(jobs, execute(jobs, tmp_path / "log", 1))
    assert list(runs) == list(study.arms)
    assert all(sorted(seeds) == [0, 1] for seeds in runs.values())
    assert runs["on"][1]["measures"]["score"] == 1.0 - 0.1


def test_arms_with_equal_settings_share_a_run(study, tmp_path, monkeypatch):
    calls = []
    played(monkeypatch, calls)
    execute(jobs_of(study, "full", range(1)), tmp_path / "log", 1)
    assert sorted(calls) == [(0.0, 0), (1.0, 0)]  # off, base and coin are one


def test_an_interrupted_batch_goes_on(study, tmp_path, monkeypatch):
    jobs, log = jobs_of(study, "full", range(3)), tmp_path / "log"
    whole = execute(jobs, log, 1)
    kept = log.read_text().splitlines()
    log.write_text("\n".join([*kept[:2], kept[2][:20]]))  # killed within the third line
    calls = []
    played(monkeypatch, calls)
    again = execute(jobs, log, 1)
    assert len(calls) == len(kept) - 2
    assert by_arm(jobs, again) == by_arm(jobs, whole)
    assert len([line for line in log.read_text().splitlines() if line.endswith("}")]) == len(kept)
    calls.clear()
    execute(jobs, log, 1)
    assert calls == []


def test_other_settings_are_run_anew(study, tmp_path, monkeypatch):
    execute(jobs_of(study, "full", range(1)), tmp_path / "log", 1)
    calls = []
    played(monkeypatch, calls)
    execute(jobs_of(module.toy(arms={**study.arms, "on": {"gain": 3.0}}), "full", [0]),
            tmp_path / "log", 1)  # fmt: skip
    assert calls == [(3.0, 0)]


def test_other_code_is_run_anew_and_other_words_are_not(study, monkeypatch):
    source = inspect.getsource(module)
    keys = []
    for text in (source, "# Why.\n" + source, source.replace("gain + luck", "gain - luck")):
        monkeypatch.setattr(inspect, "getsource", lambda _, text=text: text)
        keys.append(jobs_of(module.toy(), "full", [0])[0].key)
    assert keys[0] == keys[1] != keys[2]


def test_a_failed_run_is_told_and_does_not_stop_the_others(study, tmp_path):
    broken = module.toy(arms={**study.arms, "on": {"breaks": True}})
    jobs = jobs_of(broken, "full", range(2))
    done = execute(jobs, tmp_path / "log", 1)
    assert sum(bool(one.error) for one in done.values()) == 2
    assert len((tmp_path / "log").read_text().splitlines()) == 2
    with pytest.raises(RuntimeError, match="toy, 'on', seed 0: RuntimeError: a coin rolled away"):
        by_arm(jobs, done)


def test_progress_counts_every_run_once(study, tmp_path):
    seen = []
    jobs = jobs_of(study, "full", range(2))
    execute(jobs, tmp_path / "log", 1, seen.append)
    execute(jobs, tmp_path / "log", 1, seen.append)
    assert len(seen) == 2 * len({job.key for job in jobs})


def test_the_log_is_json(study, tmp_path):
    execute(jobs_of(study, "full", range(1)), tmp_path / "log", 1)
    entry = json.loads((tmp_path / "log").read_text().splitlines()[0])
    assert json.loads(entry["key"])[0] == "toy"
    assert entry["seconds"] >= 0.0


def test_with_the_mechanism_off_only_what_that_needs_is_run(study):
    arms = {job.arm for job in jobs_of(study, "full", range(1), ablated=True)}
    assert arms == {"off", "base"}


def test_an_unknown_study_is_told_with_what_is_near(study):
    with pytest.raises(KeyError, match="did you mean 'toy'"):
        load_study("toi")
