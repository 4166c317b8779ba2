"""What a study declares before it is run: arms, claims, controls, and what would refute it.

A study is a function `(settings, seed) -> Run` and nothing else that runs. An arm is what it
changes in the settings, so an ablation is the claim's own arm with one thing switched off, and
every arm with the same seed meets the same world, teacher and initialisation. How the numbers are
judged stands in `verdict`, how they are made in `runner`.

Source: own design.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal, TypedDict

Changes = Mapping[str, Any]
"""Fields of a study's settings that an arm or a budget sets otherwise; JSON values."""

SMALLEST = 0.05
"""The smallest effect that counts unless a claim says otherwise: a share of floor to ceiling."""


class Line(TypedDict):
    """Points of a curve; as many x as y."""

    x: list[float]
    y: list[float]


class Run(TypedDict, total=False):
    """What one arm with one seed came to.

    Attributes:
        measures: numbers by name; larger is better in those that claims are about.
        curve: what the study's picture draws of this run, if it draws curves.
    """

    measures: dict[str, float]
    curve: Line


@dataclass(frozen=True)
class Effect:
    """One number per seed: a measure of one arm, less that of another with the same seed.

    Attributes:
        arm: the arm in question.
        against: the arm it is compared with; None: the measure itself is the effect.
        measure: which of a run's measures.
        against_measure: of the other arm, if it is another one.
    """

    arm: str
    against: str | None = None
    measure: str = "score"
    against_measure: str | None = None

    @property
    def arms(self) -> tuple[str, ...]:
        return (self.arm,) if self.against is None else (self.arm, self.against)


@dataclass(frozen=True)
class Claim:
    """A sentence that can turn out wrong.

    Attributes:
        text: what is claimed.
        effect: what must exceed `smallest`.
        smallest: the smallest effect that counts; below zero where "not worse by more than" is
            claimed.
        ablation: the same effect with the mechanism off, which must stay below `smallest`; None
            for a part of a study that another part's ablation covers.
        off: short for the ablation that differs in its arm only: the name of that arm.
        equal: the claim is instead that the effect lies within +- `smallest`; it has no ablation.
    """

    text: str
    effect: Effect
    smallest: float = SMALLEST
    ablation: Effect | None = None
    off: str = ""
    equal: bool = False

    def __post_init__(self) -> None:
        if self.off:
            object.__setattr__(self, "ablation", replace(self.effect, arm=self.off))


@dataclass(frozen=True)
class Control:
    """What must show nothing, e.g. coin flips.

    Attributes:
        text: what is said.
        effect: its 90% interval must lie within +- `within`.
        within: the margin.
        one_sided: only a gain would tell; noise may well do harm, as to a policy that is trained
            on it, and the interval must lie below `within`.
    """

    text: str
    effect: Effect
    within: float = SMALLEST
    one_sided: bool = False


@dataclass(frozen=True)
class Precondition:
    """Without this the claim cannot be tested here: the effect's 95% interval is above `least`."""

    text: str
    effect: Effect
    least: float = 0.0


@dataclass(frozen=True)
class Reported:
    """An effect that is shown and enters no verdict, e.g. of a misspecified teacher."""

    text: str
    effect: Effect


@dataclass(frozen=True)
class Picture:
    """What a reader should see of the mechanism.

    Attributes:
        kind: "curve" draws each run's curve and the mean of each arm; "plane" a point per run at
            the measures `x` and `y`; "bars" the mean of several measures for each arm.
        x, y: labels of the axes; of a plane, the names of the measures.
        caption: what to look at, in a sentence or two.
        arms: which to draw, in this order; () for all.
        measures: of bars, which.
        lines: exact lines or points to compare with, by name; computed from the settings.
    """

    kind: Literal["curve", "plane", "bars"]
    x: str
    y: str
    caption: str
    arms: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    lines: Callable[[Any], dict[str, Line]] | None = None


@dataclass(frozen=True, eq=False)
class Study:
    """A published system as a claim that can fail.

    Attributes:
        id: in the table of systems, e.g. "S026".
        name: of its module and in the registry.
        source: of the paper, e.g. "arXiv:2402.14740".
        worlds: ids of the worlds it plays in.
        statistic: what `score` is, with its unit.
        run: plays one arm with one seed.
        settings: a frozen dataclass of JSON values, at full budget.
        quick: what the quick budget sets otherwise; a smoke test of a few seconds.
        arms: by name, what each sets otherwise.
        claims: all must hold.
        controls: at least one, all must show nothing.
        preconditions: if one fails, the study is untestable here.
        reported: shown beside.
        stages: by name, what swaps that stage of the pipeline for its exact oracle; all of them
            together must leave no regret. Their runs need a measure `regret`.
        explained: the arm whose regret `stages` explain.
        picture: what the mechanism did.
        scaled_down: what is smaller than in the paper, and what that leaves unproven.
        seeds: at full budget.
        quick_seeds: at quick budget.
    """

    id: str
    name: str
    source: str
    worlds: tuple[str, ...]
    statistic: str
    run: Callable[[Any, int], Run]
    settings: Any
    quick: Changes
    arms: Mapping[str, Changes]
    claims: tuple[Claim, ...]
    controls: tuple[Control, ...]
    picture: Picture
    scaled_down: str
    preconditions: tuple[Precondition, ...] = ()
    reported: tuple[Reported, ...] = ()
    stages: Mapping[str, Changes] = field(default_factory=dict)
    explained: str | None = None
    seeds: int = 10
    quick_seeds: int = 3

    def __post_init__(self) -> None:
        if not is_dataclass(self.settings):
            raise TypeError(f"{self.name}: settings must be a dataclass, got {self.settings!r}")
        if not self.claims or all(claim.ablation is None for claim in self.claims):
            raise ValueError(f"{self.name}: at least one claim must have an ablation")
        if any(claim.equal and claim.ablation is not None for claim in self.claims):
            raise ValueError(f"{self.name}: what is claimed to be equal has no ablation")
        if not self.controls:
            raise ValueError(f"{self.name}: at least one control must be able to fail")
        for name in [arm for effect in self.effects() for arm in effect.arms] + [
            *self.picture.arms,
            *([self.explained] if self.explained is not None else []),
        ]:
            _known(self.name, "arm", name, self.arms)
        for changes in (self.quick, *self.arms.values(), *self.stages.values()):
            for name in changes:
                _known(self.name, "setting", name, [f.name for f in fields(self.settings)])
        if bool(self.stages) != (self.explained is not None):
            raise ValueError(f"{self.name}: stages and explained go together")

    def effects(self) -> list[Effect]:
        """All that are looked at."""
        claimed = [effect for c in self.claims for effect in (c.effect, c.ablation) if effect]
        beside: list[Control | Precondition | Reported]
        beside = [*self.controls, *self.preconditions, *self.reported]
        return claimed + [part.effect for part in beside]

    def set(self, budget: str, *changes: Changes) -> Any:
        """The settings at a budget, with changes on top, the last ones last."""
        budgeted = replace(self.settings, **(self.quick if budget == "quick" else {}))
        for change in changes:
            budgeted = replace(budgeted, **change)
        return budgeted

    def declaration(self) -> dict[str, Any]:
        """Everything that is fixed before a run, as JSON values."""
        return {
            "id": self.id,
            "name": self.name,
            "source": self.source,
            "worlds": list(self.worlds),
            "statistic": self.statistic,
            "settings": asdict(self.settings),
            "arms": {name: dict(changes) for name, changes in self.arms.items()},
            "claims": [asdict(claim) for claim in self.claims],
            "controls": [asdict(control) for control in self.controls],
            "preconditions": [asdict(condition) for condition in self.preconditions],
            "reported": [asdict(reported) for reported in self.reported],
            "seeds": self.seeds,
        }


def _known(study: str, kind: str, name: str, names: Any) -> None:
    if name not in names:
        near = get_close_matches(name, names, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise KeyError(f"{study}: unknown {kind} {name!r}{hint}")
