"""What RAGEN (0.1, commit 5eb79b8) answers: GAE over turns, then over the tokens of each turn.

It takes a turn's value at the turn's last token, we take it at the first; so the critic of these
rows says the same throughout a turn.
"""

from collections.abc import Iterator
from functools import partial

import torch

from tests.parity import rows
from tests.parity.case import Case

# Turns of one to four tokens with observations between them; -1 where the policy did not choose.
TURNS = torch.tensor(
    [
        [0, 0, 0, -1, 1, 1, -1, 2, 2],
        [0, -1, -1, 1, 1, 1, 1, -1, -1],
        [0, 0, -1, 1, -1, 2, -1, 3, -1],
    ]
)
# The last tokens of the turns, which are paid.
PAID = [(0, 2), (0, 5), (0, 8), (1, 0), (1, 6), (2, 1), (2, 3), (2, 5), (2, 7)]


def cases() -> Iterator[Case]:
    """All of them."""
    rng = torch.Generator().manual_seed(4)
    worth, paid = rows.short(0.3 * torch.randn(3, 4, generator=rng)), torch.zeros(TURNS.shape)
    for number, (row, position) in enumerate(PAID):
        paid[row, position] = (-1) ** number * 0.1 * (number + 1)
    inputs = {
        "rewards": paid,
        "values": worth.gather(1, TURNS.clamp(min=0)),
        "mask": TURNS >= 0,
        "turns": TURNS,
    }
    for gamma, lam in ((1.0, 1.0), (0.99, 0.9)):
        of = f"gamma {gamma} lam {lam}"
        case = partial(
            Case,
            function="bilevel_gae",
            inputs=inputs,
            settings={"gamma_turn": 0.95, "lam_turn": lam, "gamma": gamma, "lam": lam},
            peer_settings={"gamma_turn": 0.95, "gamma": gamma, "lam": lam},
        )
        yield case(f"ragen bi-level gae, {of}", kind="advantage", peer="ragen_peer:returns")
        name, peer = f"ragen bi-level gae whitened, {of}", "ragen_peer:whitened"
        yield case(name, kind="whitened", peer=peer)
