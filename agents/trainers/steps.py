"""The on-policy loop on ordinary worlds: play steps, find advantages, take steps downhill.

With a critic, every update goes on for some steps where the last one stopped, and each step is a
sample of its own. Without one, every update plays whole episodes from their beginning, and each
episode is a row of the loss, so that episodes can be compared with others that began alike.

The truth is only ever logged; an evaluator, if given, may read it.
"""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from plaudit.agents import distributed
from plaudit.agents.policies.vector import VectorPolicy
from plaudit.agents.rollout.figures import LatestEpisodes, of_episodes
from plaudit.agents.rollout.step_worlds import AnyVector, restore, saved, tell_policy
from plaudit.agents.rollout.steps import StepCollector, Steps
from plaudit.agents.rollout.worlds import describe
from plaudit.agents.trainers.algorithms import PolicyGradient, Tensors
from plaudit.agents.trainers.base import Row, Trainer
from plaudit.agents.trainers.learner import Learner
from plaudit.agents.trainers.reference import Reference
from plaudit.agents.trainers.step_settings import ADAM_EPSILON, StepSettings
from plaudit.agents.trainers.step_update import StepUpdate
from plaudit.envs.types import State

Evaluator = Callable[[VectorPolicy], Row]
"""policy -> figures to log; the only reader of the truth."""


class StepTrainer(Trainer):
    """Trains a policy on a vector environment.

    A teacher inside whose answers depend on the learner's policy is told it.

    Args:
        env: any Gymnasium vector environment of one seat, wrapped as you like.
        policy: is trained in place.
        algorithm: what is climbed.
        settings: shared by all algorithms.
        reference: what the KL pulls to; where something needs it, the policy as it is now by
            default.
        evaluator: called before the first and after every `eval_every` updates.
        eval_every: updates between evaluations.
        folder: where the log and checkpoints go, or None.

    Raises:
        TypeError, ValueError: environment and policy do not fit (see `check_steps`), nor rows and
            group size.
    """

    def __init__(
        self,
        env: AnyVector,
        policy: VectorPolicy,
        algorithm: PolicyGradient,
        settings: StepSettings,
        *,
        reference: VectorPolicy | None = None,
        evaluator: Evaluator | None = None,
        eval_every: int = 10,
        folder: str | Path | None = None,
    ) -> None:
        self._collector = StepCollector(env, policy)
        self._windows = algorithm.critic and algorithm.wants("ends")
        _check(env, algorithm, settings, windows=self._windows)
        super().__init__(
            updates=settings.updates, seed=settings.seed, eval_every=eval_every, folder=folder
        )
        self.env, self.policy, self.algorithm, self.settings = env, policy, algorithm, settings
        if self.ranks.rank > 0:
            policy.reseed(int(self._rng.integers(2**31)))
        self._learner = Learner(
            [policy], lr=settings.lr, max_grad_norm=settings.max_grad_norm, eps=ADAM_EPSILON
        )
        self._learn = StepUpdate(policy, algorithm, settings, self._learner, by_step=self._windows)
        needed = settings.beta > 0 or algorithm.needs_reference
        self._reference = Reference(policy, reference, needed=needed)
        self.evaluator, self.reference = evaluator, self._reference.policy
        self._latest = LatestEpisodes()
        tell_policy(env, policy)

    def learned(self) -> list[torch.Tensor]:
        return list(self._learner.parameters)

    def _one_update(self) -> Row:
        steps = self._play()
        ended, running = of_episodes(steps.episodes), of_episodes(self._collector.running())
        episodes = self._latest.row(ended, running)
        if distributed.total(steps.mask.sum()) == 0:
            return _told(steps) | episodes  # all rows began anew in all steps
        with torch.no_grad():
            signals = self._signals(steps)
            targets = self._targets(signals)
        self._learner.scale_lr(self.lr_share(self.settings.lr_decay))
        rows = self.env.num_envs * (self.settings.steps if self._windows else 1)
        figures = self._learn(self._rows(steps, signals, targets), rows, self._rng)
        return figures | _told(steps) | _kl(signals) | episodes

    def _play(self) -> Steps:
        settings, rows = self.settings, self.env.num_envs
        if self._windows:
            seed = int(self._rng.integers(2**31))
            return self._collector.windows(settings.steps, seed=seed)
        starts = self._rng.integers(2**31, size=rows // settings.group_size)
        seeds = np.repeat(starts, settings.group_size).tolist()
        return self._collector.episodes(seeds, most=settings.steps)

    def _signals(self, steps: Steps) -> Tensors:
        """What advantages and losses may ask for, (N, S) or (N,)."""
        device, rows = steps.mask.device, len(steps.mask)
        each = rows if self._windows else rows // self.settings.group_size
        rewards = steps.rewards + self.algorithm.gamma * steps.cut_values
        signals = {
            "mask": steps.mask,
            "values": steps.values,
            "old_logp": steps.logp,
            "groups": torch.arange(each, device=device).repeat_interleave(rows // each),
        }
        if self.reference is not None:
            signals["ref_logp"] = _logp(self.reference, steps)
            rewards = rewards - self.settings.beta * (steps.logp - signals["ref_logp"])
        rewards = signals["rewards"] = torch.where(steps.mask, rewards, 0.0)
        if self._windows:
            return signals | {"ends": steps.ends, "last_value": steps.last_value}
        if self.algorithm.wants("states"):
            _, seen = torch.unique(steps.numbers.flatten(0, 1), dim=0, return_inverse=True)
            signals["states"] = seen.view(steps.mask.shape)
        turns = torch.arange(steps.mask.shape[1], device=device).expand(steps.mask.shape)
        return signals | {"turns": turns, "scores": rewards.sum(1)}

    def _targets(self, signals: Tensors) -> Tensors:
        """Targets of this rank's rows, compared with those of all ranks."""
        everyone, mine = distributed.gather_rows(signals, offset="groups")
        found = self.algorithm.targets(everyone)
        length = signals["mask"].shape[1]
        return {k: v[mine][:, :length] if v.dim() > 1 else v[mine] for k, v in found.items()}

    def _rows(self, steps: Steps, signals: Tensors, targets: Tensors) -> Tensors:
        """What the loss is computed from: a row per step, (R, 1, ...), or per episode, (N, S)."""
        names = ("mask", "old_logp", "ref_logp")
        known: Tensors = {str(key): signals[key] for key in names if key in signals}
        known |= targets | {"numbers": steps.numbers, "actions": steps.actions}
        if steps.legal is not None:
            known["legal"] = steps.legal
        if not self._windows:
            return known
        # By time, as they were collected: so this is a view, not a copy.
        known = {k: v.transpose(0, 1).flatten(0, 1).unsqueeze(1) for k, v in known.items()}
        chosen = known["mask"][:, 0]
        return known if chosen.all() else {key: value[chosen] for key, value in known.items()}

    def _evaluation(self) -> Row:
        return {} if self.evaluator is None else self.evaluator(self.policy)

    def _described(self) -> dict[str, Any]:
        of = {"algorithm": self.algorithm.described, "world": describe(self.env)}
        return of | {"parameters": self._learner.size} | asdict(self.settings)

    def _own_state(self) -> State:
        return {
            "learner": self._learner.get_state(),
            "policy": self.policy.get_state(),
            "reference": self._reference.get_state(),
            "latest": self._latest.get_state(),
            "collector": self._collector.get_state(),
            "env": saved(self.env),
        }

    def _set_own_state(self, state: State) -> None:
        self._learner.set_state(state["learner"])
        self.policy.set_state(state["policy"])
        self._reference.set_state(state["reference"])
        self._latest.set_state(state["latest"])
        restore(self.env, state["env"])
        # A world that could not be saved begins anew.
        self._collector.set_state({} if state["env"] is None else state["collector"])


def _check(
    env: AnyVector, algorithm: PolicyGradient, settings: StepSettings, *, windows: bool
) -> None:
    rows, size = env.num_envs, settings.group_size
    if windows and size > 1:
        raise ValueError(f"group_size={size}: an algorithm with a critic compares no episodes")
    if rows % size:
        raise ValueError(f"{rows} rows cannot be split into groups of {size}")
    if not windows and size < algorithm.least_group:
        raise ValueError(
            "this algorithm compares episodes that begin alike: group_size must be at least "
            f"{algorithm.least_group}, got {size}"
        )


def _logp(policy: VectorPolicy, steps: Steps) -> torch.Tensor:
    """(N, S) log-probabilities of the actions under another policy, nats."""
    legal = None if steps.legal is None else steps.legal.flatten(0, 1)
    told = policy.evaluate(steps.numbers.flatten(0, 1), steps.actions.flatten(0, 1), legal)
    return told.logp.view(steps.mask.shape)


def _kl(signals: Tensors) -> Row:
    """From the reference, where there is one."""
    if "ref_logp" not in signals or not signals["mask"].any():
        return {}
    ratio = signals["old_logp"] - signals["ref_logp"]
    return {"kl": float(ratio[signals["mask"]].mean())}


def _told(steps: Steps) -> Row:
    """Figures of what was played, without those of episodes."""
    paid = steps.rewards[steps.mask]
    row = {"steps": float(len(paid)), "episodes": float(len(steps.episodes))}
    if len(paid):
        row |= {"step_reward": float(paid.mean()), "valid": steps.valid}
        row["step_reward_std"] = float(paid.std(correction=0))
    return row
