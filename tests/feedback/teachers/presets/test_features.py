import math
from dataclasses import replace

import numpy as np
import pytest

from plaudit.feedback.asks import Compare, Describe
from plaudit.feedback.teachers.presets import features
from plaudit.feedback.types import Query
from tests.contracts.teacher_cases.case import segment

GOOD = segment(text="It opens now. I oiled it.")
POOR = segment(text="open open open")


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def asked(teacher, ask, *segments):
    return teacher.probs(Query(segments, ask))


def test_linear_likes_by_its_hidden_weights():
    # -1 per word and 10 per sentence: -6 + 20 against -3 + 10
    teacher = features.linear([-1.0, 10.0], ["words", "sentences"], beta=0.1)
    assert asked(teacher, Compare(), GOOD, POOR)[0] == pytest.approx(sigmoid(0.7))


def test_describer_tells_what_matters_and_who_has_more():
    # of a middling text GOOD has 6 / 50 of the words, 2 / 3 of the sentences, (5/6) / .7 variety
    ask = Describe(("length", "sentences", "variety"))
    said = [part[1] for part in features.describer().odds(Query((GOOD,), ask)).parts]
    expected = [sigmoid(5 * (share - 1)) for share in (6 / 50, 2 / 3, 5 / 6 / 0.7)]
    np.testing.assert_allclose(said, expected)
    # 2 sentences to 1 at weight 1/3; Davidson: exp(+-5/6) against 1
    both = Query((GOOD, POOR), Describe(("length", "sentences", "variety"), compare=True))
    weights = np.array([math.exp(5 / 6), math.exp(-5 / 6), 1.0])
    second = features.describer().odds(both).parts[1]
    np.testing.assert_allclose(second, weights / weights.sum())


def test_a_feature_matters_by_its_size_and_not_by_its_sign():
    seen = replace(segment(0.0), obs=np.array([[3.0, 0.0], [0.0, 0.0]]))
    query = Query((seen,), Describe(("x", "y")))
    teacher = features.describer(weights=[-1.0, 1.0], beta=1.0)
    said = [part[1] for part in teacher.odds(query).parts]
    np.testing.assert_allclose(said, [sigmoid(3 - 1), sigmoid(0 - 1)])
    bare = features.describer(["words"], beta=1.0, center=3.0)
    assert asked(bare, Describe(("words",)), POOR)[1] == pytest.approx(0.5)
