"""What studies came to, as small JSON files: one per full run of a study, numbered, all kept.

`studies/data/<name>.<number>.json`; the highest number counts. A result holds the declaration it
was run under, so that a test can tell a result whose study has changed since.
"""

import inspect
import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from platform import python_version
from typing import Any

import numpy as np

from plaudit.studies.runner import Done
from plaudit.studies.study import Run, Study
from plaudit.studies.verdict import Judgement, Runs

DATA = Path(str(files("plaudit.studies") / "data"))
LIBRARIES = ("gymnasium", "numpy", "scipy", "stable-baselines3", "torch")
POINTS = 60
"""Of a curve at most; the picture is not sharper than that."""
DIGITS = 5
PICTURED = ("kind", "x", "y", "caption", "arms", "measures")

Result = dict[str, Any]


def result_of(
    study: Study, budget: str, judgement: Judgement, runs: Runs, done: Iterable[Done]
) -> Result:
    """Everything worth keeping of a run of a study, as JSON values.

    Args:
        study: what was run.
        budget: "quick" or "full"; a quick run has no verdict.
        judgement: what it came to.
        runs: by arm, then seed.
        done: the same, with seconds; each counted once.
    """
    settings = study.set(budget)
    lines = {} if study.picture.lines is None else study.picture.lines(settings)
    seconds = [one.seconds for one in done]
    found: Result = rounded(
        {
            "declaration": _plain(study.declaration()),
            "budget": budget,
            "settings": asdict(settings),
            "verdict": judgement.verdict if budget == "full" else None,
            "reason": judgement.reason,
            "p": judgement.p,
            "parts": [asdict(part) for part in judgement.parts],
            "arms": {arm: _arm(by_seed) for arm, by_seed in runs.items()},
            "picture": _plain(
                {name: getattr(study.picture, name) for name in PICTURED} | {"lines": lines}
            ),
            "about": inspect.getdoc(sys.modules[study.run.__module__]) or "",
            "scaled_down": study.scaled_down,
            "seconds": sum(seconds),
            "slowest_run": max(seconds),
            "versions": {"python": python_version()} | {name: version(name) for name in LIBRARIES},
        }
    )
    return found


def keep(result: Result, folder: Path = DATA) -> Path:
    """Write a result under the next number of its study; what was there stays."""
    name = result["declaration"]["name"]
    number = max([0, *numbers(name, folder)]) + 1
    path = folder / f"{name}.{number}.json"
    beside = path.with_suffix(".new")
    # A line for each key: small, and still readable where it changes.
    entries = ({"number": number} | result).items()
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in entries)
    beside.write_text("{" + lines + "}\n", encoding="utf-8")
    return beside.replace(path)


def numbers(name: str, folder: Path = DATA) -> list[int]:
    """Of the results kept of a study, in order."""
    found = [re.fullmatch(rf"{name}\.(\d+)\.json", path.name) for path in folder.iterdir()]
    return sorted(int(match[1]) for match in found if match)


def newest(name: str, folder: Path = DATA) -> Result | None:
    """The last result kept of a study, or None."""
    kept = numbers(name, folder)
    if not kept:
        return None
    text = (folder / f"{name}.{kept[-1]}.json").read_text("utf-8")
    found: Result = json.loads(text)
    return found


def is_current(result: Result, study: Study) -> bool:
    """Whether the study is still declared as it was when the result was made."""
    return bool(result["declaration"] == rounded(_plain(study.declaration())))


def _arm(by_seed: Mapping[int, Run]) -> dict[str, Any]:
    """Measures of every seed, and the curve of every seed where there are curves."""
    seeds = sorted(by_seed)
    names = dict.fromkeys(name for seed in seeds for name in by_seed[seed]["measures"])
    found: dict[str, Any] = {
        "seeds": seeds,
        "measures": {
            name: [by_seed[seed]["measures"].get(name) for seed in seeds] for name in names
        },
    }
    if all("curve" in by_seed[seed] for seed in seeds):
        found["curves"] = [_thinned(by_seed[seed]["curve"]) for seed in seeds]
    return found


def _thinned(curve: Any) -> dict[str, list[float]]:
    count = len(curve["x"])
    kept = np.unique(np.linspace(0, count - 1, min(count, POINTS)).round().astype(int))
    return {axis: [float(curve[axis][i]) for i in kept] for axis in ("x", "y")}


def _plain(value: Any) -> Any:
    """As JSON reads it back: lists for tuples."""
    return json.loads(json.dumps(value))


def rounded(value: Any) -> Any:
    """JSON values with as many digits as they tell; lists for tuples."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(f"{float(value):.{DIGITS}g}")
    return value
