import math

import pytest
import torch

from plaudit.agents.losses.grpo import grpo
from plaudit.agents.losses.gspo import gspo

RAGGED = torch.tensor([[True, True], [True, False]])


def test_the_ratio_is_the_geometric_mean_of_the_tokens() -> None:
    logp = torch.tensor([[math.log(2.0), math.log(0.5)], [math.log(1.5), 9.0]], requires_grad=True)
    loss, stats = gspo(logp, torch.zeros(2, 2), torch.tensor([1.0, 1.0]), RAGGED, clip=0.2)
    loss.backward()
    # Ratios (2 * 0.5)^(1/2) = 1 and 1.5, cut to 1.2: -(1 + 1.2) / 2 rows.
    assert loss.item() == pytest.approx(-1.1)
    assert stats["ratio_mean"].item() == pytest.approx(1.25)  # (1 + 1.5) / 2 answers
    assert stats["clip_fraction"] == 0.5
    assert logp.grad is not None
    # -A / (2 rows * 2 tokens), however much either token moved; the clipped answer gets none.
    assert logp.grad.tolist() == [[pytest.approx(-0.25)] * 2, [0.0, 0.0]]


def test_with_one_token_per_answer_it_is_grpo() -> None:
    rng = torch.Generator().manual_seed(0)
    logp, old_logp = torch.randn(2, 6, 4, generator=rng, dtype=torch.float64)
    mask = torch.zeros(6, 4, dtype=torch.bool)
    mask[range(6), [0, 1, 2, 3, 0, 1]] = True
    advantage = torch.tensor([1.0, -1.0, 0.5, -2.0, 3.0, 0.0], dtype=torch.float64)
    gradients = []
    for loss in (gspo, grpo):
        leaf = logp.clone().requires_grad_()
        loss(leaf, old_logp, advantage, mask, clip=0.2, clip_high=0.3)[0].backward()
        assert leaf.grad is not None
        gradients.append(leaf.grad)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=0, atol=1e-15)
    assert gradients[1].abs().max() > 0


def test_summed_over_tokens_it_is_luspo_and_an_answer_counts_by_its_length() -> None:
    zeros, advantage = torch.zeros(2, 2), torch.tensor([1.0, 3.0])
    assert gspo(zeros, zeros, advantage, RAGGED)[0].item() == -2.0  # -(1 + 3) / 2
    luspo, _ = gspo(zeros, zeros, advantage, RAGGED, aggregation="sequence_sum_mean")
    assert luspo.item() == -2.5  # -(2 * 1 + 1 * 3) / 2


def test_weights_of_tokens_act_through_their_mean() -> None:
    zeros, weights = torch.zeros(2, 2), torch.tensor([[0.0, 1.0], [2.0, 9.0]])
    loss, _ = gspo(zeros, zeros, torch.tensor([1.0, 3.0]), RAGGED, weights=weights)
    assert loss.item() == -3.25  # -(0.5 * 1 + 2 * 3) / 2


def test_a_clip_out_of_range_raises() -> None:
    zeros = torch.zeros(2, 2)
    with pytest.raises(ValueError, match=r"clip must lie in \(0, 1\], got 0"):
        gspo(zeros, zeros, torch.zeros(2), RAGGED, clip=0)
