"""Our functions against the peers that are installed, run here and now."""

import pytest

from tests.parity.case import TOLERANCE, Case, difference, ours
from tests.parity.cases import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_we_agree_with_the_installed_peer(case: Case) -> None:
    pytest.importorskip(case.package[0], reason=f"{case.package[0]} is not installed")
    found = ours(case.kind, case.function, case.settings, case.inputs)
    assert difference(found, case.theirs()) <= TOLERANCE
