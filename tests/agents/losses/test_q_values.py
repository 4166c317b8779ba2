import math

import pytest
import torch

from plaudit.agents.losses.q_values import choices, following

ONE = torch.ones(1, 1, dtype=torch.bool)


def test_value_and_choice_by_hand() -> None:
    logits, token = torch.tensor([[[0.0, math.log(3.0)]]]), torch.tensor([[1]])
    q, value = choices("logits", logits, token, ONE, temperature=1.0)
    assert q.item() == pytest.approx(math.log(3))
    assert value.item() == pytest.approx(math.log(4))  # log(1 + 3)
    # At temperature 2 the same policy has twice the values.
    q, value = choices("logits", 2 * logits, token, ONE, temperature=2.0)
    assert (value - q).item() == pytest.approx(2 * math.log(4 / 3))


def test_what_follows_skips_tokens_that_nobody_chose() -> None:
    mask = torch.tensor([[True, False, False, True, True], [False, True, False, False, False]])
    values = torch.arange(1.0, 11.0).view(2, 5)
    # Row 0 chose at 0, 3, 4; row 1 at 1 only.
    assert following(values, mask)[mask].tolist() == [4.0, 5.0, 0.0, 0.0]


def test_tokens_outside_the_vocabulary_or_of_another_type_raise() -> None:
    logits = torch.zeros(1, 1, 2)
    with pytest.raises(ValueError, match=r"tokens: row 0 holds 2 at position 0; expected 0\.\.1"):
        choices("logits", logits, torch.tensor([[2]]), ONE, temperature=1.0)
    with pytest.raises(TypeError, match=r"tokens: expected torch.int64, got torch.int32"):
        choices("logits", logits, torch.zeros(1, 1, dtype=torch.int32), ONE, temperature=1.0)
    with pytest.raises(ValueError, match="temperature must be finite and above 0, got 0"):
        choices("logits", logits, torch.zeros(1, 1, dtype=torch.int64), ONE, temperature=0)
