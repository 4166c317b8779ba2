import math

import numpy as np
import pytest

from plaudit.agents.search.tree import Node, Tree


def node(visits, totals, prior=None, legal=(0, 1, 2)):
    found = Node(np.array(legal), 3, None if prior is None else np.array(prior))
    found.visits[:], found.totals[:] = visits, totals
    return found


def test_what_was_never_tried_comes_first():
    tree = Tree(1.0, node([4, 0, 0], [9.0, 0, 0]))
    assert tree.choose(tree.root) == 1


def test_uct_adds_what_is_owed_to_the_less_tried():
    # nothing was counted yet, so all means stand at 0.5: the least visited has the largest bonus
    tree = Tree(1.0, node([4, 2, 3], [4.0, 0.0, 3.0]))
    assert tree.choose(tree.root) == 1
    # scaled by 0..1 the means are 1, 0, 1; bonuses sqrt(ln 9 / n) are 0.741, 1.048, 0.856
    tree._low, tree._high = 0.0, 1.0
    assert tree.choose(tree.root) == 2
    assert math.sqrt(math.log(9) / 3) == pytest.approx(0.856, abs=1e-3)


def test_puct_tries_by_prior_and_takes_the_unknown_for_average():
    tree = Tree(1.0, node([3, 1, 0], [3.0, 0.0, 0.0], prior=[0.1, 0.1, 0.8]))
    tree._low, tree._high = 0.0, 1.0
    # means 1, 0 and, never tried, that of the node, 3/4; bonuses p sqrt(4) / (1 + n) are 0.05,
    # 0.1, 1.6: sums 1.05, 0.1, 2.35
    assert tree.choose(tree.root) == 2
    tree.root.prior[:] = [0.9, 0.09, 0.01]
    # bonuses 0.45, 0.09, 0.02: sums 1.45, 0.09, 0.77
    assert tree.choose(tree.root) == 0


def test_illegal_actions_are_never_tried():
    tree = Tree(1.0, node([0, 0, 0], [0.0] * 3, legal=(2,)))
    assert tree.choose(tree.root) == 2


def test_returns_are_counted_from_the_end():
    first, second = node([0] * 3, [0.0] * 3), node([0] * 3, [0.0] * 3)
    tree = Tree(1.0, first)
    tree.count([(first, 0), (second, 2)], [1.0, 2.0], 4.0, 0.5)
    # 2 + 0.5 * 4 = 4 after the second, 1 + 0.5 * 4 = 3 after the first
    assert (first.totals[0], second.totals[2]) == (3.0, 4.0)
    assert (first.visits.sum(), second.visits.sum()) == (1, 1)
    assert (tree._low, tree._high) == (3.0, 4.0)
    assert first.mean == 3.0
    assert first.means().tolist()[0] == 3.0
    assert np.isnan(first.means()[1:]).all()


def test_the_best_is_what_was_tried_most_and_then_what_earned_most():
    assert node([5, 7, 7], [50.0, 7.0, 8.0]).best() == 2
    assert node([1, 7, 0], [50.0, 7.0, 0.0]).best() == 1
