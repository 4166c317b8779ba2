import json
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from plaudit import feedback
from plaudit.feedback import snapshot
from plaudit.feedback.asks.telling import PHRASES
from plaudit.feedback.teachers.choices import Argmax
from plaudit.feedback.teachers.lenses import full_view
from plaudit.feedback.teachers.noises import Skip
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import Utility
from plaudit.feedback.wrappers import (
    HideReward,
    LanguageFeedback,
    RecordSegments,
    VectorHideReward,
    VectorLanguageFeedback,
)

TABLE = {  # action 0 stays and 1 goes over
    "id": "plaudit/Tabular-v0",
    "transitions": [[[1, 0], [0, 1]], [[0, 1], [1, 0]]],
    "rewards": [[0.0, 1.0], [0.5, -1.0]],
    "start": [1, 0],
    "horizon": 3,
}
MODES = [mode.value for mode in AutoresetMode]


class InState(Utility):
    """Wants action 1 in state 0 and action 0 in state 1."""

    def actions(self, seen):
        return np.array([[-9.0, 9.0], [9.0, -9.0]])[seen.obs[:, 0].astype(int)]


@pytest.fixture
def critic(monkeypatch):
    """Registers a teacher that is told what to be by its settings."""

    def make(name, skip=0.0, seed=0):
        return Simulated(lambda s: s, InState(), Argmax(), (Skip(skip),), seed=seed, name=name)

    monkeypatch.setattr(
        feedback, "make", lambda spec: make(**({"name": spec} if isinstance(spec, str) else spec))
    )


@pytest.mark.usefixtures("critic")
def test_a_step_is_spoken_about_in_words_and_numbers():
    env = LanguageFeedback(gym.make(**TABLE), "critic", instruction="Go over once.")
    _, info = env.reset(seed=0)
    assert (info["instruction"], info["feedback"]) == ("Go over once.", "")
    assert info["feedback_slots"].tolist() == [0, 0, 0, 0]
    _, reward, _, _, info = env.step(1)
    # worth 9, the best of 5 levels; right; next, in state 1, action 0 and not 1: cells are 1 + it
    assert info["feedback_slots"].tolist() == [5, 1, 1, 2]
    assert info["feedback"] == (
        "That was worth level 4. What you just did was right. Next: action 0. Not next: action 1."
    )
    assert reward == 1.0
    assert "reward_components" in info
    assert "instruction" not in info
    *_, info = env.step(1)
    assert info["feedback_slots"].tolist() == [1, 2, 2, 1]  # worst, wrong; now in state 0


@pytest.mark.usefixtures("critic")
def test_only_some_kinds_are_said_and_only_now_and_then():
    names = {"slots": ["hn", "fp"], "action_names": ["stay", "go over"]}
    env = LanguageFeedback(gym.make(**TABLE), "critic", every=2, **names)
    env.reset(seed=0)
    said = [env.step(action)[4]["feedback"] for action in (0, 0, 1)]
    # nothing is said after the first step; the second one was wrong in state 0; the third is odd
    assert said == ["", "What you just did was wrong. Next: go over.", ""]


@pytest.mark.usefixtures("critic")
def test_a_skip_is_silence():
    env = LanguageFeedback(gym.make(**TABLE), {"name": "critic", "skip": 1.0})
    env.reset(seed=0)
    assert env.step(1)[4]["feedback"] == ""


@pytest.mark.usefixtures("critic")
def test_observations_can_hold_the_words():
    show = {"in_observation": "words", "instruction": "Go."}
    env = LanguageFeedback(gym.make(**TABLE), "critic", slots=["hp", "hn"], **show)
    first, _ = env.reset(seed=0)
    second = env.step(0)[0]
    for obs in (first, second):
        assert obs in env.observation_space
    assert (first["instruction"], first["feedback"]) == ("Go.", "")
    assert (second["instruction"], second["feedback"]) == ("", "What you just did was wrong.")
    plain = gym.make(**TABLE)
    plain.reset(seed=0)
    assert second["observation"].tolist() == plain.step(0)[0].tolist()


@pytest.mark.usefixtures("critic")
def test_observations_can_hold_the_numbers():
    plain = gym.make(**TABLE)
    env = LanguageFeedback(gym.make(**TABLE), "critic", in_observation="slots")
    for one in (plain, env):
        one.reset(seed=0)
    bare, obs = plain.step(1)[0], env.step(1)[0]
    assert obs.tolist() == [*bare.tolist(), 5, 1, 1, 2]
    assert obs in env.observation_space
    assert env.observation_space.nvec[-4:].tolist() == [6, 3, 3, 3]


@pytest.mark.usefixtures("critic")
def test_a_hidden_reward_leaves_only_the_words():
    env = LanguageFeedback(gym.make(**TABLE), "critic", reward_hidden=True)
    _, info = env.reset(seed=0)
    assert "outcome" in info["eval"]
    _, reward, _, _, info = env.step(1)
    assert (reward, info["true_reward"]) == (0.0, 1.0)
    assert info.keys() == {"eval", "true_reward", "feedback", "feedback_slots"}
    hidden = LanguageFeedback(HideReward(gym.make(**TABLE)), "critic", reward_hidden=True)
    hidden.reset(seed=0)
    assert hidden.step(1)[4].keys() == {"feedback", "feedback_slots"}


def test_a_teacher_sees_the_rewards_that_are_hidden_from_the_learner(monkeypatch):
    shown = []

    class Curious(InState):
        def actions(self, seen):
            shown.extend(seen.rewards.tolist())
            return super().actions(seen)

    monkeypatch.setattr(feedback, "make", lambda name: Simulated(full_view, Curious(), Argmax()))
    env = LanguageFeedback(HideReward(gym.make(**TABLE)), "curious")
    env.reset(seed=0)
    assert [env.step(action)[1] for action in (1, 0)] == [0.0, 0.0]
    assert shown == [1.0, 0.5]


def test_what_somebody_adds_in_own_words_is_passed_on_and_bounded(monkeypatch):
    class Talker(Simulated):
        def answer(self, queries, *, now=0):
            given = super().answer(queries, now=now)
            return [replace(feedback, comment="Well, " + 3000 * "!") for feedback in given]

    talker = Talker(lambda s: s, InState(), Argmax())
    monkeypatch.setattr(feedback, "make", lambda name: talker)
    env = LanguageFeedback(gym.make(**TABLE), "talker", slots=["hp"], in_observation="words")
    env.reset(seed=0)
    obs = env.step(1)[0]
    assert obs["feedback"].startswith("What you just did was right. Well, !!!")
    assert obs in env.observation_space


def test_other_words_change_nothing_else():
    plain, reworded = (
        LanguageFeedback(gym.make("CartPole-v1"), "coin_flip", paraphrase=p) for p in (False, True)
    )
    for env in (plain, reworded):
        env.reset(seed=0)
    texts = []
    for _ in range(8):
        (a, _, _, _, ours), (b, _, _, _, theirs) = plain.step(0), reworded.step(0)
        np.testing.assert_array_equal(a, b)
        assert ours["feedback_slots"].tolist() == theirs["feedback_slots"].tolist()
        texts.append(theirs["feedback"])
    used = {i for text in texts for i in range(3) if PHRASES[1][i].split("{")[0] in text}
    assert used == {0, 1, 2}


@pytest.mark.usefixtures("critic")
@pytest.mark.parametrize("show", ["words", "slots"])
@pytest.mark.parametrize("mode", MODES)
def test_rows_of_vectors_hear_of_their_own_steps(mode, show):
    venv = gym.make_vec(num_envs=2, autoreset_mode=mode, **TABLE)
    told = {"in_observation": show, "instruction": "Go.", "slots": ["hp", "hn"]}
    env = VectorLanguageFeedback(venv, "critic", **told)
    obs, _ = env.reset(seed=0)
    over, rng, ends = np.zeros(2, bool), np.random.default_rng(0), 0
    for _ in range(14):
        assert obs in env.observation_space
        state = env.unwrapped.get_state()["rows"]["game"]["state"]
        actions = rng.integers(0, 2, 2)
        obs, _, terminated, truncated, info = env.step(actions)
        expected = np.where(over, 0, np.where(actions == 1 - state, 1, 2))
        assert info["feedback_slots"][:, 1].tolist() == expected.tolist()
        assert [" was right." in text for text in info["feedback"]] == (expected == 1).tolist()
        assert info["_feedback"].tolist() == (~over).tolist()
        ended = (terminated | truncated) & ~over
        fresh = ended if mode == "SameStep" else over & (mode == "NextStep")
        if show == "words":
            heard = [("right" in text) + 2 * ("wrong" in text) for text in obs["feedback"]]
            assert obs["instruction"] == tuple("Go." if new else "" for new in fresh)
        else:
            heard = obs[:, -3].tolist()
        assert heard == np.where(fresh, 0, expected).tolist()
        if mode == "SameStep" and ended.any():
            ends += 1
            last = info["final_obs"][int(np.flatnonzero(ended)[0])]
            assert last in env.single_observation_space
            assert last["feedback"] if show == "words" else last[-3]
        over = ended & (mode != "SameStep")
        if mode == "Disabled" and over.any():
            obs, info = env.reset(options={"reset_mask": over})
            assert info["instruction"].tolist() == ["Go."] * 2
            over = np.zeros(2, bool)
    assert ends == (4 if mode == "SameStep" else 0)


@pytest.mark.parametrize("mode", MODES)
def test_a_restored_vector_goes_on_bit_equal(mode, tmp_path):
    told = {"in_observation": "words", "paraphrase": True, "every": 2, "states": True}
    venvs = (gym.make_vec(num_envs=2, autoreset_mode=mode, **TABLE) for _ in range(2))
    env, fresh = (VectorLanguageFeedback(venv, "coin_flip", **told) for venv in venvs)
    env.reset(seed=0)
    for _ in range(3):
        env.step(np.array([0, 1]))
    snapshot.save(tmp_path, env.get_state())
    fresh.set_state(snapshot.load(tmp_path))
    heard = set()
    for actions in np.random.default_rng(1).integers(0, 2, (9, 2)):
        ours, theirs = env.step(actions)[0], fresh.step(actions)[0]
        assert ours["feedback"] == theirs["feedback"]
        assert ours["instruction"] == theirs["instruction"]
        heard |= {*ours["feedback"]}
    assert len(heard) > 2 or mode == "Disabled"


def test_the_spec_is_json_and_makes_the_wrapper_again():
    told = {"slots": ["r", "fp"], "in_observation": "words", "action_names": ["left", "right"]}
    env = LanguageFeedback(gym.make("CartPole-v1"), {"name": "coin_flip", "seed": 2}, **told)
    text = env.spec.to_json()
    json.loads(text)
    again = gym.make(gym.envs.registration.EnvSpec.from_json(text))
    for one in (env, again):
        one.reset(seed=0)
    assert [env.step(0)[4]["feedback"] for _ in range(4)] == [
        again.step(0)[4]["feedback"] for _ in range(4)
    ]


@pytest.mark.parametrize("world", ["CartPole-v1", "FrozenLake-v1", "Taxi-v4"])
def test_foreign_worlds_work_unchanged(world):
    env = VectorLanguageFeedback(gym.make_vec(world, 2), "coin_flip", in_observation="slots")
    obs, _ = env.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(30):
        assert obs in env.observation_space
        obs, _, _, _, info = env.step(env.action_space.sample())
        said = info["_feedback"]
        assert (info["feedback_slots"][said] > 0).all()


KNOWING = {"name": "critic", "world": "plaudit/LanguageTeacher-v0", "unsaid": 0.0, "beta": 1e6}


@pytest.mark.parametrize("hide", [lambda env: env, HideReward, VectorHideReward])
def test_a_critic_who_knows_the_world_is_right_whether_or_not_rewards_are_hidden(hide):
    vector = hide is VectorHideReward
    world = gym.make_vec(KNOWING["world"], 2) if vector else gym.make(KNOWING["world"])
    wrap = VectorLanguageFeedback if vector else LanguageFeedback
    env, single = wrap(hide(world), KNOWING, states=True), gym.make(KNOWING["world"]).unwrapped
    env.reset(seed=0)
    for action in np.random.default_rng(0).integers(0, 4, 30):
        unwrapped = env.unwrapped
        before = unwrapped.row_state(1) if vector else unwrapped.get_state()
        q = single.oracle().q(before)
        *_, over, _, info = env.step(np.array([0, action]) if vector else action)
        cells = info["feedback_slots"][1] if vector else info["feedback_slots"]
        assert cells[1] == (1 if q[action] >= q.max() - 1e-9 else 2)
        if not vector:
            if over:
                env.reset()
                continue
            after = single.oracle().q(unwrapped.get_state())
            assert after[cells[2] - 1] == after.max()
            assert after[cells[3] - 1] == after.min()


def test_minigrid_works_behind_its_wrapper_of_images():
    wrappers = pytest.importorskip("minigrid.wrappers")
    grid = wrappers.ImgObsWrapper(gym.make("MiniGrid-Empty-5x5-v0"))
    env = LanguageFeedback(RecordSegments(grid), "coin_flip", in_observation="words")
    obs, _ = env.reset(seed=0)
    assert obs["observation"].shape == (7, 7, 3)
    assert env.step(2)[0]["feedback"].startswith("That was worth level")
    with pytest.raises(TypeError, match="'slots' needs flat observations of numbers"):
        LanguageFeedback(grid, "coin_flip", in_observation="slots")


def test_settings_and_spaces_are_checked():
    env = gym.make("CartPole-v1")
    for settings, message in (
        ({"every": 0}, "every must be at least 1 step, got 0"),
        ({"slots": ["x"]}, "slots"),
        ({"in_observation": "text"}, "in_observation must be None, 'words' or 'slots', got 'text'"),
        ({"instruction": "x" * 2001}, "an instruction has at most 2000 characters, got 2001"),
        ({"action_names": ["up"]}, "action_names needs 2 names, one per action"),
    ):
        with pytest.raises(ValueError, match=message):
            LanguageFeedback(env, "coin_flip", **settings)
    with pytest.raises(TypeError, match="LanguageFeedback needs Discrete actions"):
        LanguageFeedback(gym.make("Pendulum-v1"), "coin_flip")
    with pytest.raises(TypeError, match="RecordSegments belongs inside LanguageFeedback"):
        RecordSegments(LanguageFeedback(env, "coin_flip"))
