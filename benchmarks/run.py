"""`python -m benchmarks.run [--json FILE]`: all tables, as text and as JSON."""

import argparse
import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import plaudit
from benchmarks import THREADS, imports, measure, token_ngram

PACKAGES = ("gymnasium", "numpy", "stable-baselines3")
FLAGS = ("avx2", "avx512f", "amx_tile", "amx_bf16")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    arguments = parser.parse_args()
    load = measure.load()
    report = {
        "machine": machine(),
        "token_ngram": token_ngram.table(),
        "imports": imports.table(),
        "load_average": [load, measure.load()],
    }
    sys.stdout.write(as_text(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


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


def as_text(report: dict[str, Any]) -> str:
    """The tables for a terminal; speeds per CPU second, ratios as median [least..largest]."""
    what = report["machine"]
    names = ", ".join(f"{name} {what[name]}" for name in ("plaudit", "python", *PACKAGES))
    first, last = report["load_average"]
    lines = [
        f"{names}; one thread; load {first:.1f} to {last:.1f}",
        "",
        f"{'TokenNgram':<34}{'steps/s':>14}{'x SyncVectorEnv(64)':>24}{'x Sync, same n':>24}"
        f"{'of limit':>10}{'wall/CPU':>10}",
        *map(_world_line, report["token_ngram"]),
        "",
        f"{'import':<34}{'CPU ms':>12}{'x gymnasium, net':>24}{'wall/CPU':>10}",
        *map(_import_line, report["imports"]),
    ]
    return "\n".join(lines) + "\n"


def _world_line(row: dict[str, Any]) -> str:
    if "steps_per_second" not in row:
        return f"{row['case']:<34}{row['note']:>14}"
    share = row.get("share_of_limit")
    return (
        f"{row['case']:<34}{row['steps_per_second']:>14,.0f}{_spread(row.get('x_sync_64')):>24}"
        f"{_spread(row.get('x_sync_same_n')):>24}{'' if share is None else f'{share:.1%}':>10}"
        f"{row['wall_per_cpu']:>10.2f} {row['note']}"
    ).rstrip()


def _import_line(row: dict[str, Any]) -> str:
    return (
        f"{row['case']:<34}{1000 * row['cpu_seconds']:>12.0f}"
        f"{_spread(row.get('x_gymnasium')):>24}{row['wall_per_cpu']:>10.2f}"
    )


def _spread(figures: tuple[float, float, float] | None) -> str:
    if figures is None:
        return ""
    middle, low, high = figures
    return f"{middle:.3g} [{low:.3g}..{high:.3g}]"


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
