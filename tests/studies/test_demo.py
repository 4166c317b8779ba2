import math

import pytest

from plaudit.pages import demo_page, demo_table
from plaudit.report import render
from plaudit.studies import demo

QUICK = demo.DemoSettings(
    updates=4, rows=32, eval_rows=32, labels=60, labels_per_round=60, updates_per_round=1
)


@pytest.fixture(scope="module")
def result():
    return demo.run(1, QUICK, processes=1)


def test_every_arm_runs_and_asks_its_budget(result):
    assert [r["arm"] for r in result["runs"]] == list(demo.ARMS)
    assert [r["labels"] for r in result["runs"]] == [0, 60, 60]
    assert all(r["log"][-1]["update"] == 4 for r in result["runs"])


def test_the_arms_start_from_the_same_policy(result):
    first = [r["log"][0]["eval/true_return"] for r in result["runs"]]
    assert first[0] == first[1] == first[2]


def test_the_page_shows_the_table_the_frontier_and_the_settings(result):
    page = render(demo_page(result))
    assert len(demo_table(result).rows) == 3
    assert "exact frontier" in page
    assert "labels_per_round = 60" in page


def test_the_gap_closed_by_hand():
    def run(arm, seed, end):
        after = {"true_return": end, "kl": 1.0}
        before = {"true_return": 1.0}
        return {"arm": arm, "seed": seed, "before": before, "after": after, "seconds": 1.0,
                "correlation": 0.5, "labels": 10}  # fmt: skip

    rows = demo.summarise(
        [run("truth", 0, 5.0), run("truth", 1, 5.0), run("person", 0, 3.0), run("person", 1, 5.0)],
        beta=2.0,
    )
    # (3 - 1) / (5 - 1) = 0.5 and (5 - 1) / (5 - 1) = 1: mean 0.75, sd sqrt(1/8), t(.95, 1) = 6.3138
    assert rows[1]["gap"] == pytest.approx(0.75)
    assert rows[1]["gap_high"] == pytest.approx(0.75 + 6.3138 * math.sqrt(1 / 8 / 2), abs=1e-3)
    assert rows[1]["objective"] == pytest.approx(4.0 - 2.0 * 1.0)


@pytest.mark.slow
def test_labels_teach_and_coin_flips_do_not():
    settings = demo.DemoSettings(updates=30, labels=2000, labels_per_round=500)
    arms = {arm: demo.run_arm(arm, 10_500, settings) for arm in demo.ARMS}
    ends = {arm: run["after"]["true_return"] for arm, run in arms.items()}
    start = arms["truth"]["before"]["true_return"]
    assert ends["person"] - start > 0.4 * (ends["truth"] - start)
    assert abs(ends["coin flip"] - start) < 0.1 * (ends["truth"] - start)
    assert arms["person"]["correlation"] > 0.7
    assert abs(arms["coin flip"]["correlation"]) < 0.35
