import pytest

from plaudit.feedback.teachers.choices import Boltzmann
from plaudit.feedback.teachers.presets.rationality import rationality


def test_beta_is_the_default_where_nothing_is_said():
    assert rationality() == Boltzmann(1.0)
    assert rationality(default=3.0) == Boltzmann(3.0)
    assert rationality(beta=2.0, tie=0.5, center=1.0) == Boltzmann(2.0, tie=0.5, center=1.0)


def test_reference_returns_calibrate_at_once():
    # returns 0 and 2 differ by 2: beta = ln(3) / 2 = 0.54931
    choice = rationality(agreement=0.75, reference_returns=[0.0, 2.0])
    assert choice.beta == pytest.approx(0.54931, abs=1e-5)
    assert not rationality(agreement=0.75).calibrated


def test_beta_and_agreement_exclude_each_other():
    with pytest.raises(ValueError, match=r"not both: beta=1\.0, agreement=0\.8"):
        rationality(beta=1.0, agreement=0.8)
    with pytest.raises(ValueError, match="reference_returns calibrate an agreement"):
        rationality(reference_returns=[0.0, 1.0])
