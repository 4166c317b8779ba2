import numpy as np
import pytest

from plaudit import feedback
from plaudit.feedback.asks import Compare
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef


def features(obs, actions):
    """What actions 0 and 2 are worth beside action 1."""
    return np.eye(3)[actions][:, [0, 2]]


def bandit():
    """Action 0 beat action 1 in 60 of 100 comparisons; action 2 beat it in the only one."""
    segments = [
        Segment(np.zeros((2, 1), np.int64), np.array([a]), SegmentRef("bandit", a, 0, 1))
        for a in range(3)
    ]
    queries = [Query((segments[0], segments[1]), Compare(), query_id=i) for i in range(100)]
    queries.append(Query((segments[2], segments[1]), Compare(), query_id=100))
    buffer = FeedbackBuffer()
    buffer.add(queries, [Feedback(i, "a", int(60 <= i < 100)) for i in range(101)])
    return buffer


def best(name, **settings):
    model = feedback.model(name, features=features, **settings)
    model.fit(bandit())
    return int(model.predict(np.zeros((3, 1, 1), np.int64), np.arange(3)[:, None])[0].argmax())


def test_a_lone_success_does_not_impress_it():
    # Action 0: log 1.5 = 0.41 with standard error 1 / sqrt(100 * 0.24) = 0.20, so 0.2 at least.
    # Action 2: its mode t solves sigma(-t) = 0.01 t, t = 3.3, with standard error 4.8: -1.5.
    assert best("linear") == 2
    assert best("pessimistic", of="linear", radius=1.0) == 0
    assert best("pessimistic", of="linear", radius=0.0) == 2


def test_it_is_the_mean_less_so_many_deviations_also_in_the_mean_of_its_members():
    low = feedback.model("pessimistic", of="linear", radius=0.5, features=features)
    low.fit(bandit())
    seen = np.zeros((3, 1, 1), np.int64), np.arange(3)[:, None]
    mean, spread = low.model.predict(*seen)
    assert low.predict(*seen)[0] == pytest.approx(mean - 0.5 * spread, abs=1e-6)
    assert low.members(*seen).mean(0) == pytest.approx(mean - 0.5 * spread, abs=1e-4)


def test_a_negative_radius_is_refused():
    with pytest.raises(ValueError, match="radius must be"):
        feedback.model("pessimistic", of="linear", radius=-1.0, features=features)


def test_an_unknown_model_is_refused_by_name():
    with pytest.raises(KeyError, match="did you mean 'linear'"):
        feedback.model("pessimistic", of="liner")
