"""The on-policy loop: sample answers, be paid, pull towards the reference, take a step.

The trainer only orchestrates; what is climbed is an `Algorithm`, what is paid comes from the world
and its wrappers. It never reads the truth: an evaluator, if given, does.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.rollout.tokens import AnyVector, check_world, collect, describe
from plaudit.agents.trainers.algorithms import GRPO, PPO, RLOO, Algorithm, Targets
from plaudit.agents.trainers.run_folder import RunFolder
from plaudit.agents.trainers.settings import Settings
from plaudit.agents.types import Rollout, TokenBatch
from plaudit.envs.names import nearest
from plaudit.envs.types import State, generator_from, generator_state
from plaudit.feedback.wrappers.base import inner_state, set_inner_state

Row = dict[str, float]
Evaluator = Callable[[TokenPolicy, TokenPolicy], Row]
"""(policy, reference) -> figures to log; the only reader of the truth."""


class OnPolicyTrainer:
    """Trains a token policy on a token world.

    Args:
        env: a vector form with auto-reset disabled, wrapped as you like; one answer per row.
        policy: is trained in place.
        algorithm: PPO, RLOO or GRPO.
        settings: shared by all.
        reference: what the KL pulls to; the policy as it is now by default.
        evaluator: called before the first and after every `eval_every` updates.
        folder: where the log and checkpoints go, or None.

    Raises:
        TypeError, ValueError: world and policy do not fit (see `check_world`), nor rows and group
            size, or the policy lacks a value head that the algorithm needs.
    """

    def __init__(
        self,
        env: AnyVector,
        policy: TokenPolicy,
        algorithm: Algorithm,
        settings: Settings,
        *,
        reference: TokenPolicy | None = None,
        evaluator: Evaluator | None = None,
        eval_every: int = 10,
        folder: str | Path | None = None,
    ) -> None:
        check_world(policy, env)
        settings.prompts(env.num_envs)
        if eval_every < 1:
            raise ValueError(f"eval_every must be at least 1 update, got {eval_every}")
        algorithm.check(policy, settings.group_size)
        self.env, self.policy, self.algorithm, self.settings = env, policy, algorithm, settings
        self.reference = policy.frozen_copy() if reference is None else reference
        self.evaluator, self.eval_every = evaluator, eval_every
        self.folder = None if folder is None else RunFolder(folder)
        self.log: list[Row] = []
        self.update = 0
        self._trained = [p for p in policy.parameters() if p.requires_grad]
        # What the trainer copied is saved with it; a reference that was given is the caller's.
        pairs = zip(policy.parameters(), self.reference.parameters(), strict=False)
        self._copied = [] if reference is not None else [r for p, r in pairs if p.requires_grad]
        self._optimizer = torch.optim.Adam(self._trained, lr=settings.lr)
        self._rng = np.random.default_rng(settings.seed)
        self._sampling = torch.Generator().manual_seed(settings.seed)

    def train(
        self,
        updates: int | None = None,
        *,
        checkpoint_every: int | None = None,
        on_update: Callable[[Row], None] | None = None,
    ) -> list[Row]:
        """Take updates until `updates` (default: the planned number) are done in all.

        Args:
            updates: total, those before a resume included.
            checkpoint_every: save into the folder after so many updates, and at the end.
            on_update: called with each log row, e.g. for a progress bar.

        Returns:
            The log so far, one row per update; row 0 is the evaluation before training.
        """
        if checkpoint_every is not None and (checkpoint_every < 1 or self.folder is None):
            raise ValueError(
                f"checkpoint_every={checkpoint_every} must be at least 1 update, and needs folder="
            )
        total = self.settings.updates if updates is None else updates
        if self.update == 0 and not self.log:
            if self.folder is not None and self.folder.log_path.exists():
                raise ValueError(
                    f"{self.folder.path} already holds a run; call resume() to go on from it, or "
                    "give another folder"
                )
            self._note({"update": 0.0, **self._evaluation()}, on_update)
        while self.update < total:
            row = self._one_update()
            last = self.update == total
            if last or self.update % self.eval_every == 0:
                row |= self._evaluation()
            self._note(row, on_update)
            due = checkpoint_every is not None and (last or self.update % checkpoint_every == 0)
            if due:
                self.save()
        return self.log

    def save(self) -> None:
        """Write a checkpoint into the folder; the previous one stands until it is complete."""
        if self.folder is None:
            raise ValueError("this trainer has no folder to save into; construct it with folder=")
        self.folder.save(self.get_state(), self.update)

    def resume(self) -> bool:
        """Go on from the folder's checkpoint; the log is cut back to it.

        Returns:
            Whether there was a checkpoint. If not, a log left by a killed run is removed.
        """
        if self.folder is None:
            return False
        if not self.folder.has_checkpoint():
            self.folder.log_path.unlink(missing_ok=True)
            return False
        state, self.log = self.folder.load()
        self.set_state(state)
        return True

    def get_state(self) -> State:
        """Everything the next update depends on: a fresh copy."""
        return {
            "update": self.update,
            "settings": self._described(),
            "trained": [p.detach().clone() for p in self._trained],
            "reference": [p.detach().clone() for p in self._copied],
            "optimizer": [
                {key: value.clone() for key, value in self._optimizer.state[p].items()}
                for p in self._trained
            ],
            "rng": generator_state(self._rng),
            "sampling": self._sampling.get_state(),
            "env": inner_state(self.env),
        }

    def set_state(self, state: State) -> None:
        """Go back to a state of a trainer built alike.

        Raises:
            ValueError: the state is of other settings, another world or another policy.
        """
        mine, its = self._described(), state["settings"]
        if other := {name: its.get(name) for name in mine if mine[name] != its.get(name)}:
            here = {name: mine[name] for name in other}
            raise ValueError(f"the checkpoint is of {other}, this trainer has {here}")
        self.update = int(state["update"])
        with torch.no_grad():
            saved = [*state["trained"], *state["reference"]]
            for parameter, value in zip([*self._trained, *self._copied], saved, strict=True):
                parameter.copy_(value)
        for parameter, value in zip(self._trained, state["optimizer"], strict=True):
            # Saved states lie on the CPU; Adam wants its moments, not its count, on the device.
            self._optimizer.state[parameter] = {
                key: v.clone() if key == "step" else v.to(parameter.device, copy=True)
                for key, v in value.items()
            }
        self._rng = generator_from(state["rng"])
        self._sampling.set_state(state["sampling"])
        set_inner_state(self.env, state["env"])

    def _one_update(self) -> Row:
        began = time.perf_counter()
        rollout = self._collect()
        batch = rollout.batch
        with torch.no_grad():
            log_ratio = batch.logp - self.reference.logp(batch)
            value = self.policy.value(batch) if self.algorithm.needs_value else None
        rewards = rollout.rewards - self.settings.beta * log_ratio
        targets = self.algorithm.targets(rewards, batch, rollout.groups, value)
        self._set_lr()
        stats: list[Row] = []
        for _ in range(self.settings.epochs):
            order = torch.from_numpy(self._rng.permutation(len(batch.tokens)))
            for rows in order.chunk(self.settings.minibatches):
                stats.append(self._step(batch, targets, rows.to(batch.tokens.device)))
        self.update += 1
        mask = batch.action_mask
        returns = rollout.rewards.sum(1)
        return {
            "update": float(self.update),
            "tokens": float(mask.sum()),
            "reward": float(returns.mean()),
            "reward_std": float(returns.std()),
            "kl": float(log_ratio.sum(1).mean()),
            "length": float(mask.sum(1).float().mean()),
            "ended": batch.status.count("ended") / len(batch.status),
            **{key: float(np.mean([s[key] for s in stats])) for key in stats[0]},
            "seconds": time.perf_counter() - began,
        }

    def _collect(self) -> Rollout:
        prompts = self._rng.integers(2**31, size=self.settings.prompts(self.env.num_envs))
        seeds = np.repeat(prompts, self.settings.group_size).tolist()
        return collect(self.policy, self.env, seeds=seeds, rng=self._sampling)

    def _step(self, batch: TokenBatch, targets: Targets, rows: torch.Tensor) -> Row:
        """One optimiser step on some rows, in pieces of `micro_batch` rows."""
        self._optimizer.zero_grad(set_to_none=True)
        stats: dict[str, float] = {}
        bonus, tokens = self.settings.entropy_coef, batch.action_mask.sum(1)
        weights = tokens if self.algorithm.per_token else torch.ones_like(tokens)
        for piece in torch.split(rows, self.settings.micro_batch or len(rows)):
            share = weights[piece].sum() / weights[rows].sum()
            some = batch.rows(piece)
            now = self.policy.evaluate(some, entropy_gradient=bonus > 0)
            loss, figures = self.algorithm.loss(now, some, targets.rows(piece))
            entropy = now.entropy.sum() / tokens[rows].sum()
            torch.autograd.backward(share * loss - bonus * entropy)
            shares = {key: share * value for key, value in (figures | {"loss": loss}).items()}
            for key, value in (shares | {"entropy": entropy}).items():
                stats[key] = stats.get(key, 0.0) + float(value.detach())
        norm = torch.nn.utils.clip_grad_norm_(self._trained, self.settings.max_grad_norm)
        if not torch.isfinite(norm):
            raise ValueError(
                f"the gradient is not finite at update {self.update + 1}; lower lr, or look for "
                "NaN or infinite rewards"
            )
        self._optimizer.step()
        return stats | {"grad_norm": float(norm)}

    def _set_lr(self) -> None:
        done = min(1.0, self.update / self.settings.updates)
        for group in self._optimizer.param_groups:
            group["lr"] = self.settings.lr * (1 - done * (1 - self.settings.lr_decay))

    def _evaluation(self) -> Row:
        if self.evaluator is None:
            return {}
        figures = self.evaluator(self.policy, self.reference)
        return {f"eval/{key}": value for key, value in figures.items()}

    def _note(self, row: Row, on_update: Callable[[Row], None] | None) -> None:
        self.log.append(row)
        if self.folder is not None:
            self.folder.append(row)
        if on_update is not None:
            on_update(row)

    def _described(self) -> dict[str, Any]:
        kind, own = type(self.algorithm).__name__, asdict(self.algorithm)  # type: ignore[call-overload]
        size = sum(p.numel() for p in self._trained)
        of = {"algorithm": [kind, own], "world": describe(self.env), "parameters": size}
        return of | asdict(self.settings)


def ppo(env: AnyVector, policy: TokenPolicy, **settings: Any) -> OnPolicyTrainer:
    """A trainer with PPO; settings of `PPO`, `Settings` and `OnPolicyTrainer` by name."""
    return _make(PPO, env, policy, settings)


def rloo(env: AnyVector, policy: TokenPolicy, **settings: Any) -> OnPolicyTrainer:
    """A trainer with RLOO; settings of `RLOO`, `Settings` and `OnPolicyTrainer` by name."""
    return _make(RLOO, env, policy, settings)


def grpo(env: AnyVector, policy: TokenPolicy, **settings: Any) -> OnPolicyTrainer:
    """A trainer with GRPO; settings of `GRPO`, `Settings` and `OnPolicyTrainer` by name."""
    return _make(GRPO, env, policy, settings)


def _make(
    kind: type[PPO] | type[RLOO] | type[GRPO],
    env: AnyVector,
    policy: TokenPolicy,
    settings: dict[str, Any],
) -> OnPolicyTrainer:
    own = {f.name for f in fields(kind)}
    shared = {f.name for f in fields(Settings)}
    trainer = {"reference", "evaluator", "eval_every", "folder"}
    for name in settings:
        if name not in own | shared | trainer:
            raise TypeError(f"unknown setting {name!r}{nearest(name, own | shared | trainer)}")
    algorithm = kind(**{k: v for k, v in settings.items() if k in own})
    return OnPolicyTrainer(
        env,
        policy,
        algorithm,
        Settings(**{k: v for k, v in settings.items() if k in shared}),
        **{k: v for k, v in settings.items() if k in trainer},
    )
