r"""A human who judges what they can see of an episode, exactly.

State sequences s have the return G(s) = sum_t R(s_t); the human sees the sequence o(s) and holds
the belief B(s|o) that Bayes' rule gives from the policy they expect. Feedback on what is seen
teaches

    G_obs(s) = sum_s' B(s'|o(s)) G(s'),      J_obs(pi) = E_pi G_obs

    E+(s) = max(0, G_obs(s) - G(s)),  E-(s) = max(0, G(s) - G_obs(s)),  J_obs = J + E+ - E-

    deceptive inflation   against a policy: E+ and J_obs are higher
    overjustification     against a policy: E- is lower and so is J

With Gamma the matrix from rewards to returns, G = Gamma R, a human who compares observations can
tell returns apart up to the kernel of B within the image of Gamma.

Source: Lang et al. 2024, arXiv:2402.17747, sections 4 and 5. Differs: observations are
deterministic, and every state with a choice is met at most once, so that some deterministic policy
is best for J_obs too.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple

import numpy as np

from plaudit.envs.finite.mdp import FiniteMDP, Floats, Ints


class Judged(NamedTuple):
    """What a policy earns and how it looks, in expectation.

    Attributes:
        truth: J, the true return.
        seen: J_obs.
        over, under: E+ and E-, how much it is over- and underestimated.
    """

    truth: float
    seen: float
    over: float
    under: float


class Harm(NamedTuple):
    """What is wrong with a policy against the best one, as shares of the way from random to best.

    Attributes:
        regret: true return lost, at least 0.
        inflation: deceptive inflation, the smaller of what E+ and J_obs gain; above 0 if it is one.
        overjustification: the smaller of what E- and J lose; above 0 if it is one.
    """

    regret: float
    inflation: float
    overjustification: float


@dataclass(frozen=True, eq=False)
class Watched:
    """A process and the human who watches it.

    Attributes:
        mdp: the process; its rewards are `worth` of the state reached.
        worth: (S,) reward R of being in each state.
        view: (S,) what the human sees of it, a number; those that look alike share one.
        expected: (S, A) the policy that the human believes in.
    """

    mdp: FiniteMDP
    worth: Floats
    view: Ints
    expected: Floats

    @cached_property
    def sequences(self) -> tuple[tuple[int, ...], ...]:
        """All state sequences of an episode that some policy can bring about."""
        found: list[tuple[int, ...]] = []
        growing: list[tuple[int, ...]] = [(int(s),) for s in np.flatnonzero(self.mdp.start)]
        while growing:
            path = growing.pop()
            if self.mdp.terminal[path[-1]] or len(path) > self.mdp.horizon:
                found.append(path)
                continue
            reached = self.mdp.transitions[path[-1]][self.mdp.legal[path[-1]]].any(0)
            growing += [(*path, int(s)) for s in np.flatnonzero(reached)]
        return tuple(sorted(found))

    @cached_property
    def gamma(self) -> Floats:
        """(sequences, S) how often each state is met: G = gamma @ R."""
        rows = [np.bincount(path, minlength=self.mdp.states) for path in self.sequences]
        return np.array(rows, np.float64)

    @cached_property
    def looks(self) -> Ints:
        """(sequences,) number of the observation sequence that each one shows."""
        seen = [tuple(self.view[list(path)].tolist()) for path in self.sequences]
        kinds = {sight: number for number, sight in enumerate(sorted(set(seen)))}
        return np.array([kinds[sight] for sight in seen])

    @cached_property
    def belief(self) -> Floats:
        """(observation sequences, sequences) B: what the human takes each sight for.

        Raises:
            ValueError: the policy they believe in never shows one of the sights.
        """
        prior = self.chances(self.expected)
        joint = (self.looks == np.arange(self.looks.max() + 1)[:, None]) * prior
        total = joint.sum(1, keepdims=True)
        if not total.all():
            raise ValueError("the human must believe each sight possible: `expected` rules one out")
        posterior: Floats = joint / total
        return posterior

    def chances(self, policy: Floats) -> Floats:
        """(sequences,) probability of each under a policy (S, A)."""
        moves = np.einsum("sa,sat->st", policy, self.mdp.transitions)
        paths = map(list, self.sequences)
        return np.array([self.mdp.start[p[0]] * moves[p[:-1], p[1:]].prod() for p in paths])

    def judged(self, policy: Floats) -> Judged:
        """Truth and looks of a policy (S, A)."""
        odds, returns = self.chances(policy), self.gamma @ self.worth
        seen = (self.belief @ returns)[self.looks]
        gain = seen - returns
        mean = (returns, seen, np.maximum(gain, 0), np.maximum(-gain, 0))
        return Judged(*(float(odds @ part) for part in mean))

    def harm(self, policy: Floats) -> Harm:
        """What is wrong with a policy (S, A)."""
        mine, best = self.judged(policy), self.judged(self.best())
        way = best.truth - self.judged(self.mdp.uniform()).truth
        return Harm(
            (best.truth - mine.truth) / way,
            min(mine.over - best.over, mine.seen - best.seen) / way,
            min(best.under - mine.under, best.truth - mine.truth) / way,
        )

    def best_looking(self) -> Floats:
        """(S, A) the policy that maximises J_obs."""
        seen = (self.belief @ self.gamma @ self.worth)[self.looks]
        return max(self.policies(), key=lambda policy: float(self.chances(policy) @ seen))

    def best(self, worth: Floats | None = None) -> Floats:
        """(S, A) the policy that maximises the return under rewards (S,); None: the true ones."""
        returns = self.gamma @ (self.worth if worth is None else worth)
        return max(self.policies(), key=lambda policy: float(self.chances(policy) @ returns))

    def policies(self) -> list[Floats]:
        """The deterministic policies, (S, A) each.

        Raises:
            ValueError: a state with a choice can be met twice.
        """
        legal = self.mdp.legal & ~self.mdp.terminal[:, None]
        if (self.gamma[:, legal.sum(1) > 1] > 1).any():
            raise ValueError("a state with a choice can be met twice in an episode")
        legal[self.mdp.terminal, 0] = True  # nothing is played there
        options = [np.flatnonzero(row).tolist() for row in legal]
        return [np.eye(self.mdp.actions)[list(actions)] for actions in product(*options)]

    def ambiguity(self) -> int:
        """Dimension of the returns that feedback cannot tell from zero; 0: it determines them."""
        both = np.linalg.matrix_rank(self.gamma), np.linalg.matrix_rank(self.belief @ self.gamma)
        return int(both[0] - both[1])

    def explained(self) -> Floats:
        """(S,) the least reward that explains all feedback of a human whose belief is known."""
        taught = self.belief @ self.gamma
        least: Floats = np.linalg.pinv(taught) @ (taught @ self.worth)
        return least

    def twin(self) -> Floats:
        """(S,) another reward with the same feedback: the true one mirrored in `explained`."""
        return 2 * self.explained() - self.worth
