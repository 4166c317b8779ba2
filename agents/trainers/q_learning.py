r"""Q-learning: what is paid, and what the best action is worth from there.

    Q(s, a) <- Q(s, a) + lr * (r + discount * max_a' Q(s', a') - Q(s, a))

Whatever is paid counts as a reward to be summed up, feedback as well.

Source: Watkins & Dayan 1992, doi:10.1007/BF00992698.
"""

from typing import Unpack

import torch

from plaudit.agents.credit_window import Tensors
from plaudit.agents.policies.epsilon_greedy import EpsilonGreedy
from plaudit.agents.rollout.step_worlds import AnyVector
from plaudit.agents.rollout.watched import Heard
from plaudit.agents.trainers.ascent import Ascent
from plaudit.agents.trainers.base import Row
from plaudit.agents.trainers.interactive import InteractiveTrainer, Shared
from plaudit.envs import limits
from plaudit.envs.types import State


class QLearning(InteractiveTrainer):
    """Learns action values from every step, with all rows at once.

    Rows that see and do the same in a step move their value once, towards the mean of their
    targets; so a step size of 1 is a whole step however many rows there are.

    Args:
        env: see `InteractiveTrainer`; it may pay rewards as well as feedback.
        policy: an `EpsilonGreedy`.
        lr: step size.
        discount: factor per step, in 0..1.
        **shared: see `InteractiveTrainer`.

    Raises:
        TypeError, ValueError: see `InteractiveTrainer`; the policy holds no action values, or a
            number is out of its range.

    Source: doi:10.1007/BF00992698.
    Differs: an episode that is cut short counts as ended, so that the horizon should be seen; what
        is said late is paid when it is heard.
    """

    def __init__(
        self,
        env: AnyVector,
        policy: EpsilonGreedy,
        *,
        lr: float = 0.1,
        discount: float = 1.0,
        **shared: Unpack[Shared],
    ) -> None:
        if not isinstance(policy, EpsilonGreedy):
            raise TypeError(f"Q-learning trains an EpsilonGreedy, got {type(policy).__name__}")
        limits.check_range("discount", discount, 0, 1)
        super().__init__(env, policy, {"lr": lr, "discount": discount}, **shared)
        self._values, self._discount = policy, discount
        self._ascent = Ascent(policy, lr)

    def learned(self) -> list[torch.Tensor]:
        return list(self._ascent.parameters)

    def _learn(self, step: Tensors, heard: Heard) -> Row:
        device = self.policy.device
        with torch.no_grad():
            ahead = self._values.action_values(self.policy.read(self._watched.obs)).amax(1)
        goes_on = torch.from_numpy(~heard.over).to(device)
        paid = torch.from_numpy(heard.feedback).to(device, torch.float32)
        target = paid + self._discount * goes_on * ahead
        now = self._values.action_values(step["numbers"]).gather(1, step["action"])[:, 0]
        error = target - now
        loss = (_shares(step) * error.square()).sum() / 2
        grads = torch.autograd.grad(loss, self._ascent.parameters)
        norm = self._ascent.step([-grad for grad in grads])
        return {"loss": float(loss.detach()), "step_norm": norm}

    def _end(self, over: torch.Tensor) -> None:
        """Nothing is kept from step to step."""

    def _learned_state(self) -> State:
        return {"parameters": self._ascent.get_state()}

    def _set_learned_state(self, state: State) -> None:
        self._ascent.set_state(state["parameters"])


def _shares(step: Tensors) -> torch.Tensor:
    """(N,) one over the number of rows that saw and did the same."""
    done = torch.cat([step["numbers"], step["action"]], 1)
    _, same, counts = torch.unique(done, dim=0, return_inverse=True, return_counts=True)
    shares: torch.Tensor = 1.0 / counts[same]
    return shares
