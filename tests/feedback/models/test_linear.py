import numpy as np
import pytest

from plaudit import feedback
from plaudit.feedback.asks import Advise, Approve, Choose, Compare, Mark, Rank, Rate
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef

WORTH = np.array([[1.0, -1.0], [0.5, 0.0], [-0.5, 2.0]])  # of 3 places and 2 actions
CELLS = {"name": "cells", "sizes": [3], "actions_n": 2}


def segment(places, actions, episode=0):
    obs, done = np.array([*places, 0]), np.array(actions)
    rewards = WORTH[obs[:-1], done]
    return Segment(obs, done, SegmentRef("t", episode, 0, len(done)), rewards=rewards)


def random_segments(count, steps=3, seed=0):
    rng = np.random.default_rng(seed)
    draw = [(rng.integers(0, 3, steps), rng.integers(0, 2, steps)) for _ in range(count)]
    return [segment(places, actions, i) for i, (places, actions) in enumerate(draw)]


def answered(teacher, ask, count, privileged=False):
    made = random_segments(count * ask.segments)
    groups = [tuple(made[i::count]) for i in range(count)]
    queries = [Query(group, ask, query_id=i) for i, group in enumerate(groups)]
    buffer = FeedbackBuffer(privileged=privileged)
    buffer.add(queries, teacher.answer(queries))
    return buffer


def said(answers, ask=None):
    """Answers to one question: action 0 in place 0, or in place 1?"""
    pair = (segment([0], [0]), segment([1], [0]))
    buffer = FeedbackBuffer()
    queries = [Query(pair, ask or Compare(), query_id=i) for i in range(len(answers))]
    buffer.add(queries, [Feedback(i, "somebody", a) for i, a in enumerate(answers)])
    return buffer


def cell_rewards(model):
    """(3, 2) predicted rewards."""
    obs, actions = np.indices((3, 2))
    return model.predict(obs, actions)[0]


def test_three_of_four_for_the_first_are_a_difference_of_log_three():
    model = feedback.model("linear", features=CELLS, l2=1e-9)
    stats = model.fit(said([0, 0, 0, 1]))
    # sigmoid(d) = 3/4, so d = log 3; the least weights with this difference are +- d / 2.
    assert model.theta[0] == pytest.approx(np.log(3) / 2, rel=1e-6)
    assert model.theta[2] == pytest.approx(-np.log(3) / 2, rel=1e-6)
    # -(3 log 3/4 + log 1/4) / 4 = log 4 - 3/4 log 3
    assert stats["train_nats"] == pytest.approx(np.log(4) - 0.75 * np.log(3))
    assert stats["answers"] == 4.0


def test_the_unit_is_that_of_the_assumed_scale():
    model = feedback.model("linear", features=CELLS, l2=1e-9, scale=2.0)
    model.fit(said([0, 0, 0, 1]))
    assert model.theta[0] - model.theta[2] == pytest.approx(np.log(3) / 2, rel=1e-6)


def test_information_is_n_p_q_and_the_spread_is_laplace_s():
    model = feedback.model("linear", features=CELLS, l2=0.5)
    model.fit(said([0, 1, 0, 1]))
    # p = 1/2: 4 p q = 1 along (1, -1): H = [[1, -1], [-1, 1]]; H + 1/2 has the inverse
    # [[1.5, 1], [1, 1.5]] / (1.5**2 - 1) = [[1.2, 0.8], [0.8, 1.2]]; unseen cells have 1 / l2 = 2.
    np.testing.assert_allclose(model.information[np.ix_([0, 2], [0, 2])], [[1, -1], [-1, 1]])
    np.testing.assert_allclose(model.covariance[np.ix_([0, 2], [0, 2])], [[1.2, 0.8], [0.8, 1.2]])
    _, spread = model.predict(np.array([[0, 2]]), np.array([[0, 1]]))
    np.testing.assert_allclose(spread, [[1.2**0.5, 2.0**0.5]], rtol=1e-6)


@pytest.mark.parametrize(
    "ask", [Compare(), Compare(ties=True), Choose(3), Rank(3), Rate(5), Approve()], ids=str
)
def test_exact_odds_give_the_true_reward_back(ask):
    teacher = feedback.make("boltzmann", beta=1.0, tie=1.0)
    model = feedback.model("linear", features=CELLS, l2=1e-7, soft=True)
    model.fit(answered(teacher, ask, 150, privileged=True))
    apart = cell_rewards(model) - WORTH
    if isinstance(ask, Compare | Choose | Rank):
        apart -= apart.mean()  # a reward that every step has alike is not told
    np.testing.assert_allclose(apart, 0.0, atol=1e-3)


def test_drawn_answers_come_near_and_a_coin_flip_teaches_nothing():
    model = feedback.model("linear", features=CELLS, l2=1.0)
    centred = WORTH - WORTH.mean()
    model.fit(answered(feedback.make("boltzmann", beta=1.0, seed=1), Compare(), 2000))
    assert np.abs(cell_rewards(model) - centred).max() < 0.3  # 2000 p q / 6 gives about 0.1
    model.fit(answered(feedback.make("coin_flip", seed=1), Compare(), 2000))
    assert np.abs(cell_rewards(model)).max() < 0.3


def test_steps_are_judged_one_by_one_and_missing_ones_not_at_all():
    model = feedback.model("linear", features=CELLS, l2=1e-9, spread=1.0)
    buffer, ask = FeedbackBuffer(), Mark(3)
    queries = [Query((segment([0, 1], [0, 0]),), ask, query_id=i) for i in range(4)]
    # Place 0 is good thrice and unmarked once; place 1 the other way round; there is no third step.
    marks = [(2, 0, 0), (2, 0, 0), (2, 0, 0), (0, 2, 0)]
    buffer.add(queries, [Feedback(i, "somebody", marks[i]) for i in range(4)])
    model.fit(buffer)
    first, second = cell_rewards(model)[[0, 1], 0]
    assert first > second > 0.0
    assert not cell_rewards(model)[2].any()


def test_features_may_look_at_what_came_next():
    model = feedback.model("linear", features={"name": "arrivals", "sizes": [3]}, l2=1e-9)
    model.fit(said([0, 1]))
    with pytest.raises(ValueError, match=r"predict needs obs \(B, T \+ 1, ...\)"):
        model.predict(np.zeros((1, 2), int), np.zeros((1, 2), int))
    assert model.predict(np.zeros((1, 3), int), np.zeros((1, 2), int))[0].shape == (1, 2)


def test_what_the_annotator_took_for_done_may_be_something_else():
    model = feedback.model("linear", features=CELLS, l2=1e-9, judged=mirrored)
    model.fit(said([0, 0, 0, 1]))
    assert cell_rewards(model)[0, 0] == pytest.approx(-np.log(3) / 2, rel=1e-5)


def mirrored(obs, actions):
    """Takes place 0 for place 1, and the other way round."""
    return np.eye(6)[2 - 2 * obs[0]]


def test_odds_are_refused_where_there_are_none():
    with pytest.raises(ValueError, match="privileged=True"):
        feedback.model("linear", features=CELLS, soft=True).fit(said([0, 1]))


def test_wrong_settings_and_answers_are_refused():
    with pytest.raises(ValueError, match="l2 must be"):
        feedback.model("linear", l2=0.0)
    with pytest.raises(KeyError, match="did you mean 'cells'"):
        feedback.model("linear", features="cell")
    buffer = FeedbackBuffer()
    buffer.add([Query((segment([0], [0]),), Advise(2))], [Feedback(0, "somebody", 1)])
    with pytest.raises(ValueError, match="answers to 'advise' are about actions"):
        feedback.model("linear", features=CELLS).fit(buffer)


def test_a_state_of_another_kind_is_refused():
    with pytest.raises(ValueError, match=r"theta \(d,\) and information"):
        feedback.model("linear").set_state({"theta": np.zeros(2), "information": np.zeros((3, 3))})
