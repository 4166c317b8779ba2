"""What sb3-contrib 2.9 answers: masked actions, MaskablePPO, and RecurrentPPO's masked rows."""

from collections.abc import Iterator

import torch

from tests.parity import rows
from tests.parity.case import Case


def cases() -> Iterator[Case]:
    """All of them."""
    policy, clip = rows.per_token("logp", "old_logp", "mask"), {"clip": 0.2}
    for kind in ("maskable", "recurrent"):
        name, peer = f"sb3-contrib {kind} ppo policy loss", f"sb3_contrib_peer:{kind}_policy_loss"
        yield Case(name, "loss", "ppo", policy, peer, clip, clip)
    yield Case(
        "sb3-contrib recurrent ppo value loss, clip 0.2",
        "loss",
        "ppo_value",
        rows.values(),
        "sb3_contrib_peer:recurrent_value_loss",
        settings={"clip": 0.2, "pessimistic": False},
        peer_settings={"clip": 0.2},
    )
    yield _masked_actions()


def _masked_actions() -> Case:
    """Logits of five states with some, one, or all of four actions legal."""
    rng = torch.Generator().manual_seed(3)
    legal = torch.tensor([[1, 1, 1, 1], [1, 0, 1, 1], [0, 0, 1, 0], [0, 1, 1, 0], [1, 1, 0, 0]])
    return Case(
        "sb3-contrib masked actions",
        "masked actions",
        "policies.sampling",
        {
            "logits": rows.short(3 * torch.randn(5, 4, generator=rng)),
            "legal": legal.bool(),
            "actions": torch.tensor([3, 0, 2, 2, 1]),
        },
        "sb3_contrib_peer:masked_actions",
        settings={"temperature": 1.0, "top_k": None, "top_p": None},
    )
