"""What TRL 1.12, the last one with a critic, answers: PPO on tokens."""

from collections.abc import Iterator

from tests.parity import rows
from tests.parity.case import Case


def cases() -> Iterator[Case]:
    """All of them; what was sampled has no gaps."""
    mask = rows.lengths(7, 5, 2, 6, 7, 3)
    policy = rows.per_token("logp", "old_logp", "mask") | {"mask": mask}
    critic = rows.values() | {"mask": mask}
    for clip in (0.2, 0.05):
        name, peer = f"trl ppo policy loss, clip {clip}", "trl_dropped_peer:policy_loss"
        settings = {"clip": clip}
        yield Case(name, "loss", "ppo", policy, peer, settings, settings)
    for clip in (0.2, 1.0):
        name, peer = f"trl ppo value loss, clip {clip}", "trl_dropped_peer:value_loss"
        settings = {"clip": clip}
        yield Case(name, "loss", "ppo_value", critic, peer, settings, settings)
    yield from _advantages()


def _advantages() -> Iterator[Case]:
    full = {key: rows.rollout()[key] for key in ("rewards", "values", "mask")}
    ragged = full | {"mask": rows.lengths(8, 5, 2, 6)}
    for gamma, lam in ((1.0, 0.95), (0.99, 0.9)):
        settings = {"gamma": gamma, "lam": lam}
        name, peer = f"trl ppo gae, gamma {gamma} lam {lam}", "trl_dropped_peer:gae"
        yield Case(name, "advantage", "gae", ragged, peer, settings, settings)
    settings = {"gamma": 1.0, "lam": 0.95}
    name, peer = "trl ppo whitened advantages", "trl_dropped_peer:whitened"
    yield Case(name, "whitened", "gae", full, peer, settings, settings)
