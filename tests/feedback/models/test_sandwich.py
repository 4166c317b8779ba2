import numpy as np
import pytest
import torch

from plaudit.feedback.models.sandwich import sandwich

BERNOULLI = np.array([0.8, 0.2])  # of a success and of a failure


def logistic(theta):
    return torch.nn.functional.softplus(torch.cat([-theta, theta]))


def test_where_the_loss_is_log_p_it_is_the_inverse_of_fisher_s_information():
    # of a logit, p (1 - p) = 0.16, at theta = log(0.8 / 0.2)
    assert sandwich(logistic, np.log([4.0]), BERNOULLI) == pytest.approx(1 / 0.16)


def test_a_squared_loss_scatters_by_the_variance_whatever_its_bend():
    # l = 3 (y - theta)^2: l' = -6 (y - theta), S = 36 p (1 - p), H = 6, so p (1 - p) = 0.16
    found = sandwich(lambda t: 3 * (torch.tensor([1.0, 0.0]) - t) ** 2, np.array([0.8]), BERNOULLI)
    assert found == pytest.approx(0.16)


def test_what_is_no_minimiser_is_refused():
    with pytest.raises(ValueError, match="does not minimise the expected loss: its slope"):
        sandwich(logistic, np.zeros(1), BERNOULLI)


def test_what_the_answers_leave_untold_is_refused():
    with pytest.raises(ValueError, match="a direction of theta untold"):
        sandwich(lambda t: logistic(t[:1]) + 0 * t[1], np.log([4.0, 1.0]), BERNOULLI)


def test_odds_that_are_none_are_refused():
    with pytest.raises(ValueError, match="odds must be"):
        sandwich(logistic, np.zeros(1), np.array([0.8, 0.8]))
