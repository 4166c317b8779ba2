"""Whole answers at once: sample with the policy's cache, then play the tokens in the world.

A token world only appends what is written, so an answer can be sampled without stepping the world
and replayed afterwards; wrappers see every step and pay what they pay. This keeps the plain
step/reset interface at the speed of cached sampling.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.windows import read_windows
from plaudit.agents.rollout.rows import groups_of
from plaudit.agents.rollout.truth import Truth
from plaudit.agents.rollout.worlds import AnyVector, check_world, keep_last, permitted
from plaudit.agents.types import Rollout


def collect(
    policy: TokenPolicy,
    venv: AnyVector,
    *,
    seeds: Sequence[int],
    rng: torch.Generator,
    greedy: bool = False,
) -> Rollout:
    """One answer per row of a token world.

    Args:
        policy: writes the answers; its vocabulary is the world's.
        venv: a vector form with auto-reset disabled, wrapped or not.
        seeds: (B,) one per row; rows with equal seeds get the same prompt and form a group.
        rng: of the answers.
        greedy: write the likeliest tokens.

    Raises:
        TypeError, ValueError: see `check_world`; the world has several turns.
    """
    spec = check_world(policy, venv)
    if spec.turns > 1:
        raise ValueError(f"whole answers are sampled: expected one turn, got {spec.turns}")
    obs, info = venv.reset(seed=list(seeds))  # type: ignore[arg-type]
    ids, mask = read_windows(obs, spec.pad_id)
    batch = policy.sample(ids, mask, max_new=spec.max_new, rng=rng, greedy=greedy)
    written = batch.action_mask.cpu().numpy()
    actions = np.where(written, batch.tokens.cpu().numpy(), 0)
    rewards, legal = np.zeros(written.shape), written.copy()
    truth, last, costs = Truth(venv), dict[str, Any](), np.zeros(written.shape)
    for t in range(spec.max_new):
        live = written[:, t]
        if not live.any():
            break
        legal[:, t] &= permitted(info, actions[:, t])
        _, rewards[:, t], terminated, truncated, info = venv.step(actions[:, t])
        truth.add(rewards[:, t], info, live)
        if "cost" in info:
            costs[:, t] = np.where(live, info["cost"], 0.0)
        keep_last(last, info, live & (terminated | truncated))
    device = batch.tokens.device
    return Rollout(
        batch,
        torch.from_numpy(np.where(written, rewards, 0.0)).float().to(device),
        groups_of(seeds, device),
        torch.zeros_like(batch.tokens),
        valid=float(legal.sum() / written.sum()),
        costs=torch.from_numpy(costs).float().to(device) if "cost" in info else None,
        true_scores=truth.scores,
        info=last,
    )
