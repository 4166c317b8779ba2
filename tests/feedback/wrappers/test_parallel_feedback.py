import json

import gymnasium as gym
import numpy as np
import pettingzoo
import pytest
from pettingzoo import ParallelEnv
from pettingzoo.test import parallel_api_test

from plaudit import feedback
from plaudit.feedback import snapshot
from plaudit.feedback.teachers.choices import Argmax
from plaudit.feedback.teachers.lenses import AgentView, full_view
from plaudit.feedback.teachers.noises import Skip
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import PartialReturn
from plaudit.feedback.types import Feedback
from plaudit.feedback.wrappers import ParallelFeedback

APPROVE = {"kind": "approve"}
OURS = ("plaudit/Negotiation-v0", "plaudit/RepeatedRPS-v0", "plaudit/PreferenceGame-v0")


class Race(ParallelEnv):
    """Each agent is paid its action; "a" stops after 1 step, "b" after 3, "c" after 4."""

    metadata = {"name": "race"}
    possible_agents = ["a", "b", "c"]
    lasts = {"a": 1, "b": 3, "c": 4}
    seen, done = gym.spaces.Box(0, 9, (2,), np.float32), gym.spaces.Discrete(5, seed=0)

    def observation_space(self, agent):
        return self.seen

    def action_space(self, agent):
        return self.done

    def reset(self, seed=None, options=None):
        self.agents, self.time = list(self.possible_agents), 0
        return self._seen(), {agent: {} for agent in self.agents}

    def step(self, actions):
        self.time += 1
        rewards = {agent: self.pays(actions[agent]) for agent in self.agents}
        ended = {agent: self.time == self.lasts[agent] for agent in self.agents}
        out = self._seen(), rewards, ended, dict.fromkeys(self.agents, False)
        infos = {agent: {"success": ended[agent]} for agent in self.agents} | {"common": {}}
        self.agents = [agent for agent in self.agents if not ended[agent]]
        return *out, infos

    def pays(self, action):
        return float(action)

    def get_state(self):
        return {"agents": list(self.agents), "time": self.time}

    def set_state(self, state):
        self.agents, self.time = list(state["agents"]), state["time"]

    def _seen(self):
        index = self.possible_agents.index
        return {a: np.array([index(a), self.time], np.float32) for a in self.agents}


def all_play(env, actions):
    """Step with the action of each agent that is still there."""
    return env.step({agent: actions[agent] for agent in env.agents})


def oracle(center):
    return {"name": "oracle", "center": center}


def test_each_agent_is_paid_for_its_own_segment_at_its_own_end():
    env = ParallelFeedback(Race(), oracle(2.5), APPROVE)
    env.reset()
    paid = []
    for _ in range(4):
        _, rewards, _, _, infos = all_play(env, {"a": 2, "b": 1, "c": 1})
        paid.append(rewards)
        assert all(infos[agent]["true_reward"] in (1.0, 2.0) for agent in rewards)
        assert all("success" in infos[agent]["eval"] for agent in rewards)
    # returns: a 2, b 1 + 1 + 1 = 3, c 4; above 2.5 will do
    assert paid == [
        {"a": -1.0, "b": 0.0, "c": 0.0},
        {"b": 0.0, "c": 0.0},
        {"b": 1.0, "c": 0.0},
        {"c": 1.0},
    ]
    assert infos["c"]["feedback"] == 1.0
    assert infos["common"] == {}


def test_segments_show_what_others_did_in_the_same_steps():
    env = ParallelFeedback(Race(), None, length=2)
    env.reset()
    for step in range(4):
        all_play(env, {"a": 4, "b": step, "c": step + 1})
    refs = {who: [(s.ref.start, s.ref.end) for s in kept] for who, kept in env.segments.items()}
    assert refs == {"a": [(0, 1)], "b": [(0, 2), (2, 3)], "c": [(0, 2), (2, 4)]}
    first, second = env.segments["c"]
    assert second.obs.tolist() == [[2, 2], [2, 3], [2, 4]]
    assert (second.actions.tolist(), second.rewards.tolist()) == ([3, 4], [3.0, 4.0])
    # a did its one step in the first two; b one of the last two
    assert {who: other.actions.tolist() for who, other in first.others.items()} == {
        "a": [4],
        "b": [0, 1],
    }
    assert {who: other.rewards.tolist() for who, other in second.others.items()} == {"b": [2.0]}
    assert second.view().others == {}


def test_a_joint_answer_is_paid_to_all_that_are_there():
    env = ParallelFeedback(Race(), oracle(5.5), APPROVE, mode="joint", length=2)
    env.reset()
    paid = [all_play(env, {"a": 3, "b": 1, "c": 0})[1] for _ in range(4)]
    # steps 1 and 2 pay a 3, b 1 + 1, c 0 = 5 together: no; steps 3 and 4: b 1, c 0: no
    assert paid == [
        {"a": 0.0, "b": 0.0, "c": 0.0},
        {"b": -1.0, "c": -1.0},
        {"b": 0.0, "c": 0.0},
        {"c": -1.0},
    ]
    first, second = env.segments["joint"]
    assert first.rewards.tolist() == [4.0, 1.0]
    # side by side; a has left after the first step, so zeros stand for what it did and saw
    assert first.actions.tolist() == [[3, 1, 0], [0, 1, 0]]
    assert first.obs.tolist() == [[0, 0, 1, 0, 2, 0], [0, 1, 1, 1, 2, 1], [0, 0, 1, 2, 2, 2]]
    assert second.rewards.tolist() == [1.0, 0.0]
    assert set(second.others) == {"b", "c"}


def test_answers_can_be_a_signal_beside_the_reward():
    env = ParallelFeedback(Race(), oracle(0.0), APPROVE, mode="joint", length=1, pay=False)
    env.reset()
    _, rewards, _, _, infos = all_play(env, {"a": 3, "b": 1, "c": 0})
    assert rewards == {"a": 3.0, "b": 1.0, "c": 0.0}
    assert [infos[agent] for agent in "abc"] == [
        {"success": True, "feedback": 1.0},
        {"success": False, "feedback": 1.0},
        {"success": False, "feedback": 1.0},
    ]


def test_agents_may_have_teachers_of_their_own(monkeypatch):
    def make(name, agent=None, skip=0.0):
        lens = full_view if agent is None else AgentView(agent)
        return Simulated(lens, PartialReturn(), Argmax(), (Skip(skip),), name=name)

    monkeypatch.setattr(
        feedback, "make", lambda spec: make(**({"name": spec} if isinstance(spec, str) else spec))
    )
    teachers = {"a": "own", "b": {"name": "c's", "agent": "c"}, "c": {"name": "shy", "skip": 1.0}}
    env = ParallelFeedback(Race(), teachers, APPROVE, length=1, missing=0.5)
    env.reset()
    # above 0 will do: a is judged by its own 3, b by c's -1; what c did is skipped
    monkeypatch.setattr(Race, "pays", lambda self, action: action - 1.0)
    _, rewards, *_ = all_play(env, {"a": 4, "b": 4, "c": 0})
    assert rewards == {"a": 1.0, "b": -1.0, "c": 0.5}
    partly = ParallelFeedback(Race(), {"b": "own"}, APPROVE, length=1)
    partly.reset()
    assert all_play(partly, {"a": 3, "b": 4, "c": 4})[1] == {"a": 0.0, "b": 1.0, "c": 0.0}


class Slow(Simulated):
    """Answers a step after it was asked."""

    def answer(self, queries, *, now=0):
        return super().answer(queries, now=now + 1)


def test_late_answers_are_paid_to_those_still_there_and_counted_otherwise(monkeypatch):
    slow = Slow(full_view, PartialReturn(), Argmax())
    monkeypatch.setattr(feedback, "make", lambda name: slow)
    env = ParallelFeedback(Race(), "slow", APPROVE, length=1)
    env.reset()
    paid = [all_play(env, {"a": 1, "b": 1, "c": 1})[1] for _ in range(4)]
    assert paid == [
        {"a": 0.0, "b": 0.0, "c": 0.0},
        {"b": 1.0, "c": 1.0},
        {"b": 1.0, "c": 1.0},
        {"c": 1.0},
    ]
    assert env.dropped == 2  # the answers about a and about the last step of b
    env.reset()
    assert env.dropped == 3  # and about the last step of c
    assert all_play(env, {"a": 1, "b": 1, "c": 1})[1] == {"a": 0.0, "b": 0.0, "c": 0.0}


def test_answers_to_what_was_never_asked_are_refused(monkeypatch):
    stray = Simulated(full_view, PartialReturn(), Argmax(), name="stray")
    monkeypatch.setattr(feedback, "make", lambda name: stray)
    env = ParallelFeedback(Race(), "stray", APPROVE, length=1)
    env.reset()
    monkeypatch.setattr(stray, "poll", lambda now: [Feedback(99, "stray", 1)])
    with pytest.raises(ValueError, match="'stray' answered question 99, which is not open"):
        all_play(env, {"a": 1, "b": 1, "c": 1})


def test_closing_lets_go_of_what_teachers_hold(monkeypatch, tmp_path):
    monkeypatch.setattr(Race, "close", lambda self: None)
    teacher = {"name": "file", "directory": str(tmp_path / "answers")}
    ParallelFeedback(Race(), teacher, APPROVE).close()
    feedback.make(**teacher).close()  # the folder is free again


def test_a_teacher_that_gets_to_know_a_scale_is_paid_for_as_missing():
    env = ParallelFeedback(Race(), {"name": "crowd"}, APPROVE, length=1, missing=0.25)
    env.reset()
    assert all_play(env, {"a": 1, "b": 1, "c": 1})[1] == {"a": 0.25, "b": 0.25, "c": 0.25}


@pytest.mark.parametrize("mode", ["per_agent", "joint"])
def test_agents_may_see_several_numbers_and_words(monkeypatch, mode):
    place = gym.spaces.Box(0, 9, (2,), np.float32)
    parts = {"place": place, "lap": gym.spaces.Discrete(3), "said": gym.spaces.Text(9)}
    seen = {"place": np.array([4, 5], np.float32), "lap": 2, "said": "go"}
    monkeypatch.setattr(Race, "seen", gym.spaces.Dict(parts))
    monkeypatch.setattr(Race, "_seen", lambda self: dict.fromkeys("abc", seen))
    env = ParallelFeedback(Race(), oracle(0.0), APPROVE, mode, length=1)
    env.reset()
    all_play(env, {"a": 1, "b": 1, "c": 1})
    recorded = env.segments["joint" if mode == "joint" else "a"][0].obs[0]
    # in the order of the space, which sorts the names of its parts
    assert recorded.tolist() == [2, 4, 5] * (3 if mode == "joint" else 1)


def test_a_reset_ends_segments_that_nobody_is_paid_for():
    env = ParallelFeedback(Race(), oracle(0.0), APPROVE)
    env.reset()
    all_play(env, {"a": 1, "b": 1, "c": 1})
    env.reset()
    assert {who: len(kept) for who, kept in env.segments.items()} == {"a": 1, "b": 1, "c": 1}
    assert env.segments["b"][0].ref.episode == 0
    assert all_play(env, {"a": 1, "b": 1, "c": 1})[1] == {"a": 1.0, "b": 0.0, "c": 0.0}


@pytest.mark.parametrize("mode", ["per_agent", "joint"])
def test_a_restored_environment_goes_on_bit_equal(mode, tmp_path):
    settings = {"teacher": "noisy_person", "mode": mode, "length": 2}
    games = (pettingzoo.make("parallel", "plaudit/RepeatedRPS-v0", rounds=20) for _ in range(2))
    env, fresh = (ParallelFeedback(game, **settings) for game in games)
    env.reset(seed=0)
    for _ in range(3):
        all_play(env, {"player_0": 0, "player_1": 1})
    snapshot.save(tmp_path, env.get_state())
    fresh.reset(seed=9)
    fresh.set_state(snapshot.load(tmp_path))
    paid = []
    for first, second in np.random.default_rng(0).integers(0, 3, (17, 2)).tolist():
        ours, theirs = (all_play(e, {"player_0": first, "player_1": second}) for e in (env, fresh))
        assert ours[1] == theirs[1]
        paid += ours[1].values()
    assert len({*paid}) > 2
    for who, kept in env.segments.items():
        again = fresh.segments[who]
        assert [s.ref for s in again] == [s.ref for s in kept]
        assert [s.rewards.tolist() for s in again] == [s.rewards.tolist() for s in kept]
        assert again[0].others.keys() == kept[0].others.keys()


@pytest.mark.parametrize("mode", ["per_agent", "joint"])
@pytest.mark.parametrize("world", [*OURS, Race])
def test_it_passes_the_tests_of_pettingzoo(world, mode):
    env = world() if world is Race else pettingzoo.make("parallel", world)
    parallel_api_test(ParallelFeedback(env, "coin_flip", mode=mode), 30)


def test_aec_environments_are_converted():
    env = ParallelFeedback(pettingzoo.make("aec", "plaudit/RepeatedRPS-v0"), "coin_flip", length=1)
    env.reset(seed=0)
    paid = [all_play(env, {"player_0": 0, "player_1": 1})[1]["player_0"] for _ in range(5)]
    assert any(paid)
    with pytest.raises(TypeError, match="cannot be saved: it has no get_state"):
        env.get_state()
    with pytest.raises(TypeError, match="takes turns and can't be played in parallel"):
        ParallelFeedback(pettingzoo.make("aec", "plaudit/Negotiation-v0"))


def test_rock_paper_scissors_of_pettingzoo_works_unchanged():
    rps = pytest.importorskip("pettingzoo.classic.rps.rps")
    env = ParallelFeedback(rps.parallel_env(max_cycles=4), "oracle", length=1)
    env.reset(seed=0)
    while env.agents:  # scissors beat paper by 1; five levels around 0, a spread of 1 apart
        _, rewards, _, _, infos = all_play(env, {"player_0": 2, "player_1": 1})
        assert {a: info["true_reward"] for a, info in infos.items()} == {
            "player_0": 1.0,
            "player_1": -1.0,
        }
        assert rewards == {"player_0": 0.5, "player_1": -0.5}


def test_its_settings_are_json_and_make_it_again():
    settings = {"teacher": {"a": oracle(1.0)}, "ask": APPROVE, "mode": "per_agent", "length": 2}
    saved = json.loads(json.dumps(ParallelFeedback(Race(), **settings)._saved_kwargs))
    again = ParallelFeedback(Race(), **saved)
    again.reset()
    assert all_play(again, {"a": 4, "b": 0, "c": 0})[1]["a"] == 1.0


def test_what_does_not_fit_is_refused():
    for settings, message in (
        ({"mode": "team"}, "mode must be 'per_agent' or 'joint', got 'team'"),
        ({"length": 0}, "length must be at least 1, got 0"),
        ({"ask": {"kind": "compare"}}, "answers to 'compare' are no rewards"),
    ):
        with pytest.raises(ValueError, match=message):
            ParallelFeedback(Race(), "oracle", **settings)
    with pytest.raises(KeyError, match="a teacher for unknown agent 'd'"):
        ParallelFeedback(Race(), {"d": "oracle"})
    with pytest.raises(TypeError, match="needs a ParallelEnv or AECEnv"):
        ParallelFeedback(gym.make("CartPole-v1"))


def test_each_teacher_is_told_the_policy_of_its_agent(monkeypatch):
    told = []

    class Told(Simulated):
        def set_policy(self, probs):
            told.append((self.name, probs))

    monkeypatch.setattr(
        feedback, "make", lambda name: Told(full_view, PartialReturn(), Argmax(), name=name)
    )
    env = ParallelFeedback(Race(), {"a": "a's", "b": "b's"})
    env.set_policy(len, agent="b")
    env.set_policy(max)
    assert told == [("b's", len), ("a's", max), ("b's", max)]
