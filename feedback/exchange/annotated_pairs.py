"""Comparisons of texts by several annotators: files in the form AnnotatedPairs, version 2.

{"metadata": {"version": "2.0", ...},
 "annotators": {id: {"name": ..., "description": ..., "type": "human" | "principle" | ...}},
 "comparisons": [{"id": ..., "prompt": ...,
                  "response_a": {"text": ..., "model": ...}, "response_b": {...},
                  "annotations": {id: {"pref": "a" | "b" | null, "no_pref_reason": ...}},
                  "metadata": {...}}]}
"""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plaudit.feedback.asks import Compare
from plaudit.feedback.exchange.files import read_json
from plaudit.feedback.exchange.texts import text_context, text_segments
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Source

PREFERENCES = {"a": 0, "b": 1, "text_a": 0, "text_b": 1}
CALLED = ("name", "description")
TIES = ("both", "neither")
"""Reasons for no preference that say that both responses are alike."""


def read_annotated_pairs(path: Path, *, source: Source = "human") -> FeedbackBuffer:
    """Comparisons of texts, all annotators kept.

    An annotator bears its name, or else its description, or its id where others have the same. A
    missing preference because "both" or "neither" is a tie with that comment, any other a skip with
    its reason. `context` keeps the comparison's "id", its "models" and its "metadata". The clock is
    the comparison's number.

    Source: arXiv:2406.06560 (Inverse Constitutional AI), whose code defines the format.

    Args:
        path: a .json file.
        source: of annotators whose "type" is unknown; humans are "human", all others "llm".

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is of another format or version, or a comparison is damaged; the message
            names file and comparison.
    """
    path = Path(path)
    annotators, comparisons = _content(path)
    names = _names(annotators)
    sources: dict[str, Source] = {"human": "human", "unknown": source}
    queries, feedback = [], []
    for number, fields in enumerate(comparisons):
        place = f"{path.name}, comparison {number + 1}"
        queries.append(_query(fields, path.name, number, place))
        for who, said in fields["annotations"].items():
            if who not in names:
                raise ValueError(f"{place}: annotator {who!r} is not among the file's annotators")
            if not isinstance(said, dict):
                raise ValueError(f"{place}: the annotation of {who!r} is no object")
            kind = str(annotators[who].get("type", "unknown"))
            answer, reason, comment = _answer(said, place)
            feedback.append(
                Feedback(
                    number,
                    names[who],
                    answer,
                    reason,
                    comment,
                    answered=number,
                    source=sources.get(kind, "llm"),
                )
            )
    buffer = FeedbackBuffer()
    buffer.add(queries, feedback)
    return buffer


def _content(path: Path) -> tuple[dict[str, dict[str, Any]], list[Any]]:
    """The annotators by their ids, and the comparisons."""
    content = read_json(path)
    kinds = {"metadata": dict, "annotators": dict, "comparisons": list}
    given = content if isinstance(content, dict) else {}
    wrong = [name for name, kind in kinds.items() if not isinstance(given.get(name), kind)]
    if wrong:
        raise ValueError(
            f"{path.name}: no AnnotatedPairs, which are objects 'metadata' and 'annotators' and a "
            f"list 'comparisons': {', '.join(wrong)} missing or of another type"
        )
    version = str(given["metadata"].get("version"))
    if version.partition(".")[0] != "2":
        raise ValueError(f"{path.name}: version {version} of AnnotatedPairs; version 2 is read")
    for who, about in given["annotators"].items():
        called = [about.get(key) for key in CALLED] if isinstance(about, dict) else [about]
        if not isinstance(about, dict) or not all(isinstance(c, str | None) for c in called):
            raise ValueError(f"{path.name}: annotator {who!r} has no texts as its name: {called}")
    return given["annotators"], given["comparisons"]


def _names(annotators: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """What the annotators are called, by their ids."""
    called = {i: next(filter(None, map(a.get, CALLED)), i) for i, a in annotators.items()}
    count = Counter(called.values())
    return {i: name if count[name] == 1 else i for i, name in called.items()}


def _query(fields: Any, file: str, number: int, place: str) -> Query:
    if not isinstance(fields, dict):
        raise ValueError(f"{place}: expected an object, got {fields!r}")
    wanted = ("response_a", "response_b", "annotations")
    missing = [name for name in wanted if not isinstance(fields.get(name), dict)]
    if missing:
        raise ValueError(f"{place}: no {' and no '.join(missing)}")
    responses = [fields["response_a"], fields["response_b"]]
    if not all(isinstance(response.get("text"), str) for response in responses):
        raise ValueError(f"{place}: a response has no 'text'")
    texts = [response["text"] for response in responses]
    prompt = fields.get("prompt") or ""
    if not isinstance(prompt, str):
        raise ValueError(f"{place}: 'prompt' must be a text, got {str(prompt)[:80]!r}")
    context = text_context(prompt, texts) | {
        "id": fields.get("id"),
        "models": [response.get("model") for response in responses],
        "metadata": fields.get("metadata", {}),
    }
    segments = text_segments(texts, file, number + 1)
    return Query(segments, Compare(ties=True), (), context, number, file)


def _answer(said: Mapping[str, Any], place: str) -> tuple[int | None, str, str]:
    """Answer, reason of a skip, comment."""
    preference, reason = said.get("pref"), str(said.get("no_pref_reason") or "no preference")
    if isinstance(preference, str) and preference in PREFERENCES:
        return PREFERENCES[preference], "", ""
    if preference is not None:
        raise ValueError(f"{place}: 'pref' must be 'a', 'b' or null, got {preference!r}")
    if reason in TIES:
        return 2, "", reason
    return None, reason, json.dumps(said["value"]) if "value" in said else ""
