import pytest

from benchmarks.promises import PROMISES, verdicts
from benchmarks.run import TABLES


def verdict(*rows):
    (first, _) = verdicts({"worlds": rows})
    return first


def world(name, ratio, family="token"):
    return {"case": name, "family": family, "x_sync_64_at_64": (ratio, ratio - 1, ratio + 1)}


def test_the_median_counts_and_the_least_of_all_rows():
    assert verdict(world("A", 10.0), world("B", 12.0)) == {
        "case": "token worlds at 64 / SyncVectorEnv(64)",
        "promised": 10,
        "least": 10.0,
        "note": "kept",
    }


def test_worlds_that_miss_are_named():
    assert verdict(world("A", 9.5), world("B", 12.0))["note"] == "missed by A (9.5)"


def test_other_families_were_promised_nothing():
    assert verdict(world("A", 10.0), world("B", 1.0, "grid"))["note"] == "kept"


def test_what_was_not_measured_keeps_no_promise():
    wrong = {"case": "A", "family": "token", "note": "wrong: not timed"}
    assert verdict(world("B", 12.0), wrong)["note"] == "not measured: A"
    assert verdict()["note"] == "not measured: all"


def test_tables_that_were_not_asked_for_are_left_out():
    assert verdicts({}) == []


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.text)
def test_promises_are_about_tables_there_are(promise):
    assert promise.table in TABLES


def test_token_ngram_is_held_against_plain_environments_too():
    rows = [
        {"case": f"native vector, n={n}", "x_plain_64": (x, x, x)}
        for n, x in ((64, 12), (1024, 39))
    ]
    notes = [verdict["note"] for verdict in verdicts({"token_ngram": rows})]
    assert notes == ["kept", "missed by native vector, n=1024 (39)"]


@pytest.mark.parametrize("key", ["x_recorded", "x_judged", "x_hidden"])
def test_wrappers_may_cost_a_tenth_of_a_small_step_and_a_fifth_of_a_large_one(key):
    rows = [
        {"case": f"plaudit/TokenNgram-v0, n={n}", key: (0.87, 0.8, 0.9)} for n in (64, 1024)
    ]  # 1 / 1.1 = 0.91 and 1 / 1.2 = 0.83
    measured = [one for one in verdicts({"wrappers": rows}) if "least" in one]
    assert [one["note"][:6] for one in measured] == ["missed", "kept"]
