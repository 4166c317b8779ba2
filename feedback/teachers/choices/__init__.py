"""Choices: how utilities become an answer."""

from plaudit.feedback.teachers.choices.argmax import Argmax as Argmax
from plaudit.feedback.teachers.choices.base import Choice as Choice
from plaudit.feedback.teachers.choices.boltzmann import Boltzmann as Boltzmann
from plaudit.feedback.teachers.choices.calibration import (
    beta_for_agreement as beta_for_agreement,
)
from plaudit.feedback.teachers.choices.coin_flip import CoinFlip as CoinFlip
from plaudit.feedback.teachers.choices.narrow import Bernoulli as Bernoulli
from plaudit.feedback.teachers.choices.narrow import Davidson as Davidson
from plaudit.feedback.teachers.choices.narrow import Ordinal as Ordinal
from plaudit.feedback.teachers.choices.narrow import PlackettLuce as PlackettLuce
from plaudit.feedback.teachers.choices.rao_kupper import RaoKupper as RaoKupper
from plaudit.feedback.teachers.choices.thurstone import Thurstone as Thurstone
