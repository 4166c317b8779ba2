"""`python -m benchmarks.run [TABLE ...] [--rounds N] [--json FILE]`: how fast, beside the peers.

All tables take about ten minutes on one core. Speeds are steps per CPU second; ratios are the
median of the rounds' ratios, with the least and the largest.
"""

import argparse
import importlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

import plaudit
from benchmarks import THREADS, measure
from benchmarks.promises import verdicts

TABLES = (
    "imports",
    "token_ngram",
    "worlds",
    "grids",
    "repeated_rps",
    "web_form",
    "wrappers",
    "decoding",
    "grpo_step",
    "ppo",
)
PACKAGES = (
    "gymnasium",
    "numpy",
    "pettingzoo",
    "stable-baselines3",
    "minigrid",
    "open-spiel",
    "torch",
    "transformers",
    "trl",
)
FLAGS = ("avx2", "avx512f", "amx_tile", "amx_bf16")
WIDTH = 150  # columns at least: a narrow terminal breaks lines, but no figure is cut off
HEADINGS = {
    "case": "",
    "steps_per_second": "steps/s",
    "agent_steps_per_second": "agent-steps/s",
    "single_per_second": "single\nsteps/s",
    "sync_64_per_second": "Sync(64)\nsteps/s",
    "native_64_per_second": "native 64\nsteps/s",
    "native_1024_per_second": "native 1,024\nsteps/s",
    "x_sync_64_at_64": "native 64\n/ Sync(64)",
    "x_sync_64_at_1024": "native 1,024\n/ Sync(64)",
    "share_of_limit": "of limit",
    "share_of_limit_at_64": "64, of\nlimit",
    "share_of_limit_at_1024": "1,024,\nof limit",
    "cpu_seconds": "CPU seconds",
    "wall_per_cpu": "wall\n/CPU",
    "x_plain_64": "/ Sync(64) of plain",
    "x_sync_64": "/ Sync(64) of ours",
    "x_raw": "/ OpenSpiel,\nno observations",
    "x_observed": "/ OpenSpiel,\nobservations",
    "x_gymnasium": "/ gymnasium, net",
    "x_empty": "/ Empty",
    "x_empty_images": "/ Empty, images",
    "x_doorkey": "/ DoorKey",
    "x_doorkey_images": "/ DoorKey, images",
    "x_recorded": "RecordSegments\n/ without",
    "x_hidden": "HideReward\n/ without",
    "x_judged": "TeacherReward\n/ without both",
    "tokens_per_second": "tokens/s",
    "x_generate": "/ generate",
    "x_forward": "/ forward\nper step",
    "updates_per_second": "updates/s",
    "peak_megabytes": "peak\nMB",
    "x_trl": "/ TRL",
    "x_memory": "TRL's memory\n/ ours",
    "return": "return",
    "peer_return": "SB3's\nreturn",
    "peer_per_second": "SB3's\nsteps/s",
    "x_sb3": "/ SB3",
    "x_sb3_vector": "vector\n/ SB3",
    "x_sb3_autograd": "autograd\n/ SB3",
}

Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"any of {', '.join(TABLES)}")
    parser.add_argument("--rounds", type=int, default=measure.ROUNDS, help="of each comparison")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    arguments = parser.parse_args()
    unknown = set(arguments.tables) - set(TABLES)
    if unknown or arguments.rounds < 1:
        parser.error(f"no such table: {', '.join(unknown)}" if unknown else "at least one round")
    measure.ROUNDS = arguments.rounds
    console = Console(width=max(WIDTH, Console().width))
    report = measured(arguments.tables or TABLES, console)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


def measured(names: Sequence[str], console: Console) -> dict[str, Any]:
    """Measure tables and print each as soon as it is there -> the report."""
    what, before = machine(), measure.load()
    versions = ", ".join(f"{name} {what[name]}" for name in ("plaudit", "python", *PACKAGES))
    console.print(f"{versions}; one thread; {what['rounds']} rounds", highlight=False)
    tables = {}
    for name in names:
        module = importlib.import_module(f"benchmarks.{name}")
        tables[name] = module.table()
        console.print(shown(module.__doc__ or name, tables[name]))
    kept = verdicts(tables)
    if kept:
        console.print(shown("Promises, and the least figure beside each.", kept))
    load = [before, measure.load()]
    console.print(f"load average {load[0]:.1f} before, {load[1]:.1f} after", highlight=False)
    return {"machine": what, **tables, "promises": kept, "load_average": load}


def machine() -> dict[str, Any]:
    """Versions, threads and what the processor can do."""
    return {
        "plaudit": plaudit.__version__,
        "python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
        "threads": dict.fromkeys(THREADS, 1),
        "processor": _processor(),
        "rounds": measure.ROUNDS,
        "block_seconds": measure.BLOCK_SECONDS,
    }


def shown(about: str, rows: Sequence[Mapping[str, Any]]) -> Group:
    """Rows as a table under what is said about them: a title, and what to know beforehand."""
    title, *paragraphs = about.strip().split("\n\n")
    keys = list(dict.fromkeys(key for row in rows for key in row if key != "note"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for key in keys:
        heading = HEADINGS.get(key, key.replace("_", " "))
        words = key in ("case", "family")
        table.add_column(heading, justify="left" if words else "right", no_wrap=True)
    table.add_column("")
    for row in rows:
        table.add_row(*(as_text(key, row.get(key)) for key in keys), str(row.get("note", "")))
    about_it = [Text(" ".join(paragraph.split()), "dim") for paragraph in paragraphs]
    return Group("", Text(" ".join(title.split()), "bold"), *about_it, Padding(table, (1, 0, 0, 0)))


def as_text(key: str, value: Any) -> str:
    """A figure for the eye; the JSON file has all digits."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, tuple | list):
        middle, low, high = map(_digits, value)
        return f"{middle} [{low}..{high}]"
    if key.startswith("share"):
        return f"{value:.2%}"
    return _digits(value)


def _digits(value: float) -> str:
    """Three or four significant digits: 0.123, 12.3, 1,235, 12.3k, 1.23M."""
    for least, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= least:
            scaled = value / (1e3 if unit == "k" else least)
            return f"{_digits(scaled)}{unit}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    """The model's name and the vector units it has, where the system tells."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return platform.processor()
    text = path.read_text("utf-8")
    name = next((line for line in text.splitlines() if line.startswith("model name")), "")
    found = [flag for flag in FLAGS if f" {flag}" in text]
    return f"{name.partition(':')[2].strip()} ({', '.join(found)})"


if __name__ == "__main__":
    main()
