"""The on-policy loop of a team: all seats play, and those that share parameters learn together.

Each step of a seat is a sample of its own; steps in which a seat waited are none, and nothing of
them flows into its advantages. Groups of seats that share nothing learn independently: each has
advantages, an optimiser and a clip of its own, as if the others were part of the world.

Self-play is a team with sharing="all". Against fixed partners, named or a `team.partner(seat)` of
yesterday, a game is a world of one seat: `gym.make_vec(id, n, seat=..., partners=...)` and the
trainer of ordinary worlds.

Source: IPPO arXiv:2011.09533; MAPPO arXiv:2103.01955.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from plaudit.agents import distributed
from plaudit.agents.policies.team import Team
from plaudit.agents.rollout.figures import Episode, LatestEpisodes, of_episodes
from plaudit.agents.rollout.seats import SeatCollector, SeatEpisode, SeatSteps
from plaudit.agents.seat_worlds import seat_world
from plaudit.agents.trainers.algorithms import PolicyGradient, Tensors
from plaudit.agents.trainers.base import Row, Trainer, mean
from plaudit.agents.trainers.learner import Learner
from plaudit.agents.trainers.reference import Reference
from plaudit.agents.trainers.step_settings import ADAM_EPSILON, StepSettings
from plaudit.agents.trainers.step_update import StepUpdate
from plaudit.envs.types import State

Evaluator = Callable[[Team], Row]
"""team -> figures to log; the only reader of the truth."""


class SeatTrainer(Trainer):
    """Trains a team on a world of several seats.

    Args:
        env: a JointVectorEnv, or PettingZoo parallel environments; see `seat_world`.
        team: is trained in place.
        algorithm: what each seat climbs, with a critic and an advantage that knows episodes' ends,
            such as GAE.
        settings: shared by all algorithms on ordinary worlds; `steps` are joint ones.
        reference: what the KL pulls to, seat by seat; with `beta` the team as it is now by default.
        evaluator: called before the first and after every `eval_every` updates.
        eval_every: updates between evaluations.
        folder: where the log and checkpoints go, or None.

    Raises:
        TypeError: `env` has not several seats that all learn.
        ValueError: team and world do not fit, or the algorithm compares episodes or has no critic.

    Source: arXiv:2011.09533; arXiv:2103.01955.
    """

    def __init__(
        self,
        env: Any,
        team: Team,
        algorithm: PolicyGradient,
        settings: StepSettings,
        *,
        reference: Team | None = None,
        evaluator: Evaluator | None = None,
        eval_every: int = 10,
        folder: str | Path | None = None,
    ) -> None:
        self.world = seat_world(env)
        self._collector = SeatCollector(self.world, team)
        _check(algorithm, settings)
        super().__init__(
            updates=settings.updates, seed=settings.seed, eval_every=eval_every, folder=folder
        )
        self.team, self.algorithm, self.settings = team, algorithm, settings
        if self.ranks.rank > 0:
            team.reseed(int(self._rng.integers(2**31)))
        norm = settings.max_grad_norm
        self._learners = [
            Learner(team.modules_of(group), lr=settings.lr, max_grad_norm=norm, eps=ADAM_EPSILON)
            for group in range(len(team.groups))
        ]
        self._reference = Reference(team, reference, needed=settings.beta > 0)
        self.evaluator, self.reference = evaluator, self._reference.policy
        self._latest = LatestEpisodes()

    def learned(self) -> list[torch.Tensor]:
        return [p for learner in self._learners for p in learner.parameters]

    def _one_update(self) -> Row:
        seed = int(self._rng.integers(2**31))
        seats, episodes = self._collector.window(self.settings.steps, seed=seed)
        names = self.team.seats
        stats, figures = [], _told(seats, names) | {"episodes": float(len(episodes))}
        running = _of_episodes(self._collector.running(), names)
        figures |= self._latest.row(_of_episodes(episodes, names), running)
        for group, places in enumerate(self.team.groups):
            steps = [seats[place] for place in places]
            with torch.no_grad():
                signals = [self._signals(*pair) for pair in zip(places, steps, strict=True)]
                everyone = self._targets(_under_one_another(signals))
            for place, own in zip(places, signals, strict=True):
                figures |= _kl(own, names[place])
            if everyone is not None:
                stats.append(self._improve(group, steps, *everyone))
        return mean(stats) | figures | _over_seats(figures, "valid", "kl")

    def _signals(self, place: int, steps: SeatSteps) -> Tensors:
        """What advantages and losses may ask for of a seat, (N, T) or (N,)."""
        rewards = steps.rewards + self.algorithm.gamma * steps.cut_values
        signals = {
            "mask": steps.mask,
            "values": steps.values,
            "old_logp": steps.logp,
            "ends": steps.ends,
            "last_value": steps.last_value,
            "groups": torch.arange(len(steps.mask), device=steps.mask.device),
        }
        if self.reference is not None:
            signals["ref_logp"] = _logp(self.reference, place, steps)
            rewards = rewards - self.settings.beta * (steps.logp - signals["ref_logp"])
        return signals | {"rewards": torch.where(steps.mask, rewards, 0.0)}

    def _targets(self, signals: Tensors) -> tuple[Tensors, Tensors] | None:
        """Signals and targets of this rank's rows, compared with those of all ranks.

        None where no seat of the group was on turn anywhere.
        """
        everyone, mine = distributed.gather_rows(signals, offset="groups")
        if not everyone["mask"].any():
            return None
        found = self.algorithm.targets(everyone)
        return signals, {key: value[mine] for key, value in found.items()}

    def _improve(
        self, group: int, steps: Sequence[SeatSteps], signals: Tensors, targets: Tensors
    ) -> Row:
        """Passes over the steps of a group of seats."""
        mask = signals["mask"]
        known = {key: signals[key] for key in ("mask", "old_logp", "ref_logp") if key in signals}
        table = {key: value[mask].unsqueeze(1) for key, value in (known | targets).items()}
        row, time = mask.nonzero(as_tuple=True)
        table["seat"] = row // self.world.num_envs
        table["at"] = time * self.world.num_envs + row % self.world.num_envs
        data = [_by_time(own) for own in steps]
        places = self.team.groups[group]

        def evaluate(batch: Tensors) -> Tensors:
            return self._now(places, data, batch)

        learner = self._learners[group]
        learner.scale_lr(self.lr_share(self.settings.lr_decay))
        rows = len(places) * self.world.num_envs * self.settings.steps
        learn = StepUpdate(evaluate, self.algorithm, self.settings, learner, by_step=True)
        return learn(table, rows, self._rng)

    def _now(self, places: Sequence[int], data: Sequence[Tensors], batch: Tensors) -> Tensors:
        """What the team says of some steps, (R, 1) each."""
        found, order = [], []
        for number, (place, own) in enumerate(zip(places, data, strict=True)):
            here = (batch["seat"] == number).nonzero()[:, 0]
            if len(here) > 0:
                taken = {key: value[batch["at"][here]] for key, value in own.items()}
                legal, view = taken.get("legal"), taken.get("views")
                found.append(
                    self.team.evaluate(place, taken["numbers"], taken["actions"], legal, view)
                )
                order.append(here)
        back = torch.argsort(torch.cat(order))
        together = (torch.cat(parts)[back].unsqueeze(1) for parts in zip(*found, strict=True))
        return dict(zip(found[0]._fields, together, strict=True))

    def _evaluation(self) -> Row:
        return {} if self.evaluator is None else self.evaluator(self.team)

    def _described(self) -> dict[str, Any]:
        of = {"algorithm": self.algorithm.described, "world": self.world.described()}
        sizes = [learner.size for learner in self._learners]
        return of | {"parameters": sizes, "central": self.team.central} | asdict(self.settings)

    def _own_state(self) -> State:
        return {
            "learners": [learner.get_state() for learner in self._learners],
            "team": self.team.get_state(),
            "reference": self._reference.get_state(),
            "latest": self._latest.get_state(),
            "collector": self._collector.get_state(),
            "world": self.world.get_state(),
        }

    def _set_own_state(self, state: State) -> None:
        for learner, saved in zip(self._learners, state["learners"], strict=True):
            learner.set_state(saved)
        self.team.set_state(state["team"])
        self._reference.set_state(state["reference"])
        self._latest.set_state(state["latest"])
        self.world.set_state(state["world"])
        self._collector.set_state(state["collector"])


def _check(algorithm: PolicyGradient, settings: StepSettings) -> None:
    if not (algorithm.critic and algorithm.wants("ends")):
        raise ValueError(
            "a team needs an algorithm with a critic whose advantage knows where episodes end, "
            "such as ippo or mappo"
        )
    if settings.group_size > 1:
        raise ValueError(f"group_size={settings.group_size}: a team compares no episodes")
    if settings.target_kl is not None and not algorithm.wants("old_logp"):
        raise ValueError("target_kl needs a loss with a ratio, such as ppo, which says how far")


def _under_one_another(signals: Sequence[Tensors]) -> Tensors:
    """Rows of several seats as rows of one batch."""
    return {key: torch.cat([own[key] for own in signals]) for key in signals[0]}


def _by_time(steps: SeatSteps) -> Tensors:
    """What a seat saw and did as a table, (T * N, ...), views of what was collected."""
    parts = {"numbers": steps.numbers, "actions": steps.actions}
    parts |= {} if steps.legal is None else {"legal": steps.legal}
    parts |= {} if steps.views is None else {"views": steps.views}
    return {key: value.transpose(0, 1).flatten(0, 1) for key, value in parts.items()}


def _logp(team: Team, place: int, steps: SeatSteps) -> torch.Tensor:
    """(N, T) log-probabilities of a seat's actions under another team, nats."""
    table = _by_time(steps)
    told = team.at(place).evaluate(table["numbers"], table["actions"], table.get("legal"))
    return told.logp.view(steps.mask.t().shape).t()


def _kl(signals: Tensors, seat: str) -> Row:
    if "ref_logp" not in signals or not signals["mask"].any():
        return {}
    ratio = signals["old_logp"] - signals["ref_logp"]
    return {f"kl/{seat}": float(ratio[signals["mask"]].mean())}


def _over_seats(figures: Row, *names: str) -> Row:
    """Means of figures over the seats that told them."""
    told = {name: [v for key, v in figures.items() if key.startswith(f"{name}/")] for name in names}
    return {name: float(np.mean(values)) for name, values in told.items() if values}


def _told(seats: Sequence[SeatSteps], names: Sequence[str]) -> Row:
    """Figures of what was played, by seat."""
    row: Row = {}
    for steps, name in zip(seats, names, strict=True):
        row[f"steps/{name}"] = float(steps.mask.sum())
        if steps.mask.any():
            row |= {f"valid/{name}": steps.valid}
            row |= {f"entropy/{name}": float(-steps.logp[steps.mask].mean())}
    return row


def _of_episodes(episodes: Sequence[SeatEpisode], names: Sequence[str]) -> Row:
    """Figures of some episodes, by seat and of all seats together, which are sums."""
    truths = [None if e.true_scores is None else sum(e.true_scores) for e in episodes]
    pairs = zip(episodes, truths, strict=True)
    row = of_episodes([Episode(sum(e.scores), truth, e.length) for e, truth in pairs])
    for i, name in enumerate(names):
        told = of_episodes(
            [
                Episode(e.scores[i], e.true_scores[i] if e.true_scores else None, e.length)
                for e in episodes
            ]
        )
        row |= {f"{key}/{name}": told[key] for key in ("reward", "true_reward") if key in told}
    return row
