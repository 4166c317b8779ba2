from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from plaudit.envs.token.sentiment.env import Sentiment
from plaudit.envs.token.sentiment.expert import expert_continuation, expert_value
from plaudit.envs.token.sentiment.held_out import held_out_score
from plaudit.envs.token.sentiment.openings import load_openings
from plaudit.envs.token.sentiment.red_team import best_word_salad
from plaudit.envs.token.sentiment.vector import SentimentVector

END = 256
ROWS = 3


def say(env: Sentiment, text: str) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
    for byte in text.encode():
        assert env.step(byte)[1:3] == (0.0, False)
    return env.step(END)


def test_gymnasium_finds_nothing_to_complain_about() -> None:
    check_env(Sentiment(max_bytes=6), skip_render_check=True)


def test_it_is_made_by_its_id() -> None:
    assert isinstance(gym.make("plaudit/Sentiment-v0", max_bytes=9).unwrapped, Sentiment)


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


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
def test_rows_play_the_episodes_of_the_single_form(mode: str) -> None:
    venv = SentimentVector(ROWS, max_bytes=7, autoreset_mode=mode)
    envs = [Sentiment(max_bytes=7) for _ in range(ROWS)]
    obs, _ = venv.reset(seed=10)
    assert (obs == np.stack([env.reset(seed=10 + i)[0] for i, env in enumerate(envs)])).all()
    rng, over = np.random.default_rng(0), [False] * ROWS
    for _ in range(40):
        actions = rng.choice([32, 71, 111, END], ROWS, p=[0.3, 0.3, 0.3, 0.1])
        obs, rewards, ends, _, info = venv.step(actions)
        for i, env in enumerate(envs):
            if over[i] and mode == "NextStep":
                expected, (reward, over[i], single) = env.reset()[0], (0.0, False, {})
            else:
                expected, reward, over[i], _, single = env.step(actions[i])
            shown = info
            if over[i] and mode == "SameStep":
                assert (info["final_obs"][i] == expected).all()
                shown, expected = info["final_info"], env.reset()[0]
            assert (obs[i] == expected).all()
            assert (rewards[i], ends[i]) == (reward, over[i])
            for key in single.keys() - {"reward_components"}:
                assert shown[key][i] == single[key]
            for key, value in single.get("reward_components", {}).items():
                assert shown["reward_components"][key][i] == value


def test_a_finished_row_stands_still_when_nothing_resets_it() -> None:
    venv = SentimentVector(2, max_bytes=3, autoreset_mode="Disabled")
    venv.reset(seed=0)
    venv.step(np.array([END, 65]))
    obs, rewards, ends, _, info = venv.step(np.array([65, 65]))
    assert rewards.tolist() == [0.0, 0.0]
    assert ends.tolist() == [True, False]
    assert info["outcome"].tolist() == ["failure", "running"]
    assert obs[0, -1] == END


def test_the_single_form_goes_on_from_a_saved_state() -> None:
    env, other = Sentiment(max_bytes=3), Sentiment(max_bytes=3)
    env.reset(seed=4)
    env.step(65)
    state = env.get_state()
    played = [env.step(66), env.step(END), env.reset()]
    other.set_state(state)
    again = [other.step(66), other.step(END), other.reset()]
    for first, second in zip(played, again, strict=True):
        assert (first[0] == second[0]).all()
        assert first[1:] == second[1:]


def test_the_vector_form_goes_on_from_a_saved_state() -> None:
    venv, other = (SentimentVector(ROWS, max_bytes=3) for _ in range(2))
    venv.reset(seed=4)
    venv.step(np.array([65, END, 66]))
    state = venv.get_state()
    actions = np.array([[65, 67, END], [66, 66, 66], [END, 65, 65]])
    played = [venv.step(row) for row in actions]
    other.set_state(state)
    for row, first in zip(actions, played, strict=True):
        second = other.step(row)
        for one, two in zip(first[:4], second[:4], strict=True):
            assert (one == two).all()
        assert (first[4]["held_out"] == second[4]["held_out"]).all()


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
