"""The figure of a study: what the mechanism did, and every effect with its seeds."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from plaudit.figures import COLOURS, OTHERS, PALE, dress, svg

Result = Mapping[str, Any]

KINDS = {
    "claim": "#009E73",
    "ablation": "#D55E00",
    "control": "#888888",
    "precondition": "#0072B2",
    "reported": "#CC79A7",
}
ROW = 0.44  # inches of height per effect
WORDS = 20  # characters of a line under a bar
LEVEL = 5  # arms whose names have room side by side


def draw(result: Result) -> str:
    """As SVG; above the picture that the study declares, below all effects on one axis.

    Args:
        result: as `studies.results` keeps it.
    """
    rows = _rows(result["parts"])
    heights = (3.7, ROW * len(rows) + 0.6)
    figure = Figure(figsize=(8.6, sum(heights)), layout="constrained")
    # A figure each: the long names below must not narrow the picture above.
    halves: Any = figure.subfigures(2, 1, height_ratios=heights)
    above, below = (half.subplots() for half in halves)
    picture = result["picture"]
    dress(above, "", picture["x"], textwrap.fill(picture["y"], 44))
    {"curve": _curves, "plane": _plane, "bars": _bars}[picture["kind"]](above, result)
    _exact(above, picture["lines"])
    _name_lines(above)
    _effects(below, rows)
    return svg(figure)


def _arms(result: Result) -> dict[str, Any]:
    names = result["picture"]["arms"] or list(result["arms"])
    return {name: result["arms"][name] for name in names}


def _curves(axes: Axes, result: Result) -> None:
    for place, (name, arm) in enumerate(_arms(result).items()):
        colour, style = OTHERS[place % len(OTHERS)], "-" if place < len(OTHERS) else "--"
        lines = arm.get("curves", [])
        for line in lines:
            axes.plot(line["x"], line["y"], style, color=colour, lw=0.8, alpha=PALE)
        lengths = {len(line["x"]) for line in lines}
        if len(lengths) == 1:
            mean = np.mean([line["y"] for line in lines], 0)
            axes.plot(lines[0]["x"], mean, style, color=colour, lw=2.0, label=name)


def _plane(axes: Axes, result: Result) -> None:
    x, y = result["picture"]["x"], result["picture"]["y"]
    for place, (name, arm) in enumerate(_arms(result).items()):
        colour = OTHERS[place % len(OTHERS)]
        found = arm["measures"]
        axes.plot(found[x], found[y], "o", ms=5, color=colour, alpha=0.75, label=name)


def _bars(axes: Axes, result: Result) -> None:
    arms, measures = _arms(result), result["picture"]["measures"]
    width = 0.8 / len(measures)
    for place, measure in enumerate(measures):
        at = np.arange(len(arms)) + (place - (len(measures) - 1) / 2) * width
        values = [arm["measures"][measure] for arm in arms.values()]
        colour = OTHERS[place % len(OTHERS)]
        axes.bar(at, [np.mean(v) for v in values], width * 0.92, color=colour, label=measure)
        for spot, seeds in zip(at, values, strict=True):
            axes.plot([spot] * len(seeds), seeds, "o", ms=2.5, color="#222222", alpha=0.5)
    axes.axhline(0.0, color="#222222", lw=0.8)
    axes.set_xticks(range(len(arms)), [textwrap.fill(name, WORDS) for name in arms], fontsize=8)
    if len(arms) > LEVEL:
        axes.tick_params(axis="x", rotation=40)
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")


def _name_lines(axes: Axes) -> None:
    """A legend: inside where it is short, else beside, where it hides nothing."""
    short = len(axes.get_legend_handles_labels()[1]) < LEVEL
    beside: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    axes.legend(frameon=False, fontsize=8, **({"loc": "best"} if short else beside))


def _exact(axes: Axes, lines: Mapping[str, Any]) -> None:
    styles = ("--", ":", "-.", "-")
    for place, (name, line) in enumerate(lines.items()):
        mark = "*" if len(line["x"]) == 1 else ""
        style = styles[place % len(styles)]
        colour = COLOURS["exact"]
        axes.plot(line["x"], line["y"], style, marker=mark, ms=13, color=colour, lw=1.2, label=name)


class Row(NamedTuple):
    """One effect: what it is, its estimate, and the limits that it must clear."""

    kind: str
    text: str
    effect: Any
    limits: tuple[float, ...]


def _rows(parts: Sequence[Mapping[str, Any]]) -> list[Row]:
    """From top to bottom; an ablation stands under its claim, with the same limit."""
    rows = []
    for part in parts:
        limit = part["limit"]
        limits = () if limit is None else (limit, -limit) if part["two_sided"] else (limit,)
        rows.append(Row(part["kind"], part["text"], part["effect"], limits))
        if part["ablation"]:
            off = "the same with the mechanism off"
            rows.append(Row("ablation", off, part["ablation"], limits))
    return rows


def _effects(axes: Axes, rows: Sequence[Row]) -> None:
    dress(axes, "effects: seeds, mean and interval; the bar is the limit", "", "")
    axes.axvline(0.0, color="#222222", lw=0.8)
    for place, row in enumerate(rows):
        mean, low, high, values = row.effect
        colour = KINDS[row.kind]
        axes.plot(values, [place] * len(values), "o", ms=3, color=colour, alpha=0.35)
        axes.plot([low, high], [place, place], color=colour, lw=2.2)
        axes.plot([mean], [place], "D", ms=5, color=colour)
        for at in row.limits:
            axes.plot([at, at], [place - 0.32, place + 0.32], color="#222222", lw=1.6)
    labels = [textwrap.fill(f"{row.kind}: {row.text}", 58) for row in rows]
    axes.set_yticks(range(len(rows)), labels, fontsize=7.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
