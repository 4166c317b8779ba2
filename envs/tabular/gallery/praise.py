r"""Praise that looks at what one does already: summed up as a reward, it is endless.

    A_pi(s, a) = Q_pi(s, a) - V_pi(s),   what is said: sgn A_pi(s, a)

An advantage says which way to change. Its signs add up around a circle: whoever climbs a part of
the way and lets go is praised again for each rung.

Source: MacGlashan et al. 2017, arXiv:1701.06049, section 3 (policy dependence, positive circuits).
"""

import numpy as np

from plaudit.envs.finite import FiniteMDP, solve
from plaudit.envs.finite.mdp import Floats
from plaudit.envs.finite.solution import policy_value, policy_values
from plaudit.envs.tabular.gallery.instance import Instance

RUNGS, FORK, HORIZON = 4, 0.75, 30
ROUNDED = 9  # digits of an advantage; smaller ones are rounding errors


def ladder_process(rungs: int = RUNGS, fork: float = FORK, horizon: int = HORIZON) -> FiniteMDP:
    """The process of `ladder`.

    States: the rungs from below, the fork, the end. Actions: climb, or go to the ladder from the
    fork; let go, or leave.

    Args:
        rungs: at least 1.
        fork: probability of beginning at the fork instead of at the bottom.
        horizon: steps of the longest episode.
    """
    at_fork, end = rungs, rungs + 1
    climbed = [*range(1, rungs), end, 0, end]
    let_go = [0] * rungs + [end, end]
    rewards = np.full((end + 1, 2), -1.0)
    rewards[:rungs, 1] = -5.0
    rewards[rungs - 1, 0] = 39.0
    rewards[at_fork, 1] = 0.0
    start = np.zeros(end + 1)
    start[0], start[at_fork] = 1 - fork, fork
    successor = np.stack([climbed, let_go], 1)
    terminal = np.arange(end + 1) == end
    return FiniteMDP(rewards, start, horizon, successor=successor, terminal=terminal)


def praise(mdp: FiniteMDP, policy: Floats) -> Floats:
    """(S, A) signs of the first step's advantages over a policy (S, A); 0 in terminal states."""
    values = policy_values(mdp, policy)
    gained = mdp.expected + mdp.discount * mdp.ahead(values[1]) - values[0, :, None]
    signs: Floats = np.sign(gained.round(ROUNDED)) * ~mdp.terminal[:, None]
    return signs


def ladder() -> Instance:
    """Four rungs, each a step that costs 1, and 40 at the top; letting go costs 5.

    A quarter of the episodes begin at the bottom, which is worth 40 - 4 = 36 to the best, the
    others at a fork, where one may leave for 0 or go to the ladder for 1: 35. Whoever climbs badly
    should leave and whoever climbs well should not, so that praise for "better than what you do"
    changes with the learner.

    Whoever throws dice lets go as often as they climb, and loses by it: they are praised for
    leaving, and for each rung, and blamed for letting go. Up to thirty steps of it pay best in
    circles, three rungs up and a fall: 16 from the bottom (22 rungs, 6 falls) and -1 + 16 = 15 from
    the fork, on average 15.25. The best way there is praised by 4 and 3: 3.25.

    Source: own design, after the argument of arXiv:1701.06049.
    """
    mdp = ladder_process()
    return Instance(
        "ladder",
        mdp,
        "own design, after arXiv:1701.06049",
        "praise of the uniform habit that going in circles earns beyond the best way up",
        12.0,
        lambda: _praise_of_circles(mdp),
        ("climb, or go to the ladder", "let go, or leave"),
        (*(f"rung {rung}" for rung in range(RUNGS)), "fork", "end"),
        success_at=35.0,
    )


def _praise_of_circles(mdp: FiniteMDP) -> float:
    """What the most praised way earns in praise of the uniform habit, less the best way's."""
    said = praise(mdp, mdp.uniform())
    paid = FiniteMDP(
        said, mdp.start, mdp.horizon, successor=mdp.successor[:, :, 0], terminal=mdp.terminal
    )
    return solve(paid).value - policy_value(mdp, solve(mdp).policy, said)
