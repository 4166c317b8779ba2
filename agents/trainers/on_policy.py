"""The on-policy loop: sample answers, be paid, pull towards the reference, take steps.

The trainer only orchestrates; what is climbed is a `PolicyGradient`, what is paid comes from the
world and its wrappers. It never reads the truth: an evaluator, if given, does.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from plaudit.agents import distributed
from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.rollout.tokens import AnyVector, check_world, collect, describe
from plaudit.agents.trainers.algorithms import PolicyGradient, Tensors
from plaudit.agents.trainers.base import Row, Trainer
from plaudit.agents.trainers.learner import Learner
from plaudit.agents.trainers.settings import Settings
from plaudit.agents.types import Rollout
from plaudit.envs.types import State
from plaudit.feedback.wrappers.base import inner_state, set_inner_state

Evaluator = Callable[[TokenPolicy, TokenPolicy], Row]
"""(policy, reference) -> figures to log; the only reader of the truth."""


class OnPolicyTrainer(Trainer):
    """Trains a token policy on a token world.

    Args:
        env: a vector form with auto-reset disabled, wrapped as you like; one answer per row.
        policy: is trained in place.
        algorithm: what is climbed.
        settings: shared by all.
        reference: what the KL pulls to; the policy as it is now by default.
        evaluator: called before the first and after every `eval_every` updates.
        eval_every: updates between evaluations.
        folder: where the log and checkpoints go, or None.

    Raises:
        TypeError, ValueError: world and policy do not fit (see `check_world`), nor rows and group
            size, or the policy lacks a value head that the algorithm needs.
    """

    def __init__(
        self,
        env: AnyVector,
        policy: TokenPolicy,
        algorithm: PolicyGradient,
        settings: Settings,
        *,
        reference: TokenPolicy | None = None,
        evaluator: Evaluator | None = None,
        eval_every: int = 10,
        folder: str | Path | None = None,
    ) -> None:
        check_world(policy, env)
        settings.prompts(env.num_envs)
        _check_algorithm(algorithm, policy, settings.group_size)
        super().__init__(
            updates=settings.updates, seed=settings.seed, eval_every=eval_every, folder=folder
        )
        self.env, self.policy, self.algorithm, self.settings = env, policy, algorithm, settings
        self._learner = Learner([policy], lr=settings.lr, max_grad_norm=settings.max_grad_norm)
        self.reference = policy.frozen_copy() if reference is None else reference
        self.evaluator = evaluator
        # What the trainer copied is saved with it; a reference that was given is the caller's.
        pairs = zip(policy.parameters(), self.reference.parameters(), strict=False)
        self._copied = [] if reference is not None else [r for p, r in pairs if p.requires_grad]

    def learned(self) -> list[torch.Tensor]:
        return list(self._learner.parameters)

    def _one_update(self) -> Row:
        rollout = self._collect()
        batch = rollout.batch
        with torch.no_grad():
            log_ratio = batch.logp - self.reference.logp(batch)
            known = self._signals(rollout, log_ratio)
            targets, kept = self._targets(known)
        self._learner.scale_lr(self._lr_share())
        stats: list[Row] = []
        for _ in range(self.settings.epochs):
            order = kept[torch.from_numpy(self._rng.permutation(len(kept))).to(kept.device)]
            for rows in torch.tensor_split(order, self.settings.minibatches):
                stats.append(self._step(rollout, known | targets, rows))
        return _mean(stats) | _told(rollout, log_ratio)

    def _collect(self) -> Rollout:
        prompts = self._rng.integers(2**31, size=self.settings.prompts(self.env.num_envs))
        seeds = np.repeat(prompts, self.settings.group_size).tolist()
        if not self.algorithm.wants("greedy_scores"):
            return collect(self.policy, self.env, seeds=seeds, rng=self._sampling)
        greedy = collect(self.policy, self.env, seeds=seeds, rng=self._sampling, greedy=True)
        rollout = collect(self.policy, self.env, seeds=seeds, rng=self._sampling)
        return replace(rollout, greedy_scores=greedy.rewards.sum(1))

    def _signals(self, rollout: Rollout, log_ratio: torch.Tensor) -> Tensors:
        """What advantages and losses may ask for."""
        batch, mask = rollout.batch, rollout.batch.action_mask
        rewards = rollout.rewards - self.settings.beta * log_ratio
        signals = {
            "rewards": rewards,
            "scores": torch.where(mask, rewards, 0.0).sum(1),
            "mask": mask,
            "groups": rollout.groups,
            "turns": rollout.turns,
            "tokens": batch.tokens,
            "old_logp": batch.logp,
            "ref_logp": batch.logp - log_ratio,
        }
        if rollout.states is not None:
            signals["states"] = rollout.states
        if rollout.greedy_scores is not None:
            signals["greedy_scores"] = rollout.greedy_scores
        if self.algorithm.critic:
            signals["values"] = self.policy.value(batch)
        return signals

    def _targets(self, signals: Tensors) -> tuple[Tensors, torch.Tensor]:
        """Targets of this rank's rows, compared with those of all ranks; the rows to learn from."""
        everyone, mine = distributed.gather_rows(signals, offset="groups")
        alive = self._survivors(everyone)
        found = self.algorithm.targets({key: value[alive] for key, value in everyone.items()})
        length = signals["mask"].shape[1]
        targets = {}
        for key, value in found.items():
            whole = value.new_zeros((len(alive), *value.shape[1:]))
            whole[alive] = value
            targets[key] = whole[mine][:, :length] if value.dim() > 1 else whole[mine]
        return targets, alive[mine].nonzero()[:, 0]

    def _survivors(self, signals: Tensors) -> torch.Tensor:
        """(B,) bool: rows that did not fail, in groups of which enough did not."""
        alive, groups = signals["mask"].any(1), signals["groups"]
        _, index = torch.unique(groups, return_inverse=True)
        counts = torch.zeros_like(index).index_add(0, index, alive.long())
        alive = alive & (counts[index] >= self.algorithm.least_group)
        if not alive.any():
            raise RuntimeError(
                f"every rollout of update {self.update + 1} failed: there is nothing to learn from"
            )
        return alive

    def _step(self, rollout: Rollout, known: Tensors, rows: torch.Tensor) -> Row:
        """One optimiser step on some rows, in pieces of `micro_batch` rows."""
        self._learner.zero()
        mask, bonus = rollout.batch.action_mask[rows], self.settings.entropy_coef
        weights, tokens = self.algorithm.weights(mask), mask.sum(1)
        whole, all_tokens = distributed.total(torch.stack([weights.sum(), tokens.sum()]))
        stats: dict[str, torch.Tensor] = {}
        places = torch.arange(len(rows), device=rows.device)
        for piece in torch.split(places, self.settings.micro_batch or max(1, len(rows))):
            if len(piece) == 0:
                continue
            some = rollout.batch.rows(rows[piece])
            now = self.policy.evaluate(some, entropy_gradient=bonus > 0)
            told = {"logp": now.logp, "entropy": now.entropy}
            told |= {} if now.value is None else {"value": now.value}
            taken = {key: value[rows[piece]] for key, value in known.items()}
            loss, critic, figures = self.algorithm.loss(taken | told)
            share, per_token = weights[piece].sum() / whole, tokens[piece].sum() / all_tokens
            entropy = now.entropy.sum() / all_tokens
            goal = share * loss - bonus * entropy
            torch.autograd.backward(goal if critic is None else goal + per_token * critic)
            shares = {k: share * v for k, v in (figures | {"loss": loss}).items()}
            for key, value in (shares | {"entropy": entropy}).items():
                stats[key] = stats.get(key, torch.zeros(())) + value.detach().cpu()
        norm = self._learner.step()
        return {key: float(value) for key, value in stats.items()} | {"grad_norm": float(norm)}

    def _lr_share(self) -> float:
        done = min(1.0, self.update / self.updates)
        return 1 - done * (1 - self.settings.lr_decay)

    def _evaluation(self) -> Row:
        return {} if self.evaluator is None else self.evaluator(self.policy, self.reference)

    def _described(self) -> dict[str, Any]:
        of = {"algorithm": self.algorithm.described, "world": describe(self.env)}
        return of | {"parameters": self._learner.size} | asdict(self.settings)

    def _own_state(self) -> State:
        return {
            "learner": self._learner.get_state(),
            "reference": [p.detach().clone() for p in self._copied],
            "env": inner_state(self.env),
        }

    def _set_own_state(self, state: State) -> None:
        self._learner.set_state(state["learner"])
        with torch.no_grad():
            for parameter, value in zip(self._copied, state["reference"], strict=True):
                parameter.copy_(value)
        set_inner_state(self.env, state["env"])


def _check_algorithm(algorithm: PolicyGradient, policy: TokenPolicy, group_size: int) -> None:
    if algorithm.critic and policy.value_head is None:
        raise ValueError(
            "this algorithm needs a policy with a value head; construct it with value_head=True"
        )
    if group_size < algorithm.least_group:
        raise ValueError(
            "this algorithm compares answers to the same prompt: group_size must be at least "
            f"{algorithm.least_group}, got {group_size}"
        )


def _mean(rows: list[Row]) -> Row:
    """Means over steps; a figure that no step could tell (NaN) is left out."""
    told: dict[str, list[float]] = {}
    for row in rows:
        for key, value in row.items():
            if np.isfinite(value):
                told.setdefault(key, []).append(value)
    return {key: float(np.mean(values)) for key, values in told.items()}


def _told(rollout: Rollout, log_ratio: torch.Tensor) -> Row:
    """Figures of a rollout: what every log holds."""
    batch, mask = rollout.batch, rollout.batch.action_mask
    kept = mask.any(1)
    scores = rollout.rewards.sum(1)[kept]
    row = {
        "tokens": float(mask.sum()),
        "reward": float(scores.mean()),
        "reward_std": float(scores.std()) if len(scores) > 1 else 0.0,
        "kl": float(log_ratio.sum(1)[kept].mean()),
        "length": float(mask.sum(1)[kept].float().mean()),
        "ended": batch.status.count("ended") / len(batch.status),
        "failed": batch.status.count("failed") / len(batch.status),
        "valid": rollout.valid,
    }
    if rollout.true_scores is not None:
        row["true_reward"] = float(rollout.true_scores[kept].mean())
    return row
