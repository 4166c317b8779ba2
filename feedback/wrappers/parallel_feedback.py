"""ParallelFeedback: opinions about the agents of a PettingZoo environment, one by one or together.

Source: own design; the setting is that of arXiv:2409.00717 (multi-agent RLHF).
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

import gymnasium as gym
import numpy as np
from gymnasium.utils import RecordConstructorArgs
from pettingzoo import AECEnv, ParallelEnv
from pettingzoo.utils import aec_to_parallel
from pettingzoo.utils.wrappers import BaseParallelWrapper

from plaudit import feedback
from plaudit.envs.names import nearest
from plaudit.envs.types import State
from plaudit.feedback.asks import ask_from_json
from plaudit.feedback.buffer_state import segment_from, segment_state
from plaudit.feedback.programs import Named
from plaudit.feedback.teachers.base import PolicyProbs, Teacher
from plaudit.feedback.types import Segment
from plaudit.feedback.wrappers.agent_tracks import AgentTracks
from plaudit.feedback.wrappers.answer_rewards import check_graded
from plaudit.feedback.wrappers.base import set_truth_aside
from plaudit.feedback.wrappers.observations import Numbers, shows_words
from plaudit.feedback.wrappers.open_questions import OpenQuestions

JOINT = "joint"  # in place of an agent: all of them

Mode = Literal["per_agent", "joint"]


class ParallelFeedback(BaseParallelWrapper, RecordConstructorArgs):  # type: ignore[misc]
    """Ask about what agents do, and pay them the answers.

    "per_agent": each agent's segments are judged on their own, at its own end or every `length`
    steps. "joint": one question about what all did in the same steps, whose answer all get that are
    there when it comes. The latest segments are in `segments`, by agent; what the others did in the
    same steps is in `Segment.others`, for lenses such as `AgentView`. Of a joint segment,
    observations and actions of all agents stand side by side, and true rewards are added up.

    An answer is a number as `TeacherReward` has it; it is in `infos[agent]["feedback"]` of the step
    in which it comes. While agents are paid the answers, their true rewards are in
    `infos[agent]["true_reward"]` and components in `infos[agent]["eval"]`, for evaluation only. An
    answer that comes after the agent's or the episode's end is dropped; `dropped` counts them.

    Source: own design; arXiv:2409.00717 (multi-agent RLHF).

    Args:
        env: a ParallelEnv, or an AECEnv that PettingZoo can convert.
        teacher: registered name, or {"name": ..., settings}; one for all agents, or, per agent,
            {agent: ...} for those that are judged. None: segments are only recorded.
        ask: the question, JSON, see `asks.ask_from_json`; about one segment.
        mode: "per_agent" or "joint".
        length: steps of a segment, or None for whole episodes; shorter last ones are judged too.
        pay: pay the answers in place of the rewards; False leaves rewards as they are.
        missing: paid for a skipped question.
        keep: how many segments of each agent are held.

    Raises:
        TypeError: `env` is no PettingZoo environment, or a turn-based one that can't be converted.
        ValueError: a setting is out of its range; KeyError: a teacher for an unknown agent.
    """

    def __init__(
        self,
        env: Any,
        teacher: Named | Mapping[str, Named] | None = None,
        ask: Mapping[str, Any] | None = None,
        mode: Mode = "per_agent",
        length: int | None = None,
        pay: bool = True,
        missing: float = 0.0,
        keep: int = 256,
    ) -> None:
        settings: dict[str, Any] = {"ask": dict(ask or {"kind": "rate"}), "mode": mode}
        settings |= {"length": length, "pay": pay, "missing": missing, "keep": keep}
        RecordConstructorArgs.__init__(self, teacher=teacher, **settings)
        BaseParallelWrapper.__init__(self, _parallel(env))
        check_graded(ask_from_json(settings["ask"]))
        _check(mode, length, keep)
        judged = [JOINT] if mode == "joint" else list(self.possible_agents)
        self.segments: dict[str, deque[Segment]] = {who: deque(maxlen=keep) for who in judged}
        self.teachers: dict[str, Teacher] = _teachers(teacher, judged)
        distinct = {id(teacher): teacher for teacher in self.teachers.values()}
        self._questions = [
            OpenQuestions[tuple[str, int]](one, settings["ask"], missing)
            for one in distinct.values()
        ]  # each about somebody in an episode
        self.dropped = 0
        self._length = length
        self._pays = pay and teacher is not None
        read = {agent: _reader(self.observation_space(agent)) for agent in self.possible_agents}
        self._tracks = AgentTracks(_name_of(env), read)
        self._widths = _widths(self) if mode == "joint" else {}
        self._clock = 0  # steps of all episodes
        self._episode = -1

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        self._cut(self._unfinished(self._tracks.agents, over=True))  # nobody is left to be paid
        for questions in self._questions:
            self.dropped += sum(episode == self._episode for _, episode in questions.open)
        self._episode += 1
        obs, infos = self.env.reset(seed=seed, options=options)
        self._tracks.begin({agent: obs[agent] for agent in self.env.agents})
        told = {agent: self._aside(info, None) for agent, info in self._agents_of(infos).items()}
        return obs, infos | told

    def step(self, actions: dict[str, Any]) -> tuple[Any, ...]:
        obs, rewards, terminated, truncated, infos = self.env.step(actions)
        self._clock += 1
        self._tracks.add(self._agents_of(obs), actions, rewards)
        gone = [agent for agent in actions if agent not in self.env.agents]
        self._submit(self._cut(self._unfinished(gone, over=not self.env.agents)))
        said = self._answers(rewards)
        paid = {agent: said.get(agent, 0.0) for agent in rewards} if self._pays else rewards
        told = dict(infos)
        for agent, info in self._agents_of(infos).items():
            told[agent] = self._aside(info, rewards.get(agent))
            if agent in said:
                told[agent]["feedback"] = said[agent]
        return obs, paid, terminated, truncated, told

    def set_policy(self, probs: PolicyProbs, agent: str | None = None) -> None:
        """Tell the teacher of an agent, or all teachers, the learner's policy.

        Args:
            probs: (N, ...) observations -> (N, A) probabilities.
            agent: whose teacher; None for all.
        """
        for who, teacher in self.teachers.items():
            if agent in (None, who):
                teacher.set_policy(probs)

    def close(self) -> None:
        """Close the environment, and what teachers hold open, e.g. their folders."""
        try:
            for questions in self._questions:
                if hasattr(questions.teacher, "close"):
                    questions.teacher.close()
        finally:
            self.env.close()

    def get_state(self) -> State:
        """A fresh copy of everything the next step depends on; TypeError where `env` has none."""
        if not hasattr(self.env, "get_state"):
            raise TypeError(f"{self.env} cannot be saved: it has no get_state")
        kept = {who: [_packed(s) for s in segments] for who, segments in self.segments.items()}
        return {
            "env": self.env.get_state(),
            "teachers": [questions.teacher.get_state() for questions in self._questions],
            "questions": [questions.get_state() for questions in self._questions],
            "tracks": self._tracks.get_state(),
            "segments": kept,
            "counts": [self._clock, self._episode, self.dropped],
        }

    def set_state(self, state: State) -> None:
        """Go back to a state of the same environment under the same settings."""
        self.env.set_state(state["env"])
        for questions, saved in zip(self._questions, state["teachers"], strict=True):
            questions.teacher.set_state(saved)
        for questions, saved in zip(self._questions, state["questions"], strict=True):
            questions.set_state(saved)
        self._tracks.set_state(state["tracks"])
        for who, kept in state["segments"].items():
            self.segments[who].clear()
            self.segments[who].extend(map(_unpacked, kept))
        self._clock, self._episode, self.dropped = map(int, state["counts"])

    def _unfinished(self, gone: Collection[str], over: bool) -> list[str]:
        """Who has steps to be cut off now: the stretch is long enough, or it is its end."""
        tracks, length = self._tracks, self._length
        if JOINT in self.segments:
            steps = tracks.uncut_together
            return [JOINT] if steps and (over or steps == length) else []
        steps_of = {agent: tracks.uncut(agent) for agent in tracks.agents}
        return [a for a, steps in steps_of.items() if steps and (a in gone or steps == length)]

    def _cut(self, whose: Iterable[str]) -> dict[str, Segment]:
        """Cut their latest steps off, and keep them."""
        cut = {}
        for who in whose:
            together = who == JOINT and JOINT in self.segments
            steps = self._tracks.cut_together(self._widths) if together else self._tracks.cut(who)
            cut[who] = steps
            self.segments[who].append(steps)
        return cut

    def _submit(self, segments: Mapping[str, Segment]) -> None:
        """Ask about them, each teacher about all of its own at once."""
        for questions in self._questions:
            whose = [who for who in segments if self.teachers.get(who) is questions.teacher]
            if whose:
                about = [(segments[who], (who, self._episode)) for who in whose]
                questions.submit(about, self._clock, [{"agent": who} for who in whose])

    def _answers(self, present: Collection[str]) -> dict[str, float]:
        """What has been said by now about those who are present, as numbers added up."""
        said: dict[str, float] = {}
        for questions in self._questions:
            for (who, episode), value in questions.answered(self._clock):
                if episode != self._episode:
                    continue  # counted when that one ended
                reached = [a for a in present if who in (a, JOINT)]
                self.dropped += not reached
                for agent in reached:
                    said[agent] = said.get(agent, 0.0) + value
        return said

    def _agents_of(self, by_name: Mapping[str, Any]) -> dict[str, Any]:
        """The entries of agents; environments may tell more under other names."""
        return {name: value for name, value in by_name.items() if name in self.possible_agents}

    def _aside(self, info: dict[str, Any], reward: float | None) -> dict[str, Any]:
        return set_truth_aside(info, reward, hidden=False) if self._pays else dict(info)


def _parallel(env: Any) -> Any:
    if isinstance(env, AECEnv):
        if not env.metadata.get("is_parallelizable"):
            raise TypeError(f"{env} takes turns and can't be played in parallel")
        return aec_to_parallel(env)
    if not isinstance(env, ParallelEnv):
        raise TypeError(f"ParallelFeedback needs a ParallelEnv or AECEnv, got {env!r}")
    return env


def _widths(env: Any) -> dict[str, tuple[int, int]]:
    """How many numbers each agent's observations and actions have."""
    widths = {}
    for agent in env.possible_agents:
        seen, done = Numbers(env.observation_space(agent)).shape, env.action_space(agent).shape
        if done is None:
            raise TypeError(f"joint feedback needs actions in arrays, got those of {agent!r}")
        widths[agent] = int(np.prod(seen)), int(np.prod(done))
    return widths


def _reader(space: gym.Space[Any]) -> Callable[[Any], Any]:
    """Observations -> arrays of numbers; words alone are read as they are."""
    return np.asarray if shows_words(space) else Numbers(space).one


def _name_of(env: Any) -> str:
    return str(getattr(env, "metadata", {}).get("name", type(env.unwrapped).__name__))


def _check(mode: str, length: int | None, keep: int) -> None:
    if mode not in ("per_agent", "joint"):
        raise ValueError(f"mode must be 'per_agent' or 'joint', got {mode!r}")
    for name, value in (("length", length), ("keep", keep)):
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")


def _teachers(spec: Any, judged: list[str]) -> dict[str, Teacher]:
    """By whom or what they judge."""
    if spec is None:
        return {}
    if isinstance(spec, str) or "name" in spec:
        teacher = feedback.make(spec)
        return dict.fromkeys(judged, teacher)
    for agent in spec:
        if agent not in judged:
            raise KeyError(f"a teacher for unknown agent {agent!r}{nearest(agent, judged)}")
    return {agent: feedback.make(one) for agent, one in spec.items()}


def _packed(segment: Segment) -> State:
    others = {a: segment_state(other) for a, other in segment.others.items()}
    return {"segment": segment_state(segment), "others": others}


def _unpacked(state: State) -> Segment:
    others = {agent: segment_from(other) for agent, other in state["others"].items()}
    return replace(segment_from(state["segment"]), others=others)
