"""Maximum likelihood for reward networks: descend on answers, stop by held-out ones.

What every preference model of this room shares, whatever network it is built around.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch

from plaudit.feedback.asks import Ask, Choose, Compare, Rank
from plaudit.feedback.likelihoods import log_prob
from plaudit.feedback.models.networks import RewardNet
from plaudit.feedback.models.step_rows import Answers, Floats, step_rows
from plaudit.feedback.store import FeedbackBuffer

EVIDENCE = 1.64
"""Standard errors by which members must beat zero reward on held-out answers; 5 %, one-sided."""

ONLY_DIFFERENCES = (Choose, Compare, Rank)
"""Questions whose answers tell no reward that every step has alike."""

FEWEST_ANSWERS = 4
"""Below this many, nothing is learned where answers are to be held out."""


@dataclass(frozen=True)
class Likelihood:
    """The assumed annotator: see `likelihoods.log_prob`, which takes these by name."""

    scale: float = 1.0
    tie: float = 1.0
    center: float = 0.0
    spread: float = 1.0
    lapse: float = 0.0

    def __post_init__(self) -> None:
        if not min(self.scale, self.tie, self.spread) > 0.0:
            raise ValueError(
                "scale, tie and spread must be above 0, got "
                f"{self.scale}, {self.tie} and {self.spread}"
            )

    def nats(self, ask: Ask, answers: torch.Tensor, utilities: torch.Tensor) -> torch.Tensor:
        """-log_prob of answers, (M, B), given utilities, (M, B, *ask.shape), of M members."""
        members = len(utilities)
        repeated = answers.repeat(members, *[1] * (answers.dim() - 1))
        logp = log_prob(ask, repeated, utilities.flatten(0, 1), **asdict(self))
        return -logp.view(members, -1)


@dataclass(frozen=True)
class Fit:
    """How to descend; the names are those of `BradleyTerry`'s arguments."""

    likelihood: Likelihood
    lr: float
    epochs: int
    patience: int
    batch: int
    weight_decay: float
    holdout: float
    bootstrap: bool

    def __post_init__(self) -> None:
        if not 0.0 <= self.holdout <= 0.5:
            raise ValueError(f"holdout must be in [0, 0.5], got {self.holdout}")
        if min(self.epochs, self.patience, self.batch) < 1:
            raise ValueError(
                "epochs, patience and batch must be at least 1, got "
                f"{self.epochs}, {self.patience}, {self.batch}"
            )


Groups = Sequence[Answers]


def maximise(
    net: RewardNet,
    buffer: FeedbackBuffer,
    fit: Fit,
    generator: torch.Generator,
    doubt: Floats | None = None,
    margin: Floats | None = None,
) -> tuple[torch.Tensor, dict[str, float]]:
    """Train a network in place on all the answers in a buffer; skips are ignored.

    Source: arXiv:1706.03741, section 2.2.3.

    Args:
        net: what is trained.
        buffer: the answers.
        fit: how.
        generator: draws what is held out, resampled and seen first.
        doubt: of each answer, see `Answers`.
        margin: of each answer, see `Answers`.

    Returns:
        The reward per step that no answer can tell, (M, 1), to be subtracted; and `answers`,
        `epochs` (run), `kept` (1, or 0 where the reward is zero) and, where there were such
        answers, `train_nats` and `heldout_nats` (mean -log_prob) and `heldout_gain` (nats below
        the zero reward), of what was trained, kept or not.
    """
    groups, features = step_rows(buffer, net, doubt, margin)
    total = sum(len(group.answers) for group in groups)
    members = len(net.head.last)
    if total < (FEWEST_ANSWERS if fit.holdout else 1):
        _zero(net)
        return torch.zeros(members, 1), {"answers": float(total), "epochs": 0.0, "kept": 0.0}
    held = _held_out(members, total, fit.holdout, generator)
    epochs = _descend(net, features, groups, held, fit, generator)
    with torch.no_grad():
        nats = _nats(net, features, groups, fit.likelihood)
        stats = {"answers": float(total), "epochs": float(epochs), "kept": 1.0}
        stats["train_nats"] = float(nats[~held].mean())
        if fit.holdout:
            gain = (_zero_nats(groups, fit.likelihood) - nats)[held]
            stats["heldout_nats"] = float(nats[held].mean())
            stats["heldout_gain"] = float(gain.mean())
            if not bool(gain.mean() > EVIDENCE * gain.std() / len(gain) ** 0.5):
                _zero(net)
                stats["kept"] = 0.0
        return _free_level(net, features, groups), stats


def _held_out(members: int, total: int, share: float, generator: torch.Generator) -> torch.Tensor:
    """(M, total) bool: what each member holds out; no two the same while there is enough."""
    order = torch.randperm(total, generator=generator)
    size = max(1, round(share * total)) if share else 0
    held = torch.zeros(members, total, dtype=torch.bool)
    for member in range(members):
        held[member, order[(member * size + torch.arange(size)) % total]] = True
    return held


def _descend(
    net: RewardNet,
    features: torch.Tensor,
    groups: Groups,
    held: torch.Tensor,
    fit: Fit,
    generator: torch.Generator,
) -> int:
    """Train, leaving every member at its best epoch on what it holds out; epochs run."""
    parameters = list(net.parameters())
    adam = torch.optim.AdamW(parameters, lr=fit.lr, weight_decay=fit.weight_decay)
    weights = (~held).float()
    if fit.bootstrap:
        weights *= torch.poisson(torch.ones_like(weights), generator=generator)
    best = [parameter.detach().clone() for parameter in parameters]
    lowest = _heldout_nats(net, features, groups, held, fit.likelihood)
    stale = epoch = 0
    while epoch < fit.epochs and stale < fit.patience:
        epoch += 1
        for part, columns in _minibatches(groups, fit.batch, generator):
            nats = _nats(net, features, [part], fit.likelihood)
            adam.zero_grad()
            torch.autograd.backward((weights[:, columns] * nats).mean(1).sum())
            adam.step()
        nats = _heldout_nats(net, features, groups, held, fit.likelihood)
        better = nats < lowest if fit.holdout else torch.ones_like(nats, dtype=torch.bool)
        lowest = torch.where(better, nats, lowest)
        stale = 0 if bool(better.any()) else stale + 1
        for kept, parameter in zip(best, parameters, strict=True):
            kept[better] = parameter.detach()[better]
    with torch.no_grad():
        for kept, parameter in zip(best, parameters, strict=True):
            parameter.copy_(kept)
    return epoch


def _minibatches(
    groups: Groups, size: int, generator: torch.Generator
) -> list[tuple[Answers, torch.Tensor]]:
    """Answers to one ask and their places among all, in random order, each answer once."""
    parts: list[tuple[Answers, torch.Tensor]] = []
    start = 0
    for group in groups:
        order = torch.randperm(len(group.answers), generator=generator)
        parts += [(group.rows(rows), start + rows) for rows in torch.split(order, size)]
        start += len(order)
    return [parts[i] for i in torch.randperm(len(parts), generator=generator).tolist()]


def _heldout_nats(
    net: RewardNet,
    features: torch.Tensor,
    groups: Groups,
    held: torch.Tensor,
    likelihood: Likelihood,
) -> torch.Tensor:
    """(M,) mean -log_prob of what each member holds out; 0 where that is nothing."""
    with torch.no_grad():
        nats = _nats(net, features, groups, likelihood)
        return (nats * held).sum(1) / held.sum(1).clamp(min=1)


def _nats(
    net: RewardNet, features: torch.Tensor, groups: Groups, likelihood: Likelihood
) -> torch.Tensor:
    """(M, B) -log_prob of the answers of all groups; steps that look alike are scored once."""
    losses = []
    for group in groups:
        rows, place = torch.unique(group.steps, return_inverse=True)
        rewards = net(features[rows]).index_select(1, place.flatten())
        utilities = _utilities(rewards.view(-1, *place.shape), group)
        losses.append(group.nats(likelihood.nats, utilities))
    return torch.cat(losses, 1)


def _utilities(rewards: torch.Tensor, group: Answers) -> torch.Tensor:
    """What the answers depend on, (M, B, *ask.shape), given rewards (M, B, K, T)."""
    if group.ask.grain == "segment":
        return (rewards * group.mask).sum(-1)
    steps = torch.where(group.mask, rewards, torch.nan)[:, :, 0]
    beyond = group.ask.shape[0] - steps.shape[-1]
    return torch.nn.functional.pad(steps, (0, beyond), value=torch.nan)


def _zero_nats(groups: Groups, likelihood: Likelihood) -> torch.Tensor:
    """(B,) -log_prob of the answers under zero reward."""
    zeros = [_utilities(torch.zeros(1, *group.mask.shape), group) for group in groups]
    nats = [g.nats(likelihood.nats, zero) for g, zero in zip(groups, zeros, strict=True)]
    return torch.cat(nats, 1)[0]


def _zero(net: RewardNet) -> None:
    with torch.no_grad():
        net.head.last.zero_()
        net.head.last_bias.zero_()


def _free_level(net: RewardNet, features: torch.Tensor, groups: Groups) -> torch.Tensor:
    """(M, 1) mean reward of the answered steps where no answer can tell it, else zeros."""
    none = torch.zeros(len(net.head.last), 1)
    for group in groups:
        lengths = group.mask.sum(-1)
        alike = bool((lengths == lengths[:, :1]).all())
        if not (isinstance(group.ask, ONLY_DIFFERENCES) and alike):
            return none
    steps = torch.cat([group.steps[group.mask] for group in groups])
    mean: torch.Tensor = net(features)[:, steps].mean(1, keepdim=True)
    return mean
