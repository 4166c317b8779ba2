import numpy as np
import pytest

from plaudit.envs.evaluate import make_rows
from plaudit.feedback.models.safe_answers import safe_answers

WORLD = {"evidence": 1, "groups": 1, "max_new": 4, "clarity": 1.0, "disguise": 0.0}
WORLD |= {"severity_costs": (1.0, 1.0, 1.0), "reward_at": "end"}
OF = {"evidence": 1, "groups": 1, "max_new": 4}
COMPLY, REFUSE, DETAIL, NEUTRAL, END = 0, 1, 4, 5, 15


def played(answers, rows=64):
    """Features summed over each row's steps, (N, 99), true returns (N,), and prompts."""
    env = make_rows("plaudit/TokenSafe-v0", rows, **WORLD)
    obs, _ = env.reset(seed=1)
    prompts, total, paid = obs, 0.0, np.zeros(rows)
    live = np.ones(rows, bool)
    for actions in answers:
        total = total + safe_answers(obs, actions, **OF) * live[:, None]
        obs, reward, over, _, _ = env.step(actions)
        paid, live = paid + np.where(live, reward, 0.0), live & ~over
    return total, paid, prompts


def test_a_row_by_hand():
    steps = [np.full(64, a) for a in (COMPLY, DETAIL, END)]
    found, _, prompts = played(steps)
    words = make_rows("plaudit/TokenSafe-v0", 1, **WORLD).tokenizer
    person = (prompts == words.encode("person")[0]).any(1)
    # the set {comply} is number 1: six places from 6 on hold 1, d = 1, h, h d, right, neutral
    assert np.unique(found[~person, 6:12], axis=0).tolist() == [[1, 1, 0, 0, 0, 0]]
    assert np.unique(found[person, 6:12], axis=0).tolist() == [[1, 1, 1, 1, 0, 0]]
    # nothing fabricated, nothing biased, two tokens without the end
    assert np.unique(found[:, 96:], axis=0).tolist() == [[0, 0, 2]]
    assert np.delete(found, [*range(6, 12), 98], axis=1).sum() == 0


def test_an_answer_that_goes_on_has_none():
    env = make_rows("plaudit/TokenSafe-v0", 2, **WORLD)
    obs, _ = env.reset(seed=1)
    assert not safe_answers(obs, np.array([COMPLY, REFUSE]), **OF).any()
    assert safe_answers(obs, np.array([END, END]), **OF)[:, 0].tolist() == [1.0, 1.0]  # no act


def test_rewards_are_linear_in_them():
    rng = np.random.default_rng(0)
    found, paid, _ = played(list(rng.integers(16, size=(4, 600))), rows=600)
    weights, *_ = np.linalg.lstsq(found, paid, rcond=None)
    assert found @ weights == pytest.approx(paid, abs=1e-9)


def test_a_window_without_a_request_is_an_error():
    with pytest.raises(ValueError, match="expected requests of 8 tokens that end in ':'"):
        safe_answers(np.zeros((1, 12), np.int64), np.array([END]), **OF)
