from itertools import chain

import numpy as np
import pytest
import torch

from plaudit.agents.trainers.algorithms import PolicyGradient
from plaudit.agents.trainers.learner import Learner
from plaudit.agents.trainers.step_settings import StepSettings
from plaudit.agents.trainers.step_update import StepUpdate


class Bias(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))


def update(algorithm=None, lr=0.0, **settings):
    """How often rows were asked for, all of them at last, is in the list."""
    module, seen = Bias(), []
    algorithm = algorithm or PolicyGradient("gae", "ppo", critic=True)
    learner = Learner([module], lr=lr)

    def evaluate(batch):
        seen.append(batch["row"].tolist())
        told = module.weight.expand(len(batch["row"]), 1)
        return {"logp": told, "entropy": 2 * told, "value": 0.0 * told}

    given = StepSettings(updates=1, lr=lr, **settings)
    return StepUpdate(evaluate, algorithm, given, learner, by_step=True), module, seen


def table(rows=10):
    known = dict.fromkeys(("old_logp", "advantage", "returns", "old_value"), torch.zeros(rows, 1))
    known["advantage"] = torch.ones(rows, 1)
    return known | {"mask": torch.ones(rows, 1, dtype=torch.bool), "row": torch.arange(rows)}


def test_each_pass_sees_each_row_once_in_an_order_of_its_own():
    learn, _, seen = update(epochs=2, minibatches=3)
    learn(table(), 10, np.random.default_rng(0))
    assert [len(rows) for rows in seen] == [4, 3, 3, 4, 3, 3, 10]
    first, second = [*chain(*seen[:3])], [*chain(*seen[3:6])]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second


def test_it_stops_where_the_policy_has_moved_far_enough():
    learn, module, seen = update(lr=0.5, epochs=5, minibatches=1, target_kl=0.05)
    row = learn(table(), 10, np.random.default_rng(0))
    # Adam's first step is lr = 0.5: r - 1 - log r = e^0.5 - 1.5 = 0.149 > 1.5 * 0.05
    assert (len(seen), row["passes"]) == (3, 1)
    assert module.weight.item() == pytest.approx(0.5, abs=1e-4)
    assert row["kl"] == row["approx_kl"] == pytest.approx(np.exp(0.5) - 1.5, abs=1e-3)


def test_the_entropy_bonus_is_part_of_the_goal():
    algorithm = PolicyGradient("gae", "reinforce", critic=True)
    for bonus in (0.0, 0.25):
        learn, _, _ = update(algorithm, entropy_coef=bonus, minibatches=1)
        row = learn(table(), 10, np.random.default_rng(0))
        # d/dw of -(1 * w) - bonus * 2 w
        assert row["grad_norm"] == pytest.approx(1 + 2 * bonus)


@pytest.mark.parametrize("settings", [{}, {"target_kl": 0.1}])
def test_without_rows_nothing_moves(settings):
    learn, module, seen = update(lr=0.1, epochs=1, **settings)
    assert learn(table(0), 8, np.random.default_rng(0)) == {"passes": 1.0}
    assert seen == []
    assert module.weight.item() == 0.0


def test_pieces_without_rows_are_left_out():
    learn, _, seen = update(lr=0.1, epochs=1, minibatches=8)
    row = learn(table(3), 3, np.random.default_rng(0))
    assert [len(rows) for rows in seen] == [1, 1, 1, 3]
    assert np.isfinite(list(row.values())).all()
