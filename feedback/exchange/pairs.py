r"""Comparisons of texts as data sets for chat models hold them: prompt, chosen, rejected.

    {"prompt": ..., "chosen": ..., "rejected": ...}     texts, or lists of messages
    {"chosen": ..., "rejected": ...}                    two transcripts that begin alike

Where messages begin alike, that is the prompt (so also where "prompt" repeats them, as in
UltraFeedback). Of two plain transcripts (as in HH-RLHF) the prompt ends with the last
"\n\nAssistant:" up to which they are alike.
"""

from collections.abc import Sequence
from pathlib import Path

from plaudit.envs.types import stream
from plaudit.feedback.asks import Compare
from plaudit.feedback.exchange.files import FileRow, file_rows
from plaudit.feedback.exchange.texts import Message, Said, messages, text_context, text_segments
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Source

TURN = "\n\nAssistant:"


def read_pairs(
    path: Path,
    *,
    annotator: str = "unknown",
    source: Source = "human",
    columns: Sequence[str] = (),
    seed: int = 0,
) -> FeedbackBuffer:
    """Comparisons of texts with a chosen and a rejected one.

    Texts become segments and contexts as `texts` says. The clock is the row's number.

    Source: the preference format of TRL; HH-RLHF: arXiv:2204.05862; UltraFeedback:
        arXiv:2310.01377.
    Differs: which of two comes first is drawn at random, so that the place tells nothing.

    Args:
        path: a .jsonl, .jsonl.gz, .json or .parquet file.
        annotator: who chose, where a row has no "annotator".
        source: what kind of annotator that is.
        columns: other columns to keep, as `context["columns"]`.
        seed: of the places.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a row is no such comparison; the message names file and row.
    """
    places = stream(seed, "places of imported pairs")
    queries, feedback = [], []
    for number, row in enumerate(file_rows(path)):
        prompt, *completions = _pair(row)
        chosen = int(places.integers(2))
        said = completions[::-1] if chosen else completions
        segments = text_segments(said, row.file, row.number)
        context = text_context(prompt, said) | row.kept(columns)
        who = row.annotator(annotator)
        queries.append(Query(segments, Compare(), (), context, number, row.file))
        feedback.append(Feedback(number, who, chosen, answered=number, source=source))
    buffer = FeedbackBuffer()
    buffer.add(queries, feedback)
    return buffer


def _pair(row: FileRow) -> tuple[Said, Said, Said]:
    """The prompt, the chosen and the rejected completion of a row."""
    chosen, rejected = row.said("chosen"), row.said("rejected")
    prompt = row.said("prompt") if row.fields.get("prompt") is not None else None
    if isinstance(chosen, list) and isinstance(rejected, list):
        return _chats(prompt, chosen, rejected)
    if isinstance(chosen, str) and isinstance(rejected, str):
        if prompt is not None:
            return prompt, chosen, rejected
        start = chosen[: _same(chosen, rejected)]
        end = start.rfind(TURN) + len(TURN) if TURN in start else 0
        return chosen[:end], chosen[end:], rejected[end:]
    raise ValueError(f"{row.place}: 'chosen' and 'rejected' must both be texts or both messages")


def _chats(
    prompt: Said | None, chosen: list[Message], rejected: list[Message]
) -> tuple[Said, Said, Said]:
    same = _same(chosen[:-1], rejected[:-1])  # a completion has a message
    shared = chosen[:same]
    if isinstance(prompt, str) and any(message["role"] == "user" for message in shared):
        prompt = None  # it repeats what the messages say
    if prompt is not None and shared[: len(prompt)] != prompt:
        shared = messages(prompt, "user") + shared
    return shared, chosen[same:], rejected[same:]


def _same(one: Sequence[object], other: Sequence[object]) -> int:
    """How many characters or messages at the beginning are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
