"""Our functions against the stored answers of the peers; needs none of them."""

from typing import Any

import pytest
import torch

from tests.parity.case import TOLERANCE, Tensors, difference, golden, ours
from tests.parity.cases import CASES

STORED = golden()
EACH = {case.name: case for case in CASES}

# What each comparison must notice: another setting of ours, or an input that we are not given.
CONTROLS: list[tuple[str, dict[str, Any], str]] = [
    ("trl grpo", {"clip": 0.1}, ""),
    ("trl grpo", {"aggregation": "token_mean"}, ""),
    ("trl grpo, beta 0.1", {"beta": 0.2}, ""),
    ("trl grpo, beta 0.1 with bias correction", {"unbiased_kl": False}, ""),
    ("trl grpo, delta 1.3", {"dual_clip": None}, ""),
    ("trl grpo, importance weights", {}, "weights"),
    ("trl grpo, top entropy half", {}, "weights"),
    ("trl dapo, a truncated answer masked", {"aggregation": "sequence_mean"}, ""),
    ("trl rloo", {"clip": 0.1}, ""),
    ("trl gspo", {"clip": 0.2}, ""),
    ("trl gspo", {"clip_high": 0.2}, ""),
    ("trl luspo", {"aggregation": "sequence_mean"}, ""),
    ("trl cispo, weights up to 1.2", {"clip_high": 0.3}, ""),
    ("trl sapo", {"tau_negative": 2.0}, ""),
    ("trl group advantage, scale_rewards group", {"std": "batch"}, ""),
    ("trl importance weights, token_truncate", {"mode": "mask"}, ""),
    ("trl importance weights, sequence_mask", {"level": "token"}, ""),
    ("trl adaptive entropy", {"high": 0.05}, ""),
    ("trl entropy bonus", {"aggregation": "sequence_mean"}, ""),
    ("trl sft", {"aggregation": "sequence_mean"}, ""),
    ("trl ppo policy loss, clip 0.2", {"clip": 0.1}, ""),
    ("trl ppo value loss, clip 0.2", {"pessimistic": False}, ""),
    ("trl ppo gae, gamma 0.99 lam 0.9", {"gamma": 1.0}, ""),
    ("trl ppo whitened advantages", {"lam": 0.9}, ""),
    ("sb3 ppo policy loss, clip 0.2", {"clip": 0.1}, ""),
    ("sb3 ppo value loss, clip 0.2", {"pessimistic": True}, ""),
    ("sb3 gae, episode ends inside, gamma 0.99 lam 0.95", {}, "ends"),
    ("sb3 gae, rollout cut, gamma 0.99 lam 0.95", {}, "last_value"),
    ("sb3 a2c policy loss", {"aggregation": "sequence_mean"}, ""),
    ("sb3-contrib masked actions", {"temperature": 1.1}, ""),
    ("sb3-contrib recurrent ppo policy loss", {"clip": 0.1}, ""),
    ("torchrl gae, episode ends inside", {"lam": 0.9}, ""),
    ("torchrl reward2go, gamma 0.9", {"gamma": 1.0}, ""),
    ("torchrl iql actor", {"max_weight": 90.0}, ""),
    ("torchrl sac temperature", {"rule": "step"}, ""),
    ("ragen bi-level gae, gamma 1.0 lam 1.0", {"gamma_turn": 1.0}, ""),
    ("ragen bi-level gae whitened, gamma 0.99 lam 0.9", {"lam_turn": 1.0}, ""),
    ("verl ppo, dual clip 1.25", {"dual_clip": 1.5}, ""),
    ("verl reinforce++ advantage, group baseline", {"baseline": "none"}, ""),
    ("verl gspo, token-mean", {"clip": 0.2}, ""),
    ("verl kl k3, token-mean", {"estimator": "k2"}, ""),
    ("verl pf-ppo, max_min", {"strategy": "best"}, ""),
]


@pytest.mark.parametrize("name", STORED)
def test_we_agree_with_the_stored_answer(name: str) -> None:
    case = STORED[name]
    found = ours(case["kind"], case["function"], case["settings"], case["inputs"])
    assert difference(found, case["expected"]) <= TOLERANCE


@pytest.mark.parametrize(("name", "settings", "withheld"), CONTROLS)
def test_a_mistake_would_be_noticed(name: str, settings: dict[str, Any], withheld: str) -> None:
    case = STORED[name]
    inputs = {key: tensor for key, tensor in case["inputs"].items() if key != withheld}
    found = ours(case["kind"], case["function"], case["settings"] | settings, inputs)
    assert difference(found, case["expected"]) > 1e-3


def test_every_live_case_is_stored_and_no_other() -> None:
    assert list(STORED) == list(EACH)


@pytest.mark.parametrize("name", STORED)
def test_a_stored_answer_is_to_the_question_of_the_live_case(name: str) -> None:
    stored, case = STORED[name], EACH[name]
    assert stored["kind"] == case.kind
    assert stored["function"] == case.function
    assert stored["settings"] == case.settings
    assert _close(stored["inputs"], case.inputs)


def test_every_peer_has_answered() -> None:
    asked = {case.package[1] for case in CASES}
    assert {case["peer"].split()[0] for case in STORED.values()} == asked


def _close(stored: Tensors, live: Tensors) -> bool:
    """Equal names and numbers; another build of torch may round its draws differently."""
    near = (torch.allclose(stored[key].double(), live[key].double(), atol=1e-6) for key in live)
    return list(stored) == list(live) and all(near)
