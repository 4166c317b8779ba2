"""An ensemble of reward networks fitted to opinions by maximum likelihood.

Loss: -log_prob(ask, answer, u), u_k = sum over the steps of segment k of the predicted reward,
by `likelihoods.log_prob`, so comparisons, ties and ratings train one model.
"""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from plaudit.envs.types import State, generator_from, generator_state
from plaudit.feedback.models.base import Rewards
from plaudit.feedback.models.maximum_likelihood import Fit, Likelihood, maximise
from plaudit.feedback.models.networks import RewardNet, TokenConvNet, VectorNet
from plaudit.feedback.models.step_rows import Floats
from plaudit.feedback.store import FeedbackBuffer

PREDICT_STEPS = 65536
"""Steps scored at once, which bounds the memory of `predict`."""


class BradleyTerry:
    """Ensemble of Bradley-Terry reward models (Davidson for ties, ordinal logit for ratings).

    Every member holds out another share of the answers and keeps the epoch that explains it best.
    Unless the members so beat the zero reward, over all they hold out, by 1.64 standard errors, the
    reward is zero: from a coin flip nothing is learned, rather than noise (of 40 fits to 100 or 400
    coin flips 5 % kept something, to 30 a quarter). With fewer than 4 answers it is zero too.
    A reward per step that no answer can tell (comparisons of segments of one length) is removed:
    each member's mean over the answered steps is then 0. Otherwise the level is learned.

    Source: arXiv:1706.03741, section 2.2.3.
    Differs: every member sees all the answers unless `bootstrap`; the zero reward competes with
        the trained ones; rewards are not rescaled to unit variance, but keep the unit of `scale`.

    Args:
        kind: "tokens" (`TokenConvNet`) or "vectors" (`VectorNet`).
        vocab_size, pad_id, context: of tokens, see `TokenConvNet`.
        obs_dim, action_dim: of vectors, see `VectorNet`.
        members: ensemble size M.
        width: units per hidden layer.
        scale: assumed rationality, 1 / unit of reward, > 0.
        tie: Davidson's weight assumed where ties could be said, > 0.
        center, spread: thresholds assumed for ratings, see `Rate.thresholds`.
        lapse: share of answers assumed to be given at random, in [0, 1); without it, careless
            answers make the learned reward flatter than the true one.
        lr: AdamW's step size.
        epochs: passes over the answers, at most.
        patience: epochs without a better held-out likelihood after which training stops.
        batch: answers per step.
        weight_decay: AdamW's.
        holdout: share of the answers held out by each member, in [0, 0.5]; 0 keeps the last epoch
            and any reward.
        bootstrap: weigh the answers of each member by a resample with replacement.
        warm_start: go on from the last fit; else every fit starts anew.
        seed: of the model's own stream.

    Raises:
        ValueError: an unknown kind, a missing size, or a setting out of range.
    """

    def __init__(
        self,
        kind: Literal["tokens", "vectors"] = "tokens",
        *,
        vocab_size: int | None = None,
        pad_id: int | None = None,
        context: int = 3,
        obs_dim: int | None = None,
        action_dim: int | None = None,
        members: int = 3,
        width: int = 64,
        scale: float = 1.0,
        tie: float = 1.0,
        center: float = 0.0,
        spread: float = 1.0,
        lapse: float = 0.0,
        lr: float = 3e-3,
        epochs: int = 20,
        patience: int = 4,
        batch: int = 64,
        weight_decay: float = 0.3,
        holdout: float = 0.15,
        bootstrap: bool = False,
        warm_start: bool = False,
        seed: int = 0,
    ) -> None:
        self.kind, self.scale, self.warm_start = kind, scale, warm_start
        self._tokens = (vocab_size, context, pad_id)
        self._vectors = (obs_dim, action_dim)
        self._size = (width, members)
        likelihood = Likelihood(scale, tie, center, spread, lapse)
        self._fit = Fit(likelihood, lr, epochs, patience, batch, weight_decay, holdout, bootstrap)
        self._rng = np.random.default_rng(seed)
        self._net = self._build(torch.Generator().manual_seed(seed))
        self._shift = torch.zeros(members, 1)

    def fit(
        self,
        buffer: FeedbackBuffer,
        *,
        seed: int | None = None,
        doubt: Floats | None = None,
        margin: Floats | None = None,
    ) -> dict[str, float]:
        """Learn from all the answers in a buffer; skips are ignored.

        Args:
            buffer: the answers.
            seed: of this fit; None draws from the model's own stream.
            doubt: (answers,) the probability that each is the wrong way round, see `strength`.
            margin: (answers,) utility by which what was preferred has to win.

        Returns:
            `answers`, `epochs` (run), `kept` (1, or 0 where the reward stays zero) and, where
            there were such answers, `train_nats` and `heldout_nats` (mean -log_prob) and
            `heldout_gain` (nats below the zero reward), of what was trained, kept or not.

        Raises:
            ValueError: shapes or ids that the network can't take; or a doubt or margin that does
                not go with the answers, which must then be comparisons without ties.
        """
        drawn = int(self._rng.integers(2**62))
        generator = torch.Generator().manual_seed(drawn if seed is None else seed)
        net = self._net if self.warm_start else self._build(generator)
        self._shift, stats = maximise(net, buffer, self._fit, generator, doubt, margin)
        self._net = net
        return stats

    def predict(self, obs: npt.NDArray[Any], actions: npt.NDArray[Any]) -> tuple[Rewards, Rewards]:
        """Mean and standard deviation over members of the reward, (B, T) each.

        Args:
            obs: (B, T, ...) what was seen before each action.
            actions: (B, T, ...).

        Raises:
            ValueError: shapes or ids that the network can't take.
        """
        rewards = self.members(obs, actions)
        return rewards.mean(0), rewards.std(0)

    def members(self, obs: npt.NDArray[Any], actions: npt.NDArray[Any]) -> Rewards:
        """The reward by each member, (M, B, T); arguments as `predict`."""
        if obs.ndim < 2 or obs.shape[:2] != actions.shape[:2]:
            raise ValueError(
                "predict needs obs (B, T, ...) and actions (B, T, ...), one observation before "
                f"each action; got {obs.shape} and {actions.shape}"
            )
        rows, steps = obs.shape[:2]
        flat_obs = torch.as_tensor(obs.reshape(rows * steps, *obs.shape[2:]))
        flat_actions = torch.as_tensor(actions.reshape(rows * steps, *actions.shape[2:]))
        with torch.no_grad():
            features = self._net.features(flat_obs, flat_actions)
            chunks = [self._net(chunk) for chunk in torch.split(features, PREDICT_STEPS)]
            rewards = torch.cat(chunks, 1) - self._shift
        return rewards.numpy().reshape(-1, rows, steps)

    def get_state(self) -> State:
        """Parameters and the model's own stream; a fresh copy."""
        parameters = self._net.state_dict()
        return {
            "parameters": {name: value.numpy().copy() for name, value in parameters.items()},
            "shift": self._shift.numpy().copy(),
            "rng": generator_state(self._rng),
        }

    def set_state(self, state: State) -> None:
        """Raises ValueError where the state is that of a model of another shape."""
        parameters = {name: torch.tensor(value) for name, value in state["parameters"].items()}
        try:
            self._net.load_state_dict(parameters)
        except RuntimeError as error:
            raise ValueError(f"the state does not fit this {self.kind!r} model: {error}") from error
        self._shift = torch.tensor(state["shift"])
        self._rng = generator_from(state["rng"])

    def _build(self, generator: torch.Generator) -> RewardNet:
        if self.kind == "tokens":
            vocab_size, context, pad_id = self._tokens
            if vocab_size is None:
                raise ValueError("kind='tokens' needs vocab_size")
            return TokenConvNet(vocab_size, context, *self._size, pad_id, generator)
        if self.kind != "vectors":
            raise ValueError(f"kind must be 'tokens' or 'vectors', got {self.kind!r}")
        obs_dim, action_dim = self._vectors
        if obs_dim is None or action_dim is None:
            raise ValueError("kind='vectors' needs obs_dim and action_dim")
        return VectorNet(obs_dim, action_dim, *self._size, generator)
