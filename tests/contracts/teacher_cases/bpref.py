"""B-Pref's six teachers, as meant and as released."""

from functools import partial

from plaudit.feedback.asks import Compare
from tests.contracts.teacher_cases.basic import asked, cases, enough
from tests.contracts.teacher_cases.case import Case

BOTH = (Compare(), Compare(ties=True))
RELEASED = {
    "settings": {"as_released": True},
    "symmetric": False,
    "why": "the released code calls exact ties for the first",
}
MARGIN = {
    **RELEASED,
    "settings": {"as_released": True, "eps": 0.9},
    "warm": enough,
    "shift_invariant": False,
    "why": "the released code measures its margin from a return of 0",
}
TIE = partial(asked, Compare(), 0.5, 0.5)
CLOSE = partial(asked, Compare(ties=True), 0.5, 0.375)
POOR = partial(asked, Compare(), -1.5, -2.0)

CASES = [
    *cases("bpref_oracle", BOTH),
    Case("bpref_oracle", {}, TIE),
    Case("bpref_oracle", query=TIE, **RELEASED),
    *cases("bpref_mistake", BOTH),
    Case("bpref_mistake", query=TIE, **RELEASED),
    *cases("bpref_noisy", BOTH),
    *cases("bpref_skip", BOTH, warm=enough),
    Case("bpref_skip", {}, POOR, warm=enough),
    *cases("bpref_skip", BOTH[1:], **MARGIN),
    *cases("bpref_myopic", BOTH),
    Case("bpref_myopic", query=TIE, **RELEASED),
    *cases("bpref_equal", BOTH, warm=enough),
    Case("bpref_equal", {"eps": 0.2}, CLOSE, warm=enough),
    *cases("bpref_equal", BOTH[1:], **MARGIN),
]
