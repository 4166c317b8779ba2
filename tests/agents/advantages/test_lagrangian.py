import math

import pytest
import torch

from plaudit.agents.advantages.lagrangian import MINIMUM, Multiplier, mix

GAIN, COST = torch.tensor([3.0, 1.0]), torch.tensor([1.0, -1.0])


def test_gain_less_cost_by_hand() -> None:
    torch.testing.assert_close(mix(GAIN, COST, 0.5), torch.tensor([2.5, 1.5]) / 1.5)


def test_the_price_moves_the_mix_from_the_gain_to_minus_the_cost() -> None:
    assert torch.equal(mix(GAIN, COST, 0.0), GAIN)
    torch.testing.assert_close(mix(GAIN, COST, 1e300), -COST)


def test_advantages_per_position_keep_their_shape_and_zeros() -> None:
    gain, cost = torch.tensor([[1.0, 0.0]]), torch.tensor([[3.0, 0.0]])
    assert mix(gain, cost, 1.0).tolist() == [[-1.0, 0.0]]


def test_bad_advantages_raise() -> None:
    with pytest.raises(ValueError, match="cost_advantage: row 1 is nan"):
        mix(GAIN, torch.tensor([0.0, float("nan")]), 1.0)
    with pytest.raises(ValueError, match="cost_advantage: expected axes"):
        mix(GAIN, COST.unsqueeze(1), 1.0)
    with pytest.raises(ValueError, match="multiplier must be finite and at least 0, got -1"):
        mix(GAIN, COST, -1)


def test_one_step_by_hand() -> None:
    price = Multiplier(limit=2.0, initial=0.5, rate=0.1)
    # ln 0.5 + 0.1 * 0.5 * (6 - 2) = ln 0.5 + 0.2
    assert price.step(6.0) == pytest.approx(0.5 * math.exp(0.2))
    assert price.value == pytest.approx(0.5 * math.exp(0.2))


def test_costs_at_the_limit_leave_the_price_and_others_move_it_towards_the_limit() -> None:
    price = Multiplier(limit=2.0)
    assert price.step(2.0) == 1.0
    assert price.step(3.0) > 1.0
    assert price.step(-9.0) < 1.0


def test_the_price_stays_within_bounds_and_comes_back_from_both() -> None:
    price = Multiplier(maximum=5.0)
    assert price.step(1e9) == pytest.approx(5.0)
    assert price.step(-1e9) == pytest.approx(MINIMUM)
    assert price.step(1e9) == pytest.approx(5.0)


def test_the_price_settles_where_the_cost_meets_its_limit() -> None:
    price = Multiplier(limit=1.0, initial=0.1, rate=0.2)
    for _ in range(500):
        price.step(3.0 - price.value)  # a policy whose cost falls with the price: 1 at price 2
    assert price.value == pytest.approx(2.0, abs=1e-6)


def test_a_restored_multiplier_goes_on_the_same() -> None:
    first, second = Multiplier(), Multiplier()
    first.step(3.0)
    second.set_state(first.get_state())
    assert second.step(0.7) == first.step(0.7)


def test_bad_costs_and_states_raise_and_change_nothing() -> None:
    price = Multiplier()
    with pytest.raises(ValueError, match="mean_cost must be finite, got nan"):
        price.step(float("nan"))
    with pytest.raises(ValueError, match="expected the entry log_multiplier, got"):
        price.set_state({"value": 1.0})
    with pytest.raises(ValueError, match=r"log_multiplier 99\.0 is outside"):
        price.set_state({"log_multiplier": 99.0})
    assert price.value == 1.0


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("limit", math.nan, "limit must be finite, got nan"),
        ("rate", -0.1, r"rate must be finite and at least 0, got -0\.1"),
        ("initial", 0.0, r"initial must lie in \[0.0001, maximum\]"),
        ("initial", 9.0, r"got initial 9\.0, maximum 5\.0"),
    ],
)
def test_bad_settings_raise(setting: str, value: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Multiplier(**{setting: value})
