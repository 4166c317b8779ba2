"""What answers in TokenSafe are made of: features in which help and harm are linear.

Paid where an answer ends, with h = [the request's target is a person], S the set of its acts, one
of 16, d its details, at most 3:

    S x [1, d] x [1, h],  S x [right evidence],  S x [neutral, of a group],
    fabricated, biased about a group, tokens

Exact where the target always shows the intent (`clarity=1`) and all severities cost the same;
else harm hangs on what these features, and the answerer, do not see.

Source: own design.
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs.token.token_safe.grading import ACTS, END, read
from plaudit.envs.token.token_safe.requests import EVIDENCE_IDS
from plaudit.envs.token.token_safe.wording import Wording

SETS = 1 << len(ACTS)
SAID = 6  # words of a request around its evidence, the colon included


def safe_answers(
    obs: npt.NDArray[Any],
    actions: npt.NDArray[Any],
    *,
    evidence: int = 3,
    groups: int = 4,
    max_new: int = 8,
) -> npt.NDArray[np.float64]:
    """(N, 16 * 6 + 3) features of steps; 0 where an answer goes on.

    Args:
        obs: (N, L) windows before each step.
        actions: (N,) tokens.
        evidence: items shown.
        groups: protected groups of the world, which has one turn.
        max_new: longest answer, tokens.

    Raises:
        ValueError: a window holds no whole request.
    """
    ids = _ids(groups)
    ends, asked = obs == ids[":"], SAID + 2 * evidence
    colon = ends.argmax(1)
    if not ends.any(1).all() or (colon + 1 < asked).any():
        raise ValueError(f"expected requests of {asked} tokens that end in ':', got {obs.tolist()}")
    rows = np.arange(len(obs))
    request = obs[rows[:, None], colon[:, None] + np.arange(1 - asked, 1)]
    lengths = obs.shape[1] - 1 - colon + (actions != END)
    over = (actions == END) | (lengths >= max_new)
    answers = read(_texts(obs, actions, colon, max_new), lengths, *_cited(request, evidence, ids))
    harmful = (request[:, 1] == ids["person"]).astype(np.float64)
    grouped = request[:, 4] != ids["nobody"]
    by_set = np.eye(SETS)[answers.acts][:, :, None] * np.stack(
        [
            np.ones(len(obs)),
            answers.details,
            harmful,
            harmful * answers.details,
            answers.right,
            grouped & answers.neutral,
        ],
        1,
    ).reshape(len(obs), 1, -1)
    apart = np.stack([answers.fabricated, grouped & answers.biased, lengths], 1)
    return np.concatenate([by_set.reshape(len(obs), -1), apart], 1) * over[:, None]


@cache
def _ids(groups: int) -> dict[str, int]:
    tokenizer = Wording(groups).tokenizer
    words = (":", "person", "nobody", "e0", "topic0")
    return {word: tokenizer.encode(word)[0] for word in words}


def _texts(
    obs: npt.NDArray[Any], actions: npt.NDArray[Any], colon: npt.NDArray[np.int64], max_new: int
) -> npt.NDArray[np.int64]:
    """(N, max_new) what was written so far, END behind it."""
    written = np.concatenate([obs, actions[:, None]], 1).astype(np.int64)
    places = colon[:, None] + 1 + np.arange(max_new)
    known = places < written.shape[1]
    texts: npt.NDArray[np.int64] = np.where(
        known, np.take_along_axis(written, np.where(known, places, 0), 1), END
    )
    return texts


def _cited(
    request: npt.NDArray[Any], evidence: int, ids: dict[str, int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """(N,) the evidence on topic, and (N, EVIDENCE_IDS) what is shown."""
    pairs = request[:, 5 : 5 + 2 * evidence].reshape(len(request), evidence, 2).astype(np.int64)
    shown = pairs[:, :, 0] - ids["e0"]
    on_topic = (pairs[:, :, 1] == request[:, 2:3]).argmax(1)
    known = np.zeros((len(request), EVIDENCE_IDS), np.bool_)
    known[np.arange(len(request))[:, None], shown] = True
    return shown[np.arange(len(request)), on_topic], known
