"""Rewards that are linear in features of a step: weights, their uncertainty, and how to fit them.

    r = theta . phi,   theta = argmin L(u(theta)) + l2 / 2 |theta|^2

L is -log-likelihood of the answers, u what the things they judge are worth. A model says how u
follows from theta and, by du/dtheta, what a small change of theta does to it. The fit is a
trust-region Newton method with the Hessian (du/dtheta)' L'' (du/dtheta) + l2, which is exact where
u is linear in theta. Uncertainty is Laplace's: covariance (H + l2)^-1, H that Hessian without l2,
the observed information.

Source: own design; MLE in linear features as in arXiv:2301.11270.
"""

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, inv
from scipy.optimize import minimize
from scipy.stats import chi2

from plaudit.envs import limits
from plaudit.envs.types import State
from plaudit.feedback.models.answered import Answered, information, likelihood
from plaudit.feedback.models.base import Rewards
from plaudit.feedback.models.maximum_likelihood import Likelihood
from plaudit.feedback.models.step_features import StepFeatures
from plaudit.feedback.programs import Spec

Floats = npt.NDArray[np.float64]

Worth = Callable[[Floats], tuple[Floats, Floats]]
"""theta (d,) -> u (I,) and du/dtheta (I, d)."""

FLAT = 1e-8
"""Gradient per answer, in nats per unit of theta, at which the fit has converged."""


class LinearReward:
    """What linear reward models share; a subclass gives `fit`.

    Its members are the 2 d points theta +- sqrt(d) c, c the columns of a root of the covariance:
    their mean is theta . phi, their standard deviation Laplace's, exactly.

    Source: own design.

    Args:
        features: of a step, see `step_features`.
        assumed: the annotator.
        l2: penalty, nats per unit of theta squared, > 0.
        evidence: level of the test against zero reward, in (0, 1]; None: any reward is kept.
        soft: fit exact odds.

    Attributes:
        theta: (d,) weights; empty before `fit`.
        information: (d, d) H; empty before `fit`.

    Raises:
        KeyError, ValueError, TypeError: unknown features, or a setting out of range.
    """

    def __init__(
        self,
        features: Spec,
        assumed: Likelihood,
        l2: float,
        evidence: float | None,
        soft: bool,
    ) -> None:
        self.features = StepFeatures(features)
        self.l2 = limits.check_range("l2", l2, 0, inf, above=True)
        if evidence is not None:
            limits.check_range("evidence", evidence, 0, 1, above=True)
        self.scale, self.soft, self.evidence = assumed.scale, soft, evidence
        self._assumed = assumed
        self.theta, self.information = np.zeros(0), np.zeros((0, 0))

    def forget(self) -> dict[str, float]:
        """Back to where nothing was learned; what `fit` returns then."""
        self.theta, self.information = np.zeros(0), np.zeros((0, 0))
        return {"answers": 0.0}

    def maximise(self, found: Answered, worth: Worth, start: Floats) -> dict[str, float]:
        """Fit from some weights on.

        Args:
            found: the answers.
            worth: how utilities follow from weights.
            start: (d,).

        Returns:
            `answers`, `train_nats` (mean -log_prob), `gain` (how much larger that of the zero
            reward is), `kept` (1, or 0 where the reward stays zero), `iterations`, and `slope`, the
            largest entry of the gradient per answer.
        """

        def value(theta: Floats) -> tuple[float, Floats]:
            utilities, change = worth(theta)
            nats, slope, _ = likelihood(found, utilities, self._assumed, second=False)
            return nats + self.l2 / 2 * float(theta @ theta), change.T @ slope + self.l2 * theta

        def known(theta: Floats) -> Floats:
            utilities, change = worth(theta)
            return information(likelihood(found, utilities, self._assumed)[2], change)

        penalty = self.l2 * np.eye(len(start))
        fitted = minimize(
            value,
            start,
            method="trust-exact",
            jac=True,
            hess=lambda theta: known(theta) + penalty,
            options={"gtol": FLAT * max(found.total, 1.0), "maxiter": 200},
        )
        theta, zero = np.asarray(fitted.x, np.float64), np.zeros(len(start))
        nats, none = (value(w)[0] - self.l2 / 2 * float(w @ w) for w in (theta, zero))
        kept = self.evidence is None or chi2.sf(2 * (none - nats), len(zero)) < self.evidence
        self.theta = theta if kept else zero
        self.information = known(self.theta)
        return {
            "answers": found.total,
            "train_nats": nats / found.total,
            "gain": (none - nats) / found.total,
            "kept": float(kept),
            "iterations": float(fitted.nit),
            "slope": float(np.abs(fitted.jac).max() / found.total),
        }

    def predict(self, obs: npt.NDArray[Any], actions: npt.NDArray[Any]) -> tuple[Rewards, Rewards]:
        """Mean and standard deviation of the reward, (B, T) each; zeros before `fit`.

        Args:
            obs: (B, T, ...) what was seen before each action; (B, T + 1, ...) where the features
                look at what came after.
            actions: (B, T, ...).

        Raises:
            ValueError: shapes that the features can't take.
        """
        seen = self._steps(obs, actions)
        mean, spread = seen @ self.theta, np.linalg.norm(seen @ self._root(), axis=-1)
        return mean.astype(np.float32), spread.astype(np.float32)

    def members(self, obs: npt.NDArray[Any], actions: npt.NDArray[Any]) -> Rewards:
        """The reward by each member, (2 d, B, T), or (1, B, T) before `fit`; as `predict`."""
        seen, d = self._steps(obs, actions), len(self.theta)
        if not d:
            return np.zeros((1, *seen.shape[:2]), np.float32)
        away = d**0.5 * np.moveaxis(seen @ self._root(), -1, 0)
        return np.concatenate([seen @ self.theta + away, seen @ self.theta - away]).astype(
            np.float32
        )

    @property
    def looks_ahead(self) -> bool:
        """Whether `predict` needs to know what came after the last action."""
        return self.features.looks_ahead

    @property
    def covariance(self) -> Floats:
        """(d, d) Laplace's covariance of theta, in its unit squared."""
        spread: Floats = inv(self.information + self.l2 * np.eye(len(self.theta)))
        return spread

    def get_state(self) -> State:
        """Weights and information; a fresh copy."""
        return {"theta": self.theta.copy(), "information": self.information.copy()}

    def set_state(self, state: State) -> None:
        """Raises ValueError where the state is none of a linear model."""
        theta, known = np.array(state["theta"]), np.array(state["information"])
        if theta.ndim != 1 or known.shape != (len(theta),) * 2:
            raise ValueError(
                f"the state must hold theta (d,) and information (d, d), got {theta.shape} and "
                f"{known.shape}"
            )
        self.theta, self.information = theta, known

    def _root(self) -> Floats:
        """(d, d) with covariance = root root'."""
        root: Floats = cholesky(self.covariance, lower=True)
        return root

    def _steps(self, obs: npt.NDArray[Any], actions: npt.NDArray[Any]) -> Floats:
        """(B, T, d) features."""
        beyond = int(self.features.looks_ahead)
        if obs.ndim < 2 or obs.shape[:2] != (len(actions), actions.shape[1] + beyond):
            raise ValueError(
                f"predict needs obs (B, T{' + 1' * beyond}, ...) and actions (B, T, ...), got "
                f"{obs.shape} and {actions.shape}"
            )
        rows, steps = actions.shape[:2]
        if not len(self.theta):
            return np.zeros((rows, steps, 0))
        before = obs[:, :steps].reshape(rows * steps, *obs.shape[2:])
        after = obs[:, 1:].reshape(before.shape) if beyond else None
        flat = actions.reshape(rows * steps, *actions.shape[2:])
        made = self.features(before, flat, after)
        if made.shape[1] != len(self.theta):
            raise ValueError(
                f"this model was fitted to {len(self.theta)} features, got {made.shape[1]}"
            )
        return made.reshape(rows, steps, -1)
