"""torchrl's value estimators and losses, fed with our rows of tokens.

Its losses ask a policy for a distribution and a critic for values; here both have what they answer
as parameters, which gives the gradients in it.
"""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import torch
from tensordict import TensorDict
from tensordict.nn import (
    ProbabilisticTensorDictModule,
    ProbabilisticTensorDictSequential,
    TensorDictModule,
)
from torchrl.envs.utils import ExplorationType
from torchrl.objectives import A2CLoss, ClipPPOLoss, IQLLoss, ReinforceLoss
from torchrl.objectives.llm.grpo import GRPOLoss
from torchrl.objectives.llm.sft import sft_loss
from torchrl.objectives.sac import SACLoss
from torchrl.objectives.value import functional

Tensors = dict[str, torch.Tensor]


def gae(inputs: Tensors, *, gamma: float, lam: float, vectorised: bool = False) -> Tensors:
    """Advantages and returns of rows that may hold several episodes."""
    run = (
        functional.vec_generalized_advantage_estimate
        if vectorised
        else functional.generalized_advantage_estimate
    )
    given = _steps(inputs)
    advantage, returns = run(gamma, lam, given.pop("state_value"), *given.values())
    return {"advantage": advantage[..., 0], "returns": returns[..., 0]}


def lambda_returns(inputs: Tensors, *, gamma: float, lam: float) -> Tensors:
    """TD(lambda) returns."""
    given = _steps(inputs)
    del given["state_value"]
    found = functional.td_lambda_return_estimate(gamma, lam, *given.values())
    return {"returns": found[..., 0]}


def returns_to_go(inputs: Tensors, *, gamma: float) -> Tensors:
    """Discounted sums of rewards up to the ends of episodes; the last step must be one."""
    found = functional.reward2go(inputs["rewards"], inputs["ends"], gamma, time_dim=-1)
    return {"advantage": found.view(inputs["rewards"].shape)}


def clip_ppo(inputs: Tensors, *, clip: float, clip_high: float | None = None) -> Tensors:
    """Loss of ClipPPOLoss and its gradient in the log-probabilities."""
    nets = _Networks(inputs)
    width = clip if clip_high is None else (clip, clip_high)
    loss = ClipPPOLoss(nets.actor, nets.critic, clip_epsilon=width, functional=False)
    return nets.gradient(loss(nets.batch)["loss_objective"], "logp")


def critic(inputs: Tensors, *, clip: float | None) -> Tensors:
    """Loss of ClipPPOLoss's critic at coefficient 1/2 and its gradient in the values."""
    nets = _Networks(inputs)
    loss = ClipPPOLoss(
        nets.actor,
        nets.critic,
        critic_coeff=0.5,
        loss_critic_type="l2",
        clip_value=clip,
        functional=False,
    )
    return nets.gradient(loss(nets.batch)["loss_critic"], "value")


def entropy(inputs: Tensors) -> Tensors:
    """Entropy loss of ClipPPOLoss at coefficient 1 and its gradient in the entropies."""
    nets = _Networks(inputs)
    loss = ClipPPOLoss(nets.actor, nets.critic, entropy_coeff=1.0, functional=False)
    return nets.gradient(loss(nets.batch)["loss_entropy"], "entropy")


def policy_gradient(inputs: Tensors, *, name: str) -> Tensors:
    """Loss of A2CLoss or ReinforceLoss and its gradient in the log-probabilities."""
    nets = _Networks(inputs)
    kind, key = {
        "a2c": (A2CLoss, "loss_objective"),
        "reinforce": (ReinforceLoss, "loss_actor"),
    }[name]
    return nets.gradient(kind(nets.actor, nets.critic, functional=False)(nets.batch)[key], "logp")


def grpo(
    inputs: Tensors, *, average: str, clip: float | tuple[float, float], beta: float = 0.0
) -> Tensors:
    """Loss of GRPOLoss (with a pair of clips that is DAPO) and its gradient.

    With `beta` the k3 to the reference is added, a mean over all positions: give it full rows.
    """
    logp = inputs["logp"].clone().requires_grad_()
    policy = SimpleNamespace(log_prob=lambda _: logp, mask=inputs["mask"])
    actor = SimpleNamespace(get_dist=lambda *_, **__: policy)
    loss = GRPOLoss(None, clip_epsilon=clip, aggregation=average, entropy_bonus=False)
    loss.actor_network, loss.kl_to_ref_coeff = actor, beta or None
    loss.set_keys(action="action", sample_log_prob="old_logp", ref_log_probs="ref_logp")
    rows, width = logp.shape
    batch = {
        "action": torch.zeros(rows, width),
        "old_logp": inputs["old_logp"],
        "ref_logp": inputs.get("ref_logp", torch.zeros_like(logp)),
        "advantage": inputs["advantage"].view(rows, 1, 1).expand(rows, width, 1),
    }
    found = loss(TensorDict(batch, batch_size=[rows]))
    total = found.loss_objective.squeeze() + (found.loss_kl_to_ref if beta else 0.0)
    return _with_gradient(total, logp)


def supervised(inputs: Tensors) -> Tensors:
    """The loss of SFTLoss on whole answers, mean over answers."""
    logp = inputs["logp"].clone().requires_grad_()
    return _with_gradient(sft_loss(torch.where(inputs["mask"], logp, 0.0).sum(1), "mean"), logp)


def awr(inputs: Tensors, *, inverse_temperature: float) -> Tensors:
    """The actor's loss of IQLLoss; its weights are cut at 100."""
    logp, mask = inputs["logp"].clone().requires_grad_(), inputs["mask"]
    chosen, advantage = logp[mask], inputs["advantage"][mask].unsqueeze(-1)

    def answer(key: str, values: torch.Tensor) -> Any:
        return lambda batch, *_: batch.set(key, values)

    loss = SimpleNamespace(
        actor_network=SimpleNamespace(
            get_dist=lambda _: SimpleNamespace(log_prob=lambda _: chosen)
        ),
        qvalue_network=SimpleNamespace(in_keys=[]),
        value_network=answer("value", torch.zeros_like(advantage)),
        _vmap_qvalue_networkN0=answer("q", advantage.unsqueeze(0)),
        target_qvalue_network_params=None,
        temperature=inverse_temperature,
        tensor_keys=SimpleNamespace(
            action="action", value="value", state_action_value="q", log_prob="logp"
        ),
        _reduce_loss=lambda values, tensordict: values.mean(),
        _clear_weakrefs=lambda *_: None,
        deterministic_sampling_mode=ExplorationType.DETERMINISTIC,
    )
    loss.value_network.in_keys = []
    free = SimpleNamespace(to_module=lambda *_, **__: nullcontext())
    loss.actor_network_params = loss.value_network_params = free
    batch = TensorDict({"action": torch.zeros(len(chosen))}, batch_size=[])
    found, _ = IQLLoss.actor_loss(loss, batch)
    return _with_gradient(found, logp)


def temperature(inputs: Tensors, *, target: float, coef: float, rate: float) -> Tensors:
    """SAC's temperature after each of these entropies, (K,), by plain gradient descent."""
    log_alpha = torch.tensor(coef).log().requires_grad_()
    found = []
    for reading in inputs["entropy"]:
        loss = SACLoss._alpha_loss(
            SimpleNamespace(target_entropy=target, log_alpha=log_alpha), -reading
        )
        (gradient,) = torch.autograd.grad(loss, log_alpha)
        log_alpha = (log_alpha - rate * gradient).detach().requires_grad_()
        found.append(log_alpha.detach().exp())
    return {"value": torch.stack(found)}


class _Given(torch.distributions.Distribution):
    """A distribution that was asked before."""

    arg_constraints: dict[str, Any] = {}

    def __init__(self, logp: torch.Tensor, entropy: torch.Tensor) -> None:
        super().__init__(logp.shape, validate_args=False)
        self._logp, self._entropy = logp, entropy

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        return self._logp

    def entropy(self) -> torch.Tensor:
        return self._entropy


class _Answers(torch.nn.Module):
    """A network whose parameters are its answers."""

    def __init__(self, *answers: torch.Tensor) -> None:
        super().__init__()
        self.answers = torch.nn.ParameterList(answer.clone() for answer in answers)

    def forward(self, _: torch.Tensor) -> Any:
        return tuple(self.answers) if len(self.answers) > 1 else self.answers[0]


class _Networks:
    """Actor, critic and batch of the selected positions, one after the other."""

    def __init__(self, inputs: Tensors) -> None:
        self._mask = inputs["mask"]
        zeros = torch.zeros(self._mask.shape)
        given = {
            name: inputs.get(name, zeros)[self._mask]
            for name in ("logp", "old_logp", "advantage", "value", "old_value", "returns")
        }
        uncertain = inputs.get("entropy", zeros)[self._mask]
        self._policy = _Answers(given["logp"], uncertain)
        self._values = _Answers(given["value"].unsqueeze(-1))
        self.actor = ProbabilisticTensorDictSequential(
            TensorDictModule(self._policy, in_keys=["state"], out_keys=["logp", "entropy"]),
            ProbabilisticTensorDictModule(
                in_keys=["logp", "entropy"],
                out_keys=["action"],
                distribution_class=_Given,
                return_log_prob=True,
            ),
        )
        self.critic = TensorDictModule(self._values, in_keys=["state"], out_keys=["state_value"])
        count = len(given["logp"])
        columns = {
            "advantage": given["advantage"],
            "value_target": given["returns"],
            "state_value": given["old_value"],
        }
        self.batch = TensorDict(
            {
                "state": torch.zeros(count),
                "action": torch.zeros(count),
                "action_log_prob": given["old_logp"],
                **{key: values.unsqueeze(-1) for key, values in columns.items()},
            },
            batch_size=[count],
        )

    def gradient(self, loss: torch.Tensor, of: str) -> Tensors:
        """The loss and its gradient, back in rows."""
        loss.backward()
        leaves = dict(zip(("logp", "entropy"), self._policy.answers, strict=True))
        leaf = (leaves | {"value": self._values.answers[0]})[of]
        assert leaf.grad is not None
        rows = torch.zeros(self._mask.shape).masked_scatter(self._mask, leaf.grad)
        return {"loss": loss.detach(), "gradient": rows}


def _steps(inputs: Tensors) -> Tensors:
    """What value estimators take, (B, T, 1), in their order."""
    rewards, values = inputs["rewards"], inputs["values"]
    none = torch.zeros(rewards.shape, dtype=torch.bool)
    ends = inputs.get("ends", none)
    ahead = torch.cat([values[:, 1:], inputs["last_value"].unsqueeze(1)], dim=1)
    cut = none.clone()
    cut[:, -1] = True
    steps = {
        "state_value": values,
        "next_state_value": ahead,
        "reward": rewards,
        "done": ends | cut,
        "terminated": ends,
    }
    return {key: value.unsqueeze(-1) for key, value in steps.items()}


def _with_gradient(loss: torch.Tensor, leaf: torch.Tensor) -> Tensors:
    loss.backward()
    assert leaf.grad is not None
    return {"loss": loss.detach(), "gradient": leaf.grad}
