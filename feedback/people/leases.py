"""Who looks at which question now, so that it is offered to nobody else for a while."""

from time import monotonic


class Leases:
    """One question per annotator, for a while; kept in memory only.

    Source: own design.

    Args:
        seconds: how long a lease holds.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._held: dict[str, tuple[int, float]] = {}  # annotator: question, until when

    def take(self, annotator: str, query_id: int) -> None:
        """Lease a question; the one before is free again."""
        self._held[annotator] = (query_id, monotonic() + self.seconds)

    def holders(self, query_id: int) -> set[str]:
        """The annotators who look at a question."""
        now = monotonic()
        return {who for who, (what, end) in self._held.items() if what == query_id and end > now}
