"""Rows of tokens that the cases share; three decimals, so that the stored numbers stay short."""

import torch

Tensors = dict[str, torch.Tensor]


def tokens() -> Tensors:
    """Six ragged answers, one with observation tokens inside; ratios on both sides of the clip."""
    rng = torch.Generator().manual_seed(0)
    logp = -torch.rand(6, 7, generator=rng) * 3 - 0.05
    mask = lengths(7, 5, 1, 6, 7, 3)
    mask[0, 2:4] = False

    def moved(nats: float) -> torch.Tensor:
        return short(logp + nats * torch.randn(6, 7, generator=rng)).clamp(max=-0.01)

    return {
        "logp": short(logp),
        "old_logp": moved(0.3),
        "mask": mask,
        "ref_logp": moved(0.5),
        "advantage": torch.tensor([1.5, -0.7, 0.4, -1.2, 0.0, 0.9]),
        "token_advantage": short(torch.randn(6, 7, generator=rng)),
        "sampler_logp": moved(0.4),
        "weights": short(2 * torch.rand(6, 7, generator=rng)),
        "entropy": short(2 * torch.rand(6, 7, generator=rng)),
    }


def values() -> Tensors:
    """What a critic said and says of the same answers, and the returns, on all sides of both."""
    rng = torch.Generator().manual_seed(1)
    old_value, move, miss = short(torch.randn(3, 6, 7, generator=rng))
    value = old_value + move
    return {"value": value, "old_value": old_value, "returns": value + miss} | pick("mask")


def rollout() -> Tensors:
    """Rewards and values of four rows of eight steps, cut where they end.

    Sums of eight of them stay near 1, so that rounding stays well below the tolerance.
    """
    rng = torch.Generator().manual_seed(2)
    rewards, worth = short(0.3 * torch.randn(2, 4, 8, generator=rng))
    return {
        "rewards": rewards,
        "values": worth,
        "mask": torch.ones(4, 8, dtype=torch.bool),
        "last_value": short(0.3 * torch.randn(4, generator=rng)),
    }


def scores() -> Tensors:
    """Three groups of four; the second group's scores are all equal: nothing to learn from it."""
    paid = [1.0, 0.0, 0.5, 0.25, 0.5, 0.5, 0.5, 0.5, -2.0, 3.0, 0.1, 0.7]
    return {"scores": torch.tensor(paid), "groups": torch.arange(3).repeat_interleave(4)}


def pick(*names: str, **renamed: str) -> Tensors:
    """The named tensors of `tokens`, some under another name, in the order given."""
    data = tokens()
    return {ours: data[name] for ours, name in [*((n, n) for n in names), *renamed.items()]}


def per_token(*names: str) -> Tensors:
    """The named tensors of `tokens`, with one advantage per token."""
    data = pick(*names)
    return data | {"advantage": tokens()["token_advantage"]}


def lengths(*tokens_per_row: int) -> torch.Tensor:
    """A mask that selects the beginning of each row."""
    return torch.arange(max(tokens_per_row)) < torch.tensor(tokens_per_row).unsqueeze(1)


def short(numbers: torch.Tensor) -> torch.Tensor:
    """The numbers with three decimals."""
    return numbers.round(decimals=3)
