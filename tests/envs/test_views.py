from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from tokenizers import Tokenizer as Core
from tokenizers import decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from plaudit.envs.text import ByteTokenizer, Tokenizer, UnicodeText
from plaudit.envs.token.sentiment.env import Sentiment
from plaudit.envs.token.token_ngram.env import TokenNgram
from plaudit.envs.types import TokenSpec
from plaudit.envs.views import TextView, TokenView, hf_tokenizer

GOOD = " it was a good day"  # VADER: 1.9 / sqrt(1.9**2 + 15) = 0.4404
END = "<end>"


def byte_level_bpe(**special: str) -> PreTrainedTokenizerFast:
    core = Core(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=list(special.values()),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(["it was a good day and the waiter smiled", GOOD], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=core, **special)


@pytest.fixture(scope="module")
def bpe() -> PreTrainedTokenizerFast:
    return byte_level_bpe(eos_token=END)


def chain(tokenizer: Any, **settings: Any) -> TokenView:
    return TokenView(TextView(Sentiment()), tokenizer, **settings)


def test_text_in_text_out() -> None:
    env = TextView(Sentiment())
    opening, info = env.reset(seed=3)
    text, reward, terminated, truncated, info = env.step(GOOD)
    assert text == opening + GOOD
    assert opening in env.observation_space
    assert reward == pytest.approx(0.4404, abs=5e-5)
    assert (terminated, truncated, info["truncated_text"]) == (True, False, False)


def test_text_that_just_fits_needs_no_end_token() -> None:
    env = TextView(Sentiment(max_bytes=len(GOOD)))
    env.reset(seed=3)
    _, reward, terminated, _, info = env.step(GOOD)
    assert reward == pytest.approx(0.4404, abs=5e-5)
    assert (terminated, info["truncated_text"]) == (True, False)


def test_of_a_text_too_long_the_part_that_fits_is_used() -> None:
    env = TextView(Sentiment(max_bytes=len(GOOD)))
    opening, _ = env.reset(seed=3)
    text, _, terminated, _, info = env.step(GOOD + " but then it rained")
    assert text == opening + GOOD
    assert (terminated, info["truncated_text"]) == (True, True)


def test_an_empty_text_ends_the_answer() -> None:
    env = TextView(Sentiment())
    env.reset(seed=3)
    assert env.step("")[1:3] == (-1.0, True)


def test_rewards_and_components_of_the_tokens_are_summed() -> None:
    world = TokenNgram(vocab=4, horizon=4, prompt=2)
    world.reset(seed=0)
    rewards = [world.step(token)[1] for token in (0, 2, 1, 3)]
    env = TextView(world)
    env.reset(seed=0)
    _, first, terminated, _, info = env.step("ac")
    assert first == pytest.approx(rewards[0] + rewards[1])
    assert info["reward_components"]["ngram"] == pytest.approx(first)
    assert terminated is False
    assert env.step("bd")[1:3] == (pytest.approx(rewards[2] + rewards[3]), True)


def test_what_is_no_text_action_is_refused() -> None:
    env = TextView(TokenNgram(vocab=4, horizon=4))
    env.reset(seed=0)
    with pytest.raises(TypeError, match="must be a str, got int: 65"):
        env.step(65)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no token and the world no end token"):
        env.step("")


def test_views_in_the_wrong_order_are_refused(bpe: Any) -> None:
    with pytest.raises(TypeError, match="world -> TextView -> TokenView"):
        TokenView(Sentiment(), bpe)
    with pytest.raises(TypeError, match="world -> TextView -> TokenView"):
        TextView(TextView(Sentiment()))
    with pytest.raises(TypeError, match="world -> TextView -> TokenView"):
        TextView(chain(bpe))
    with pytest.raises(TypeError, match="token_spec and tokenizer"):
        TextView(gym.make("CartPole-v1"))


def test_tokens_are_spoken_as_one_utterance(bpe: Any) -> None:
    env = chain(bpe)
    obs, _ = env.reset(seed=3)
    tokens = bpe.encode(GOOD)
    assert obs in env.observation_space
    for token in tokens:
        obs, reward, terminated, _, info = env.step(token)
        assert (reward, terminated, info["outcome"]) == (0.0, False, "running")
    assert obs[-len(tokens) :].tolist() == tokens
    obs, reward, terminated, _, info = env.step(bpe.eos_token_id)
    assert reward == pytest.approx(0.4404, abs=5e-5)
    assert (terminated, info["outcome"], obs[-1]) == (True, "failure", bpe.eos_token_id)


def test_the_longest_utterance_is_spoken_without_an_end_token(bpe: Any) -> None:
    tokens = bpe.encode(GOOD)
    env = chain(bpe, max_new=len(tokens))
    env.reset(seed=3)
    steps = [env.step(token) for token in tokens]
    assert steps[-1][1] == pytest.approx(0.4404, abs=5e-5)
    assert [step[2] for step in steps] == [False] * (len(tokens) - 1) + [True]
    with pytest.raises(RuntimeError, match="call reset"):
        env.step(tokens[0])


def test_the_window_shows_the_last_tokens_of_the_prompt(bpe: Any) -> None:
    opening, _ = TextView(Sentiment()).reset(seed=3)
    ids = bpe.encode(opening)
    short, _ = chain(bpe, prompt_tokens=4, max_new=2).reset(seed=3)
    assert short.tolist() == [bpe.eos_token_id] * 2 + ids[-4:]
    long, _ = chain(bpe, prompt_tokens=len(ids) + 1, max_new=1).reset(seed=3)
    assert long.tolist() == [bpe.eos_token_id] * 2 + ids


def test_the_token_view_says_what_an_agent_must_know(bpe: Any) -> None:
    env = chain(bpe, max_new=7)
    assert env.token_spec == TokenSpec(len(bpe), bpe.eos_token_id, bpe.eos_token_id, 7)
    assert env.action_space.n == len(bpe)
    assert env.action_masks().tolist() == [True] * len(bpe)
    assert env.get_wrapper_attr("oracle")().kind == "expert"


def test_after_an_utterance_that_ends_nothing_the_new_text_is_the_prompt() -> None:
    env = TokenView(TextView(TokenNgram(vocab=4, horizon=4, prompt=1)), Letters(), max_new=2)
    obs, _ = env.reset(seed=0)
    env.step(2)
    after, _, terminated, _, _ = env.step(3)
    assert terminated is False
    assert after[-3:].tolist() == [obs[-1], 2, 3]
    env.step(0)
    assert env.step(1)[2] is True


class Letters:
    """The letters a-d as a tokenizer of one's own."""

    vocab_size, pad_id = 4, 4
    eos_id = None

    def encode(self, text: str) -> list[int]:
        return [ord(letter) - ord("a") for letter in text]

    def decode(self, ids: Any) -> str:
        return "".join(chr(ord("a") + i) for i in ids)


def test_a_chain_goes_on_from_a_saved_state(bpe: Any) -> None:
    env, other = chain(bpe), chain(bpe)
    env.reset(seed=3)
    tokens = [*bpe.encode(GOOD), bpe.eos_token_id]
    env.step(tokens[0])
    state = env.get_state()
    played = [env.step(token) for token in tokens[1:]]
    other.set_state(state)
    for token, first in zip(tokens[1:], played, strict=True):
        second = other.step(token)
        assert (first[0] == second[0]).all()
        assert first[1:] == second[1:]
    assert (env.reset()[0] == other.reset()[0]).all()


def test_a_saved_tokenizer_is_named_by_its_folder(bpe: Any, tmp_path: Path) -> None:
    bpe.save_pretrained(tmp_path)
    env = chain(str(tmp_path))
    assert (env.reset(seed=1)[0] == chain(bpe).reset(seed=1)[0]).all()
    with pytest.raises(ValueError, match="expected the folder of a saved tokenizer, got 'nowhere'"):
        chain("nowhere")


def test_the_chain_of_an_id_can_be_made_again_from_its_spec(bpe: Any, tmp_path: Path) -> None:
    bpe.save_pretrained(tmp_path)
    env = TokenView(TextView(gym.make("plaudit/Sentiment-v0")), str(tmp_path), max_new=5)
    again = gym.make(env.spec)
    assert isinstance(again, TokenView)
    assert (again.reset(seed=2)[0] == env.reset(seed=2)[0]).all()


def test_a_hugging_face_tokenizer_follows_the_protocol(bpe: Any) -> None:
    wrapped = hf_tokenizer(bpe)
    assert isinstance(wrapped, Tokenizer)
    assert wrapped.decode([*wrapped.encode(" Grüße!"), bpe.eos_token_id]) == " Grüße!"
    assert wrapped.vocab_size == len(bpe)


def test_a_pad_of_its_own_is_used_and_neither_is_an_error() -> None:
    both = hf_tokenizer(byte_level_bpe(eos_token=END, pad_token="<pad>"))
    assert both.pad_id != both.eos_id
    padded = hf_tokenizer(byte_level_bpe(pad_token="<pad>"))
    assert padded.eos_id is None
    with pytest.raises(ValueError, match="neither pad nor end token"):
        hf_tokenizer(byte_level_bpe())


def test_bad_settings_and_actions_say_what_was_expected(bpe: Any) -> None:
    with pytest.raises(ValueError, match="at least 1 token, got 0 and 48"):
        chain(bpe, max_new=0)
    env = chain(ByteTokenizer())
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"0..257, got 258"):
        env.step(258)


def test_a_text_view_has_text_spaces() -> None:
    env = TextView(Sentiment(max_bytes=20))
    assert env.observation_space == UnicodeText(84)
    assert env.action_space == UnicodeText(20)
    assert np.all(env.get_wrapper_attr("token_spec").max_new == 20)
