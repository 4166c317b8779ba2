"""A reward that is linear in features of a step, fitted by convex maximum likelihood.

    r(s, a) = theta . phi(s, a),   u of a segment = sum over its steps

Any question about segments or steps trains it.
"""

import numpy as np
import numpy.typing as npt

from plaudit.feedback.models.answered import NOTHING, Answered, answered
from plaudit.feedback.models.linear_reward import LinearReward
from plaudit.feedback.models.maximum_likelihood import Likelihood
from plaudit.feedback.models.step_features import JUDGED
from plaudit.feedback.programs import Spec, program
from plaudit.feedback.store import FeedbackBuffer

Floats = npt.NDArray[np.float64]


class Linear(LinearReward):
    """A linear reward, by maximum likelihood, with the uncertainty that the answers leave.

    Where the assumed lapse is 0 the problem is convex, so that the fit depends on nothing but the
    answers. Members are sigma points, see `LinearReward`.

    Source: arXiv:2301.11270 (Bradley-Terry and Plackett-Luce MLE in linear features).
    Differs: a penalty l2 in place of a bounded norm; other questions train it, too.

    Args:
        features: of a step, see `step_features`: "numbers", {"name": "cells", "sizes": [6],
            "actions_n": 2}, "module:attr" or a callable. Where it looks at what comes after a step,
            `predict` needs observations (B, T + 1, ...).
        judged: what the annotator takes the features of a segment for, where that is not what
            happened: (obs (T + 1, ...), actions (T, ...)) -> (d,), as a key or "module:attr" with
            settings, e.g. `believed_visits`. The fit goes by it, `predict` by `features`.
        l2: penalty, nats per unit of theta squared, > 0.
        evidence: the reward stays zero unless a likelihood-ratio test at this level, in (0, 1),
            tells it from zero: of fits to coin flips at most this share keeps anything. None: any
            reward is kept.
        scale: assumed rationality, 1 / unit of reward, > 0.
        tie, center, spread, lapse: of the assumed annotator, see `BradleyTerry`.
        soft: fit the exact odds of all answers, `Feedback.probs`, in place of those drawn: what
            infinitely many labels of these questions would teach.
        seed: unused, as nothing is drawn.

    Attributes:
        theta: (d,) weights; empty before `fit`.
        information: (d, d) H; empty before `fit`.

    Raises:
        KeyError, ValueError, TypeError: unknown features, or a setting out of range.
    """

    def __init__(
        self,
        features: Spec = "numbers",
        *,
        judged: Spec | None = None,
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
        self._judged = None if judged is None else program("judged features", judged, JUDGED)

    def fit(self, buffer: FeedbackBuffer, *, seed: int | None = None) -> dict[str, float]:
        """Learn from all the answers in a buffer; skips are ignored.

        Args:
            buffer: the answers.
            seed: unused, as nothing is drawn.

        Returns:
            As `LinearReward.maximise`; without answers `answers` alone.

        Raises:
            ValueError: answers that say nothing of steps, wrong features, or `soft` without odds.
        """
        found = answered(buffer, self.soft)
        if found is None:
            return self.forget()
        things = self._features_of(found)
        return self.maximise(
            found, lambda theta: (things @ theta, things), np.zeros(things.shape[1])
        )

    def _features_of(self, found: Answered) -> Floats:
        """(I, d) features of the things judged, as the annotator takes them."""
        if self._judged is None:
            made: Floats = found.sums @ self.features(found.obs, found.actions, found.after)
            return made
        if (found.whole == NOTHING).any():
            raise ValueError("judged features are those of whole segments; ask about segments")
        return np.stack([self._judged(s.obs, s.actions) for s in found.segments])[found.whole]
