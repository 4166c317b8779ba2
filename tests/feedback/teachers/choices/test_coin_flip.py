import numpy as np

from plaudit.feedback.asks import Rate
from plaudit.feedback.teachers.choices import CoinFlip


def test_coin_flip_gives_every_answer_the_same_odds():
    np.testing.assert_allclose(CoinFlip().odds(Rate(4), np.array([9.0]))[0], [0.25] * 4)
