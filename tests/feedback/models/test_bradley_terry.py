import numpy as np
import pytest
import torch

from plaudit import feedback
from plaudit.feedback.asks import (
    Advise,
    Approve,
    Choose,
    Compare,
    Mark,
    Rank,
    Rate,
    React,
)
from plaudit.feedback.models.step_rows import distinct
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef, pad

V, T, WINDOW = 8, 12, 4
BIGRAMS = np.random.default_rng(123).normal(0.0, 0.5, (V + 1, V))


def token_segments(count, seed):
    """Random tokens; the reward is a weight for each pair of neighbours."""
    rng = np.random.default_rng(seed)
    segments = []
    for episode in range(count):
        actions = rng.integers(0, V, T)
        line = np.concatenate([np.full(WINDOW, V), actions])
        obs = np.stack([line[t : t + WINDOW] for t in range(T + 1)])
        rewards = BIGRAMS[line[WINDOW - 1 : -1], actions]
        segments.append(Segment(obs, actions, SegmentRef("t", episode, 0, T), rewards=rewards))
    return segments


def answered(teacher, segments, ask):
    size = ask.segments
    groups = [tuple(segments[i : i + size]) for i in range(0, len(segments), size)]
    queries = [Query(group, ask, query_id=i) for i, group in enumerate(groups)]
    buffer = FeedbackBuffer()
    buffer.add(queries, teacher.answer(queries))
    return buffer


def returns(model, segments):
    batch = pad(segments)
    return (model.predict(batch.obs[:, :-1], batch.actions)[0] * batch.mask).sum(1)


def truth(segments):
    return np.array([segment.rewards.sum() for segment in segments])


def token_model(**settings):
    return feedback.model("bradley_terry", kind="tokens", vocab_size=V, **settings)


@pytest.fixture(scope="module")
def fitted():
    """A model of 1 500 noisy comparisons, and what its fit said."""
    model = token_model(seed=1)
    teacher = feedback.make("boltzmann", beta=1.0, seed=1)
    return model, model.fit(answered(teacher, token_segments(3000, 1), Compare()))


def test_the_true_return_is_recovered_from_noisy_comparisons(fitted):
    fresh = token_segments(300, 99)
    assert np.corrcoef(returns(fitted[0], fresh), truth(fresh))[0, 1] > 0.9
    assert fitted[1]["heldout_gain"] > 0.1


@pytest.mark.slow
@pytest.mark.parametrize(
    "ask",
    [
        Compare(ties=True, levels=2),
        Choose(3),
        Rank(4),
        Rate(None, low=-3.0, high=3.0),
        Approve(),
        React(("love", "hate"), (1, -1), (0.5, 0.5)),
        Mark(T + 2),
    ],
    ids=lambda ask: ask.kind,
)
def test_the_true_return_is_recovered_from_every_question_about_segments(ask):
    segments = token_segments(3600, 1)
    teacher, control = feedback.make("boltzmann", beta=2.0), feedback.make("coin_flip")
    fresh, model = token_segments(300, 99), token_model(scale=2.0, seed=1)
    model.fit(answered(teacher, segments, ask))
    assert np.corrcoef(returns(model, fresh), truth(fresh))[0, 1] > 0.8
    model.fit(answered(control, segments, ask))
    assert abs(np.polyfit(truth(fresh), returns(model, fresh), 1)[0]) < 0.1


def test_answers_about_actions_are_refused():
    (segment,) = token_segments(1, 0)
    buffer, query = FeedbackBuffer(), Query((segment,), Advise(V))
    buffer.add([query], [Feedback(0, "somebody", 3)])
    with pytest.raises(ValueError, match="answers to 'advise' are about actions"):
        token_model(holdout=0.0).fit(buffer)


def test_the_learned_reward_has_the_teachers_unit(fitted):
    fresh = token_segments(300, 99)
    slope = np.polyfit(returns(fitted[0], fresh), truth(fresh), 1)[0]
    assert 0.67 < slope < 1.5


def test_comparisons_of_one_length_leave_no_level(fitted):
    segments = token_segments(3000, 1)
    assert returns(fitted[0], segments).mean() == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_from_a_coin_flip_nothing_is_learned(seed):
    model = token_model(seed=seed)
    teacher = feedback.make("coin_flip", seed=seed)
    stats = model.fit(answered(teacher, token_segments(800, seed), Compare()))
    assert stats["kept"] == 0.0
    assert not returns(model, token_segments(50, 99)).any()


def test_ratings_teach_the_level_too():
    segments = token_segments(900, 2)
    teacher = feedback.make("boltzmann", beta=2.0, center=0.0, spread=1.0)
    model = token_model(scale=2.0)
    model.fit(answered(teacher, segments, Rate(5)))
    fresh = token_segments(300, 99)
    assert np.corrcoef(returns(model, fresh), truth(fresh))[0, 1] > 0.85
    assert returns(model, fresh).mean() == pytest.approx(truth(fresh).mean(), abs=0.4)


def vector_segments(count, seed):
    """Reward = first number of the observation + 1 for action 1; lengths differ."""
    rng = np.random.default_rng(seed)
    segments = []
    for episode in range(count):
        steps = int(rng.integers(3, 9))
        obs, actions = rng.normal(10.0, 2.0, (steps + 1, 3)), rng.integers(0, 2, steps)
        rewards = obs[:-1, 0] - 10.0 + actions
        segments.append(Segment(obs, actions, SegmentRef("v", episode, 0, steps), rewards=rewards))
    return segments


def test_vectors_of_unequal_length_recover_the_reward_of_a_step():
    model = feedback.model("bradley_terry", kind="vectors", obs_dim=3, action_dim=2)
    model.fit(answered(feedback.make("boltzmann"), vector_segments(1200, 0), Compare(ties=True)))
    batch = pad(vector_segments(100, 1))
    predicted = model.predict(batch.obs[:, :-1], batch.actions)[0][batch.mask]
    true = np.concatenate([segment.rewards for segment in vector_segments(100, 1)])
    assert np.corrcoef(predicted, true)[0, 1] > 0.9


def test_comparisons_ties_and_ratings_train_one_model():
    segments = token_segments(300, 3)
    buffer = answered(feedback.make("boltzmann", tie=0.5), segments, Compare(ties=True))
    ratings = [Query((s,), Rate(3), query_id=1000 + i) for i, s in enumerate(segments)]
    buffer.add(ratings, feedback.make("noisy_person").answer(ratings))
    stats = token_model(epochs=2).fit(buffer)
    assert stats["answers"] == len(buffer.answered()) > 400


@pytest.mark.parametrize("settings", [{"bootstrap": True}, {"holdout": 0.0}, {"members": 1}])
def test_other_ways_to_fit_learn_as_well(settings):
    model = token_model(**settings)
    model.fit(answered(feedback.make("oracle"), token_segments(800, 4), Compare()))
    fresh = token_segments(200, 99)
    assert np.corrcoef(returns(model, fresh), truth(fresh))[0, 1] > 0.75


def test_a_warm_start_goes_on_and_a_cold_one_forgets():
    buffer = answered(feedback.make("oracle"), token_segments(400, 5), Compare())
    nats = {}
    for warm in (True, False):
        model = token_model(epochs=2, warm_start=warm, holdout=0.0)
        nats[warm] = [model.fit(buffer, seed=1)["train_nats"] for _ in range(4)][-1]
    assert nats[True] < nats[False] - 0.1


@pytest.mark.parametrize("count", [0, 3])
def test_too_few_answers_teach_nothing(count):
    model = token_model()
    buffer = answered(feedback.make("oracle"), token_segments(2 * count, 6), Compare())
    assert model.fit(buffer) == {"answers": float(count), "epochs": 0.0, "kept": 0.0}
    assert not returns(model, token_segments(5, 99)).any()


def test_skips_teach_nothing():
    segments = token_segments(20, 7)
    queries = [Query(tuple(segments[i : i + 2]), Compare(), query_id=i) for i in range(0, 20, 2)]
    buffer = FeedbackBuffer()
    buffer.add(queries, [Feedback(query.query_id, "ann", None) for query in queries])
    assert token_model().fit(buffer)["answers"] == 0.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "tokens"}, "kind='tokens' needs vocab_size"),
        ({"kind": "vectors", "obs_dim": 3}, "kind='vectors' needs obs_dim and action_dim"),
        ({"kind": "pixels"}, "kind must be 'tokens' or 'vectors', got 'pixels'"),
        ({"vocab_size": 3, "scale": 0.0}, "scale, tie and spread must be above 0"),
        ({"vocab_size": 3, "holdout": 0.9}, r"holdout must be in \[0, 0.5\], got 0.9"),
        ({"vocab_size": 3, "epochs": 0}, "epochs, patience and batch must be at least 1"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        feedback.model("bradley_terry", **settings)


def test_an_observation_too_many_is_refused():
    batch = pad(token_segments(2, 0))
    with pytest.raises(ValueError, match=r"one observation before each action; got \(2, 13, 4\)"):
        token_model().predict(batch.obs, batch.actions)


def test_a_state_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="does not fit this 'tokens' model"):
        token_model().set_state(token_model(width=8).get_state())


def test_rows_that_look_alike_are_one():
    found, place = distinct(torch.tensor([[2, 1], [0, 3], [2, 1], [0, 2]]))
    assert found.tolist() == [[0, 2], [0, 3], [2, 1]]
    assert place.tolist() == [2, 1, 2, 0]
