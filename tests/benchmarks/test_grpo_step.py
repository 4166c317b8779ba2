import pytest

from benchmarks import grpo_step
from benchmarks.grpo_step import PEER, UPDATES, Course, Shape, same_curve
from benchmarks.promises import PROMISES

SMALL = Shape(4, 4, 2)
NEEDS_TRL = "the peer is not installed"


def course(seconds, start=0.2):
    return Course([seconds] * UPDATES, [seconds] * UPDATES, [start + i / 100 for i in range(40)])


@pytest.fixture
def quick(monkeypatch):
    """Neither side is trained: courses are made up, TRL's updates take three times as long."""
    monkeypatch.setattr(grpo_step, "SHAPES", grpo_step.SHAPES[:1])
    monkeypatch.setattr(grpo_step, "peak", lambda name, _: 300.0 if name == PEER else 200.0)
    monkeypatch.setattr(grpo_step, "ours", lambda *_: None)

    def turn(_, spent):
        for mine, made_up in zip(spent, course(1.0), strict=True):
            mine.extend(made_up)
        return lambda: None

    monkeypatch.setattr(grpo_step, "_turn", turn)
    monkeypatch.setattr(grpo_step, "theirs", lambda *_: course(3.0))


def test_ratios_are_of_updates_per_second_and_of_memory(quick):
    peer, first, second = grpo_step.table()
    assert peer["case"].startswith(PEER)
    for row in (first, second):
        assert row["x_trl"] == (3.0, 3.0, 3.0)  # 1 s against 3 s
        assert row["x_memory"] == 1.5  # 300 MB / 200 MB
        assert row["reward_1_10"] == pytest.approx(0.245)  # mean of 0.20 .. 0.29


def test_promises_are_about_rows_there_are(quick):
    rows = grpo_step.table()
    kept = [p for p in PROMISES if p.table == "grpo_step" and any(map(p.concerns, rows))]
    assert {promise.key for promise in kept} == {"x_trl", "x_memory"}
    assert not any(promise.concerns(rows[0]) for promise in kept)  # TRL's own row


def test_a_missing_peer_leaves_a_note(quick, monkeypatch):
    def missing(*_):
        raise ModuleNotFoundError("trl")

    monkeypatch.setattr(grpo_step, "theirs", missing)
    rows = grpo_step.table()
    assert rows[0]["note"] == "not installed"
    assert not [row for row in rows if "x_trl" in row]


def test_another_curve_is_said(quick, monkeypatch):
    monkeypatch.setattr(grpo_step, "theirs", lambda *_: course(3.0, start=0.6))
    assert [row["note"] for row in grpo_step.table()[1:]] == ["another curve"] * 2


def test_curves_within_noise_are_the_same():
    # ends 0.5 +- 0.1: the standard error of the difference is 0.047, four of them 0.19
    low, high = [0.4, 0.6] * 5, [0.55, 0.75] * 5
    assert same_curve(low, high)
    assert not same_curve(low, [reward + 0.1 for reward in high])


@pytest.mark.slow
def test_both_trainers_learn_on_the_same_world():
    pytest.importorskip("trl", reason=NEEDS_TRL)
    between = []
    peer = grpo_step.theirs(SMALL, 2, lambda: between.append(1))
    assert len(peer.cpu) == len(peer.rewards) == len(between) == 2
    trainer = grpo_step.ours("CausalLM", SMALL)
    assert 0 <= trainer.train(1)[-1]["reward"] <= 1
