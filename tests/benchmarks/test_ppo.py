import numpy as np
import pytest

from benchmarks import measure, ppo
from benchmarks.promises import PROMISES

SMALL = ppo.Shape(2, 8, 8, 1, 16, 1e-3, 0.98, 0.8)


class Clumsy:
    """Always pushes left, which ends an episode after about nine steps."""

    def predict(self, obs, deterministic):
        return np.zeros(len(obs), int), None


def test_the_gate_counts_the_points_of_whole_episodes():
    # always left, CartPole falls after 8 to 10 steps
    assert 8 <= ppo.points(Clumsy(), 0) <= 10.5


def test_who_has_not_learned_is_not_timed():
    sb3 = pytest.importorskip("stable_baselines3")
    row = ppo._row(SMALL, sb3)
    assert row["note"] == "learned too little: not timed"
    assert row["return"] < ppo.LEARNED
    assert "x_sb3" not in row


def test_both_sides_are_timed_and_the_promise_is_about_every_shape(monkeypatch):
    sb3 = pytest.importorskip("stable_baselines3")
    monkeypatch.setattr(ppo, "LEARNED", 0)
    monkeypatch.setattr(ppo, "SECONDS", 1e-3)
    monkeypatch.setattr(measure, "ROUNDS", 1)
    row = ppo._row(SMALL, sb3)
    promises = [promise for promise in PROMISES if promise.table == "ppo"]
    assert promises
    assert all(promise.concerns(row) and row[promise.key][0] > 0 for promise in promises)
    assert row["steps_per_second"] > 0


def test_both_sides_have_networks_of_the_same_size():
    sb3 = pytest.importorskip("stable_baselines3")
    theirs = sum(p.numel() for p in ppo.peer(SMALL, 0, sb3).policy.parameters())
    assert ppo.own(SMALL, 0)._learner.size == theirs
