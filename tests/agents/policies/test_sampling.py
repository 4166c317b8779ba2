import math

import pytest
import torch

from plaudit.agents.policies.sampling import (
    check_sampling,
    draw,
    entropy,
    log_probs,
    pick,
    until_end,
)
from plaudit.agents.policies.tiny_transformer import TinyTransformer


def test_temperature_divides_the_logits():
    # softmax([2 ln 2, 0] / 2) = softmax([ln 2, 0]) = [2/3, 1/3]
    scores = log_probs(torch.tensor([[2 * math.log(2), 0.0]]), 2.0, None, None)
    torch.testing.assert_close(scores.exp(), torch.tensor([[2 / 3, 1 / 3]]))


def test_top_k_keeps_the_likeliest_and_renormalises():
    # of 0.5, 0.3, 0.2 two are kept: 0.5 / 0.8, 0.3 / 0.8
    scores = log_probs(torch.tensor([0.5, 0.3, 0.2]).log(), 1.0, 2, None)
    torch.testing.assert_close(scores.exp(), torch.tensor([0.625, 0.375, 0.0]))


def test_top_p_keeps_the_smallest_set_that_holds_it():
    # 0.5 < 0.6 <= 0.5 + 0.3, so two are kept, wherever they stand
    scores = log_probs(torch.tensor([0.2, 0.5, 0.3]).log(), 1.0, None, 0.6)
    torch.testing.assert_close(scores.exp(), torch.tensor([0.0, 0.625, 0.375]))


def test_a_small_top_p_keeps_the_likeliest_token():
    scores = log_probs(torch.tensor([0.2, 0.5, 0.3]).log(), 1.0, None, 1e-6)
    assert scores.exp().tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_logits_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match="not finite"):
        log_probs(torch.tensor([[0.0, 1.0], [0.0, bad]]), 1.0, None, None)


def test_draw_inverts_the_cumulative_distribution():
    # thresholds 0 | 0.25 | 0.75 | 1 of the three tokens; a token of probability 0 never comes
    scores = torch.tensor([0.25, 0.0, 0.5, 0.25]).log().expand(4, 4)
    uniform = torch.tensor([0.0, 0.25, 0.74, 1 - 2**-53], dtype=torch.float64)
    assert draw(scores, uniform).tolist() == [0, 2, 2, 3]


def test_an_answer_holds_its_first_end_token_and_nothing_behind_it():
    tokens = torch.tensor([[1, 2, 9, 9, 1], [9, 1, 1, 9, 9], [1, 1, 1, 1, 1]])
    expected = [[True, True, True, False, False], [True, *[False] * 4], [True] * 5]
    assert until_end(tokens, 9).tolist() == expected
    assert until_end(tokens, None).all()


def test_a_draw_has_more_digits_than_float32():
    # 2^-30 of the mass lies on the last token: a uniform number this high must find it
    scores = torch.tensor([[1 - 2**-30, 2**-30]], dtype=torch.float64).log().float()
    uniform = torch.tensor([1 - 2**-40], dtype=torch.float64)
    assert draw(scores, uniform).tolist() == [1]


def test_entropy_of_a_truncated_distribution_and_its_gradient_are_finite():
    # two equal tokens are left: ln 2; at its maximum the gradient is 0
    logits = torch.tensor([1.0, 1.0, -9.0], requires_grad=True)
    found = entropy(log_probs(logits, 1.0, 2, None))
    found.backward()
    assert found.item() == pytest.approx(math.log(2))
    torch.testing.assert_close(logits.grad, torch.zeros(3))


def test_pick_reads_padding_outside_the_vocabulary_without_error():
    assert pick(torch.tensor([[-1.0, -2.0]]), torch.tensor([0])).tolist() == [-1.0]
    assert pick(torch.tensor([[-1.0, -2.0]]), torch.tensor([7])).shape == (1,)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ((0.0, None, None), "temperature"),
        ((math.nan, None, None), "temperature"),
        ((1.0, 0, None), "top_k"),
        ((1.0, None, 0.0), "top_p"),
        ((1.0, None, 1.1), "top_p"),
    ],
)
def test_settings_out_of_range_are_named(settings, name):
    with pytest.raises(ValueError, match=name):
        check_sampling(*settings)


def test_an_unknown_setting_is_refused():
    with pytest.raises(TypeError, match="tempreture"):
        TinyTransformer(4, tempreture=0.5)
