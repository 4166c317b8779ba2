"""full_view: everything, the true rewards included."""

from plaudit.feedback.types import Segment


def full_view(segment: Segment) -> Segment:
    """Everything, the true rewards included.

    Source: own design.

    Raises:
        ValueError: the segment carries no true rewards.
    """
    if segment.rewards is None:
        raise ValueError(
            f"full_view needs the true rewards of {segment.ref}, but the segment carries none; "
            "record it with them, or use a teacher that does not look (coin_flip)"
        )
    return segment
