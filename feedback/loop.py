"""Reward learning that drives itself: choose queries, ask, store the answers, fit, go on.

The wrapper that owns a loop calls `update` after every step; nothing else is needed, so any
external agent learns through it without callbacks.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from math import comb
from typing import Any

import gymnasium as gym
import numpy as np

from plaudit import feedback
from plaudit.envs.names import load, nearest
from plaudit.envs.types import State, TokenSpec, generator_from, generator_state, stream
from plaudit.feedback.asks import Ask, ask_from_json
from plaudit.feedback.segments import SegmentPool
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Query

SAMPLERS = {
    "disagreement": "plaudit.feedback.queries:disagreement",
    "uniform": "plaudit.feedback.queries:uniform",
}

LOG = logging.getLogger(__name__)

Spec = str | dict[str, Any]
"""A registered name, or {"name": ..., setting: ...}: JSON-able."""


@dataclass(frozen=True)
class Schedule:
    """When to ask how much.

    Attributes:
        labels: questions asked in all.
        labels_per_round: questions asked at a time.
        segments_per_round: new segments that must have been recorded before each round.
        sampler: "uniform" or "disagreement".
        ask: the question, as `Ask.to_json` gives it, about whole segments or their steps; by
            default {"kind": "compare"}. "disagreement" picks pairs only.
    """

    labels: int = 1000
    labels_per_round: int = 100
    segments_per_round: int = 64
    sampler: str = "uniform"
    ask: dict[str, Any] = field(default_factory=lambda: {"kind": "compare"})

    def __post_init__(self) -> None:
        for name in ("labels", "labels_per_round", "segments_per_round"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.sampler not in SAMPLERS:
            raise KeyError(f"unknown sampler {self.sampler!r}{nearest(self.sampler, SAMPLERS)}")
        if self.question.grain not in ("segment", "step"):
            raise ValueError(f"a reward is learned from whole segments or steps, not {self.ask}")
        if self.sampler == "disagreement" and self.question.segments != 2:
            raise ValueError(f"disagreement picks pairs; {self.ask} needs sampler='uniform'")

    @property
    def question(self) -> Ask:
        return ask_from_json(self.ask)


class PreferenceLoop:
    """Teacher, buffer and reward model, and the schedule that connects them.

    Args:
        teacher, model: specs of what `feedback.make` and `feedback.model` make.
        schedule: when to ask how much.
        shape: settings the model needs to know of the world, from `model_shape`.
        seed: of the query sampler; teacher and model have their own.
    """

    def __init__(
        self, teacher: Spec, model: Spec, schedule: Schedule, shape: dict[str, Any], seed: int
    ) -> None:
        self.teacher = made(feedback.make, teacher)
        self.model = made(feedback.model, model, **shape)
        self.schedule, self._ask = schedule, schedule.question
        self.buffer = FeedbackBuffer()
        self.asked = 0
        self.fits = 0
        self.fit_stats: dict[str, Any] = {}
        self._seen = 0  # segments in the pool at the last round
        self._rng = stream(seed, "sampler")
        self._order = stream(seed, "order")  # which of two is shown first

    def update(self, pool: SegmentPool) -> bool:
        """Ask if a round is due, and fit if answers came in; whether the model changed.

        It never waits: what a slow annotator answers is folded in when it comes.
        """
        enough = len(pool) >= max(2, self._ask.segments)
        due = enough and pool.total - self._seen >= self.schedule.segments_per_round
        if due and self.asked < self.schedule.labels:
            queries = self._queries(pool)
            self._seen = pool.total
            self.asked += len(queries)
            self.buffer.add(queries, [])
            self.teacher.submit(queries, now=pool.total)
        answers = self.teacher.poll(now=pool.total) if self.asked else []
        if not answers:
            return False
        self.buffer.add([], answers)
        self.fit_stats = self.model.fit(self.buffer)
        self.fits += 1
        if len(self.buffer) >= self.schedule.labels and not self.fit_stats.get("kept", 1.0):
            LOG.warning(
                "all %d labels are used, and the reward model explains held-out answers no better "
                "than zero reward does: it pays 0. Ask for more, or give the model holdout=0.0.",
                self.schedule.labels,
            )
        return True

    def _queries(self, pool: SegmentPool) -> list[Query]:
        """The round's questions about the newest segments, which show what the policy does now."""
        schedule = self.schedule
        # A few older ones keep pairs distinct.
        slots = pool.newest(max(pool.total - self._seen, 2 * schedule.segments_per_round))
        candidates = [pool.segment(int(slot)) for slot in slots]
        ask, size = self._ask, self._ask.segments
        possible = comb(len(candidates), size)
        count = min(schedule.labels_per_round, schedule.labels - self.asked, possible)
        sample = load("sampler", schedule.sampler, SAMPLERS)(count, size=size)
        groups = sample([segment.view() for segment in candidates], self.model, self._rng)
        # Any order may be shown, so that a bias for what comes first is no bias for a segment.
        orders = self._order.permuted(np.tile(np.arange(size), (count, 1)), axis=1)
        return [
            Query(
                tuple(candidates[i] for i in group),
                ask,
                order=tuple(order),
                query_id=self.asked + k,
                provenance=schedule.sampler,
            )
            for k, (group, order) in enumerate(zip(groups.tolist(), orders.tolist(), strict=True))
        ]

    def get_state(self) -> State:
        return {
            "teacher": self.teacher.get_state(),
            "model": self.model.get_state(),
            "buffer": self.buffer.get_state(),
            "asked": self.asked,
            "fits": self.fits,
            "fit_stats": dict(self.fit_stats),
            "seen": self._seen,
            "rng": generator_state(self._rng),
            "order": generator_state(self._order),
        }

    def set_state(self, state: State) -> None:
        self.teacher.set_state(state["teacher"])
        self.model.set_state(state["model"])
        self.buffer.set_state(state["buffer"])
        self.asked, self.fits = int(state["asked"]), int(state["fits"])
        self.fit_stats = dict(state["fit_stats"])
        self._seen = int(state["seen"])
        self._rng = generator_from(state["rng"])
        self._order = generator_from(state["order"])


def model_shape(env: Any) -> dict[str, Any]:
    """What a reward model must know of a world: its tokens, or the sizes of its vectors.

    Args:
        env: an environment, single or vector, wrapped or not.

    Raises:
        TypeError: the spaces are neither those of a token world nor flat numbers.
    """
    spec = _token_spec(env)
    if spec is not None:
        return {"kind": "tokens", "vocab_size": spec.vocab_size, "pad_id": spec.pad_id}
    vector = isinstance(env, gym.vector.VectorEnv)
    obs = env.single_observation_space if vector else env.observation_space
    action = env.single_action_space if vector else env.action_space
    flat = isinstance(obs, gym.spaces.Box | gym.spaces.MultiDiscrete) and len(obs.shape) == 1
    if not flat:
        raise TypeError(
            f"learned rewards need flat observations of numbers or a token world, got {obs}; "
            "gymnasium.wrappers.FlattenObservation makes many others flat"
        )
    if isinstance(action, gym.spaces.Discrete):
        return {"kind": "vectors", "obs_dim": obs.shape[0], "action_dim": int(action.n)}
    if isinstance(action, gym.spaces.Box) and len(action.shape) == 1:
        return {"kind": "vectors", "obs_dim": obs.shape[0], "action_dim": action.shape[0]}
    raise TypeError(f"learned rewards need Discrete or flat Box actions, got {action}")


def _token_spec(env: Any) -> TokenSpec | None:
    """That of the outermost token view or world, if there is one."""
    if isinstance(env, gym.vector.VectorEnv):
        rows = env.unwrapped
        if not isinstance(rows, gym.vector.SyncVectorEnv):
            same = env.single_observation_space == rows.single_observation_space
            return _if_tokens(getattr(rows, "token_spec", None), same, env.single_action_space)
        env = rows.envs[0]
    layer = env
    while "token_spec" not in {*dir(type(layer)), *vars(layer)}:
        if not isinstance(layer, gym.Wrapper):
            return None
        layer = layer.env
    same = env.observation_space == layer.observation_space
    return _if_tokens(getattr(layer, "token_spec", None), same, env.action_space)


def _if_tokens(spec: TokenSpec | None, same: bool, actions: gym.Space[Any]) -> TokenSpec | None:
    """The spec, unless something in between changed what is seen or done."""
    if spec is None or not same or actions != gym.spaces.Discrete(spec.vocab_size):
        return None
    return spec


def made(maker: Callable[..., Any], spec: Spec, **defaults: Any) -> Any:
    """What `feedback.make` or `feedback.model` makes of a spec, whose settings come first."""
    if not isinstance(spec, str | dict):
        raise TypeError(
            "expected a name or {'name': ..., setting: ...}, which wrappers can save, "
            f"got {spec!r}"
        )
    settings = {"name": spec} if isinstance(spec, str) else dict(spec)
    if "name" not in settings:
        raise ValueError(f"expected a name or {{'name': ..., setting: ...}}, got {spec}")
    return maker(settings.pop("name"), **(defaults | settings))
