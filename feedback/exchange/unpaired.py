"""Single texts that will or will not do: prompt, completion, label."""

from collections.abc import Sequence
from pathlib import Path

from plaudit.feedback.asks import Approve
from plaudit.feedback.exchange.files import file_rows
from plaudit.feedback.exchange.texts import text_context, text_segments
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Source


def read_unpaired(
    path: Path,
    *,
    annotator: str = "unknown",
    source: Source = "human",
    columns: Sequence[str] = (),
) -> FeedbackBuffer:
    """Approvals of texts: rows of "prompt" (optional), "completion" and "label".

    Texts become segments and contexts as `texts` says. The clock is the row's number.

    Source: the unpaired preference format of TRL; arXiv:2402.01306.

    Args:
        path: a .jsonl, .jsonl.gz, .json or .parquet file.
        annotator: who approved, where a row has no "annotator".
        source: what kind of annotator that is.
        columns: other columns to keep, as `context["columns"]`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a row is no such approval; the message names file and row.
    """
    queries, feedback = [], []
    for number, row in enumerate(file_rows(path)):
        completion, label = row.said("completion"), row.field("label")
        if label not in (True, False):
            raise ValueError(f"{row.place}: 'label' must be true or false, got {label!r}")
        prompt = row.said("prompt") if row.fields.get("prompt") is not None else ""
        context = text_context(prompt, [completion]) | row.kept(columns)
        segments = text_segments([completion], row.file, row.number)
        who = row.annotator(annotator)
        queries.append(Query(segments, Approve(), (), context, number, row.file))
        feedback.append(Feedback(number, who, int(label), answered=number, source=source))
    buffer = FeedbackBuffer()
    buffer.add(queries, feedback)
    return buffer
