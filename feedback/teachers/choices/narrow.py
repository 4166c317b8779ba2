"""Boltzmann by the names that the field gives it for one kind of question; others are refused."""

from dataclasses import dataclass
from typing import ClassVar

from plaudit.feedback.asks import Ask
from plaudit.feedback.teachers.choices.base import Floats
from plaudit.feedback.teachers.choices.boltzmann import Boltzmann


@dataclass(frozen=True)
class _Narrow(Boltzmann):
    kinds: ClassVar[tuple[str, ...]] = ()

    def odds(self, ask: Ask, utilities: Floats) -> tuple[Floats, ...]:
        if ask.kind not in self.kinds:
            raise ValueError(
                f"{type(self).__name__} answers {', '.join(self.kinds)}, not {ask.kind!r}; "
                "Boltzmann answers every question"
            )
        return super().odds(ask, utilities)


@dataclass(frozen=True)
class Davidson(_Narrow):
    """Comparisons with ties; arguments as `Boltzmann`, with `tie` = 1 unless given.

    Source: Davidson 1970, doi:10.1080/01621459.1970.10481082.
    """

    kinds: ClassVar[tuple[str, ...]] = ("compare", "describe")
    tie: float = 1.0


@dataclass(frozen=True)
class PlackettLuce(_Narrow):
    """Orders and best ones of several; arguments as `Boltzmann`.

    Source: Plackett 1975, doi:10.2307/2346567; Luce 1959.
    """

    kinds: ClassVar[tuple[str, ...]] = ("rank", "choose")


@dataclass(frozen=True)
class Ordinal(_Narrow):
    """Ratings and graded comparisons; arguments as `Boltzmann`.

    Source: McCullagh 1980, doi:10.1111/j.2517-6161.1980.tb01109.x.
    """

    kinds: ClassVar[tuple[str, ...]] = ("rate", "mark", "compare")


@dataclass(frozen=True)
class Bernoulli(_Narrow):
    """Yes or no: approvals, checklists, features, reactions; arguments as `Boltzmann`.

    Source: logistic regression on the utility; arXiv:2402.01306.
    """

    kinds: ClassVar[tuple[str, ...]] = ("approve", "check", "describe", "react")
