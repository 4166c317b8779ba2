"""What a person says to what is done, learned from what they said, and tried on what they said.

    min over f of the sum of w_i (h - f(s_i, a_i))^2

over judgements h and the steps i that each may have been about, w_i being the odds of that.

Source: arXiv:2410.15181 (GUIDE, the simulated feedback of its human).
Differs: it is tried on held-out judgements; feedback is credited by a window of delays.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import torch

from plaudit.agents.credit_window import Tensors
from plaudit.agents.policies.encoders import encoder
from plaudit.agents.policies.mlp import MLPs
from plaudit.agents.replay import Replay
from plaudit.envs.types import State, generator_from, generator_state, stream

BATCH = 64  # credited steps of a minibatch


class PersonModel:
    """A network that predicts judgements, and how well it does.

    Args:
        observation_space: of one row.
        action_space: of one row.
        hidden: widths of the hidden layers.
        lr: Adam's step size.
        keep: credited steps that are held.
        held_every: every so manieth judgement is not learned from but predicted.
        seed: of the first weights and of minibatches.

    Attributes:
        error: weighted mean squared error on held-out judgements, NaN before the first fit.
        baseline: that of their mean, learned from the others.

    Source: arXiv:2410.15181.
    """

    def __init__(
        self,
        observation_space: gym.Space[Any],
        action_space: gym.Space[Any],
        *,
        hidden: Sequence[int],
        lr: float,
        keep: int,
        held_every: int,
        seed: int,
    ) -> None:
        rng = torch.Generator().manual_seed(seed)
        pair = gym.spaces.Tuple([observation_space, action_space])
        self._encoder = encoder(pair, "multi_input", rng)
        width = self._encoder.width
        self._net = MLPs(width, hidden, [1], activation="tanh", gains=[0.0], rng=rng)
        self._module = torch.nn.ModuleList([self._encoder, self._net])
        self._adam = torch.optim.Adam(self._module.parameters(), lr=lr)
        self._learned, self._held = Replay(keep), Replay(keep)
        self._rng, self._held_every = stream(seed, "stand-in"), held_every
        self._events = 0
        self.error = self.baseline = float("nan")

    @property
    def trusted(self) -> bool:
        """Whether it predicts what it did not learn from better than the mean does."""
        return self.error < self.baseline

    def read(self, obs: Any, actions: Any) -> torch.Tensor:
        """What was seen and done as numbers (N, D)."""
        return torch.from_numpy(self._encoder.read((obs, actions)))

    @torch.no_grad()
    def predict(self, numbers: torch.Tensor) -> torch.Tensor:
        """Expected judgement of steps, (B,)."""
        return self._said(numbers)

    def add(self, judged: Tensors, rows: torch.Tensor, shares: torch.Tensor) -> None:
        """Keep judgements.

        Args:
            judged: numbers (W, N, D) of the steps and said (N,), what was said in each row.
            rows: (N,) bool, where something was said.
            shares: (W, N) odds that each step was meant.
        """
        for row in torch.nonzero(rows)[:, 0].tolist():
            kept = shares[:, row] > 0
            held = self._events % self._held_every == 0
            self._events += 1
            if kept.any():
                credited = {
                    "numbers": judged["numbers"][kept, row],
                    "said": judged["said"][row].expand(int(kept.sum())),
                    "weight": shares[kept, row],
                }
                (self._held if held else self._learned).add(credited)

    def fit(self, steps: int) -> None:
        """Take some steps of Adam, then try the network on held-out judgements."""
        if not (len(self._learned) and len(self._held)):
            return
        for _ in range(steps):
            self._adam.zero_grad()
            loss = self._loss(self._learned.sample(BATCH, self._rng))
            torch.autograd.backward(loss)
            self._adam.step()
        learned, held = self._learned.all(), self._held.all()
        mean = (learned["weight"] * learned["said"]).sum() / learned["weight"].sum()
        distance = held["weight"] * (held["said"] - mean).square()
        self.baseline = float(distance.sum() / held["weight"].sum())
        with torch.no_grad():
            self.error = float(self._loss(held))

    def get_state(self) -> State:
        """A fresh copy of all that it predicts by."""
        memory = [self._adam.state[p] for p in self._module.parameters()]
        return {
            "parameters": [p.detach().clone() for p in self._module.parameters()],
            "adam": [{key: value.clone() for key, value in one.items()} for one in memory],
            "learned": self._learned.get_state(),
            "held": self._held.get_state(),
            "rng": generator_state(self._rng),
            "events": self._events,
            "errors": [self.error, self.baseline],
        }

    @torch.no_grad()
    def set_state(self, state: State) -> None:
        """Go back."""
        parameters = list(self._module.parameters())
        for parameter, value in zip(parameters, state["parameters"], strict=True):
            parameter.copy_(value)
        for parameter, memory in zip(parameters, state["adam"], strict=True):
            self._adam.state[parameter] = {key: value.clone() for key, value in memory.items()}
        self._learned.set_state(state["learned"])
        self._held.set_state(state["held"])
        self._rng, self._events = generator_from(state["rng"]), int(state["events"])
        self.error, self.baseline = state["errors"]

    def _said(self, numbers: torch.Tensor) -> torch.Tensor:
        (values,) = self._net(self._encoder(numbers))
        said: torch.Tensor = values.squeeze(1)
        return said

    def _loss(self, rows: Tensors) -> torch.Tensor:
        error = (rows["said"] - self._said(rows["numbers"])).square()
        return (rows["weight"] * error).sum() / rows["weight"].sum()
