"""The parity cases: our function, its settings and inputs, and the peer that must agree.

`ours` runs our side, `golden` reads the stored answers of the peers, `CASES` names the live ones.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from plaudit import agents

GOLDEN = Path(__file__).with_name("golden.json")
TOLERANCE = 1e-6

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        name: what is compared.
        kind: "loss" or "advantage".
        function: registry key of ours.
        settings: keyword arguments of ours that are not tensors.
        inputs: tensors by argument name; the first one of a loss is differentiated.
        peer: "module:function" in this folder.
        peer_settings: keyword arguments of the peer.
    """

    name: str
    kind: str
    function: str
    settings: dict[str, Any]
    inputs: Tensors
    peer: str
    peer_settings: dict[str, Any]

    def theirs(self) -> Tensors:
        """What the installed peer answers."""
        module, function = self.peer.split(":")
        run: Callable[..., Tensors] = getattr(import_module(f"tests.parity.{module}"), function)
        return run(self.inputs, **self.peer_settings)


def ours(kind: str, function: str, settings: dict[str, Any], inputs: Tensors) -> Tensors:
    """What our function answers: a loss with gradient and figures, or an advantage."""
    if kind == "advantage":
        found = agents.advantage(function)(**inputs, **settings)
        names = ("advantage", "returns")
        return dict(zip(names, found if isinstance(found, tuple) else (found,), strict=False))
    first = next(iter(inputs))
    leaf = inputs[first].clone().requires_grad_()
    loss, stats = agents.loss(function)(**(inputs | {first: leaf}), **settings)
    loss.backward()
    assert leaf.grad is not None
    return {"loss": loss.detach(), "gradient": leaf.grad, **stats}


def difference(found: Tensors, expected: Tensors) -> float:
    """Largest absolute difference over all that the peer answers."""
    gaps = [(found[key].double() - expected[key].double()).abs().max() for key in expected]
    return float(torch.stack(gaps).max())


def golden() -> dict[str, dict[str, Any]]:
    """The stored cases by name, tensors rebuilt."""
    stored: dict[str, dict[str, Any]] = json.loads(GOLDEN.read_text())
    for case in stored.values():
        for part in ("inputs", "expected"):
            case[part] = {key: torch.tensor(value) for key, value in case[part].items()}
    return stored


def _tokens() -> Tensors:
    """Six ragged answers, one with observation tokens inside; ratios on both sides of the clip."""
    rng = torch.Generator().manual_seed(0)
    logp = -torch.rand(6, 7, generator=rng) * 3
    mask = torch.arange(7) < torch.tensor([[7], [5], [1], [6], [7], [3]])
    mask[0, 2:4] = False
    return {
        "logp": logp,
        "old_logp": logp + 0.3 * torch.randn(6, 7, generator=rng),
        "mask": mask,
        "ref_logp": logp + 0.5 * torch.randn(6, 7, generator=rng),
        "advantage": torch.tensor([1.5, -0.7, 0.4, -1.2, 0.0, 0.9]),
        "token_advantage": torch.randn(6, 7, generator=rng),
    }


def _grpo_cases() -> Iterator[Case]:
    data = _tokens()
    inputs = {key: data[key] for key in ("logp", "old_logp", "advantage", "mask")}
    with_ref = inputs | {"ref_logp": data["ref_logp"]}
    kinds: dict[str, dict[str, Any]] = {
        "grpo": {"aggregation": "sequence_mean"},
        "bnpo": {"aggregation": "token_mean"},
        "dr_grpo": {"aggregation": "fixed_length_mean", "length": 9},
        "dapo": {"aggregation": "token_mean"},
    }
    for kind, settings in kinds.items():
        case = partial(Case, kind="loss", function="grpo", peer="trl_peer:grpo_loss")
        theirs = {"loss_type": kind, "max_completion_length": settings.get("length", 0)}
        yield case(f"trl {kind}", settings=settings, inputs=inputs, peer_settings=theirs)
        yield case(
            f"trl {kind}, beta 0.1",
            settings=settings | {"beta": 0.1},
            inputs=with_ref,
            peer_settings=theirs | {"beta": 0.1},
        )
        yield case(
            f"trl {kind}, clip_high 0.28",
            settings=settings | {"clip_high": 0.28},
            inputs=inputs,
            peer_settings=theirs | {"epsilon_high": 0.28},
        )
    yield Case("trl rloo", "loss", "rloo", {}, inputs, "trl_peer:rloo_loss", {})


def _group_cases() -> Iterator[Case]:
    # The second group's scores are all equal: nothing to learn from it.
    scores = torch.tensor([1.0, 0.0, 0.5, 0.25, 0.5, 0.5, 0.5, 0.5, -2.0, 3.0, 0.1, 0.7])
    inputs = {"scores": scores, "groups": torch.arange(3).repeat_interleave(4)}
    for std in ("group", "batch", "none"):
        yield Case(
            f"trl group advantage, scale_rewards {std}",
            kind="advantage",
            function="group",
            settings={"std": std},
            inputs=inputs,
            peer="trl_peer:group_advantage",
            peer_settings={"scale_rewards": std},
        )
    name, function = "trl leave-one-out advantage", "leave_one_out"
    yield Case(name, "advantage", function, {}, inputs, "trl_peer:leave_one_out", {})


def _sb3_cases() -> Iterator[Case]:
    data = _tokens()
    mask = data["mask"]
    policy = {key: data[key] for key in ("logp", "old_logp")}
    policy |= {"advantage": data["token_advantage"], "mask": mask}
    for clip in (0.2, 0.05):
        name, peer = f"sb3 ppo policy loss, clip {clip}", "sb3_peer:policy_loss"
        yield Case(name, "loss", "ppo", {"clip": clip}, policy, peer, {"clip": clip})
    rng = torch.Generator().manual_seed(1)
    old_value, move = torch.randn(2, 6, 7, generator=rng)
    # The returns lie beyond the new value, where SB3's clip and the larger error agree.
    beyond = old_value + 2 * move
    values = {"value": old_value + move, "old_value": old_value, "returns": beyond, "mask": mask}
    for clip_value in (None, 0.2):
        name, peer = f"sb3 ppo value loss, clip {clip_value}", "sb3_peer:value_loss"
        settings = {"clip": clip_value}
        yield Case(name, "loss", "ppo_value", settings, values, peer, settings)


def _gae_cases() -> Iterator[Case]:
    rng = torch.Generator().manual_seed(2)
    rewards, values = torch.randn(2, 4, 8, generator=rng)
    cut = {
        "rewards": rewards,
        "values": values,
        "mask": torch.ones(4, 8, dtype=torch.bool),
        "last_value": torch.randn(4, generator=rng),
    }
    ended = cut | {
        "mask": torch.arange(8) < torch.tensor([[3], [5], [6], [2]]),
        "last_value": torch.tensor([0.0, 0.8, 0.0, -1.1]),
    }
    for name, inputs, episodes in (("rollout cut", cut, 1), ("episode end inside", ended, 2)):
        for gamma, lam in ((0.99, 0.95), (1.0, 1.0)):
            settings = {"gamma": gamma, "lam": lam}
            yield Case(
                f"sb3 gae, {name}, gamma {gamma} lam {lam}",
                kind="advantage",
                function="gae",
                settings=settings,
                inputs=inputs,
                peer="sb3_peer:gae",
                peer_settings=settings | {"episodes": episodes},
            )


CASES = [*_grpo_cases(), *_group_cases(), *_sb3_cases(), *_gae_cases()]
