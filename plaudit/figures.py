"""Figures of reports, as SVG texts that stand inside a page."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's colours, which people with any colour vision can tell apart.
COLOURS = {
    "truth": "#009E73",
    "person": "#0072B2",
    "coin flip": "#D55E00",
    "held-out": "#CC79A7",
    "exact": "#222222",
}
OTHERS = ("#009E73", "#0072B2", "#E69F00", "#56B4E9", "#CC79A7", "#D55E00", "#222222")
PALE = 0.28  # opacity of single seeds

Line = tuple[Sequence[float], Sequence[float]]


def curves(
    panels: Sequence[tuple[str, str, Mapping[str, Sequence[Line]]]], level: float | None = None
) -> str:
    """Quantities over training, one panel each.

    Args:
        panels: (title, unit, {arm: one line (updates, values) per seed}); the thick line of an arm
            is the mean over its seeds.
        level: a value to mark with a dashed line, e.g. the optimum.
    """
    width = 4.3 * len(panels) if len(panels) > 1 else 7.4
    figure = Figure(figsize=(width, 3.3), layout="constrained")
    for place, (title, unit, arms) in enumerate(panels):
        axes = figure.add_subplot(1, len(panels), place + 1)
        dress(axes, title, "updates", unit)
        if level is not None:
            axes.axhline(level, color=COLOURS["exact"], lw=1.0, ls="--")
        for place, (arm, lines) in enumerate(arms.items()):
            _seeds_and_mean(axes, arm, lines, COLOURS.get(arm, OTHERS[place % len(OTHERS)]))
        if arms:
            axes.legend(frameon=False, fontsize=9)
    return svg(figure)


def plane(
    arms: Mapping[str, Sequence[Line]], frontier: Mapping[str, Any] | None, beta: float, unit: str
) -> str:
    """True reward against KL: each run's way, and what is possible at all.

    Args:
        arms: {arm: one way (kl, true reward) per seed}.
        frontier: {"kl", "reward": lines; "optimum": {"kl", "reward"}}, where it is known.
        beta: of the optimum marked.
        unit: of the reward.
    """
    figure = Figure(figsize=(7.4, 4.4), layout="constrained")
    axes = figure.add_subplot()
    dress(axes, "", "KL from the reference, nats", f"true reward, {unit}")
    reach = max((max(line[0]) for lines in arms.values() for line in lines), default=1.0)
    if frontier is not None:
        kl, reward = frontier["kl"], frontier["reward"]
        axes.plot(kl, reward, color=COLOURS["exact"], lw=1.6, label="exact frontier", zorder=1)
        ceiling = max(reward) * 1.1
        axes.fill_between(kl, reward, ceiling, color="#222222", alpha=0.06, lw=0, zorder=0)
        best = frontier["optimum"]
        label = f"optimum for beta = {beta:g}"
        axes.plot(best["kl"], best["reward"], "*", ms=15, color=COLOURS["exact"], label=label)
        reach = max(reach, best["kl"])
        shown = [r for k, r in zip(kl, reward, strict=True) if k <= reach * 1.25]
        low = min((min(line[1]) for lines in arms.values() for line in lines), default=0.0)
        axes.set_ylim(min(low, 0.0) - 0.04 * max(shown), max(shown) * 1.08)
    axes.set_xlim(-0.03 * reach, reach * 1.2)
    for arm, lines in arms.items():
        for i, (kl_line, reward_line) in enumerate(lines):
            axes.plot(kl_line, reward_line, color=COLOURS[arm], lw=0.9, alpha=PALE + 0.15)
            label = arm if i == 0 else ""
            axes.plot(kl_line[-1:], reward_line[-1:], "o", ms=5, color=COLOURS[arm], label=label)
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    return svg(figure)


def _seeds_and_mean(axes: Axes, arm: str, lines: Sequence[Line], colour: str) -> None:
    if len(lines) > 1:
        for x, y in lines:
            axes.plot(x, y, color=colour, lw=0.8, alpha=PALE)
    x = lines[0][0]
    mean = [sum(values) / len(lines) for values in zip(*(line[1] for line in lines), strict=True)]
    axes.plot(x, mean, color=colour, lw=2.0, label=arm)


def dress(axes: Axes, title: str, x: str, y: str) -> None:
    """Title, labels and a quiet frame."""
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(color="#e6e6e6", lw=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def svg(figure: Figure) -> str:
    """The figure as an SVG element, without what would make equal figures differ."""
    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": "plaudit"}):  # else its ids are drawn at random
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
