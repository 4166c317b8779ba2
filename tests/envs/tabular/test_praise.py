import numpy as np
import pytest

from plaudit.envs.finite import FiniteMDP, solve
from plaudit.envs.finite.solution import policy_value
from plaudit.envs.tabular.gallery import instance
from plaudit.envs.tabular.gallery.praise import ladder_process, praise


def test_the_best_climb_at_once_from_wherever_they_begin():
    # a quarter at the bottom: 40 - 4; the others one step away
    assert solve(ladder_process()).value == 0.25 * 36 + 0.75 * 35
    # two rungs and no fork: 40 - 2
    assert solve(ladder_process(rungs=2, fork=0.0, horizon=2)).value == 38


def test_what_is_better_at_the_fork_depends_on_how_one_climbs():
    mdp = ladder_process()
    assert praise(mdp, mdp.uniform())[4].tolist() == [-1, 1]  # leave, who throws dice
    climbing = np.tile([1.0, 0.0], (6, 1))
    assert praise(mdp, climbing)[4].tolist() == [0, -1]  # stay, who climbs
    assert praise(mdp, climbing)[:4].tolist() == [[0, -1]] * 4  # a habit is not praised
    assert not praise(mdp, climbing)[5].any()


def test_praise_of_a_habit_is_endless_for_whoever_goes_in_circles():
    mdp = instance("ladder").mdp
    said = praise(mdp, mdp.uniform())
    # round: three rungs up and a fall, 3 - 1 in four steps; ten steps: two rounds and two rungs
    circling = np.zeros((10, 6, 2))
    circling[:, :, 0] = 1.0
    circling[[3, 7], 3] = [0.0, 1.0]
    short = FiniteMDP(
        mdp.expected,
        [1, 0, 0, 0, 0, 0],
        10,
        successor=mdp.successor[:, :, 0],
        terminal=mdp.terminal,
    )
    assert policy_value(short, circling, said) == pytest.approx(2 * 2 + 2)
    assert policy_value(short, solve(short).policy, said) == pytest.approx(4)
