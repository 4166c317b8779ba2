"""What a parity case is, what our side answers, and the answers that are stored of the peers."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from plaudit import agents
from plaudit.agents.trainers.algorithms import PolicyGradient

GOLDEN = Path(__file__).with_name("golden.json")
TOLERANCE = 1e-6

# What has to be importable for a peer's module in this folder to run, and the distribution
# whose version counts.
PACKAGES = {
    "ragen_peer": ("ragen", "ragen"),
    "sb3_contrib_peer": ("sb3_contrib", "sb3-contrib"),
    "sb3_peer": ("stable_baselines3", "stable-baselines3"),
    "torchrl_peer": ("torchrl", "torchrl"),
    "trl_dropped_peer": ("trl.experimental.ppo", "trl"),
    "trl_peer": ("trl.trainer.grpo_trainer", "trl"),
    "verl_peer": ("verl.trainer.ppo.core_algos", "verl"),
}

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        name: what is compared; the peer's name comes first.
        kind: a key of `KINDS`: a "loss" with its gradient, an "advantage", one "whitened" as a
            trainer does it, another "function", a "controller" that is fed one reading after the
            other, or the policy of "masked actions".
        function: registry key of ours, or "module:attribute" in `plaudit.agents`.
        inputs: tensors by argument name; the first one of a loss is differentiated.
        peer: "module:function" in this folder.
        settings: keyword arguments of ours that are not tensors.
        peer_settings: keyword arguments of the peer.
        extra: tensors that only the peer is given.
    """

    name: str
    kind: str
    function: str
    inputs: Tensors
    peer: str
    settings: dict[str, Any] = field(default_factory=dict)
    peer_settings: dict[str, Any] = field(default_factory=dict)
    extra: Tensors = field(default_factory=dict)

    @property
    def package(self) -> tuple[str, str]:
        """What to import, and the distribution whose version counts."""
        return PACKAGES[self.peer.split(":")[0]]

    def theirs(self) -> Tensors:
        """What the installed peer answers."""
        module, function = self.peer.split(":")
        run: Callable[..., Tensors] = getattr(import_module(f"tests.parity.{module}"), function)
        return run(self.inputs | self.extra, **self.peer_settings)


def ours(kind: str, function: str, settings: dict[str, Any], inputs: Tensors) -> Tensors:
    """What our side answers, under the names that the peers use."""
    return KINDS[kind](function, settings, inputs)


def difference(found: Tensors, expected: Tensors) -> float:
    """Largest absolute difference over all that the peer answers; infinite if shapes differ."""
    if any(found[key].shape != expected[key].shape for key in expected):
        return float("inf")
    gaps = [(found[key].double() - expected[key].double()).abs().max() for key in expected]
    return float(torch.stack(gaps).max())


def golden() -> dict[str, dict[str, Any]]:
    """The stored cases by name, tensors rebuilt."""
    stored: dict[str, dict[str, Any]] = json.loads(GOLDEN.read_text())
    for case in stored.values():
        for part in ("inputs", "expected"):
            case[part] = {key: torch.tensor(value) for key, value in case[part].items()}
    return stored


def _loss(function: str, settings: dict[str, Any], inputs: Tensors) -> Tensors:
    first = next(iter(inputs))
    leaf = inputs[first].clone().requires_grad_()
    loss, stats = agents.loss(function)(**(inputs | {first: leaf}), **settings)
    loss.backward()
    assert leaf.grad is not None
    return {"loss": loss.detach(), "gradient": leaf.grad, **stats}


def _advantage(function: str, settings: dict[str, Any], inputs: Tensors) -> Tensors:
    found = agents.advantage(function)(**inputs, **settings)
    if isinstance(found, tuple):
        return {"advantage": found[0], "returns": found[1]}
    return {"advantage": found}


def _whitened(function: str, settings: dict[str, Any], inputs: Tensors) -> Tensors:
    algorithm = PolicyGradient(function, "ppo", whiten=True, **settings)
    return {"advantage": algorithm.targets(inputs)["advantage"]}


def _function(function: str, settings: dict[str, Any], inputs: Tensors) -> Tensors:
    found = _of_agents(function)(**inputs, **settings)
    return {"value": found[0] if isinstance(found, tuple) else found}


def _controller(function: str, settings: dict[str, Any], inputs: Tensors) -> Tensors:
    controller, (readings,) = _of_agents(function)(**settings), inputs.values()
    return {"value": torch.tensor([controller.step(float(reading)) for reading in readings])}


def _masked_actions(function: str, settings: dict[str, Any], inputs: Tensors) -> Tensors:
    sampling = import_module(f"plaudit.agents.{function}")
    logits = inputs["logits"].clone().requires_grad_()
    scores = sampling.log_probs(logits.masked_fill(~inputs["legal"], -torch.inf), **settings)
    logp, entropy = sampling.pick(scores, inputs["actions"]), sampling.entropy(scores)
    (logp.sum() + entropy.sum()).backward()
    assert logits.grad is not None
    return {"logp": logp.detach(), "entropy": entropy.detach(), "gradient": logits.grad}


def _of_agents(name: str) -> Callable[..., Any]:
    module, attribute = name.split(":")
    found: Callable[..., Any] = getattr(import_module(f"plaudit.agents.{module}"), attribute)
    return found


KINDS = {
    "advantage": _advantage,
    "controller": _controller,
    "function": _function,
    "loss": _loss,
    "masked actions": _masked_actions,
    "whitened": _whitened,
}
