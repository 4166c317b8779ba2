"""A linear reward that explains answers by regret: by what the actions lost against best play.

    r = theta . phi,   u of a step taken in s at time t = Q*_t(s, a; theta) - V*_t(s; theta) <= 0

The process must be known and finite; it is solved for every theta that is tried. By the envelope
theorem dQ*/dtheta are the successor features of the optimal policy, the features met in expectation
from there on, so that u is linear in theta as long as the policy stays the same. Values are smooth
first (their softmax of temperature tau, which falls to 0), because from theta = 0, where every
policy is optimal, there would be no way to go.
"""

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs.finite import FiniteMDP, solve
from plaudit.envs.finite_models import FiniteModel, finite_model
from plaudit.feedback.learned_process import paid
from plaudit.feedback.models.answered import Answered, answered
from plaudit.feedback.models.linear_reward import LinearReward
from plaudit.feedback.models.maximum_likelihood import Likelihood
from plaudit.feedback.programs import Spec
from plaudit.feedback.simulator import Simulator
from plaudit.feedback.store import FeedbackBuffer

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class RegretLinear(LinearReward):
    """A linear reward under which what was preferred lost less against best play.

    Members are sigma points, see `LinearReward`.

    Source: arXiv:2206.02231, sections 3 and 5 (regret preference model, linear rewards, successor
        features).
    Differs: the world's process is known and solved exactly, where the source takes the best of a
        fixed set of policies; regret is that of expected outcomes (its regret with V* and Q*); a
        penalty l2.

    Args:
        world: its id; a grid world or Tabular, see `finite_model`.
        settings: of the world, JSON values.
        features: as of `Linear`.
        temperatures: tau in units of reward, one fit after the other; 0 is the exact optimum.
        l2, evidence, scale, tie, center, spread, lapse, soft: as of `Linear`.
        seed: unused, as nothing is drawn.

    Raises:
        KeyError, ValueError, TypeError: no such world or features, or a setting out of range.
    """

    def __init__(
        self,
        world: str,
        settings: dict[str, Any] | None = None,
        features: Spec = "numbers",
        *,
        temperatures: Sequence[float] = (1.0, 0.1, 0.0),
        l2: float = 1e-2,
        evidence: float | None = None,
        scale: float = 1.0,
        tie: float = 1.0,
        center: float = 0.0,
        spread: float = 1.0,
        lapse: float = 0.0,
        soft: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(
            features, Likelihood(scale, tie, center, spread, lapse), l2, evidence, soft
        )
        if not temperatures or min(temperatures) < 0:
            raise ValueError(f"temperatures must be at least 0, one or more; got {temperatures}")
        self.temperatures = tuple(temperatures)
        self._model: FiniteModel = finite_model(Simulator(world, settings).game)

    def fit(self, buffer: FeedbackBuffer, *, seed: int | None = None) -> dict[str, float]:
        """Learn from all the answers in a buffer; skips are ignored.

        Args:
            buffer: the answers.
            seed: unused, as nothing is drawn.

        Returns:
            As `LinearReward.maximise`, of the last temperature; without answers `answers` alone.

        Raises:
            ValueError: answers that say nothing of steps, observations of another world, wrong
                features, or `soft` without odds.
        """
        found = answered(buffer, self.soft)
        if found is None:
            return self.forget()
        places = self._places(found)
        theta, stats = np.zeros(self._branches.shape[-1]), {}
        for temperature in self.temperatures:
            worth = partial(self._worth, found, places, temperature)
            stats = self.maximise(found, worth, theta)
            theta = self.theta
        return stats

    def _worth(
        self, found: Answered, places: tuple[Ints, Ints], tau: float, theta: Floats
    ) -> tuple[Floats, Floats]:
        """What the things judged are worth, and its derivative."""
        mdp = self._model.mdp
        best = solve(paid(mdp, self._branches @ theta), tau)
        ahead = successor_features(mdp, self._expected, best.policy)
        (time, state), action = places, found.actions.astype(np.int64)
        lost = best.q[time, state, action] - best.values[time, state]
        mean = np.einsum("na,nad->nd", best.policy[time, state], ahead[time, state])
        return found.sums @ lost, found.sums @ (ahead[time, state, action] - mean)

    @cached_property
    def _branches(self) -> Floats:
        """(S, A, K, d) features of every branch."""
        mdp, seen = self._model.mdp, self._model.observations[0]
        here, action, branch = np.indices(mdp.chances.shape).reshape(3, -1)
        made = self.features(seen[here], action, seen[mdp.successor[here, action, branch]])
        return made.reshape(*mdp.chances.shape, -1)

    @cached_property
    def _expected(self) -> Floats:
        """(S, A, d) features of every pair, in expectation."""
        mean: Floats = np.einsum("sak,sakd->sad", self._model.mdp.chances, self._branches)
        return mean

    @cached_property
    def _known(self) -> dict[bytes, tuple[int, int]]:
        """Step and state by what is seen of them."""
        seen = self._model.observations
        return {seen[t, s].tobytes(): (t, s) for t in range(len(seen)) for s in range(len(seen[0]))}

    def _places(self, found: Answered) -> tuple[Ints, Ints]:
        """(N,) step of the episode and state of every step."""
        seen = np.asarray(found.obs, self._model.observations.dtype)
        try:
            places = [self._known[np.ascontiguousarray(obs).tobytes()] for obs in seen]
        except KeyError as error:
            raise ValueError(
                f"the answers are about observations that {self._model.mdp!r} never shows; "
                "give the world and the settings that were recorded"
            ) from error
        time, state = np.array(places, np.int64).reshape(-1, 2).T
        return time, state


def successor_features(mdp: FiniteMDP, features: Floats, policy: Floats) -> Floats:
    """(H, S, A, d) features met in expectation from a step on, that of the step included.

    Source: arXiv:1606.05312, equation 3.

    Args:
        mdp: the process.
        features: (S, A, d) of every pair.
        policy: (H, S, A) who plays on.
    """
    met = np.zeros((*policy.shape, features.shape[-1]))
    later = np.zeros((mdp.states, features.shape[-1]))
    for t in reversed(range(mdp.horizon)):
        onward = np.einsum("sak,sakd->sad", mdp.chances, later[mdp.successor])
        met[t] = features + mdp.discount * onward
        later = np.einsum("sa,sad->sd", policy[t], met[t])
        later[mdp.terminal] = 0.0
    return met
