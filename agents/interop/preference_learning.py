"""An agent in a world, paid the truth, what a model learns of it on line, or always the same.

The one place that puts the chain together: world, recorder, learned reward, agent, panel. What is
compared, e.g. two teachers, are two records that differ in one field.

Source: arXiv:1706.03741, figure 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from gymnasium.wrappers.vector import TransformReward

from plaudit.agents.interop.progress import Progress, progress, vector_world
from plaudit.agents.rollout.step_worlds import AnyVector
from plaudit.envs.names import nearest
from plaudit.feedback.loop import PreferenceLoop
from plaudit.feedback.wrappers import VectorLearnedReward, VectorRecordSegments

REWARDS = ("true", "learned", "equal")
PANEL_SEED = 1_000_000  # of the first row, far from those of training


class Course(NamedTuple):
    """How a run went.

    Attributes:
        stages: before the first and after each part of the training.
        loop: teacher, model and answers, as they are at the end; None where none was asked.
        looked_at: share of the steps trained on that were in a clip of a question.
    """

    stages: list[Progress]
    loop: PreferenceLoop | None
    looked_at: float

    @property
    def steps(self) -> list[float]:
        """Trained on until each stage, over all rows."""
        return [float(stage.steps) for stage in self.stages]

    @property
    def returns(self) -> list[float]:
        """Mean true return of the panel at each stage."""
        return [float(stage.played.returns.mean()) for stage in self.stages]

    @property
    def correlation(self) -> float:
        """Pearson's r of learned and true reward over the steps of the last panel; 0 if flat."""
        if self.loop is None:
            raise ValueError("nothing was learned about the reward: the run was not on answers")
        played = self.stages[-1].played
        learned = self.loop.model.predict(played.obs, played.actions)[0][played.mask]
        true = played.rewards[played.mask]
        if learned.std() == 0 or true.std() == 0:
            return 0.0
        return float(np.corrcoef(learned, true)[0, 1])


@dataclass(frozen=True)
class PreferenceLearning:
    """What a run depends on, as JSON values.

    Attributes:
        world: any id of Gymnasium.
        reward: "true", "learned" from answers on line, or "equal": 1 for every step.
        teacher: whose answers, as `feedback.make` takes it, but for the seed.
        model: as `feedback.model` takes it, but for the seed.
        schedule: of questions, see `feedback.loop.Schedule`.
        clip: steps of a segment; None for whole episodes.
        agent: "ppo" or "sb3_ppo", see `progress`.
        tuned: settings of the agent.
        rows: of the world in training.
        updates: of the agent; a multiple of 10.
        panel: episodes of a score; the same for all agents and seeds.

    Raises:
        ValueError: an unknown reward.
    """

    world: str
    reward: str = "learned"
    teacher: Mapping[str, Any] = field(default_factory=lambda: {"name": "boltzmann"})
    model: Mapping[str, Any] = field(default_factory=lambda: {"name": "bradley_terry"})
    schedule: Mapping[str, Any] = field(default_factory=dict)
    clip: int | None = None
    agent: str = "ppo"
    tuned: Mapping[str, Any] = field(default_factory=dict)
    rows: int = 64
    updates: int = 50
    panel: int = 256

    def __post_init__(self) -> None:
        if self.reward not in REWARDS:
            raise ValueError(f"unknown reward {self.reward!r}{nearest(self.reward, REWARDS)}")

    def course(self, seed: int) -> Course:
        """Learn in ten parts.

        Args:
            seed: of the world, the teacher, the model and the agent; what each draws is the same
                in all runs with this seed until what they see differs.
        """
        env = self._paid(vector_world(self.world, self.rows), seed)
        panel = vector_world(self.world, self.panel)
        settings = {"updates": self.updates, "seed": seed, "panel_seeds": PANEL_SEED}
        stages = list(progress(self.agent, env, panel, **settings, **self.tuned))
        loop = env.loop if isinstance(env, VectorLearnedReward) else None
        queries = {} if loop is None else {row.query.query_id: row.query for row in loop.buffer}
        shown = sum(len(clip.actions) for query in queries.values() for clip in query.segments)
        return Course(stages, loop, shown / stages[-1].steps)

    def _paid(self, env: AnyVector, seed: int) -> AnyVector:
        if self.reward == "true":
            return env
        if self.reward == "equal":
            return TransformReward(env, np.ones_like)
        teacher, model = {**self.teacher, "seed": seed}, {**self.model, "seed": seed}
        recorded = VectorRecordSegments(env, self.clip, keep=max(4096, self.rows))
        return VectorLearnedReward(recorded, teacher, model, seed, **self.schedule)
