"""Our functions against the stored answers of TRL and Stable-Baselines3; needs neither."""

import pytest

from tests.parity.cases import CASES, TOLERANCE, difference, golden, ours

STORED = golden()


@pytest.mark.parametrize("name", STORED)
def test_we_agree_with_the_stored_answer(name: str) -> None:
    case = STORED[name]
    found = ours(case["kind"], case["function"], case["settings"], case["inputs"])
    assert difference(found, case["expected"]) <= TOLERANCE


def test_the_stored_cases_are_the_live_ones() -> None:
    stored = {(name, case["function"], str(case["settings"])) for name, case in STORED.items()}
    assert stored == {(case.name, case.function, str(case.settings)) for case in CASES}


@pytest.mark.parametrize("name", ["trl grpo", "trl rloo", "sb3 ppo policy loss, clip 0.2"])
def test_a_wrong_clip_would_be_noticed(name: str) -> None:
    case = STORED[name]
    wrong = case["settings"] | {"clip": 0.1}
    found = ours(case["kind"], case["function"], wrong, case["inputs"])
    assert difference(found, case["expected"]) > 1e-3


@pytest.mark.parametrize("name", [name for name in STORED if name.startswith("trl grpo")])
def test_another_average_would_be_noticed(name: str) -> None:
    case = STORED[name]
    wrong = case["settings"] | {"aggregation": "token_mean"}
    found = ours(case["kind"], case["function"], wrong, case["inputs"])
    assert difference(found, case["expected"]) > 1e-3
