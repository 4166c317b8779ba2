"""The on-policy loop: sample answers, be paid, pull towards the reference, take steps.

The trainer only orchestrates; what is climbed is a `PolicyGradient`, what is paid comes from the
world and its wrappers. It never reads the truth: an evaluator, if given, does.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from plaudit.agents import distributed
from plaudit.agents.advantages.lagrangian import Multiplier
from plaudit.agents.advantages.moving_average import Average
from plaudit.agents.losses.entropy import AdaptiveEntropy
from plaudit.agents.losses.truncated_importance import truncated_importance
from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.rollout.figures import figures
from plaudit.agents.rollout.play import (
    Played,
    check_played,
    described,
    play,
    set_state_of,
    state_of,
)
from plaudit.agents.trainers.algorithms import PolicyGradient, Tensors
from plaudit.agents.trainers.base import Row, Trainer, mean
from plaudit.agents.trainers.learner import Learner
from plaudit.agents.trainers.reference import Reference
from plaudit.agents.trainers.settings import Settings
from plaudit.agents.trainers.signals import kept, mean_cost, priced, signals, with_baseline
from plaudit.agents.types import Rollout, TokenBatch
from plaudit.envs.types import State
from plaudit.feedback.programs import Named, Spec, label

KL_ROWS = 8  # one row in so many tells the KL where nothing depends on it

Evaluator = Callable[[TokenPolicy, TokenPolicy], Row]
"""(policy, reference) -> figures to log; the only reader of the truth."""


class OnPolicyTrainer(Trainer):
    """Trains a token policy on a token world, or on worlds one talks to.

    Args:
        env: a vector form with auto-reset disabled, wrapped as you like, one answer per row; or
            `Conversations`.
        policy: is trained in place.
        algorithm: what is climbed.
        settings: shared by all.
        reference: what the KL pulls to; the policy as it is now by default.
        evaluator: called before the first and after every `eval_every` updates.
        eval_every: updates between evaluations.
        folder: where the log and checkpoints go, or None.

    Raises:
        TypeError, ValueError: world and policy do not fit (see `check_played`), nor rows and group
            size, or the policy lacks a value head that the algorithm needs.
    """

    def __init__(
        self,
        env: Played,
        policy: TokenPolicy,
        algorithm: PolicyGradient,
        settings: Settings,
        *,
        reference: TokenPolicy | None = None,
        evaluator: Evaluator | None = None,
        eval_every: int = 10,
        folder: str | Path | None = None,
    ) -> None:
        check_played(policy, env)
        settings.prompts(env.num_envs)
        _check_algorithm(algorithm, policy, settings.group_size)
        super().__init__(
            updates=settings.updates, seed=settings.seed, eval_every=eval_every, folder=folder
        )
        self.env, self.policy, self.algorithm, self.settings = env, policy, algorithm, settings
        self._learner = Learner([policy], lr=settings.lr, max_grad_norm=settings.max_grad_norm)
        self._reference = Reference(policy, reference)
        self.reference: TokenPolicy = self._reference.policy
        self.evaluator = evaluator
        self._entropy_coef, target = settings.entropy_coef, settings.entropy_target
        self._bonus = None if target is None else _bonus(target, settings.entropy_coef)
        limit = settings.cost_limit
        self._price = (
            None
            if limit is None
            else Multiplier(limit, initial=settings.cost_price, rate=settings.cost_rate)
        )
        self._average = Average()

    def learned(self) -> list[torch.Tensor]:
        return list(self._learner.parameters)

    def _one_update(self) -> Row:
        rollout = self._collect()
        batch = rollout.batch
        with torch.no_grad():
            log_ratio, measured = self._log_ratio(batch)
            known = self._signals(rollout, log_ratio)
            targets, rows = self._targets(known)
        self._learner.scale_lr(self.lr_share(self.settings.lr_decay))
        stats: list[Row] = []
        for _ in range(self.settings.epochs):
            order = rows[torch.from_numpy(self._rng.permutation(len(rows))).to(rows.device)]
            for some in torch.tensor_split(order, self.settings.minibatches):
                stats.append(self._step(rollout, known | targets, some))
        row = mean(stats) | mean([figures(rollout, log_ratio, measured)])
        row["learned_from"] = float(len(rows))
        return row | self._adapted(rollout, row)

    def _log_ratio(self, batch: TokenBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, T) nats, 0 in rows that were not measured; and those that were, (b,).

        Where nothing depends on the distance to the reference it is told to the log alone, and some
        rows tell it well enough: reading all of them would cost a fifth of an update.
        """
        rows = torch.arange(len(batch.tokens), device=batch.tokens.device)
        rows = rows[batch.action_mask.any(1)]
        if self.settings.beta == 0 and not self.algorithm.needs_reference:
            rows = rows[::KL_ROWS]
        log_ratio = torch.zeros_like(batch.logp)
        if len(rows):
            log_ratio[rows] = batch.logp[rows] - self.reference.logp(batch.rows(rows))
        return log_ratio, rows

    def _collect(self) -> Rollout:
        prompts = self._rng.integers(2**31, size=self.settings.prompts(self.env.num_envs))
        seeds = np.repeat(prompts, self.settings.group_size).tolist()
        if not self.algorithm.wants("greedy_scores"):
            return play(self.policy, self.env, seeds=seeds, rng=self._sampling)
        greedy = play(self.policy, self.env, seeds=seeds, rng=self._sampling, greedy=True)
        rollout = play(self.policy, self.env, seeds=seeds, rng=self._sampling)
        return with_baseline(rollout, greedy)

    def _signals(self, rollout: Rollout, log_ratio: torch.Tensor) -> Tensors:
        """What advantages and losses may ask for."""
        if self._price is not None:
            rollout = priced(rollout, self._price)
        found = signals(rollout, log_ratio, self.settings, self.algorithm.wants)
        if self.algorithm.wants("average"):
            found["average"] = self._averaged(found["scores"], found["mask"].any(1))
        if self.algorithm.critic:
            found["values"] = self.policy.value(rollout.batch)
        if self.settings.importance_cap is not None:
            found["old_logp"] = self.policy.logp(rollout.batch)
            found["weights"], _ = truncated_importance(
                found["old_logp"],
                rollout.batch.logp,
                found["mask"],
                cap=self.settings.importance_cap,
            )
        return found

    def _averaged(self, scores: torch.Tensor, alive: torch.Tensor) -> torch.Tensor:
        """The mean score of all ranks' answers so far, once for each row (B,)."""
        more = distributed.total(torch.stack([scores[alive].sum(), alive.sum().float()]))
        return torch.full_like(scores, self._average.with_scores(float(more[0]), int(more[1])))

    def _targets(self, signals: Tensors) -> tuple[Tensors, torch.Tensor]:
        """Targets of this rank's rows, compared with those of all ranks; the rows to learn from."""
        everyone, mine = distributed.gather_rows(signals, offset="groups")
        # Every rank draws alike, so that they filter alike.
        rng = torch.Generator().manual_seed(self.settings.seed + 1_000_003 * self.update)
        alive = kept(everyone, self.settings, self.algorithm.least_group, rng)
        if not alive.any():
            raise RuntimeError(
                f"no rollout of update {self.update + 1} is left to learn from: they failed, or "
                f"the filter {self.settings.filter!r} dropped them"
            )
        found = self.algorithm.targets({key: value[alive] for key, value in everyone.items()})
        length = signals["mask"].shape[1]
        targets = {}
        for key, value in found.items():
            whole = value.new_zeros((len(alive), *value.shape[1:]))
            whole[alive] = value
            targets[key] = whole[mine][:, :length] if value.dim() > 1 else whole[mine]
        return targets, alive[mine].nonzero()[:, 0]

    def _step(self, rollout: Rollout, known: Tensors, rows: torch.Tensor) -> Row:
        """One optimiser step on some rows, in pieces of `micro_batch` rows."""
        self._learner.zero()
        mask, bonus = rollout.batch.action_mask[rows], self._entropy_coef
        weights, tokens = self.algorithm.weights(mask), mask.sum(1)
        whole, all_tokens = distributed.total(torch.stack([weights.sum(), tokens.sum()]))
        if whole == 0:  # fewer rows than minibatches
            return {}
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
            loss, critic, told = self.algorithm.loss(taken | told)
            share, per_token = weights[piece].sum() / whole, tokens[piece].sum() / all_tokens
            goal = share * loss - bonus * now.entropy.sum() / all_tokens
            torch.autograd.backward(goal if critic is None else goal + per_token * critic)
            # Of this rank's rows: its share of the whole is taken out again.
            part = weights[piece].sum() / weights.sum()
            for key, value in (told | {"loss": loss}).items():
                stats[key] = stats.get(key, torch.zeros(())) + (part * value).detach().cpu()
        norm = self._learner.step()
        return {key: float(value) for key, value in stats.items()} | {"grad_norm": float(norm)}

    def _adapted(self, rollout: Rollout, row: Row) -> Row:
        """Move what adapts, and say where it stands."""
        told = {}
        if self._bonus is not None:
            entropy, tokens = distributed.total(
                torch.tensor([row.get("entropy", 0.0) * row["tokens"], row["tokens"]])
            ).tolist()
            self._entropy_coef = self._bonus.step(entropy / tokens)
            told["entropy_coef"] = self._entropy_coef
        if self._price is not None:
            told["cost"] = mean_cost(rollout)
            told["multiplier"] = self._price.step(told["cost"])
        return told

    def _evaluation(self) -> Row:
        return {} if self.evaluator is None else self.evaluator(self.policy, self.reference)

    def _described(self) -> dict[str, Any]:
        of: dict[str, Any] = {"algorithm": self.algorithm.described, "world": described(self.env)}
        policy = self.policy
        of["sampling"] = [policy.temperature, policy.top_k, policy.top_p]
        shares, potentials = self.settings.shares, self.settings.potentials
        plain = replace(self.settings, shares=_saved(shares), potentials=_saved(potentials))
        return of | {"parameters": self._learner.size} | asdict(plain)

    def _own_state(self) -> State:
        return {
            "learner": self._learner.get_state(),
            "reference": self._reference.get_state(),
            "env": state_of(self.env),
            "entropy_coef": self._entropy_coef,
            "bonus": None if self._bonus is None else self._bonus.get_state(),
            "price": None if self._price is None else self._price.get_state(),
            "average": self._average.get_state(),
        }

    def _set_own_state(self, state: State) -> None:
        self._learner.set_state(state["learner"])
        self._reference.set_state(state["reference"])
        set_state_of(self.env, state["env"])
        self._entropy_coef = float(state["entropy_coef"])
        if self._bonus is not None:
            self._bonus.set_state(state["bonus"])
        if self._price is not None:
            self._price.set_state(state["price"])
        self._average.set_state(state["average"])


def _saved(spec: Spec | None) -> Named | None:
    """A program as JSON says it: of a callable, what it is called."""
    return spec if spec is None or isinstance(spec, str | Mapping) else label(spec)


def _bonus(target: float, coef: float) -> AdaptiveEntropy:
    return AdaptiveEntropy(target, coef=coef, low=min(1e-4, coef))


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
