"""Questions out, answers in: for crowd platforms, spreadsheets and work without a network."""

from pathlib import Path

from plaudit.feedback.people.base import PATIENCE, DeskTeacher


class FileTeacher(DeskTeacher):
    """Writes questions into a folder, and reads the answers that others append there.

    A line of `queries.jsonl` is one question: `ask` says what is asked, `shown` holds what is to be
    shown of each segment in stored order, as text, as a file in `pictures`, or as a table of
    steps, observations and actions. `order` says which of them to show at which place.

    Whoever answers appends a line to `answers.jsonl`, at once and never changing older ones:

        {"query_id": 17, "annotator": "worker 5", "answer": 1}

    The answer is in stored order: 1 is the second segment of `shown`, wherever it was shown; null
    is a skip. Optional: `reason` of a skip, `comment`, `seconds` it took. A line that is no such
    answer is written to `refused.jsonl` with the reason, and the others count. The same line twice
    counts once.

    Source: own design.

    Args:
        directory: the folder, one per run; made if absent.
        name: who is said to skip what nobody answered in time.
        patience: seconds that `answer` waits; then it skips, for the reason "time-out".

    Raises:
        BlockingIOError: the folder is open elsewhere.
        ValueError: a file in it is damaged.
    """

    def __init__(
        self, directory: str | Path, *, name: str = "file", patience: float = PATIENCE
    ) -> None:
        super().__init__(directory, name=name, patience=patience, foreign=True)
