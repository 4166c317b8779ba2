import gymnasium as gym
import pytest
import torch

import plaudit  # noqa: F401  registers the worlds
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.rollout.conversation import Conversations, check_conversations
from plaudit.agents.rollout.template import Template
from plaudit.envs.text import ByteTokenizer
from plaudit.envs.views import TextView
from plaudit.feedback.wrappers import RecordSegments, TeacherReward
from tests.agents.talk_worlds.toys import END, Letters, saying, talks

LOCK = "plaudit/Tabular-v0"


def lock(wrap=lambda env: env, **settings):
    world = gym.make(LOCK, disable_env_checker=True, **settings)
    return wrap(TextView(world, news=True))


class Unseeded(Letters):
    """Begins by its own count, whatever the seed."""

    begun = 0

    def reset(self, *, seed=None, options=None):
        Unseeded.begun += 1
        self.left = Unseeded.begun
        return f"go {self.left}", {}


def test_a_turn_is_told_without_its_end():
    conversations = talks()
    assert conversations.said([ord("a"), END]) == "a"
    assert conversations.said(list(b"ab\ncd")) == "ab"
    assert talks(template=Template(stop=None)).said(list(b"a\nb")) == "a\nb"


def test_stops_are_the_end_token_and_all_that_hold_the_stop():
    stops = talks().stops(saying(a=1.0))
    assert stops.nonzero().flatten().tolist() == [ord("\n"), END]
    only_end = talks(template=Template(stop=None)).stops(saying(a=1.0))
    assert only_end.nonzero().flatten().tolist() == [END]


def test_equal_texts_are_equal_states():
    conversations = talks()
    numbers = [conversations.state_number(0, text) for text in ("go", "go", "went")]
    assert numbers[0] == numbers[1] != numbers[2]
    assert numbers[0] == 3811555861924027547  # the same on every machine


def test_a_state_is_all_that_a_view_shows_not_the_news_alone():
    conversations = Conversations([lock] * 2, ByteTokenizer())
    conversations.begin([3, 3])
    first = [conversations.state_number(i, "") for i in range(2)]
    assert first[0] == first[1]
    news = conversations.envs[0].step("dial 1")[0]
    assert conversations.state_number(0, news) != first[0]


def test_rows_with_equal_seeds_may_begin_in_a_copied_state():
    seeded = talks(3, Unseeded).begin([5, 5, 6])
    assert len(set(seeded)) == 3
    conversations = talks(3, Unseeded, start="state")
    first, second, third = conversations.begin([5, 5, 6])
    assert first == second != third
    assert conversations.envs[0].left == conversations.envs[1].left


def test_copied_states_leave_wrappers_alone():
    def rated(env):
        return TeacherReward(RecordSegments(env), "noisy_person")

    conversations = Conversations([lambda: lock(rated)] * 2, ByteTokenizer(), start="state")
    assert len(set(conversations.begin([5, 5]))) == 1
    states = [conversations.envs[i].unwrapped.get_state()["game"] for i in range(2)]
    assert str(states[0]) == str(states[1])
    conversations.envs[1].step("dial 0")


def test_a_saved_state_goes_on_bit_equal():
    conversations, twin = (Conversations([lock] * 2, ByteTokenizer()) for _ in range(2))
    conversations.begin([1, 2])
    twin.set_state(conversations.get_state())
    replies = [[c.envs[i].step("dial 1")[:3] for i in range(2)] for c in (conversations, twin)]
    assert replies[0] == replies[1]


def test_a_foreign_world_without_states_is_saved_as_nothing():
    class Plain(gym.Env):
        observation_space = action_space = gym.spaces.Text(10)

    conversations = talks(2, Plain)
    assert conversations.get_state() == {"rows": [None, None]}
    conversations.set_state({"rows": [None, None]})


def test_what_a_state_fits_is_told():
    described = Conversations([lambda: lock(instance="recoverable")], ByteTokenizer()).described()
    assert described[0] == "TextView"
    assert LOCK in described
    assert "{'instance': 'recoverable'}" in described


def test_worlds_must_talk_and_tell_only_what_is_new():
    with pytest.raises(TypeError, match=r"expected worlds that talk in text.*TextView"):
        talks(world=lambda: gym.make("CartPole-v1"))
    with pytest.raises(TypeError, match=r"use TextView\(env, news=True\)"):
        talks(world=lambda: TextView(gym.make(LOCK)))


@pytest.mark.parametrize("name", ["max_new", "max_turns", "max_context"])
def test_limits_start_at_one(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        talks(**{name: 0})


def test_other_bad_settings_are_named():
    with pytest.raises(ValueError, match="start must be 'seed' or 'state', got 'copy'"):
        talks(start="copy")
    with pytest.raises(ValueError, match="expected a maker for each row"):
        Conversations([], ByteTokenizer())
    with pytest.raises(ValueError, match="expected 1 to 2 seeds, one per row, got 3"):
        talks(2).begin([1, 2, 3])


def test_policy_and_tokenizer_must_speak_the_same_tokens():
    with pytest.raises(ValueError, match=r"reads 4 tokens .* the tokenizer has 257"):
        check_conversations(TinyTransformer(4), talks())
    with pytest.raises(
        ValueError, match="end token None, the tokenizer has 257 with end token 256"
    ):
        check_conversations(TinyTransformer(257), talks())
    with pytest.raises(TypeError, match="expected a token policy"):
        check_conversations(torch.nn.Linear(2, 2), talks())
