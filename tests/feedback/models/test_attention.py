import numpy as np
import pytest

from plaudit import feedback
from plaudit.envs.evaluate import make_rows
from plaudit.feedback.asks import Compare, Mark, Rate
from plaudit.feedback.models.base import RewardModel
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Query, Segment, SegmentRef
from plaudit.feedback.wrappers import VectorLearnedReward, VectorRecordSegments

V, T = 12, 10
WORTH = np.where(np.arange(V) == 3, 1.0, 0.0)  # one symbol of twelve is paid for


def segments(count, seed):
    rng = np.random.default_rng(seed)
    made = []
    for episode in range(count):
        actions = rng.integers(0, V, T)
        line = np.concatenate([np.full(T, V), actions])
        obs = np.stack([line[t : t + T] for t in range(T + 1)])
        ref = SegmentRef("t", episode, 0, T)
        made.append(Segment(obs, actions, ref, rewards=WORTH[actions]))
    return made


def answered(ask, count=1200, teacher="boltzmann", seed=1):
    told = segments(count * ask.segments, seed)
    groups = [tuple(told[i::count]) for i in range(count)]
    queries = [Query(group, ask, query_id=i) for i, group in enumerate(groups)]
    buffer = FeedbackBuffer()
    settings = {"beta": 3.0} if teacher == "boltzmann" else {}
    buffer.add(queries, feedback.make(teacher, seed=seed, **settings).answer(queries))
    return buffer


def model(**settings):
    given = {"vocab_size": V, "layers": 1, "width": 16, "lr": 1e-2, "scale": 3.0, "seed": 1}
    return feedback.model("attention", **(given | settings))


def texts(count, seed):
    return np.stack([segment.actions for segment in segments(count, seed)])


@pytest.fixture(scope="module")
def fitted():
    made = model()
    return made, made.fit(answered(Compare()))


def test_scores_recover_true_returns_from_comparisons(fitted):
    fresh = texts(300, 99)
    assert np.corrcoef(fitted[0].scores(fresh), WORTH[fresh].sum(1))[0, 1] > 0.9
    assert isinstance(fitted[0], RewardModel)
    assert fitted[1]["answers"] == 1200


def test_attention_rests_on_the_symbol_that_is_paid_for(fitted):
    fresh = texts(300, 99)
    weights = fitted[0].attention(fresh)
    np.testing.assert_allclose(weights.sum(1), 1.0, atol=1e-5)
    assert weights[fresh == 3].mean() > 1.5 * weights[fresh != 3].mean()


def test_the_score_is_paid_at_the_step_that_completes_the_answer(fitted):
    segment = segments(1, 5)[0]
    paid = fitted[0].predict(segment.obs[None, :-1], segment.actions[None])[0]
    # The window of T tokens is full when the last of T actions is done.
    assert (paid[0, :-1] == 0).all()
    assert paid[0, -1] == pytest.approx(fitted[0].scores(segment.actions[None])[0])


def test_the_end_symbol_completes_an_answer_too():
    made = model(eos_id=V - 1)
    made.fit(answered(Compare(), 40))
    obs = np.array([[[V, V, V], [V, V, 1]]])
    # "1 end": two tokens in a window of three.
    paid = made.predict(obs, np.array([[1, V - 1]]))[0]
    assert paid[0, 0] == 0
    assert paid[0, 1] == pytest.approx(made.scores(np.array([[1, V - 1]]))[0])


def test_the_level_of_compared_answers_is_zero_and_that_of_rated_ones_is_learned():
    buffer = answered(Compare(), 100)
    compared = model(members=2)
    compared.fit(buffer)
    told = np.stack([s.actions for row in buffer for s in row.query.segments])
    assert compared.scores(told).mean() == pytest.approx(0.0, abs=1e-5)
    rated = model(scale=1.0)
    rated.fit(answered(Rate(levels=5), 200))
    assert rated._level.tolist() == [[0.0]]


def test_an_untrained_model_pays_nothing_and_a_state_brings_the_model_back(fitted):
    fresh, other = texts(5, 7), model(seed=2)
    assert other.scores(fresh).tolist() == [0.0] * 5
    other.set_state(fitted[0].get_state())
    np.testing.assert_array_equal(other.scores(fresh), fitted[0].scores(fresh))
    with pytest.raises(ValueError, match="does not fit this attention model"):
        model(width=8).set_state(fitted[0].get_state())


def test_fits_with_one_seed_are_equal_and_warm_ones_go_on():
    buffer = answered(Compare(), 100)
    cold, again, warm = model(epochs=1), model(epochs=1), model(epochs=1, warm_start=True)
    first = cold.fit(buffer)["train_nats"]
    assert first == again.fit(buffer)["train_nats"]
    warm.fit(buffer)
    assert warm.fit(buffer)["train_nats"] < first


def test_it_pays_in_a_world_through_learned_reward():
    env = VectorRecordSegments(make_rows("plaudit/TokenNgram-v0", 8, vocab=4, max_new=3), keep=8)
    small = {"name": "attention", "layers": 1, "width": 8, "epochs": 1}
    schedule = {"labels": 8, "labels_per_round": 8, "segments_per_round": 8}
    learned = VectorLearnedReward(env, "noisy_person", small, **schedule)
    paid = []
    for _ in range(2):
        learned.reset(seed=0)
        paid.append([learned.step(np.arange(8) % 4)[1].any() for _ in range(3)])
    # Nothing before the fit, which the last step of the first answers sets off; then the end.
    assert paid == [[False, False, False], [False, False, True]]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="expected kind='tokens', got 'vectors'"):
        model(kind="vectors")
    with pytest.raises(ValueError, match="width must be a multiple of heads, got 9 and 2 heads"):
        model(width=9)
    with pytest.raises(ValueError, match="members must be at least 1, got 0"):
        model(members=0)
    with pytest.raises(ValueError, match=r"ids in 0\.\.12, got shape \(1, 1\) of ids in 40\.\.40"):
        model().scores(np.array([[40]]))
    with pytest.raises(ValueError, match=r"texts have 0\.\.0 tokens, expected 1\.\.64"):
        model().attention(np.array([[V, V]]))
    with pytest.raises(ValueError, match=r"expected obs \(B, T, L\) and actions \(B, T\)"):
        model().predict(np.zeros((2, 3)), np.zeros((2, 3)))


def test_answers_about_steps_are_refused():
    with pytest.raises(ValueError, match="answers to 'mark' are about steps"):
        model().fit(answered(Mark(T), 4))
