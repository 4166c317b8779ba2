"""Our functions against the installed TRL and Stable-Baselines3, run here and now."""

import pytest

from tests.parity.cases import CASES, TOLERANCE, Case, difference, ours

PACKAGES = {"trl_peer": "trl", "sb3_peer": "stable_baselines3"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_we_agree_with_the_installed_peer(case: Case) -> None:
    pytest.importorskip(PACKAGES[case.peer.split(":")[0]])
    found = ours(case.kind, case.function, case.settings, case.inputs)
    assert difference(found, case.theirs()) <= TOLERANCE
