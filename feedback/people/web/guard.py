"""Who may use the page: a secret per annotator and run, and nothing from other sites."""

import secrets
from collections.abc import Iterable

from plaudit.feedback.people.records import checked_name

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
"""What a browser on this machine calls it; another name means that a site points at us."""

POLICY = "Content-Security-Policy"
HEADERS = {
    "Cache-Control": "no-store",
    POLICY: (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Sent with every answer. There is no CORS header, so other sites read nothing."""

EARLIER = (
    "This link belongs to an earlier run or is not complete. Open the link that plaudit printed "
    "when it started; every answer that was saved is kept."
)
ELSEWHERE = f"This page is served to {HOST} only, not to the name {{!r}}."


class Guard:
    """The secrets of one run.

    Source: own design; for the checks see OWASP's pages on DNS rebinding and request forgery.

    Args:
        annotators: their names.

    Raises:
        ValueError: no names, or not different ones.
    """

    def __init__(self, annotators: Iterable[str]) -> None:
        given = [annotators] if isinstance(annotators, str) else annotators
        try:
            names = [checked_name(name) for name in given]
        except (TypeError, ValueError):
            names = []
        if not names or len(set(names)) != len(names):
            raise ValueError(f"annotators must be different names, at least one; got {given!r}")
        self.tokens = {name: secrets.token_urlsafe(24) for name in names}

    def annotator(self, token: str) -> str | None:
        """Who has this token, or None; takes as long whoever it is."""
        given = token.encode("utf-8", "replace")
        found = [
            name
            for name, known in self.tokens.items()
            if secrets.compare_digest(given, known.encode())
        ]
        return found[0] if found else None


def is_local(host: str) -> bool:
    """Whether a Host header, with or without its port, names this machine."""
    return host.rpartition(":")[0] in NAMES or host in NAMES
