"""What torchrl 0.14 answers: value estimators, PPO, A2C, REINFORCE, GRPO, AWR, SAC's temperature.

Its CISPOLoss differentiates through the clipped weight, so it is not the CISPO of arXiv:2506.13585,
and its MCAdvantage bounds a group's deviation from below where others add to it.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from tests.parity import rows
from tests.parity.case import Case

END = torch.zeros(4, 8, dtype=torch.bool)
END[0, 2] = END[0, 3] = END[1, 7] = END[3, 0] = True


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _returns()
    yield from _vector()
    yield from _answers()
    entropy = rows.pick("entropy", "mask")
    yield Case("torchrl entropy loss", "loss", "entropy_bonus", entropy, "torchrl_peer:entropy")
    # One token is so good that its weight is cut at 100.
    policy = rows.per_token("logp", "mask")
    yield Case(
        "torchrl iql actor",
        "loss",
        "awr",
        policy | {"advantage": policy["advantage"] - 0.88},
        "torchrl_peer:awr",
        settings={"temperature": 0.04, "max_weight": 100.0},
        peer_settings={"inverse_temperature": 25.0},
    )
    settings = {"target": 1.0, "coef": 0.1, "rate": 0.5}
    yield Case(
        "torchrl sac temperature",
        "controller",
        "losses.entropy:AdaptiveEntropy",
        {"entropy": torch.tensor([1.2, 0.9, 0.7, 0.5, 1.4])},
        "torchrl_peer:temperature",
        settings | {"rule": "log"},
        settings,
    )


def _returns() -> Iterator[Case]:
    cut = rows.rollout()
    ended = cut | {"ends": END}
    settings = {"gamma": 0.99, "lam": 0.95}
    case = partial(Case, kind="advantage", function="gae", settings=settings)
    for name, inputs in (("rollout cut", cut), ("episode ends inside", ended)):
        yield case(
            f"torchrl gae, {name}",
            inputs=inputs,
            peer="torchrl_peer:gae",
            peer_settings=settings,
        )
        yield case(
            f"torchrl gae vectorised, {name}",
            inputs=inputs,
            peer="torchrl_peer:gae",
            peer_settings=settings | {"vectorised": True},
        )
        yield case(
            f"torchrl td(lambda) returns, {name}",
            inputs=inputs,
            peer="torchrl_peer:lambda_returns",
            peer_settings=settings,
        )
    last = END.clone()
    last[:, -1] = True
    for gamma in (1.0, 0.9):
        yield Case(
            f"torchrl reward2go, gamma {gamma}",
            "advantage",
            "returns_to_go",
            {"rewards": cut["rewards"], "mask": cut["mask"], "ends": last},
            "torchrl_peer:returns_to_go",
            settings={"gamma": gamma},
            peer_settings={"gamma": gamma},
        )


def _vector() -> Iterator[Case]:
    policy = rows.per_token("logp", "old_logp", "mask")
    for of, settings in (("0.2", {"clip": 0.2}), ("0.1, 0.28", {"clip": 0.1, "clip_high": 0.28})):
        name, peer = f"torchrl ppo policy loss, clip {of}", "torchrl_peer:clip_ppo"
        yield Case(name, "loss", "ppo", policy, peer, settings, settings)
    for clip in (None, 0.2):
        name, peer = f"torchrl ppo value loss, clip {clip}", "torchrl_peer:critic"
        settings = {"clip": clip}
        yield Case(name, "loss", "ppo_value", rows.values(), peer, settings, settings)
    for name in ("a2c", "reinforce"):
        yield Case(
            f"torchrl {name} policy loss",
            "loss",
            "reinforce",
            rows.per_token("logp", "mask"),
            "torchrl_peer:policy_gradient",
            settings={"aggregation": "token_mean"},
            peer_settings={"name": name},
        )


def _answers() -> Iterator[Case]:
    inputs = rows.pick("logp", "old_logp", "advantage", "mask")
    case = partial(Case, kind="loss", function="grpo", peer="torchrl_peer:grpo")
    kinds: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "grpo, token_mean": (
            {"aggregation": "token_mean"},
            {"average": "token_mean", "clip": 0.2},
        ),
        "grpo, prompt_mean": (
            {"aggregation": "sequence_mean"},
            {"average": "prompt_mean", "clip": 0.2},
        ),
        "dapo": (
            {"aggregation": "token_mean", "clip_high": 0.28},
            {"average": "token_mean", "clip": (0.2, 0.28)},
        ),
    }
    for name, (ours, theirs) in kinds.items():
        yield case(f"torchrl {name}", inputs=inputs, settings=ours, peer_settings=theirs)
    full = rows.pick("logp", "old_logp", "advantage", "mask", "ref_logp")
    yield case(
        "torchrl grpo, beta 0.1",
        inputs=full | {"mask": torch.ones_like(full["mask"])},
        settings={"aggregation": "token_mean", "beta": 0.1},
        peer_settings={"average": "token_mean", "clip": 0.2, "beta": 0.1},
    )
    yield Case(
        "torchrl sft",
        "loss",
        "nll",
        rows.pick("logp", "mask"),
        "torchrl_peer:supervised",
        settings={"aggregation": "sequence_sum_mean"},
    )
