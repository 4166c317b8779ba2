import math

import pytest
import torch

from plaudit.agents.losses.imitation import imitation
from plaudit.agents.losses.nll import nll
from plaudit.agents.losses.ppo import ppo

NAN = float("nan")
ROWS = torch.ones(2, 2, dtype=torch.bool)
SECOND = torch.tensor([False, True])
OLD = torch.tensor([[0.0, 0.0], [NAN, NAN]])
ADVANTAGE = torch.tensor([[1.0, -1.0], [NAN, NAN]])


def test_own_rows_are_clipped_and_demonstrated_ones_imitated() -> None:
    logp = torch.tensor([[math.log(1.5), math.log(1.1)], [-2.0, -4.0]], requires_grad=True)
    loss, stats = imitation(logp, OLD, ADVANTAGE, SECOND, ROWS, coef=0.5)
    loss.backward()
    # Own -1.2 (clipped) and 1.1, demonstrated 0.5 * 2 and 0.5 * 4, over four tokens.
    assert loss.item() == pytest.approx((-1.2 + 1.1 + 1.0 + 2.0) / 4)
    assert logp.grad is not None
    assert logp.grad.tolist() == [[0.0, pytest.approx(0.275)], [-0.125, -0.125]]
    assert stats["nll"] == 3.0
    assert stats["clip_fraction"] == 0.5


def test_weights_of_tokens_say_where_to_look() -> None:
    logp = torch.tensor([[0.0, 0.0], [-2.0, -4.0]])
    weights = torch.tensor([[1.0, 1.0], [0.0, 3.0]])
    loss, _ = imitation(logp, OLD, ADVANTAGE, SECOND, ROWS, weights=weights)
    assert loss.item() == 3.0  # (-1 + 1 + 0 * 2 + 3 * 4) / 4


def test_its_limits_are_ppo_and_negative_log_likelihood() -> None:
    logp, advantage = torch.tensor([[0.5, -1.0], [0.1, -2.0]]), torch.tensor([[1.0, 2], [3, -4]])
    zeros, nobody = torch.zeros(2, 2), torch.tensor([False, False])
    loss, stats = imitation(logp, zeros, advantage, nobody, ROWS)
    assert loss == ppo(logp, zeros, advantage, ROWS)[0]
    assert stats["nll"].isnan()
    loss, stats = imitation(logp, zeros, advantage, ~nobody, ROWS)
    assert loss == nll(logp, ROWS)[0]
    assert stats["approx_kl"].isnan()


def test_bad_input_raises() -> None:
    zeros = torch.zeros(2, 2)
    with pytest.raises(TypeError, match=r"demonstrated: expected torch.bool, got torch.int64"):
        imitation(zeros, zeros, zeros, SECOND.long(), ROWS)
    with pytest.raises(ValueError, match="coef must be finite and at least 0, got -1"):
        imitation(zeros, zeros, zeros, SECOND, ROWS, coef=-1)
    with pytest.raises(ValueError, match=r"^advantage: row 1 holds nan"):
        imitation(zeros, zeros, ADVANTAGE, ~SECOND, ROWS)
