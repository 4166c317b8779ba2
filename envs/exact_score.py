"""What a policy is worth where the world is a finite process: exactly, without playing it.

    score = (V(policy) - V(random play)) / (V(best) - V(random play))

Source: own design.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit.envs.evaluate import make_rows
from plaudit.envs.finite import solve
from plaudit.envs.finite.solution import policy_value
from plaudit.envs.finite_models import finite_model

Floats = npt.NDArray[np.float64]


class ExactScore(NamedTuple):
    """What is known of a policy.

    Attributes:
        score: 0 for random play, 1 for the best; below 0 for worse than random.
        sense: how much more often than by chance it does what is best, evenly over all moments at
            which there is something to choose: 0 for random play, 1 for the best. What never
            happens counts as much as the rest.
    """

    score: float
    sense: float


def exact_score(
    probs: Callable[[npt.NDArray[Any]], npt.NDArray[Any]], world_id: str, **settings: Any
) -> ExactScore:
    """Score a policy by dynamic programming.

    Args:
        probs: (N, ...) observations -> (N, A) probabilities, 0 for what is illegal.
        world_id: with a finite model: grid worlds and Tabular.
        settings: of the world.

    Raises:
        KeyError: unknown world.
        ValueError: the world has no finite model, in it random play is best, or `probs` gives no
            probabilities.
    """
    world: Any = make_rows(world_id, 1, **settings)
    model = finite_model(world.game)
    mdp, seen = model.mdp, model.observations
    best, floor = solve(mdp), policy_value(mdp, mdp.uniform())
    if best.value - floor < 1e-9:
        raise ValueError(f"{world_id} tells no policy from another: all earn {floor:g}")
    policy = np.asarray(probs(seen.reshape(-1, *seen.shape[2:])), np.float64).reshape(best.q.shape)
    score = (policy_value(mdp, policy) - floor) / (best.value - floor)
    top = (best.q >= best.q.max(2, keepdims=True) - 1e-9) & mdp.legal
    chosen = (~mdp.terminal & (mdp.legal.sum(1) > top.sum(2)))[:, :, None]
    even = np.broadcast_to(mdp.uniform(), policy.shape)
    right, chance = ((odds * top * chosen).sum() for odds in (policy, even))
    return ExactScore(float(score), float((right - chance) / (chosen.sum() - chance)))
