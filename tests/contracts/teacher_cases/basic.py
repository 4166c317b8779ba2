"""Every question about whole segments, asked of the basic teachers."""

from functools import partial

from plaudit.feedback.asks import Approve, Choose, Compare, Rank, Rate, React
from plaudit.feedback.types import Query
from tests.contracts.teacher_cases.case import Case, segment

REACT = React(("love", "angry"), (1, -1), (0.3, 0.2))
DIAL = Rate(None, -1.0, 1.0)
COMPARISONS = (Compare(), Compare(ties=True), Compare(ties=True, levels=2))
ABOUT_ONE = (Rate(4), DIAL, Approve(), REACT)
ASKS = (*COMPARISONS, Choose(3), Rank(3), *ABOUT_ONE)

RETURNS = (0.8, 0.1, 0.5)
REFERENCE = [0.0, 0.25, 1.0, 1.5, -0.5, 0.75, -1.25, 2.0, 0.5, -0.25]


def asked(ask, *returns, context=None, texts=(None, None, None)):
    """A question about segments of three steps, the last of which earns most of the return."""
    values = (returns or RETURNS)[: ask.segments]
    segments = tuple(
        segment(0.25, -0.5, value + 0.25, text=text, episode=i)
        for i, (value, text) in enumerate(zip(values, texts, strict=False))
    )
    return Query(segments, ask, context=context or {})


def warm():
    """Ten comparisons of segments of all sorts, to be remembered."""
    return [asked(Compare(), one, 1.0 - one) for one in REFERENCE]


def enough():
    """A hundred segments of all sorts, to calibrate a teacher on."""
    return warm() * 5


def cases(name, asks, settings=None, **flags):
    return [Case(name, settings or {}, partial(asked, ask), **flags) for ask in asks]


CASES = [
    # An oracle is certain, so it has no density over real numbers.
    *cases("oracle", [ask for ask in ASKS if ask != DIAL], {"center": 0.25, "spread": 0.5}),
    *cases("boltzmann", ASKS, {"beta": 2.0, "tie": 0.5, "center": 0.25, "spread": 0.5}),
    *cases("boltzmann", COMPARISONS, {"agreement": 0.8, "tie": 0.5}, warm=enough),
    *cases("noisy_person", ASKS, {"tie": 0.5, "mistake": 0.2, "skip": 0.1}),
    *cases("coin_flip", ASKS),
]
