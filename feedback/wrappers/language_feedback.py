"""LanguageFeedback: after a step somebody says what was good about it and what to do next.

Source: arXiv:2312.06853 (LLF-Bench): an instruction at the start, then feedback in words, of five
kinds (see `asks.telling.Critique`).
"""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector.utils import batch_space

from plaudit.feedback.programs import Named
from plaudit.feedback.wrappers.base import check_order
from plaudit.feedback.wrappers.critic import Critic, Speech
from plaudit.feedback.wrappers.last_step import single_info, vector_info
from plaudit.feedback.wrappers.layer import Layer, VectorLayer


class LanguageFeedback(Layer):
    """Let a teacher say something about each step, in words and in numbers.

    `info["feedback"]` is what is said about the step just taken, "" where nothing is, and
    `info["feedback_slots"]` the same as (4,) cells of a `Critique`, 0 where nothing is said; what a
    person or a language model adds in its own words stands behind. `info["instruction"]` stands in
    the info of `reset`. The teacher is waited for; one that is told an `agreement` needs
    `reference_returns` too, since it is asked little at a time.

    What the agent sees can hold the feedback too. With `in_observation="words"` it is a Dict of
    "observation", "instruction" ("" after the first one of an episode) and "feedback", for agents
    that read; with "slots" the cells stand behind a flat observation of numbers.

    Source: arXiv:2312.06853 (LLF-Bench).
    Differs: there all wordings are drawn; here the first one is used unless `paraphrase` is set.

    Args:
        env: any environment with Discrete actions and array observations.
        teacher: registered name, or {"name": ..., settings}; it answers `Critique`.
        **speech: every, slots, levels, in_observation, instruction, action_names, paraphrase,
            reward_hidden (the true reward is then in `info["true_reward"]`), states, seed: see
            `Speech`.

    Raises:
        ValueError: a setting is out of its range.
        TypeError: spaces that do not fit, or a wrapper of the chain stands in the wrong place.
    """

    PARTS = ("_critic",)

    def __init__(self, env: gym.Env[Any, Any], teacher: Named, **speech: Any) -> None:
        super().__init__(env, teacher=teacher, **speech)
        check_order("LanguageFeedback", env)
        spaces = env.observation_space, env.action_space
        self._critic = Critic(env, *spaces, teacher, Speech(**speech))
        self.observation_space = self._critic.shown.space

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(**kwargs)
        told = self._critic.begin(obs)
        info = self._critic.aside(info, None) | single_info(told)
        return self._shown(obs, self._critic.speech.instruction), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(action)
        told = self._critic.step(
            np.asarray(action)[None],
            np.array([reward], np.float64),
            obs,
            np.array([terminated or truncated]),
            info,
        )
        info = self._critic.aside(info, reward) | single_info(told)
        paid = 0.0 if self._critic.speech.reward_hidden else reward
        return self._shown(obs, ""), paid, terminated, truncated, info

    def _shown(self, obs: Any, instruction: str) -> Any:
        critic = self._critic
        return critic.shown.row(obs, instruction, critic.words[0], critic.cells[0])


class VectorLanguageFeedback(VectorLayer):
    """The vector form of `LanguageFeedback`: one teacher speaks about all rows.

    In the info, feedback is about the step just taken. Where that ended an episode and the next one
    has begun in the same step, the observation shows none, and `info["final_obs"]` does.

    Args:
        env: any vector environment with Discrete actions and array observations.
        teacher, **speech: as `LanguageFeedback`.
    """

    PARTS = ("_critic",)

    def __init__(
        self, env: gym.vector.VectorEnv[Any, Any, Any], teacher: Named, **speech: Any
    ) -> None:
        super().__init__(env, teacher=teacher, **speech)
        check_order("LanguageFeedback", env)
        spaces = env.single_observation_space, env.single_action_space
        self._critic = Critic(env, *spaces, teacher, Speech(**speech))
        self.single_observation_space = self._critic.shown.space
        self.observation_space = batch_space(self._critic.shown.space, env.num_envs)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        mask = (options or {}).get("reset_mask")  # Gymnasium's own forms take it out
        obs, info = self.env.reset(seed=seed, options=options)
        rows = np.ones(self.num_envs, np.bool_) if mask is None else np.asarray(mask, np.bool_)
        told = self._critic.begin(obs, rows)
        info = self._critic.aside(info, None) | vector_info(told)
        return self._critic.shown_rows(obs, rows), info

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(actions)
        critic = self._critic
        told = critic.step(actions, reward, obs, terminated | truncated, info)
        info = critic.aside(info, reward) | vector_info(told)
        if "final_obs" in info:
            info["final_obs"] = critic.shown_last(info["final_obs"])
        paid = np.zeros_like(reward) if critic.speech.reward_hidden else reward
        return critic.shown_rows(obs, critic.last.fresh), paid, terminated, truncated, info
