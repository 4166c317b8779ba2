"""The likelihood of an answer given utilities: one loss for every kind of question.

The formulas are those that simulated teachers draw from (`asks`), here on torch tensors.
"""

from typing import Any

import torch

from plaudit.feedback.asks import Ask, Compare
from plaudit.feedback.teachers.choices import Boltzmann, Choice


def log_prob(
    ask: Ask,
    answers: torch.Tensor,
    utilities: torch.Tensor,
    mask: torch.Tensor | None = None,
    *,
    scale: float = 1.0,
    tie: float = 0.0,
    center: float = 0.0,
    spread: float = 1.0,
    lapse: float = 0.0,
    reticence: float = 0.0,
    choice: Choice | None = None,
) -> torch.Tensor:
    """Log-probability of answers, (B,), nats, 0 where masked; differentiable in the utilities.

    With a lapse, P of each part of an answer becomes (1 - lapse) P + lapse / (number of cells).

    Source: the question's and the choice's own, see there.

    Args:
        ask: what was asked in every row.
        answers: (B,) or (B, parts) int64, float where continuous, in stored order.
        utilities: (B, *ask.shape).
        mask: (B,) bool, False where there is no answer (a skip); None for all.
        scale: rationality beta, >= 0.
        tie: Davidson's weight, > 0 where an answer is a tie.
        center: the middle of the annotator's scale, see `Choice`.
        spread: the width of its levels.
        lapse: share of answers given at random, in [0, 1); a share m of reversed comparisons is
            a lapse of 2 m.
        reticence: probability in [0, 1) with which each part of a critique is left unsaid, which
            then tells nothing; needed where people leave open what they could have said.
        choice: of another family, in place of scale, tie, center and spread.

    Raises:
        ValueError: wrong shapes, an answer outside `ask.space`, a tie while `tie` is 0, or a choice
            from whose answers nothing can be learned.
    """
    if not 0.0 <= lapse < 1.0:
        raise ValueError(f"lapse must be in [0, 1), got {lapse}")
    if not 0.0 <= reticence < 1.0 or (reticence and ask.kind != "critique"):
        raise ValueError(f"reticence must be in [0, 1), of critiques only; got {reticence}")
    if choice is None:
        choice = Boltzmann(beta=scale, tie=tie, center=center, spread=spread)
    if not choice.learnable:
        raise ValueError(f"nothing can be learned from answers by {type(choice).__name__}")
    _check_shapes(ask, answers, utilities, mask)
    if mask is not None:
        answers = torch.where(_like(mask, answers), answers, _some_answer(ask, answers))
        # What is masked must not even be computed with: its gradient could be no number.
        utilities = torch.where(_like(mask, utilities), utilities, torch.zeros_like(utilities))
    _check_answers(ask, answers, choice)
    unsaid = {"reticence": reticence} if reticence else {}
    logp: torch.Tensor = ask.log_prob(answers, utilities, choice, lapse, **unsaid)
    return logp if mask is None else torch.where(mask, logp, torch.zeros_like(logp))


def _like(mask: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    return mask.reshape(-1, *[1] * (answers.dim() - 1))


def _some_answer(ask: Ask, answers: torch.Tensor) -> torch.Tensor:
    """A valid answer, in place of those that are masked."""
    if ask.continuous:
        return torch.full_like(answers, float(ask.space.low))  # type: ignore[attr-defined]
    if ask.kind == "rank":
        return torch.arange(ask.segments, device=answers.device).expand_as(answers)
    first = ask.answer((0,) * len(ask.sizes))
    return torch.as_tensor(first, dtype=answers.dtype, device=answers.device)


def _check_shapes(
    ask: Ask, answers: torch.Tensor, utilities: torch.Tensor, mask: torch.Tensor | None
) -> None:
    if utilities.shape[1:] != ask.shape:
        expected = ", ".join(map(str, ("B", *ask.shape)))
        raise ValueError(
            f"utilities of {ask.kind!r} must be ({expected}), got {tuple(utilities.shape)}"
        )
    expected_shape = (len(utilities), *(ask.space.shape or ()))
    if answers.shape != expected_shape:
        raise ValueError(
            f"answers to {ask.kind!r} must be {expected_shape} like utilities, "
            f"got {tuple(answers.shape)}"
        )
    if mask is not None and mask.shape != utilities.shape[:1]:
        raise ValueError(
            f"mask must be ({len(utilities)},) like utilities, got {tuple(mask.shape)}"
        )


def _check_answers(ask: Ask, answers: torch.Tensor, choice: Any) -> None:
    if ask.kind == "rank":
        right = bool(
            (answers.sort(-1).values == torch.arange(ask.segments, device=answers.device)).all()
        )
    elif ask.continuous:
        low, high = ask.space.low, ask.space.high  # type: ignore[attr-defined]
        right = bool(((answers >= float(low)) & (answers <= float(high))).all())
    else:
        codes = ask.codes(answers)
        sizes = torch.as_tensor(ask.sizes, device=codes.device)
        right = bool(((codes >= 0) & (codes < sizes)).all())
    if not right:
        raise ValueError(f"answers to {ask.kind!r} must each be {ask.expected}")
    if isinstance(ask, Compare) and bool((answers == 2 * ask.levels).any()):
        equals = choice.log_pair(torch.zeros(1), True)
        if bool(equals[0, 2] == -torch.inf):
            raise ValueError("a tie has probability 0 under tie=0; give tie or indifference > 0")
