"""Texts and chats as segments and contexts of queries.

A text is a segment without steps. The prompt is `context["prompt"]`; a completion of a single
message by the assistant is the segment's text. Where any completion has more messages, they are in
`context["completions"]`, in stored order, and their segments' texts hold them with their roles.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from plaudit.feedback.types import Segment, SegmentRef

ROLE_AND_CONTENT = ("role", "content")

Message = dict[str, str]

Said = str | list[Message]
"""A text, or the messages of a chat, each with "role" and "content"."""


def text_segments(completions: Sequence[Said], file: str, row: int) -> tuple[Segment, ...]:
    """Completions as segments: one empty observation, no action.

    Args:
        completions: what is judged.
        file: where it was read, kept as the references' `env_id`.
        row: in that file, kept as their `episode`.
    """
    return tuple(
        # Every segment has arrays of its own, by which a buffer tells segments apart.
        Segment(
            np.zeros((1, 0), np.float32),
            np.zeros(0, np.int64),
            SegmentRef(file, row, place, place),
            _text(said),
        )
        for place, said in enumerate(completions)
    )


def checked_said(value: Any, where: str) -> Said:
    """What was said, if it was.

    Args:
        value: a text, or messages; they may have other fields too.
        where: it stands, for the message.

    Raises:
        ValueError: it is neither.
    """
    messages = isinstance(value, list) and bool(value) and all(map(_is_message, value))
    if messages or isinstance(value, str):
        said: Said = value
        return said
    raise ValueError(
        f"{where} must be a text or a list of messages with 'role' and 'content', got "
        f"{str(value)[:80]!r}"
    )


def text_context(prompt: Said, completions: Sequence[Said]) -> dict[str, Any]:
    """The context of a query about completions of a prompt."""
    if all(isinstance(said, str) or _is_single(said) for said in completions):
        return {"prompt": prompt}
    return {"prompt": prompt, "completions": list(completions)}


def messages(said: Said, role: str) -> list[Message]:
    """What was said as messages; a text is one by `role`."""
    return [{"role": role, "content": said}] if isinstance(said, str) else said


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(k), str) for k in ROLE_AND_CONTENT)


def _is_single(said: list[Message]) -> bool:
    return [message["role"] for message in said] == ["assistant"]


def _text(said: Said) -> str:
    if isinstance(said, str):
        return said
    if _is_single(said):
        return said[0]["content"]
    return "\n\n".join(f"{message['role']}: {message['content']}" for message in said)
