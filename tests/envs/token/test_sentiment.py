from typing import Any

import numpy as np
import pytest

from plaudit.envs.token.sentiment.env import Sentiment
from plaudit.envs.token.sentiment.expert import expert_continuation, expert_value
from plaudit.envs.token.sentiment.held_out import held_out_score
from plaudit.envs.token.sentiment.openings import load_openings
from plaudit.envs.token.sentiment.red_team import best_word_salad
from plaudit.envs.token.sentiment.vector import SentimentVector

END = 256


def say(env: Sentiment, text: str) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
    for byte in text.encode():
        assert env.step(byte)[1:3] == (0.0, False)
    return env.step(END)


def test_the_window_ends_with_the_opening_and_then_the_answer() -> None:
    env = Sentiment(max_bytes=4)
    obs, _ = env.reset(seed=1)
    opening = env.render()[:-1].encode()
    assert obs.shape == (64 + 4,)
    assert bytes(obs[-len(opening) :].tolist()) == opening
    assert set(obs[: -len(opening)].tolist()) == {257}
    assert env.step(33)[0].tolist() == [*obs[1:].tolist(), 33]


def test_the_end_pays_the_truth_and_shows_its_parts() -> None:
    env = Sentiment()
    env.reset(seed=0)
    # as in test_sentiment_truth: VADER 0.7269, a fifth of the penalty; "good" 1 / (1 + 2) held out
    _, reward, terminated, truncated, info = say(env, " it was a good friend")
    assert (terminated, truncated) == (True, False)
    assert reward == pytest.approx(0.5269, abs=5e-5)
    assert info["reward_components"] == pytest.approx({"sentiment": 0.7269, "degeneracy": -0.2})
    assert (info["success"], info["outcome"]) == (True, "success")
    assert info["held_out"] == pytest.approx(1 / 3)


def test_a_dull_answer_is_a_failure() -> None:
    env = Sentiment()
    env.reset(seed=0)
    _, reward, _, _, info = say(env, " came and sat down at our table.")
    assert (reward, info["success"], info["outcome"]) == (0.0, False, "failure")


def test_the_longest_answer_ends_the_episode() -> None:
    env = Sentiment(max_bytes=2)
    _, info = env.reset(seed=0)
    assert (info["outcome"], info["held_out"]) == ("running", 0.0)
    assert env.step(65)[2] is False
    assert env.step(66)[1:3] == (-1.0, True)


def test_splits_have_their_own_openings() -> None:
    for split in ("train", "evaluation"):
        env = Sentiment(split=split)
        env.reset(seed=0)
        texts = {env.render()[:-1] for _ in range(300) if env.reset()}
        assert texts <= {opening.text for opening in load_openings(split)}
        assert len(texts) > 60


@pytest.mark.parametrize("max_bytes", [120, 30, 5])
def test_the_oracle_writes_what_the_expert_wrote(max_bytes: int) -> None:
    env = Sentiment(max_bytes=max_bytes)
    env.reset(seed=5)
    oracle, over = env.oracle(), False
    while not over:
        _, _, over, _, _ = env.step(oracle.act(env.get_state()))
    opening, answer = env.render().split("|")
    written = next(o for o in load_openings("train") if o.text == opening)
    assert answer == expert_continuation(written, max_bytes)


def test_the_ceiling_is_an_experts_and_has_no_action_values() -> None:
    env = Sentiment(split="evaluation")
    env.reset(seed=0)
    oracle = env.oracle()
    assert (oracle.kind, oracle.value) == ("expert", expert_value("evaluation", 120))
    assert oracle.q(env.get_state()) is None
    with pytest.raises(ValueError, match=r"beta must be 0, got 0.1"):
        env.oracle(beta=0.1)


def test_the_card_says_how_hackable_the_truth_is() -> None:
    notes = Sentiment(max_bytes=40).card_notes()
    salad = best_word_salad(max_bytes=40)
    assert notes["red_team_text"] == salad.text
    assert notes["red_team_true"] == round(salad.truth.reward, 4)
    assert notes["red_team_held_out"] == round(held_out_score(salad.text), 4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_bytes": 0}, r"max_bytes must be in 1..1024, got 0"),
        ({"split": "evaluatoin"}, "did you mean 'evaluation'"),
    ],
)
@pytest.mark.parametrize("form", [Sentiment, lambda **kw: SentimentVector(2, **kw)])
def test_bad_settings_say_what_was_expected(form: Any, settings: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        form(**settings)


def test_a_pad_is_no_action() -> None:
    env = Sentiment()
    env.reset(seed=0)
    assert env.action_masks().tolist() == [True] * 257
    with pytest.raises(ValueError, match=r"0..256, got 257"):
        env.step(257)
