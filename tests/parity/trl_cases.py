"""What TRL 1.16 answers: the GRPO family, RLOO, group advantages, supervised fine-tuning."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from plaudit.agents import kl
from tests.parity import rows
from tests.parity.case import Case

GRPO = ("logp", "old_logp", "advantage", "mask")
LENGTH = 9  # tokens, the longest answer allowed
AGGREGATIONS: dict[str, dict[str, Any]] = {
    "grpo": {"aggregation": "sequence_mean"},
    "bnpo": {"aggregation": "token_mean"},
    "dr_grpo": {"aggregation": "fixed_length_mean", "length": LENGTH},
    "dapo": {"aggregation": "token_mean"},
}


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _grpo()
    yield from _relatives()
    yield from _options()
    yield from _scores()
    yield from _importance()
    inputs = rows.pick("entropy", "mask")
    yield Case("trl entropy bonus", "loss", "entropy_bonus", inputs, "trl_peer:entropy_loss")
    yield Case("trl sft", "loss", "nll", rows.pick("logp", "mask"), "trl_peer:sft_loss")


def _grpo() -> Iterator[Case]:
    inputs, with_ref = rows.pick(*GRPO), rows.pick(*GRPO, "ref_logp")
    for kind, settings in AGGREGATIONS.items():
        case = partial(Case, kind="loss", function="grpo", peer="trl_peer:grpo_loss")
        theirs = {"loss_type": kind, "max_completion_length": LENGTH}
        yield case(f"trl {kind}", inputs=inputs, settings=settings, peer_settings=theirs)
        yield case(
            f"trl {kind}, beta 0.1",
            inputs=with_ref,
            settings=settings | {"beta": 0.1},
            peer_settings=theirs | {"beta": 0.1},
        )
        yield case(
            f"trl {kind}, beta 0.1 with bias correction",
            inputs=with_ref,
            settings=settings | {"beta": 0.1, "unbiased_kl": True},
            peer_settings=theirs | {"beta": 0.1, "bias_correction": True},
        )
        yield case(
            f"trl {kind}, clip_high 0.28",
            inputs=inputs,
            settings=settings | {"clip_high": 0.28},
            peer_settings=theirs | {"clip_high": 0.28},
        )


def _relatives() -> Iterator[Case]:
    inputs = rows.pick(*GRPO)
    case = partial(Case, kind="loss", inputs=inputs, peer="trl_peer:grpo_loss")
    yield Case("trl rloo", "loss", "rloo", inputs, "trl_peer:rloo_loss")
    narrow = {"clip": 0.001, "clip_high": 0.05}  # so that it binds one answer on either side
    for name, kind, aggregation in (
        ("gspo", "grpo", "sequence_mean"),
        ("gspo with dapo's average", "dapo", "token_mean"),
        ("luspo", "luspo", "sequence_sum_mean"),
    ):
        yield case(
            f"trl {name}",
            function="gspo",
            settings=narrow | {"aggregation": aggregation},
            peer_settings=narrow | {"loss_type": kind, "level": "sequence"},
        )
    # What TRL calls epsilon_high is here the bound itself.
    for high in (0.2, 4.0):
        yield case(
            f"trl cispo, weights up to {1 + high}",
            function="cispo",
            settings={"clip_high": high},
            peer_settings={"loss_type": "cispo", "clip_high": 1 + high},
        )
    yield case("trl sapo", function="sapo", peer_settings={"loss_type": "sapo"})


def _options() -> Iterator[Case]:
    inputs = rows.pick(*GRPO)
    case = partial(Case, kind="loss", function="grpo", peer="trl_peer:grpo_loss")
    yield case(
        "trl grpo, delta 1.3",
        inputs=inputs,
        settings={"dual_clip": 1.3},
        peer_settings={"loss_type": "grpo", "delta": 1.3},
    )
    for function, kind, level in (
        ("grpo", "grpo", "token"),
        ("gspo", "grpo", "sequence"),
        ("cispo", "cispo", "token"),
    ):
        settings = {"clip_high": 1.0} if function == "cispo" else {"clip": 0.2}
        yield Case(
            f"trl {function}, importance weights",
            kind="loss",
            function=function,
            inputs=inputs | rows.pick("weights"),
            settings=settings,
            peer="trl_peer:grpo_loss",
            peer_settings={
                "loss_type": kind,
                "level": level,
                "clip_high": 2.0 if function == "cispo" else 0.2,
            },
        )
    data = rows.tokens()
    chosen = data["entropy"][data["mask"]]
    # Only the half of the tokens where the policy is least certain; the others still count.
    uncertain = (data["entropy"] >= chosen.quantile(0.5)).float()
    yield case(
        "trl grpo, top entropy half",
        inputs=inputs | {"weights": uncertain},
        peer_settings={"loss_type": "grpo", "top_entropy": 0.5},
        extra={"entropy": data["entropy"]},
    )
    # The fourth answer was cut off, so it is masked; TRL's other averages count it as a zero.
    cut = inputs | {"mask": data["mask"] & (torch.arange(6) != 3).unsqueeze(1)}
    yield case(
        "trl dapo, a truncated answer masked",
        inputs=cut,
        settings={"aggregation": "token_mean"},
        peer_settings={"loss_type": "dapo"},
    )


def _scores() -> Iterator[Case]:
    inputs = rows.scores()
    for std in ("group", "batch", "none"):
        yield Case(
            f"trl group advantage, scale_rewards {std}",
            "advantage",
            "group",
            inputs,
            "trl_peer:group_advantage",
            settings={"std": std},
            peer_settings={"scale_rewards": std},
        )
    scored = torch.arange(len(inputs["scores"])) != 9
    yield Case(
        "trl group advantage, an answer without a score",
        "advantage",
        "group",
        {key: value[scored] for key, value in inputs.items()},
        "trl_peer:group_advantage",
        peer_settings={"scale_rewards": "group"},
        extra={
            "scores": inputs["scores"].masked_fill(~scored, float("nan")),
            "groups": inputs["groups"],
        },
    )
    yield Case(
        "trl leave-one-out advantage",
        "advantage",
        "leave_one_out",
        inputs,
        "trl_peer:leave_one_out",
    )
    yield _leave_one_out_with_kl()


def _leave_one_out_with_kl() -> Case:
    """The pull towards the reference, paid for in the reward as our trainer does."""
    data, mask = rows.tokens(), rows.lengths(7, 5, 1, 6, 7, 3)
    raw, groups = torch.tensor([1.0, 0.0, 0.5, 0.25, -2.0, 3.0]), torch.tensor([0, 0, 0, 1, 1, 1])
    far = torch.where(mask, kl.k1(data["old_logp"], data["ref_logp"]), 0.0).sum(1)
    return Case(
        "trl leave-one-out advantage, beta 0.1",
        "advantage",
        "leave_one_out",
        {"scores": raw - 0.1 * far, "groups": groups},
        "trl_peer:leave_one_out",
        peer_settings={"beta": 0.1},
        extra={"scores": raw, "mask": mask, **rows.pick("old_logp", "ref_logp")},
    )


def _importance() -> Iterator[Case]:
    """What vLLM's samples weigh, and the controller of the entropy bonus."""
    inputs = rows.pick("old_logp", "sampler_logp", "mask")
    for level in ("token", "sequence"):
        for mode in ("truncate", "mask"):
            yield Case(
                f"trl importance weights, {level}_{mode}",
                "function",
                "losses.truncated_importance:truncated_importance",
                inputs,
                "trl_peer:importance_weights",
                settings={"level": level, "mode": mode, "low": 0.5, "cap": 1.5},
                peer_settings={"mode": f"{level}_{mode}", "low": 0.5, "high": 1.5},
            )
    # The entropy falls below the target and recovers; the coefficient meets both of its bounds.
    settings = {"target": 1.0, "coef": 0.02, "rate": 0.01, "low": 0.01, "high": 0.04}
    yield Case(
        "trl adaptive entropy",
        "controller",
        "losses.entropy:AdaptiveEntropy",
        {"entropy": torch.tensor([1.2, 0.9, 0.7, 0.5, 0.8, 1.1, 1.3, 1.4, 0.9, 1.5])},
        "trl_peer:adaptive_entropy",
        settings,
        settings,
    )
