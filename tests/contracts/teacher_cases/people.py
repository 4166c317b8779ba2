"""People with their weaknesses, each asked what it is meant for."""

from functools import partial

from plaudit.feedback.asks import Approve, Choose, Compare, Rank, Rate
from tests.contracts.teacher_cases.basic import (
    ABOUT_ONE,
    COMPARISONS,
    DIAL,
    REACT,
    REFERENCE,
    asked,
    cases,
    enough,
    warm,
)
from tests.contracts.teacher_cases.case import Case

BOTH = (Compare(), Compare(ties=True))
SOME = (Compare(ties=True), Choose(3), Rank(3), Rate(4))
JUDGEMENT = {"beta": 2.0, "center": 0.25, "spread": 0.5}
TEXTS = ("Yes, the Earth is flat.", "No, it is round.", "It is flat, as you say, and old.")
BELIEF = {"belief": "is flat"}
OF_TWO = {"authors": ["self_preferring", "somebody"]}
OF_THREE = {"authors": ["somebody", "self_preferring", "somebody"]}


def told(name, ask, settings, context, **flags):
    query = partial(asked, ask, context=context, texts=TEXTS)
    return Case(name, {**JUDGEMENT, **settings}, query, **flags)


OWN = {"symmetric": False, "why": "the authors stand in the context, which is not swapped"}
ANCHOR = {"shift_invariant": False, "why": "what was judged before is not shifted"}

CASES = [
    *cases("drlhp", SOME, {**JUDGEMENT, "lapse": 0.2}),
    *(told("verbose", ask, {"weight": 20.0}, None) for ask in (Compare(), Rate(4))),
    told("verbose", Compare(ties=True), {"tie": 0.5, "weight": 4.0, "of": "characters"}, None),
    told("verbose", Choose(3), {"weight": 30.0, "of": "words"}, None),
    *(told("sycophant", ask, {}, BELIEF) for ask in (Compare(), Choose(3), Rank(3), Rate(4))),
    *(told("self_preferring", ask, {"tie": 0.5}, OF_TWO, **OWN) for ask in BOTH),
    told("self_preferring", Choose(3), {}, OF_THREE),
    *cases("anchored", (Compare(), Rate(4)), JUDGEMENT, warm=warm, **ANCHOR),
    *cases("tired", (Compare(), Rate(4)), {**JUDGEMENT, "rate": 0.1}, warm=warm),
    *cases("tired", (Compare(),), {"leaves_after": 10}, warm=warm),
    *cases("thumbs", (Approve(),), {**JUDGEMENT, "mistake": 0.1}),
    *cases("thurstone", COMPARISONS, {"indifference": 0.3, "spread": 0.5}),
    *cases("thurstone", ABOUT_ONE, {"agreement": 0.8, "spread": 0.5}, warm=enough),
    *cases("rao_kupper", (*COMPARISONS, Choose(3), Rate(4)), {**JUDGEMENT, "indifference": 0.3}),
    *cases("tamer", (Approve(),), {**JUDGEMENT, "delay": [2, 5]}),
    *cases("guide", (DIAL,), {**JUDGEMENT, "delay": 3}),
    *cases("reactions", (REACT,), {**JUDGEMENT, "unseen": 0.3}),
    *cases("crowd", (Compare(ties=True),), {"annotators": 1, "position": 0.4}, warm=enough),
    *cases(
        "crowd",
        (Compare(ties=True), Rate(4)),
        {"annotators": 2, "adversarial": 0.5, "reference_returns": REFERENCE, "position": 0.4},
    ),
    *cases("types", COMPARISONS, {"assign": "mixture", "weights": [0.5, 0.3, 0.2]}),
    *cases("types", (Compare(),), {"annotators": 3, "adversarial": 0.3}),
    *cases("personalised", (Compare(), Choose(3)), {"annotators": 2, "beta": 2.0}),
]
