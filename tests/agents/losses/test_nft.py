import math

import pytest
import torch

from plaudit.agents.advantages.group import group
from plaudit.agents.losses.grpo import grpo
from plaudit.agents.losses.nft import nft
from plaudit.agents.losses.nll import nll

# Two prompts with four ragged answers each: pass rates 1/4 and 3/4.
CORRECT = torch.tensor([True, False, False, False, True, True, False, True])
GROUPS = torch.arange(2).repeat_interleave(4)
RATE = torch.tensor([0.25, 0.75], dtype=torch.float64)[GROUPS]
MASK = torch.arange(5) < torch.tensor([5, 2, 1, 4, 3, 5, 2, 4]).unsqueeze(1)
OLD = -torch.rand(8, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
ONE = torch.ones(1, 1, dtype=torch.bool)


def gradient_of_nft(logp: torch.Tensor, **settings: object) -> torch.Tensor:
    leaf = logp.clone().requires_grad_()
    nft(leaf, OLD, CORRECT, RATE, MASK, **settings)[0].backward()
    assert leaf.grad is not None
    return leaf.grad


def gradient_of_grpo(
    logp: torch.Tensor, advantage: torch.Tensor, aggregation: str = "token_mean"
) -> torch.Tensor:
    leaf = logp.clone().requires_grad_()
    grpo(leaf, OLD, advantage, MASK, aggregation=aggregation)[0].backward()
    assert leaf.grad is not None
    return leaf.grad


# GRPO's advantages in closed form: binary rewards of mean q have the deviation sqrt(q (1 - q)).
STANDARD = (CORRECT.double() - RATE) / (RATE * (1 - RATE)).sqrt()


@pytest.mark.parametrize("aggregation", ["token_mean", "sequence_mean", "sequence_sum_mean"])
def test_on_fresh_samples_the_gradient_is_that_of_grpo(aggregation: str) -> None:
    found = gradient_of_nft(OLD, prompt_weight="grpo", aggregation=aggregation)
    expected = gradient_of_grpo(OLD, STANDARD, aggregation)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    assert expected.abs().max() > 0.01


def test_on_fresh_samples_it_is_dr_grpo_with_the_other_weight() -> None:
    advantage = group(CORRECT.double(), GROUPS, std="none")
    expected = gradient_of_grpo(OLD, advantage)
    torch.testing.assert_close(gradient_of_nft(OLD), expected, rtol=0, atol=1e-12)


def test_off_policy_the_two_differ() -> None:
    moved = OLD + 0.1
    gap = gradient_of_nft(moved, prompt_weight="grpo") - gradient_of_grpo(moved, STANDARD)
    assert gap.abs().max() > 1e-3


def test_with_another_prompt_weight_the_two_differ() -> None:
    gap = gradient_of_nft(OLD, prompt_weight="none") - gradient_of_grpo(OLD, STANDARD)
    assert gap.abs().max() > 1e-3


def one_token(ratio: float, correct: bool, rate: float, **settings: object) -> tuple[float, float]:
    logp = torch.tensor([[math.log(ratio)]], dtype=torch.float64, requires_grad=True)
    old, pass_rate = torch.zeros_like(logp), torch.tensor([rate], dtype=torch.float64)
    loss, _ = nft(logp, old, torch.tensor([correct]), pass_rate, ONE, **settings)
    loss.backward()
    assert logp.grad is not None
    return loss.item(), logp.grad.item()


def test_a_wrong_answer_by_hand() -> None:
    # q = 1/2, R = 1/2: the implicit negative ratio is (1 - 1/4) / (1/2) = 3/2; its slope in logp is
    # -q R / (1 - q) = -1/2, so that of -log is 1/3. Prompt weight 1 - q = 1/2.
    loss, slope = one_token(0.5, False, 0.5)
    assert loss == pytest.approx(-0.5 * math.log(1.5))
    assert slope == pytest.approx(0.5 / 3)


def test_below_the_floor_the_gradient_goes_on() -> None:
    # R = 3/2: (1 - 3/4) / (1/2) = 1/2, held at 1; slope q R / (1 - q) / 1 = 3/2, times 1/2.
    assert one_token(1.5, False, 0.5) == (0.0, pytest.approx(0.75))
    # With the floor at 1/4 it is not held: -log(1/2) / 2, slope 3/2 / (1/2) / 2.
    loss, slope = one_token(1.5, False, 0.5, floor=0.25)
    assert (loss, slope) == (pytest.approx(math.log(2) / 2), pytest.approx(1.5))


def test_a_right_answer_by_hand() -> None:
    loss, slope = one_token(2.0, True, 0.2, prompt_weight="grpo")
    # Weight sqrt(0.8 / 0.2) = 2.
    assert (loss, slope) == (pytest.approx(-2 * math.log(2)), pytest.approx(-2.0))


def test_without_wrong_answers_it_is_rejection_sampling() -> None:
    found = gradient_of_nft(OLD + 0.1, prompt_weight="none", negative_weight=0.0)
    leaf = OLD.clone().requires_grad_()
    nll(leaf, MASK, weights=CORRECT.double())[0].backward()
    torch.testing.assert_close(found, leaf.grad)


@pytest.mark.parametrize(("correct", "rate"), [(True, 1.0), (False, 0.0)])
@pytest.mark.parametrize("weight", ["grpo", "dr_grpo", "none"])
def test_a_prompt_always_or_never_solved_teaches_nothing(
    correct: bool, rate: float, weight: str
) -> None:
    assert one_token(2.0, correct, rate, prompt_weight=weight) == (0.0, 0.0)


def test_the_share_held_at_the_floor_is_logged() -> None:
    _, stats = nft(OLD + 0.1, OLD, CORRECT, RATE, MASK)
    # All tokens of the wrong answers, 2 + 1 + 4 + 2 of 26, as their ratio rose.
    assert stats["floor_fraction"].item() == pytest.approx(9 / 26)


@pytest.mark.parametrize(
    ("correct", "rate", "message"),
    [
        (True, 1.5, r"pass_rate: row 0 is 1.5, its answer is right; expected a share in \[0, 1\]"),
        (
            True,
            0.0,
            "row 0 is 0.0, its answer is right; expected a share that counts the row's own",
        ),
        (False, 1.0, "row 0 is 1.0, its answer is wrong; expected a share that counts the row's"),
    ],
)
def test_a_rate_that_cannot_be_raises(correct: bool, rate: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        one_token(1.0, correct, rate)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prompt_weight": "std"}, "prompt_weight must be one of grpo, dr_grpo, none, got 'std'"),
        ({"negative_weight": -1.0}, "negative_weight must be finite and at least 0, got -1.0"),
        ({"floor": 0.0}, "floor must be finite and above 0, got 0.0"),
    ],
)
def test_settings_out_of_range_raise(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        one_token(1.0, True, 0.5, **settings)


def test_outcomes_that_are_not_boolean_raise() -> None:
    with pytest.raises(TypeError, match=r"correct: expected torch.bool, got torch.int64"):
        nft(OLD, OLD, CORRECT.long(), RATE, MASK)
