"""Comparisons of segments as arrays: the .npz files of contrastive preference learning.

New form, N segments of T steps; segment i is compared with segment i + N / 2:

    obs (N, T, ...)   action (N, T, ...)   reward (N, T)   label (N,), a score per segment

Old form, B comparisons; label 0 first, 1 second, 0.5 a tie:

    obs_1, obs_2 (B, T, ...)   action_1, action_2 (B, T, ...)   reward_1, reward_2 (B, T)
    label (B,)
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.feedback.asks import Compare
from plaudit.feedback.exchange.npz import load_arrays
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef, Source

Arrays = dict[str, npt.NDArray[Any]]


def read_cpl(
    path: Path,
    *,
    label: str = "label",
    env_id: str = "cpl",
    annotator: str | None = None,
    source: Source = "sim",
    privileged: bool = False,
) -> FeedbackBuffer:
    """Comparisons of segments, the one with the higher score being better; equal scores are a tie.

    The files lack the observation after the last action; the last one stands in its place. The
    clock is the comparison's number.

    Source: arXiv:2310.13639 (contrastive preference learning), whose code defines the format.

    Args:
        path: an .npz file; pickled objects in it are refused.
        label: name of the scores, e.g. "rl_sum" or "rl_dir".
        env_id: of the segments' references.
        annotator: who compared; None for the name of the scores.
        source: what kind of annotator that is.
        privileged: keep the true rewards, if there are any.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: an array is missing or of the wrong length; the message names file and array.
    """
    path = Path(path)
    arrays = load_arrays(path, required=(label,))
    old = "action_1" in arrays
    _check(path.name, arrays, label, old)
    first, second = _sides(arrays, label, old)
    queries, feedback = [], []
    for number, answer in enumerate(_answers(first["score"], second["score"]).tolist()):
        segments = tuple(
            _segment(side, number, env_id, place * len(first["score"]) + number)
            for place, side in enumerate((first, second))
        )
        queries.append(Query(segments, Compare(ties=True), query_id=number, provenance=path.name))
        feedback.append(
            Feedback(number, annotator or label, answer, answered=number, source=source)
        )
    buffer = FeedbackBuffer(privileged=privileged)
    buffer.add(queries, feedback)
    return buffer


def _check(file: str, arrays: Arrays, label: str, old: bool) -> None:
    scores = arrays[label]
    if scores.ndim != 1 or scores.dtype.kind not in "iuf" or not np.isfinite(scores).all():
        raise ValueError(f"{file}: {label!r} must be one finite number per row")
    total = len(scores)
    if not total:
        raise ValueError(f"{file}: {label!r} is empty, so nothing was compared")
    for name in ("obs_1", "obs_2", "action_1", "action_2") if old else ("obs", "action"):
        if name not in arrays:
            raise ValueError(f"{file} has no array {name!r}, only {', '.join(arrays)}")
    steps = arrays["action_1" if old else "action"].shape[1:2]
    if steps == (0,):
        raise ValueError(f"{file}: the segments have no steps")
    for name, array in arrays.items():
        fits = array.ndim > 1 and array.shape[:2] == (total, *steps)
        if name.partition("_")[0] in ("obs", "action", "reward") and not fits:
            raise ValueError(
                f"{file}: {name!r} has shape {array.shape}, expected ({total}, steps, ...) with "
                "as many steps as the actions"
            )
    if old and not np.isin(scores, (0.0, 0.5, 1.0)).all():
        raise ValueError(f"{file}: {label!r} must be 0 first, 1 second or 0.5 a tie")
    if not old and total % 2:
        raise ValueError(f"{file}: {total} segments do not make pairs")


def _sides(arrays: Arrays, label: str, old: bool) -> tuple[Arrays, Arrays]:
    """The arrays of the first and of the second segments, with the "score" of each."""
    names = ("obs", "action", "reward")
    if old:
        first, second = (
            {name: arrays[f"{name}_{i}"] for name in names if f"{name}_{i}" in arrays}
            for i in (1, 2)
        )
        return first | {"score": 1 - arrays[label]}, second | {"score": arrays[label]}
    held = {name: arrays[name] for name in names if name in arrays} | {"score": arrays[label]}
    half = len(arrays[label]) // 2
    first, second = (
        {name: array[part] for name, array in held.items()}
        for part in (slice(half), slice(half, None))
    )
    return first, second


def _answers(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    return np.where(first == second, 2, (first < second).astype(np.int64))


def _segment(side: Arrays, row: int, env_id: str, episode: int) -> Segment:
    obs, actions = side["obs"][row], side["action"][row]
    return Segment(
        np.concatenate([obs, obs[-1:]]),
        actions.copy(),
        SegmentRef(env_id, episode, 0, len(actions)),
        rewards=side["reward"][row].astype(np.float64) if "reward" in side else None,
    )
