"""What Stable-Baselines3 2.9 answers: PPO, A2C, GAE with episode ends inside, whitening."""

from collections.abc import Iterator

import torch

from tests.parity import rows
from tests.parity.case import Case

END = torch.zeros(4, 8, dtype=torch.bool)
END[0, 2] = END[0, 3] = END[1, 7] = END[3, 0] = True


def cases() -> Iterator[Case]:
    """All of them."""
    policy = rows.per_token("logp", "old_logp", "mask")
    for clip in (0.2, 0.05):
        name, peer = f"sb3 ppo policy loss, clip {clip}", "sb3_peer:policy_loss"
        settings = {"clip": clip}
        yield Case(name, "loss", "ppo", policy, peer, settings, settings)
    for limit in (None, 0.2):
        name, peer = f"sb3 ppo value loss, clip {limit}", "sb3_peer:value_loss"
        ours = {"clip": limit, "pessimistic": False}
        yield Case(name, "loss", "ppo_value", rows.values(), peer, ours, {"clip": limit})
    yield from _a2c()
    yield from _gae()
    entropy = rows.pick("entropy", "mask")
    yield Case("sb3 entropy loss", "loss", "entropy_bonus", entropy, "sb3_peer:entropy_loss")
    # With gamma 0 the advantage is the reward.
    rewards = rows.pick("mask", rewards="token_advantage")
    yield Case(
        "sb3 whitened advantages",
        "whitened",
        "returns_to_go",
        rewards,
        "sb3_peer:whitened",
        settings={"gamma": 0.0},
    )


def _a2c() -> Iterator[Case]:
    yield Case(
        "sb3 a2c policy loss",
        "loss",
        "reinforce",
        rows.per_token("logp", "mask"),
        "sb3_peer:a2c_policy_loss",
        settings={"aggregation": "token_mean"},
    )
    name, peer = "sb3 a2c value loss", "sb3_peer:a2c_value_loss"
    yield Case(name, "loss", "ppo_value", rows.values(), peer)


def _gae() -> Iterator[Case]:
    cut = rows.rollout()
    for name, inputs in (("rollout cut", cut), ("episode ends inside", cut | {"ends": END})):
        for gamma, lam in ((0.99, 0.95), (1.0, 1.0), (0.9, 0.0)):
            settings = {"gamma": gamma, "lam": lam}
            yield Case(
                f"sb3 gae, {name}, gamma {gamma} lam {lam}",
                "advantage",
                "gae",
                inputs,
                "sb3_peer:gae",
                settings,
                settings,
            )
