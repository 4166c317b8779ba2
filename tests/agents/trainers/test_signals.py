from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
import torch

from plaudit import agents
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.trainers.settings import Settings
from plaudit.agents.trainers.signals import kept, signals, with_baseline
from plaudit.agents.types import Rollout, TokenBatch
from plaudit.envs.evaluate import make_rows

# Three groups of two answers; the second answer of the last group failed.
MASK = torch.tensor([[True, True]] * 5 + [[False, False]])
REWARDS = torch.tensor([[0.0, 1.0], [0.0, 0.0], [0.5, 0.5], [1.0, 0.0], [0.0, 3.0], [9.0, 9.0]])
BATCH = TokenBatch(
    torch.zeros(6, 1, dtype=torch.int64),
    torch.ones(6, 1, dtype=torch.bool),
    torch.zeros(6, 2, dtype=torch.int64),
    MASK,
    torch.zeros(6, 2),
    ("ended",) * 5 + ("failed",),
)
ROLLOUT = Rollout(
    BATCH, REWARDS, torch.tensor([0, 0, 1, 1, 2, 2]), torch.zeros(6, 2, dtype=torch.int64)
)
RNG = torch.Generator().manual_seed(0)


def found(names=(), **settings):
    ratio = torch.full((6, 2), 0.25)
    return signals(ROLLOUT, ratio, Settings(**settings), lambda name: name in names)


def test_the_kl_is_taken_off_rewards_and_scores():
    told = found(beta=2.0)
    # each token .25 nats at 2 a nat: half a point off
    assert told["rewards"][0].tolist() == [-0.5, 0.5]
    assert told["scores"].tolist() == [0.0, -1.0, 0.0, 0.0, 2.0, 0.0]
    assert "correct" not in told
    assert "macros" not in told


def test_right_answers_are_counted_among_those_that_did_not_fail():
    told = found(["correct"], beta=2.0, success=1.0)
    # as paid, without the KL: 1, 0 | 1, 1 | 3 and a failure
    assert told["correct"].tolist() == [True, False, True, True, True, False]
    assert told["pass_rate"].tolist() == [0.5, 0.5, 1.0, 1.0, 1.0, 1.0]


def test_a_failed_greedy_answer_is_no_baseline_of_zero():
    # the first group's greedy answers: one failed, the other earned 7; the second group's failed
    alive = torch.tensor([False, True, False, False, True, True])
    batch = replace(BATCH, action_mask=alive.unsqueeze(1).expand(6, 2))
    greedy = replace(ROLLOUT, batch=batch, rewards=torch.full((6, 2), 3.5) * alive.unsqueeze(1))
    told = with_baseline(ROLLOUT, greedy)
    assert told.greedy_scores[[0, 1, 4, 5]].tolist() == [7.0] * 4
    assert told.batch.action_mask.any(1).tolist() == [True, True, False, False, True, False]


def first_token(rollout):
    return torch.tensor([[1.0, 0.0]]).expand(6, 2)


def test_a_return_is_paid_along_the_answer_as_shares_say():
    told = found(beta=0.0, shares=f"{__name__}:first_token")
    # returns 1, 0, 1, 1, 3: all of them at the first token; the failed row is not read
    assert told["rewards"][:5].tolist() == [[1, 0], [0, 0], [1, 0], [1, 0], [3, 0]]
    assert told["scores"].tolist() == [1.0, 0.0, 1.0, 1.0, 3.0, 0.0]


def test_potentials_shape_rewards_without_changing_what_an_answer_earns_but_for_its_prompt():
    told = found(beta=0.0, potentials=f"{__name__}:first_token")
    # potential 1 before the first token, 0 before the second: the first loses 1
    assert told["rewards"][0].tolist() == [-1.0, 1.0]


def test_macro_actions_end_by_length_or_by_surprise():
    assert found(["macros"], macro_length=1)["macros"][0].tolist() == [0, 1]
    assert found(["macros"], macro_length=2)["macros"][0].tolist() == [0, 0]
    # all tokens were equally likely: no surprise, one macro action
    assert found(["macros"], macro_rule="perplexity")["macros"][0].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("settings", "least", "rows"),
    [
        ({}, 1, [0, 1, 2, 3, 4]),  # all that did not fail
        ({}, 2, [0, 1, 2, 3]),  # the last group has one survivor only
        ({"filter": "variance"}, 2, [0, 1]),  # scores 1, 0 differ; 1, 1 do not
        ({"filter": "best", "filter_keep": 0.5}, 1, [0, 2, 4]),  # one of two; the earlier of ties
    ],
)
def test_which_rows_are_learned_from(settings, least, rows):
    chosen = kept(found(beta=0.0), Settings(**settings), least, RNG)
    assert chosen.nonzero()[:, 0].tolist() == rows


class Costly(gym.vector.VectorWrapper):
    """Each letter 0 costs 1."""

    def step(self, actions):
        obs, reward, terminated, truncated, info = self.env.step(actions)
        return obs, reward, terminated, truncated, info | {"cost": (actions == 0).astype(float)}


def trainer(wrap=lambda env: env, **settings):
    env = make_rows("plaudit/TokenNgram-v0", 64, vocab=4, max_new=5)
    policy = TinyTransformer(4, width=8, heads=2, layers=1, seed=1)
    settings = {"lr": 2e-2, "beta": 0.0} | settings
    return agents.make("rloo", wrap(env), policy=policy, **settings)


def test_a_cost_limit_is_kept_by_a_price_that_rises():
    free, bound = trainer(Costly), trainer(Costly, cost_limit=0.3, updates=60)
    free.train(1)
    log = bound.train()
    # a uniform policy writes 5 / 4 zeros
    assert log[1]["cost"] == pytest.approx(1.25, abs=0.3)
    assert log[2]["multiplier"] > log[1]["multiplier"]
    assert np.mean([row["cost"] for row in log[-5:]]) < 0.6
    assert "multiplier" not in free.log[1]


def test_a_cost_limit_without_costs_is_an_error():
    with pytest.raises(ValueError, match="cost_limit needs a world that tells costs"):
        trainer(cost_limit=1.0).train(1)


def test_entropy_is_held_near_a_target():
    # uniform over 4 letters is 1.386 nats
    loose = trainer(updates=40, lr=1e-2)
    held = trainer(updates=40, lr=1e-2, entropy_coef=0.3, entropy_target=1.2)
    loose.train()
    log = held.train()
    assert log[-1]["entropy"] > loose.log[-1]["entropy"] + 0.1
    assert {row["entropy_coef"] for row in log[1:]} != {0.3}


def test_without_a_difference_between_sampling_and_training_importance_changes_nothing():
    plain, weighed = trainer(), trainer(importance_cap=2.0)
    plain.train(2)
    weighed.train(2)
    for one, other in zip(plain.learned(), weighed.learned(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_a_filter_that_leaves_nothing_says_so():
    class Flat(gym.vector.VectorWrapper):
        def step(self, actions):
            obs, reward, terminated, truncated, info = self.env.step(actions)
            return obs, np.zeros_like(reward), terminated, truncated, info

    with pytest.raises(RuntimeError, match="the filter 'variance' dropped them"):
        trainer(Flat, filter="variance").train(1)


def test_a_price_that_does_not_move_stays_as_it_began():
    fixed = trainer(Costly, cost_limit=0.3, cost_price=0.25, cost_rate=0.0)
    assert [row["multiplier"] for row in fixed.train(3)[1:]] == pytest.approx([0.25] * 3)


def average(**settings):
    env = make_rows("plaudit/TokenNgram-v0", 8, vocab=4, max_new=5)
    policy = TinyTransformer(4, width=8, heads=2, layers=1, seed=1)
    return agents.make("reinforce_average", env, policy=policy, beta=0.0, updates=4, **settings)


def test_the_moving_average_is_that_of_all_answers_so_far():
    run = average()
    log = run.train(3)[1:]
    # every update has 8 answers, so that each counts the same
    assert run._average.get_state()["count"] == 24.0
    assert run._average.get_state()["total"] == pytest.approx(8 * sum(r["reward"] for r in log))


def test_a_moving_average_is_saved(tmp_path):
    first, second = average(folder=tmp_path), average(folder=tmp_path)
    first.train(2)
    first.save()
    assert second.resume()
    assert second._average.get_state() == first._average.get_state()
