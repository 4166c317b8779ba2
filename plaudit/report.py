"""A report as one HTML file: table, figures, texts to read, all settings; no scripts, no net."""

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STYLE = """
:root { color-scheme: light; --ink: #1d2129; --soft: #667; --line: #e3e5ea; --good: 0, 158, 115;
  --bad: 213, 94, 0; }
body { font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--ink);
  max-width: 62rem; margin: 2.5rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 2.4rem 0 .5rem; }
p.lede { color: var(--soft); margin-top: 0; max-width: 46rem; } p.note { color: var(--soft);
  font-size: .92rem; max-width: 50rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .38rem 1.1rem .38rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; } th { font-weight: 600; font-size: .88rem; color: var(--soft); }
td.number, th.number { text-align: right; }
figure { margin: .6rem 0; } figure svg { width: 100%; height: auto; }
code, .letters { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.letters { font-size: 1.02rem; letter-spacing: .04em; } .prompt { color: #8a8f9c; }
.letters b { font-weight: 400; border-radius: 2px; padding: .05em .06em; }
details { margin-top: 2rem; }
pre { background: #f6f7f9; padding: .8rem 1rem; white-space: pre-wrap; }
"""

Cell = str | float | int | None
Sample = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """Column heads and rows; numbers are set to the right with three digits."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Page:
    """What a report says, in the order it is shown.

    Attributes:
        title, lede: what was run, in a sentence or two.
        table: the result.
        note: how to read the table.
        figures: (heading, SVG, how to read it).
        samples: (heading, answers as `TokenEvaluation.samples` gives them).
        settings: shown as they are, so that the run can be repeated.
    """

    title: str
    lede: str
    table: Table
    note: str = ""
    figures: Sequence[tuple[str, str, str]] = ()
    samples: Sequence[tuple[str, Sequence[Sample]]] = ()
    settings: dict[str, Any] = field(default_factory=dict)


def write(page: Page, path: Path) -> Path:
    """Write a page and return its path; the folder is made if absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(render(page), encoding="utf-8")
    return beside.replace(path)


def render(page: Page) -> str:
    """The page as HTML."""
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<title>{html.escape(page.title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{html.escape(page.title)}</h1><p class='lede'>{html.escape(page.lede)}</p>",
        _table(page.table),
        f"<p class='note'>{html.escape(page.note)}</p>" if page.note else "",
    ]
    for heading, svg, note in page.figures:
        parts.append(f"<h2>{html.escape(heading)}</h2><figure>{svg}</figure>")
        parts.append(f"<p class='note'>{html.escape(note)}</p>")
    for heading, samples in page.samples:
        parts.append(f"<h2>{html.escape(heading)}</h2>{_samples(samples)}")
    settings = "\n".join(f"{key} = {value!r}" for key, value in page.settings.items())
    parts.append(f"<details open><summary>Settings</summary><pre>{html.escape(settings)}</pre>")
    parts.append("</details></body></html>\n")
    return "\n".join(parts)


def _table(table: Table) -> str:
    number = [
        all(isinstance(row[i], int | float | None) for row in table.rows)
        for i in range(len(table.heads))
    ]
    kinds = [" class='number'" if n else "" for n in number]
    heads = "".join(
        f"<th{kind}>{html.escape(head)}</th>" for head, kind in zip(table.heads, kinds, strict=True)
    )
    rows = [
        "".join(f"<td{kind}>{_cell(cell)}</td>" for cell, kind in zip(row, kinds, strict=True))
        for row in table.rows
    ]
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _cell(cell: Cell) -> str:
    if cell is None:
        return "\N{EN DASH}"
    return f"{cell:.3f}" if isinstance(cell, float) else html.escape(str(cell))


def _samples(samples: Sequence[Sample]) -> str:
    extra = [key for key in samples[0] if key not in ("prompt", "answer", "paid")]
    heads = "".join(f"<th class='number'>{key.replace('_', ' ')}</th>" for key in extra)
    rows = []
    for sample in samples:
        notes = "".join(f"<td class='number'>{_noted(sample[key])}</td>" for key in extra)
        prompt = html.escape(sample["prompt"])
        text = f"<span class='prompt'>{prompt}</span>{_answer(sample)}"
        rows.append(f"<tr><td>{text}</td>{notes}</tr>")
    return (
        f"<table><thead><tr><th>prompt and answer</th>{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _noted(value: object) -> str:
    """What is noted of a sample: a number such as its return, or a word such as its status."""
    return f"{value:.2f}" if isinstance(value, float) else html.escape(str(value))


def _answer(sample: Sample) -> str:
    """The answer; where every letter was paid for by itself, each on the colour of its reward."""
    answer, paid = sample["answer"], sample["paid"]
    if len(answer) != len(paid) or sum(p != 0 for p in paid) < 2:
        return html.escape(answer)
    letters = []
    for letter, reward in zip(answer, paid, strict=True):
        colour = "var(--good)" if reward > 0 else "var(--bad)"
        opacity = min(abs(reward) / 2.5, 1.0) * 0.75
        style = f"background: rgba({colour}, {opacity:.2f})"
        letters.append(f"<b style='{style}' title='{reward:+.2f}'>{html.escape(letter)}</b>")
    return f"<span class='letters'>{''.join(letters)}</span>"
