import math

import pytest
import torch

from plaudit.agents.losses.entropy import AdaptiveEntropy, entropy_bonus

RAGGED = torch.tensor([[True, True], [True, False]])


def test_the_loss_is_minus_the_mean_entropy() -> None:
    entropy = torch.tensor([[1.0, 2.0], [6.0, float("nan")]], requires_grad=True)
    loss, stats = entropy_bonus(entropy, RAGGED)
    loss.backward()
    assert loss.item() == -3.0
    assert stats["entropy"] == 3.0
    assert entropy.grad is not None
    assert entropy.grad.tolist() == [[pytest.approx(-1 / 3)] * 2, [pytest.approx(-1 / 3), 0.0]]
    assert entropy_bonus(entropy, RAGGED, aggregation="sequence_mean")[0] == -3.75  # (1.5 + 6) / 2


def test_its_minimum_is_the_uniform_policy() -> None:
    logits = torch.zeros(1, 1, 4, requires_grad=True)
    logp = logits.log_softmax(dim=2)
    loss, _ = entropy_bonus(-(logp.exp() * logp).sum(dim=2), torch.ones(1, 1, dtype=torch.bool))
    loss.backward()
    assert loss.item() == pytest.approx(-math.log(4))
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-7


def test_the_step_rule_adds_below_the_target_and_rests_above_it() -> None:
    control = AdaptiveEntropy(1.0, coef=0.01, rate=0.005, low=0.0, high=0.02)
    assert [control.step(0.5) for _ in range(3)] == pytest.approx([0.015, 0.02, 0.02])
    # Above the target nothing is applied, and the coefficient falls.
    assert control.step(1.5) == 0.0
    assert control.coef == pytest.approx(0.015)
    assert control.step(1.0) == pytest.approx(0.02)  # at the target it is applied


def test_the_log_rule_is_gradient_descent_on_the_logarithm() -> None:
    control = AdaptiveEntropy(1.0, coef=0.1, rate=0.5, low=1e-3, rule="log")
    # SAC minimises log(coef) * (entropy - target): one step of torch's plain descent.
    log_coef = torch.tensor(math.log(0.1), requires_grad=True)
    (log_coef * (0.4 - 1.0)).backward()
    torch.optim.SGD([log_coef], lr=0.5).step()
    assert control.step(0.4) == pytest.approx(log_coef.exp().item())  # 0.1 exp(0.5 * 0.6)
    assert control.step(-1e9) == 1.0
    assert control.step(1e9) == 1e-3


@pytest.mark.parametrize("rule", ["step", "log"])
def test_a_state_goes_back_and_makes_the_same_steps(rule: str) -> None:
    first = AdaptiveEntropy(1.0, rule=rule)
    first.step(0.2)
    second = AdaptiveEntropy(1.0, rule=rule)
    second.set_state(first.get_state())
    assert second.step(0.3) == first.step(0.3) != AdaptiveEntropy(1.0, rule=rule).step(0.3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rule": "steps"}, "rule must be one of step, log, got 'steps'"),
        ({"coef": 2.0}, "expected 0 <= low <= coef <= high, got 0.0001, 2.0, 1.0"),
        ({"low": 0.0, "rule": "log"}, "low must be above 0 with rule 'log', got 0"),
        ({"rate": 0.0}, "target must be finite and rate above 0, got 1.0 and 0.0"),
    ],
)
def test_settings_out_of_range_raise(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AdaptiveEntropy(1.0, **settings)


def test_a_bad_entropy_or_state_raises_and_changes_nothing() -> None:
    control = AdaptiveEntropy(1.0, coef=0.01)
    with pytest.raises(ValueError, match="entropy must be finite, got nan"):
        control.step(float("nan"))
    with pytest.raises(ValueError, match=r"coef 7.0 is outside \[0.0001, 1.0\]"):
        control.set_state({"coef": 7.0})
    assert control.coef == 0.01
