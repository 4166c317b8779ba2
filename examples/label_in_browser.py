"""You judge in the browser: which of two answers is better? The page is made from the question.

The folder keeps what you said, whatever crashes. A training run would `submit` and `poll`, which
never wait; `answer` waits until you are done.
"""

import webbrowser
from collections.abc import Callable
from itertools import combinations
from tempfile import TemporaryDirectory

import numpy as np

from plaudit import feedback
from plaudit.feedback.asks import Compare
from plaudit.feedback.types import Query, Segment, SegmentRef

PROMPT = "What is reinforcement learning? One sentence, for a child of ten."
ANSWERS = (
    "You try things, you are told how well they went, and next time you try what went better.",
    "It is the optimisation of a policy with respect to its expected discounted return.",
    "Great question! Reinforcement learning is really, really amazing, and so are you!",
)
ORDERS = ((0, 1), (1, 0), (0, 1))  # nobody should learn on which side the better one stands


def written(number: int) -> Segment:
    """An answer as a segment of one step, which is judged by its words."""
    reference = SegmentRef("by hand", number, 0, 1)
    return Segment(np.zeros((2, 1)), np.zeros(1), reference, text=ANSWERS[number])


def main(quick: bool = False, person: Callable[[str], object] = webbrowser.open) -> list[int]:
    """How often each answer was preferred; `person` is given the page's link."""
    pairs = list(combinations(range(len(ANSWERS)), 2))
    queries = [
        Query(
            (written(i), written(j)),
            Compare(ties=True),
            order=order,
            context={"prompt": PROMPT},
            query_id=number,
        )
        for number, ((i, j), order) in enumerate(zip(pairs, ORDERS, strict=True))
    ]
    with TemporaryDirectory() as folder:
        patience = 1.0 if quick else 600.0
        with feedback.make("web", directory=folder, patience=patience) as teacher:
            person(teacher.url("me"))
            given = teacher.answer(queries)
    winners = [p[f.answer] for p, f in zip(pairs, given, strict=True) if f.answer in (0, 1)]
    for number, text in enumerate(ANSWERS):
        print(f"preferred {winners.count(number)} times: {text}")
    return [winners.count(number) for number in range(len(ANSWERS))]


if __name__ == "__main__":
    main()
