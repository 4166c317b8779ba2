"""The tree of a Monte Carlo tree search: visits and returns, and which action to try next."""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Node:
    """What was tried in one situation.

    Args:
        legal: actions that can be tried, ascending.
        size: A, all actions.
        prior: (A,) probabilities, or None.

    Attributes:
        visits: (A,) how often each action was tried. totals: (A,) sum of the returns after it.
        children: (action, what was seen) -> the node it led to.
    """

    def __init__(self, legal: Ints, size: int, prior: Floats | None) -> None:
        self.legal, self.prior = legal, prior
        self.visits, self.totals = np.zeros(size, np.int64), np.zeros(size)
        self.children: dict[tuple[int, bytes], Node] = {}

    @property
    def mean(self) -> float:
        """Mean return of all that was tried here; 0 before."""
        return float(self.totals.sum() / max(1, self.visits.sum()))

    def means(self) -> Floats:
        """(A,) mean return after each action; NaN where it was never tried."""
        tried = np.maximum(self.visits, 1)
        return np.where(self.visits > 0, self.totals / tried, np.nan)

    def best(self) -> int:
        """The action tried most often; of equal ones the one that earned most."""
        means = np.where(self.visits > 0, self.totals / np.maximum(self.visits, 1), -np.inf)
        return int(np.lexsort((means, self.visits))[-1])


class Tree:
    """Nodes, and the range of their means.

    Args:
        exploration: c of UCT and PUCT.
        root: where every simulation begins.
    """

    def __init__(self, exploration: float, root: Node) -> None:
        self.root, self._exploration = root, exploration
        self._low, self._high = math.inf, -math.inf

    def choose(self, node: Node) -> int:
        """The action to try next.

        Args:
            node: where.
        """
        visits = node.visits[node.legal]
        whole = visits.sum()
        if node.prior is None:
            if not visits.all():
                return int(node.legal[visits.argmin()])
            bonus = np.sqrt(math.log(whole) / visits)
            means = node.totals[node.legal] / visits
        else:
            bonus = node.prior[node.legal] * math.sqrt(max(1, whole)) / (1 + visits)
            # What was never tried is taken to be worth as much as the node.
            tried = np.maximum(visits, 1)
            means = np.where(visits > 0, node.totals[node.legal] / tried, node.mean)
        return int(node.legal[(self._scaled(means) + self._exploration * bonus).argmax()])

    def count(
        self, path: list[tuple[Node, int]], rewards: list[float], tail: float, discount: float
    ) -> None:
        """Add a simulation to all nodes it passed.

        Args:
            path: nodes and actions tried.
            rewards: paid for each.
            tail: return to come behind the last one.
            discount: factor per step.
        """
        total = tail
        for (node, choice), reward in zip(reversed(path), reversed(rewards), strict=True):
            total = reward + discount * total
            node.visits[choice] += 1
            node.totals[choice] += total
            mean = node.totals[choice] / node.visits[choice]
            self._low, self._high = min(self._low, mean), max(self._high, mean)

    def _scaled(self, means: Floats) -> Floats:
        if not self._high > self._low:
            return np.full(len(means), 0.5)
        return (means - self._low) / (self._high - self._low)
