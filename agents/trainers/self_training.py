"""Self-training: sample answers, keep the good ones, imitate them, again.

It is never more than imitation, so it needs no log-ratios and no critic; and it knows no reward
below the best that was sampled. Answers keep the score they were paid at the time, also where the
reward is learned and refitted meanwhile.

Source: arXiv:2304.06767 (RAFT); arXiv:2308.08998 (ReST); arXiv:2403.04642 (expert iteration and
    return-conditioned learning).
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from plaudit.agents import distributed, selection
from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.return_conditioned import ReturnConditioned
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
from plaudit.agents.trainers.imitation import Imitation
from plaudit.agents.trainers.learner import Learner
from plaudit.agents.trainers.reference import Reference
from plaudit.agents.trainers.rounds import Answers, Rounds, joined
from plaudit.agents.trainers.samples import TokenSamples
from plaudit.agents.types import Rollout
from plaudit.envs.types import State

Evaluator = Callable[[TokenPolicy, TokenPolicy], Row]
"""(policy, reference) -> figures to log; the only reader of the truth."""


@dataclass(frozen=True)
class SelfTrainingSettings:
    """Settings of self-training.

    Attributes:
        keep: a key of `selection.RULES`.
        levels: of the rule, one fit for each; rising ones are ReST's improve steps.
        beta: price of the KL to the reference in the scores that answers are chosen by, in reward
            units per nat, at least 0.
        group_size: answers per prompt; the world's rows must be a multiple of it.
        grow: rollouts, of the world's rows each, per update.
        memory: updates whose answers are chosen from, or None for all.
        distinct: whether a text that was written again counts once.
        restart: whether each update fits the policy as it was at first, and not as it is.
        epochs, minibatches: passes over what was kept, and pieces of a pass.
        micro_batch: rows per forward pass, to save memory, or None for all; gradients add up.
        lr: Adam's step size. lr_decay: linear decay to this share of it over `updates`.
        max_grad_norm: of the clipped gradient.
        updates: planned number of updates.
        seed: of prompts, answers and the order of minibatches.
    """

    keep: str = "best_of"
    levels: tuple[float, ...] = (1.0,)
    beta: float = 0.0
    group_size: int = 4
    grow: int = 1
    memory: int | None = 1
    distinct: bool = False
    restart: bool = False
    epochs: int = 1
    minibatches: int = 1
    micro_batch: int | None = None
    lr: float = 1e-3
    lr_decay: float = 1.0
    max_grad_norm: float = 1.0
    updates: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        selection.rule(self.keep)
        object.__setattr__(self, "levels", tuple(float(level) for level in self.levels))
        if not self.levels or not np.isfinite(self.levels).all():
            raise ValueError(f"levels must be at least one finite number, got {self.levels}")
        for name in ("group_size", "grow", "epochs", "minibatches"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not (np.isfinite(self.beta) and self.beta >= 0):
            raise ValueError(f"beta must be finite and >= 0, got {self.beta}")
        if self.memory is not None and self.memory < 1:
            raise ValueError(f"memory must be at least 1 update, or None, got {self.memory}")
        if not 0 <= self.lr_decay <= 1:
            raise ValueError(f"lr_decay must be in 0..1, got {self.lr_decay}")


class SelfTraining(Trainer):
    """Imitates the best of its own answers to a token world, or in worlds one talks to.

    One update samples (`grow` rollouts) and fits (one fit per level). Where nothing is kept,
    nothing moves and the log says `kept` 0.

    Args:
        env: a vector form with auto-reset disabled, wrapped as you like, one answer per row; or
            `Conversations`.
        policy: is trained in place; a `ReturnConditioned` one learns every answer under the bucket
            of its score, and acts with the best.
        settings: what is kept, and how it is fitted.
        algorithm: its loss is minimised, by default the negative log-likelihood; its advantage,
            among the answers to one prompt, is used by losses that take one (e.g. "awr").
        reference: what the KL in the log is measured from; the policy as it is now by default.
        evaluator: called before the first and after every `eval_every` updates.
        eval_every: updates between evaluations.
        folder: where the log and checkpoints go, or None.

    Raises:
        TypeError, ValueError: world and policy do not fit (see `check_played`), nor rows and group
            size.
        RuntimeError: in an update, every rollout of every rank failed.

    Source: arXiv:2308.08998 (ReST).
    Differs: one step size for all improve steps of an update.
    """

    def __init__(
        self,
        env: Played,
        policy: TokenPolicy,
        settings: SelfTrainingSettings,
        algorithm: PolicyGradient | None = None,
        *,
        reference: TokenPolicy | None = None,
        evaluator: Evaluator | None = None,
        eval_every: int = 10,
        folder: str | Path | None = None,
    ) -> None:
        check_played(policy, env)
        self._prompts, rest = divmod(env.num_envs, settings.group_size)
        if rest:
            raise ValueError(
                f"{env.num_envs} rows cannot be split into groups of {settings.group_size}"
            )
        super().__init__(
            updates=settings.updates, seed=settings.seed, eval_every=eval_every, folder=folder
        )
        self.env, self.policy, self.settings = env, policy, settings
        self.algorithm = algorithm or PolicyGradient("group", "nll", std="none")
        self._learner = Learner([policy], lr=settings.lr, max_grad_norm=settings.max_grad_norm)
        self._imitation = Imitation(self._learner, self.algorithm, settings.micro_batch)
        self._first = self._learner.get_state() if settings.restart else {}
        self._rounds = Rounds(settings.memory, policy.pad_id)
        self._reference = Reference(policy, reference)
        self.evaluator, self.reference = evaluator, self._reference.policy

    def learned(self) -> list[torch.Tensor]:
        return list(self._learner.parameters)

    def _one_update(self) -> Row:
        row = self._grow()
        answers = self._rounds.all()
        if self.settings.distinct:
            answers = answers.rows(selection.first_of_each(answers.batch).nonzero()[:, 0])
        if self.settings.restart:
            self._learner.set_state(self._first)
        self._learner.scale_lr(self.lr_share(self.settings.lr_decay))
        for level in self.settings.levels:
            row |= self._fit(answers, level)
        return row

    def _grow(self) -> Row:
        """Sample answers and remember them; figures of all of them."""
        grown: list[Answers] = []
        rows: list[Row] = []
        for _ in range(self.settings.grow):
            prompts = self._rng.integers(2**31, size=self._prompts)
            seeds = np.repeat(prompts, self.settings.group_size).tolist()
            rollout = play(self.policy, self.env, seeds=seeds, rng=self._sampling)
            with torch.no_grad():
                log_ratio = rollout.batch.logp - self.reference.logp(rollout.batch)
            rows.append(figures(rollout, log_ratio))
            grown.append(self._answers(rollout, log_ratio))
        count = torch.tensor(sum(map(len, grown)), device=self.policy.device)
        if not distributed.total(count):  # a rank without rows learns from those of the others
            raise RuntimeError(
                f"every rollout of update {self.update + 1} failed: there is nothing to learn from"
            )
        new = joined(grown, self.policy.pad_id)
        if self.settings.keep == "above":  # what is not kept now never will be
            new = new.rows((new.known["scores"] >= min(self.settings.levels)).nonzero()[:, 0])
        self._rounds.add(new)
        return mean(rows)

    def _answers(self, rollout: Rollout, log_ratio: torch.Tensor) -> Answers:
        """The answers that did not fail, and what a loss may ask for."""
        batch, rewards = rollout.batch, rollout.rewards - self.settings.beta * log_ratio
        known: Tensors = {
            "rewards": rewards,
            "scores": torch.where(batch.action_mask, rewards, 0.0).sum(1),
            "mask": batch.action_mask,
            "groups": rollout.groups,
            "turns": rollout.turns,
            "old_logp": batch.logp,
            "ref_logp": batch.logp - log_ratio,
        }
        alive = Answers(batch, known).rows(batch.action_mask.any(1).nonzero()[:, 0])
        if self.algorithm.wants("advantage") and len(alive):
            alive.known.update(self.algorithm.targets(alive.known))
        return alive

    def _fit(self, answers: Answers, level: float) -> Row:
        """Imitate what a level of the rule keeps."""
        keep, buckets = self._chosen(answers, level)
        samples = self._samples(answers, buckets)
        kept = keep.nonzero()[:, 0]
        stats: list[Row] = []
        for _ in range(self.settings.epochs):
            order = kept[torch.from_numpy(self._rng.permutation(len(kept))).to(kept.device)]
            for rows in torch.tensor_split(order, self.settings.minibatches):
                stats.append(self._imitation.step(samples, answers.known, rows))
        means = mean(stats)
        means.pop("entropy", None)  # of what was kept; the log has that of all answers
        scores = answers.known["scores"][kept]
        figures = {"kept": float(len(kept)), "chosen_from": float(len(keep))}
        return means | figures | ({"kept_reward": float(scores.mean())} if len(kept) else {})

    def _chosen(self, answers: Answers, level: float) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Which rows are kept, (N,) bool, and their buckets; compared with those of all ranks."""
        compared = {key: answers.known[key] for key in ("scores", "groups")}
        everyone, mine = distributed.gather_rows(compared, offset="groups")
        keep = selection.rule(self.settings.keep)(everyone["scores"], everyone["groups"], level)
        if not isinstance(self.policy, ReturnConditioned):
            return keep[mine], None
        return keep[mine], selection.buckets(everyone["scores"], self.policy.buckets)[mine]

    def _samples(self, answers: Answers, buckets: torch.Tensor | None) -> TokenSamples:
        if isinstance(self.policy, ReturnConditioned) and buckets is not None:
            return TokenSamples(self.policy.inner, self.policy.told(answers.batch, buckets))
        return TokenSamples(self.policy, answers.batch)

    def _evaluation(self) -> Row:
        return {} if self.evaluator is None else self.evaluator(self.policy, self.reference)

    def _described(self) -> dict[str, Any]:
        of = {"algorithm": self.algorithm.described, "world": described(self.env)}
        settings = asdict(self.settings) | {"levels": list(self.settings.levels)}
        return of | {"parameters": self._learner.size} | settings

    def _own_state(self) -> State:
        return {
            "learner": self._learner.get_state(),
            "first": self._first,
            "memory": self._rounds.get_state(),
            "reference": self._reference.get_state(),
            "env": state_of(self.env),
        }

    def _set_own_state(self, state: State) -> None:
        self._learner.set_state(state["learner"])
        self._first = state["first"]
        self._rounds.set_state(state["memory"], self.policy.device)
        self._reference.set_state(state["reference"])
        set_state_of(self.env, state["env"])
