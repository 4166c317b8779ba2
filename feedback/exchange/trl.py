"""Feedback on texts as the data sets that TRL's trainers read.

    kind       trainer          columns                        from
    "reward"   RewardTrainer    prompt, chosen, rejected       Compare, Choose, Rank
                                (margin)                       with strengths
    "dpo"      DPOTrainer       prompt, chosen, rejected       Compare, Choose, Rank
    "kto"      KTOTrainer       prompt, completion, label      Approve, Rate, and all pairs

Rankings of K become K (K - 1) / 2 pairs, choices among K become K - 1. Skips and other questions
are left out. Every row also has `annotator`, `query_id`, `feedback_id` (query and annotator),
`source`, `provenance`, `strength` (0 the weakest), `rank_gap` (places between two) and `tie`, which
the trainers ignore.
"""

import io
import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from plaudit.envs.names import nearest
from plaudit.envs.text import Tokenizer
from plaudit.feedback.asks import Answer, Approve, Ask, Choose, Compare, Rank, Rate
from plaudit.feedback.atomic import replace_file
from plaudit.feedback.exchange.texts import Said, checked_said, messages
from plaudit.feedback.store import FeedbackBuffer, Row
from plaudit.feedback.types import Query, Segment, mended

Kind = Literal["reward", "dpo", "kto"]

Text = Callable[[Segment], str] | Tokenizer
"""What a segment says, or the tokenizer that its actions are tokens of."""

PAIRED = ("prompt", "chosen", "rejected")
SAID = {"reward": PAIRED, "dpo": PAIRED, "kto": ("prompt", "completion")}


class _Pair(NamedTuple):
    """Two segments in stored order, the better one first."""

    better: int
    worse: int
    strength: int = 0
    rank_gap: int = 1
    tie: bool = False


def to_trl(
    buffer: FeedbackBuffer,
    kind: Kind = "reward",
    *,
    text: Text | None = None,
    ties: Literal["drop", "both"] = "drop",
    threshold: float | None = None,
) -> Any:
    """Feedback as a `datasets.Dataset` for one of TRL's trainers; see above for its columns.

    Prompts are `context["prompt"]`, "" where there is none. If any prompt or completion is a chat,
    all are.

    Source: the data set formats of TRL 1.16.

    Args:
        buffer: answers to questions about texts.
        kind: of trainer.
        text: what segments say that have no text of their own; gets views, without rewards.
        ties: "drop" them, or write them "both" ways round, since TRL has no equal preference.
        threshold: least rating that is desirable, for "kto".

    Raises:
        ValueError: an unknown kind, nothing to export, a segment without text, ratings without
            threshold, or a prompt or completions that are none.
        ImportError: the package datasets is missing; `write_trl` does without.
    """
    rows = _rows(buffer, kind, text, ties, threshold)
    try:
        from datasets import Dataset
    except ModuleNotFoundError as error:
        raise ImportError(
            "to_trl needs the package datasets: pip install 'plaudit[parity]'; write_trl does not"
        ) from error
    return Dataset.from_list(rows)


def write_trl(
    buffer: FeedbackBuffer,
    path: Path,
    kind: Kind = "reward",
    *,
    text: Text | None = None,
    ties: Literal["drop", "both"] = "drop",
    threshold: float | None = None,
) -> None:
    """Write what `to_trl` gives into a file, which is replaced as a whole.

    Args:
        buffer: as `to_trl`.
        path: a .parquet or .jsonl file.
        kind: as `to_trl`.
        text: as `to_trl`.
        ties: as `to_trl`.
        threshold: as `to_trl`.

    Raises:
        ValueError: as `to_trl`, or another suffix.
        OSError: there is no such folder, or the disk is full or refuses; the old file stands.
    """
    path = Path(path)
    if path.suffix not in (".parquet", ".jsonl"):
        raise ValueError(f"{path.name} is neither .parquet nor .jsonl")
    rows = _rows(buffer, kind, text, ties, threshold)
    if path.suffix == ".parquet":
        table = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows), table)
        replace_file(path, table.getvalue())
    else:
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        replace_file(path, "".join(lines).encode())


def _rows(
    buffer: FeedbackBuffer, kind: str, text: Text | None, ties: str, threshold: float | None
) -> list[dict[str, Any]]:
    if kind not in SAID:
        raise ValueError(f"unknown kind of trainer {kind!r}{nearest(kind, SAID)}")
    if ties not in ("drop", "both"):
        raise ValueError(f"ties are 'drop' or 'both', got {ties!r}")
    if not isinstance(threshold, int | float | None):
        raise ValueError(f"threshold must be a number, got {threshold!r}")
    rows = []
    for row in buffer.answered():
        label = _desirable(row, threshold) if kind == "kto" else None
        if label is not None:
            rows.append({**_said(row, text, completion=0), "label": label, **_about(row)})
        for pair in _pairs(row.query.ask, row.feedback.answer):
            if not pair.tie or ties == "both":
                rows += _of_pair(row, pair, kind, text)
    if not rows:
        raise ValueError(f"nothing here becomes a row for {kind!r}: {buffer.asks or 'no answers'}")
    if kind == "reward" and any(row["strength"] for row in rows):
        rows = [{**row, "margin": float(row["strength"])} for row in rows]
    return _alike(rows, SAID[kind])


def _desirable(row: Row, threshold: float | None) -> bool | None:
    """What a rating or an approval says of its segment; None for other questions."""
    ask, answer = row.query.ask, row.feedback.answer
    if isinstance(ask, Approve):
        return answer == 1
    if not isinstance(ask, Rate) or not isinstance(answer, int | float):
        return None
    if threshold is None:
        raise ValueError(f"{ask} needs a threshold, the least rating that is desirable")
    return answer >= threshold


def _pairs(ask: Ask, answer: Answer | None) -> list[_Pair]:
    if isinstance(ask, Compare) and isinstance(answer, int):
        side = ask.preferred(answer)
        if side is None:
            return [_Pair(0, 1, tie=True), _Pair(1, 0, tie=True)]
        return [_Pair(side, 1 - side, strength=answer // 2)]
    if isinstance(ask, Choose) and isinstance(answer, int):
        return [_Pair(answer, other) for other in range(ask.segments) if other != answer]
    if isinstance(ask, Rank) and isinstance(answer, tuple):
        places = combinations(range(ask.segments), 2)
        return [_Pair(answer[i], answer[j], rank_gap=j - i) for i, j in places]
    return []


def _of_pair(row: Row, pair: _Pair, kind: str, text: Text | None) -> list[dict[str, Any]]:
    about = _about(row, pair)
    if kind != "kto":
        return [{**_said(row, text, chosen=pair.better, rejected=pair.worse), **about}]
    return [
        {**_said(row, text, completion=place), "label": place == pair.better, **about}
        for place in (pair.better, pair.worse)
    ]


def _about(row: Row, pair: _Pair | None = None) -> dict[str, Any]:
    """The columns that the trainers ignore."""
    about = row.feedback
    return {
        "annotator": about.annotator,
        "query_id": about.query_id,
        "feedback_id": f"{about.query_id}/{about.annotator}",
        "source": about.source,
        "provenance": row.query.provenance,
        "strength": pair.strength if pair else 0,
        "rank_gap": pair.rank_gap if pair else 0,
        "tie": pair.tie if pair else False,
    }


def _said(row: Row, text: Text | None, **places: int) -> dict[str, Said]:
    """The prompt, and by column what the segments at some places say."""
    said = {column: _completion(row.query, place, text) for column, place in places.items()}
    prompt = row.query.context.get("prompt")
    if prompt is None:
        prompt = ""
    elif prompt != []:  # chats that begin with what is judged
        prompt = checked_said(prompt, f"the prompt of query {row.query.query_id}")
    return {"prompt": prompt, **said}


def _completion(query: Query, place: int, text: Text | None) -> Said:
    if "completions" in query.context:
        said = query.context["completions"]
        where = f"the completions of query {query.query_id}"
        if not isinstance(said, list | tuple) or len(said) != len(query.segments):
            raise ValueError(f"{where} must be {len(query.segments)}, got {str(said)[:80]}")
        return checked_said(said[place], where)
    segment = query.segments[place]
    if segment.text is not None:
        return segment.text
    if text is None:
        raise ValueError(
            f"segment {place} of query {query.query_id} has no text; give text=, a function of a "
            "segment or the tokenizer of its tokens"
        )
    if hasattr(text, "decode"):
        return str(mended(text.decode(segment.actions.tolist())))
    return str(mended(text(segment.view())))


def _alike(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """All rows as chats if any is one; a column of a data set has one type."""
    if all(isinstance(row[name], str) for row in rows for name in columns):
        return rows
    roles = {name: "user" if name == "prompt" else "assistant" for name in columns}
    return [row | {n: messages(row[n], role) for n, role in roles.items()} for row in rows]
