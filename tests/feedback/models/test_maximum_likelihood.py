import pytest
import torch

from plaudit.feedback.asks import Approve, Mark
from plaudit.feedback.models.maximum_likelihood import Answers, _utilities

MASK = torch.tensor([[[True, True, False]]])  # a segment of two steps, padded to three
REWARDS = torch.tensor([[[[0.5, 2.0, 7.0]]]])


def answers(ask):
    return Answers(ask, torch.zeros(1, 1, 3, dtype=torch.int64), MASK, torch.zeros(1))


def test_steps_that_a_segment_lacks_pay_nothing():
    assert _utilities(REWARDS, answers(Approve())).tolist() == [[[2.5]]]


def test_steps_that_a_segment_lacks_are_not_judged():
    (((first, second, *beyond),),) = _utilities(REWARDS, answers(Mark(4))).tolist()
    assert (first, second) == pytest.approx((0.5, 2.0))
    assert all(value != value for value in beyond)  # NaN
    assert len(beyond) == 2
