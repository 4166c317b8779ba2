import pytest
import torch

from plaudit.agents import shapes


def test_tensors_that_agree_pass() -> None:
    assert shapes.check(logp=(torch.zeros(2, 3), "B T"), advantage=(torch.zeros(2), "B")) is None


def test_another_number_of_axes_raises_naming_the_tensor_and_its_shape() -> None:
    with pytest.raises(ValueError, match=r"^logp: expected axes \(B T\), got 1 axes, shape \(2,\)"):
        shapes.check(logp=(torch.zeros(2), "B T"))


def test_one_letter_with_two_sizes_raises_naming_the_later_tensor() -> None:
    with pytest.raises(ValueError, match=r"^mask: axis T is 4, but 3 elsewhere"):
        shapes.check(logp=(torch.zeros(2, 3), "B T"), mask=(torch.zeros(2, 4), "B T"))


def test_a_letter_may_not_stand_for_two_sizes_within_one_tensor() -> None:
    with pytest.raises(ValueError, match=r"^payoff: axis N is 3, but 2 elsewhere"):
        shapes.check(payoff=(torch.zeros(2, 3), "N N"))
