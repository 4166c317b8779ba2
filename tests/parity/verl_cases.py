"""What verl 0.9 answers: advantages, the clipped losses with every average, KL, PF-PPO's filter."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from tests.parity import rows
from tests.parity.case import Case

ANSWERS = ("logp", "old_logp", "advantage", "mask")
AVERAGES = {
    "token-mean": "token_mean",
    "seq-mean-token-mean": "sequence_mean",
    "seq-mean-token-sum": "sequence_sum_mean",
    "seq-mean-token-sum-norm": "fixed_length_mean",  # by the width of the batch
}


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _gae()
    yield from _outcomes()
    yield from _reinforce_plus_plus()
    yield from _clipped()
    yield from _relatives()
    yield from _kl()
    for clip in (0.2, 1.0):
        name, peer = f"verl value loss, clip {clip}", "verl_peer:value_loss"
        settings = {"clip": clip}
        yield Case(name, "loss", "ppo_value", rows.values(), peer, settings, settings)
    paid = {"scores": torch.tensor([0.3, 1.0, -0.5, 0.2]), "groups": torch.zeros(4).long()}
    yield Case(
        "verl pf-ppo, max_min",
        "function",
        "advantages.filters:by_reliability",
        paid,
        "verl_peer:filtered",
        settings={"strategy": "best_worst", "keep": 2},
        peer_settings={"method": "max_min"},
    )


def _gae() -> Iterator[Case]:
    """Rows with observation tokens inside, which both sides pass over."""
    data = rows.rollout()
    mask = rows.lengths(8, 5, 1, 6)
    mask[0, 2:4] = mask[3, 1] = False
    inputs = {"rewards": data["rewards"], "values": data["values"], "mask": mask}
    for gamma, lam in ((1.0, 1.0), (0.99, 0.95)):
        settings = {"gamma": gamma, "lam": lam}
        of = f"gamma {gamma} lam {lam}"
        case = partial(Case, inputs=inputs, settings=settings, peer_settings=settings)
        yield case(f"verl gae returns, {of}", "advantage", "gae", peer="verl_peer:returns")
        yield case(f"verl gae whitened, {of}", "whitened", "gae", peer="verl_peer:whitened")


def _outcomes() -> Iterator[Case]:
    inputs = rows.scores()
    case = partial(Case, kind="advantage", peer="verl_peer:outcome_advantage")
    for std, divided in (("group", True), ("none", False)):
        yield case(
            f"verl grpo advantage, std {std}",
            function="group",
            inputs=inputs,
            settings={"std": std},
            peer_settings={
                "name": "grpo",
                "norm_adv_by_std_in_grpo": divided,
                "epsilon": 1e-4,  # as TRL and here
            },
        )
    for name in ("rloo", "rloo_vectorized"):
        yield case(
            f"verl {name} advantage",
            function="leave_one_out",
            inputs=inputs,
            peer_settings={"name": name},
        )
    lengths = rows.lengths(7, 5, 1, 6, 7, 3, 2, 4, 5, 5, 1, 7)
    yield case(
        "verl opo advantage",
        function="optimal_baseline",
        inputs=inputs | {"mask": lengths},
        peer_settings={"name": "opo"},
    )
    yield Case(
        "verl remax advantage",
        "advantage",
        "greedy_baseline",
        {"scores": inputs["scores"], "greedy_scores": inputs["scores"].flip(0)},
        "verl_peer:greedy_baseline",
    )


def _reinforce_plus_plus() -> Iterator[Case]:
    rewards = rows.pick("mask", rewards="token_advantage")
    case = partial(
        Case, kind="advantage", function="reinforce_plus_plus", peer="verl_peer:token_advantage"
    )
    for gamma in (1.0, 0.9):
        yield case(
            f"verl reinforce++ advantage, gamma {gamma}",
            inputs=rewards,
            settings={"gamma": gamma},
            peer_settings={"name": "reinforce_plus_plus", "gamma": gamma},
        )
    # What stands where the policy did not choose is paid to nobody here, but summed by verl.
    read = {"rewards": torch.where(rewards["mask"], rewards["rewards"], 0.0)}
    yield case(
        "verl reinforce++ advantage, group baseline",
        # No lone row: verl takes its score as it is, we start it from 0.
        inputs=rewards | read | {"groups": torch.tensor([0, 0, 0, 1, 1, 1])},
        settings={"baseline": "group"},
        peer_settings={"name": "reinforce_plus_plus_baseline"},
    )


def _clipped() -> Iterator[Case]:
    """verl's PPO loss; the dual clip cannot be turned off."""
    inputs = rows.per_token("logp", "old_logp", "mask")
    case = partial(Case, kind="loss", function="ppo", peer="verl_peer:loss")
    # The fourth answer failed: it does not count as a row.
    failed = inputs | {"mask": inputs["mask"] & (torch.arange(6) != 3).unsqueeze(1)}
    for theirs, ours in AVERAGES.items():
        length = {"length": 7} if ours == "fixed_length_mean" else {}
        yield case(
            f"verl ppo, {theirs}, a failed answer",
            inputs=failed,
            settings={"dual_clip": 3.0, "aggregation": ours, **length},
            peer_settings={"name": "vanilla", "average": theirs},
        )
    narrow: dict[str, Any] = {"name": "vanilla", "clip_ratio_c": 1.25}
    narrow |= {"clip_ratio_low": 0.1, "clip_ratio_high": 0.2}
    for kind, extra in (("", {}), (", importance weights", rows.pick("weights"))):
        yield case(
            f"verl ppo, dual clip 1.25{kind}",
            inputs=inputs | extra,
            settings={"clip": 0.1, "clip_high": 0.2, "dual_clip": 1.25},
            peer_settings=narrow,
        )


def _relatives() -> Iterator[Case]:
    inputs = rows.pick(*ANSWERS)
    case = partial(Case, kind="loss", inputs=inputs, peer="verl_peer:loss")
    # So narrow that it binds one answer on either side.
    clip = {"clip_ratio_low": 0.001, "clip_ratio_high": 0.05}
    for theirs in ("seq-mean-token-mean", "token-mean"):
        yield case(
            f"verl gspo, {theirs}",
            function="gspo",
            settings={"clip": 0.001, "clip_high": 0.05, "aggregation": AVERAGES[theirs]},
            peer_settings={"name": "gspo", "average": theirs, **clip},
        )
    yield case(
        "verl cispo",
        function="cispo",
        settings={"clip_high": 0.2},
        # verl bounds the weight below as well; 1 - 1 is no bound.
        peer_settings={"name": "cispo", "clip_ratio_low": 1.0, "clip_ratio_high": 0.2},
    )
    yield case("verl sapo", function="sapo", peer_settings={"name": "sapo"})
    reinforce = rows.per_token("logp", "mask")
    for kind, extra in (("", {}), (", importance weights", rows.pick("weights"))):
        yield Case(
            f"verl reinforce{kind}",
            "loss",
            "reinforce",
            reinforce | extra,
            "verl_peer:loss",
            peer_settings={"name": "reinforce", "average": "seq-mean-token-sum"},
        )
    yield Case(
        "verl gpg",
        "loss",
        "reinforce",
        reinforce,
        "verl_peer:loss",
        settings={"aggregation": "token_mean"},
        peer_settings={"name": "gpg"},
    )


def _kl() -> Iterator[Case]:
    inputs = rows.pick("logp", "ref_logp", "mask")
    for estimator in ("k1", "k2", "k3"):
        for theirs in ("token-mean", "seq-mean-token-mean"):
            yield Case(
                f"verl kl {estimator}, {theirs}",
                "loss",
                "kl_penalty",
                inputs,
                "verl_peer:kl_penalty",
                settings={"estimator": estimator, "aggregation": AVERAGES[theirs]},
                peer_settings={"estimator": estimator, "average": theirs},
            )
