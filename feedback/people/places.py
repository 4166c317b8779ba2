"""Between answers about what is shown where and answers in stored order.

Questions about several segments are answered by places: "the first one" is whatever was shown
first. Everything else is the same in both.
"""

from plaudit.feedback.asks import Answer, Ask, Choose, Compare, Describe, Rank


def stored_answer(ask: Ask, order: tuple[int, ...], shown: Answer) -> Answer:
    """The answer in stored order, from one about places.

    Args:
        ask: the question.
        order: `order[i]` is the stored index of what is shown at place i, as in `Query`.
        shown: an answer in which "first" means shown first.

    Raises:
        ValueError: the answer lies outside the space.
        TypeError: a question about several segments that is not known here.
    """
    return _moved(ask, order, ask.check(shown))


def titles(ask: Ask) -> tuple[str, ...]:
    """What people call the segments, by place; "" where there is but one."""
    if ask.segments == 1:
        return ("",)
    if isinstance(ask, Compare | Describe):
        return ("first", "second")
    return tuple(f"number {place + 1}" for place in range(ask.segments))


def _moved(ask: Ask, order: tuple[int, ...], answer: Answer) -> Answer:
    """The answer with place i called order[i]."""
    if ask.segments == 1:
        return answer
    if isinstance(ask, Compare) and isinstance(answer, int):
        strength, side = divmod(answer, 2)
        return answer if strength == ask.levels else 2 * strength + order[side]
    if isinstance(ask, Choose) and isinstance(answer, int):
        return order[answer]
    if isinstance(ask, Rank) and isinstance(answer, tuple):
        return tuple(order[index] for index in answer)
    if isinstance(ask, Describe) and isinstance(answer, tuple):
        return tuple(cell if cell == 2 else order[cell] for cell in answer)
    raise TypeError(f"nobody said how answers to {ask} depend on the order shown")
