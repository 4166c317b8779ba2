import gymnasium as gym
import numpy as np
import pytest

import plaudit
from plaudit.envs.evaluate import make_rows, scale
from plaudit.envs.token.token_ngram.task import NgramTask
from plaudit.envs.vector import LoopVectorEnv

NGRAM = "plaudit/TokenNgram-v0"
PANEL = [3283339375, 3196774014, 2102494801]


class OraclePlayer:
    """Plays TokenNgram's exact optimum from windows alone, with SB3's `predict`."""

    def __init__(self, task: NgramTask) -> None:
        self.task, self.oracle = task, task.oracle()

    def predict(self, obs, state=None, episode_start=None, deterministic=False):
        return np.array([self.action(window) for window in obs]), None

    def action(self, window):
        context = 0
        for token in window[len(window) - self.task.order + 1 :]:
            context = context * (self.task.vocab + 1) + int(token)
        written = int((window != self.task.vocab).sum()) - self.task.prompt
        return self.oracle.act({"written": written, "context": context})


class AnswersAllAtOnce:
    """Says the same four tokens whatever the prompt, with plaudit's `respond`."""

    vocab_size = 4

    def respond(self, obs, *, pad_id, max_new, seed):
        return np.tile([1, 2, 3, pad_id], (len(obs), 1))


def test_the_panel_is_the_same_everywhere():
    # Pinned: np.random.SeedSequence([crc32(id), 0x9A7E1]).generate_state is the same on every
    # machine.
    assert plaudit.panel(NGRAM, 3) == PANEL
    assert plaudit.panel(NGRAM, 500)[:3] == PANEL
    assert plaudit.panel("plaudit/Sentiment-v0", 3) != PANEL


def test_the_random_policy_scores_about_zero_on_fresh_seeds():
    result = plaudit.evaluate("random", NGRAM, seeds=range(1000))
    # the return's spread is about 3 points, so 4 standard errors are 4 * 3 / 32 = 0.4 of 29
    assert abs(result.normalised) < 0.02
    assert result.returns.shape == (1000,)


def test_the_optimal_policy_scores_about_one():
    result = plaudit.evaluate(OraclePlayer(NgramTask()), NGRAM, episodes=128)
    low, high = result.interval
    assert low <= scale(NGRAM)[1] <= high
    assert result.normalised == pytest.approx(1, abs=0.02)


def test_the_interval_is_students():
    result = plaudit.evaluate(lambda obs: np.zeros(len(obs), int), NGRAM, seeds=[1, 2])
    a, b = result.returns
    # t(0.975, 1 degree of freedom) = 12.7062; standard error = |a - b| / 2
    half = 12.7062 * abs(a - b) / 2
    assert result.interval == pytest.approx(((a + b) / 2 - half, (a + b) / 2 + half), rel=1e-4)
    assert result.mean == pytest.approx((a + b) / 2)


def test_returns_are_those_of_single_episodes_with_these_seeds():
    result = plaudit.evaluate(lambda obs: np.ones(len(obs), int), NGRAM, seeds=[5, 900, 5])
    env = gym.make(NGRAM)
    for seed, total in zip([5, 900, 5], result.returns, strict=True):
        env.reset(seed=seed)
        assert sum(env.step(1)[1] for _ in range(16)) == pytest.approx(total)


def test_settings_have_their_own_scale():
    settings = {"vocab": 4, "horizon": 4}
    task = NgramTask(**settings)
    result = plaudit.evaluate(OraclePlayer(task), NGRAM, episodes=256, **settings)
    assert scale(NGRAM, **settings)[1] == task.oracle().value
    assert result.normalised == pytest.approx(1, abs=0.05)


def test_whole_answers_are_played_token_by_token():
    settings = {"vocab": 4, "horizon": 4, "end_token": True}
    result = plaudit.evaluate(AnswersAllAtOnce(), NGRAM, seeds=[3, 4], **settings)
    env = gym.make(NGRAM, **settings)
    for seed, total in zip([3, 4], result.returns, strict=True):
        env.reset(seed=seed)
        assert sum(env.step(token)[1] for token in (1, 2, 3)) == pytest.approx(total)


class CountsItsSteps:
    """Writes 0, 1, 2, ...: the place it is at stands in its recurrent state only."""

    def predict(self, obs, state=None, episode_start=None, deterministic=False):
        place = np.where(episode_start, 0, 0 if state is None else state[0])
        return place, (place + 1,)


def test_a_recurrent_policy_gets_its_state_back():
    counted = plaudit.evaluate(CountsItsSteps(), NGRAM, episodes=70, horizon=3, vocab=4)
    answers = AnswersAllAtOnce()
    answers.respond = lambda obs, **_: np.tile([0, 1, 2], (len(obs), 1))
    told = plaudit.evaluate(answers, NGRAM, episodes=70, horizon=3, vocab=4)
    np.testing.assert_array_equal(counted.returns, told.returns)


def test_a_result_reads_well():
    result = plaudit.Result(1.5, 0.25, (1.0, 2.0), np.zeros(2))
    assert str(result) == "1.500 [1.000, 2.000], 25.0% of floor-to-ceiling"


@pytest.mark.parametrize("policy", ["randon", 7, None])
def test_something_that_is_no_policy_is_refused(policy):
    with pytest.raises(TypeError, match=r"policy must have predict\(obs, ...\) or respond"):
        plaudit.evaluate(policy, NGRAM)


def test_an_unknown_world_is_named_with_the_nearest():
    with pytest.raises(KeyError, match="did you mean 'plaudit/TokenNgram-v0'"):
        plaudit.evaluate("random", "plaudit/TokenNgrams-v0")
    with pytest.raises(KeyError, match="did you mean 'plaudit/TokenNgram-v0'"):
        plaudit.panel("plaudit/TokenNgram-v1", 3)


def test_one_episode_has_no_interval():
    with pytest.raises(ValueError, match="at least 2 episodes, got 1"):
        plaudit.evaluate("random", NGRAM, episodes=1)


def test_rows_are_native_where_there_is_a_native_form(monkeypatch):
    assert not isinstance(make_rows(NGRAM, 2), LoopVectorEnv)
    world = plaudit.envs.WORLDS[NGRAM]
    looped = type(world)(world.entry, None, world.tags)
    monkeypatch.setitem(plaudit.envs.WORLDS, NGRAM, looped)
    assert isinstance(make_rows(NGRAM, 2), LoopVectorEnv)
    assert make_rows(NGRAM, 2).token_spec.vocab_size == 16


def test_a_policy_with_another_vocabulary_is_refused():
    class Foreign:
        vocab_size = 5

        def respond(self, obs, **_):
            return np.zeros((len(obs), 16), np.int64)

    with pytest.raises(ValueError, match="the policy writes 5 tokens, the world reads 16"):
        plaudit.evaluate(Foreign(), NGRAM, 4)
