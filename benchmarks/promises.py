"""What was promised of the figures, and which of them keep it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

Row = dict[str, Any]


class Promise(NamedTuple):
    """A figure that should be at least so much in some rows of a table.

    Attributes:
        text: for people.
        table, key: where the figure stands; of a ratio, its median counts.
        least: what it should be at least.
        concerns: whether it is about a row.
    """

    text: str
    table: str
    key: str
    least: float
    concerns: Callable[[Row], bool]


def _token(row: Row) -> bool:
    return bool(row.get("family") == "token")


def _case(name: str) -> Callable[[Row], bool]:
    return lambda row: bool(row["case"] == name)


def _ours(rows: int) -> Callable[[Row], bool]:
    return lambda row: _world(row) and str(row["case"]).endswith(f"n={rows}")


def _among(*names: str) -> Callable[[Row], bool]:
    return lambda row: row["case"] in names


def _trained(shape: str) -> Callable[[Row], bool]:
    return lambda row: shape in row["case"] and not str(row["case"]).startswith("TRL")


def _any(row: Row) -> bool:
    return True


def _world(row: Row) -> bool:
    return str(row["case"]).startswith("plaudit/")


PROMISES = (
    Promise("token worlds at 64 / SyncVectorEnv(64)", "worlds", "x_sync_64_at_64", 10, _token),
    Promise("token worlds at 1,024 / SyncVectorEnv(64)", "worlds", "x_sync_64_at_1024", 40, _token),
    Promise(
        "TokenNgram at 64 / the same of plain environments",
        "token_ngram",
        "x_plain_64",
        10,
        _case("native vector, n=64"),
    ),
    Promise(
        "TokenNgram at 1,024 / the same of plain environments",
        "token_ngram",
        "x_plain_64",
        40,
        _case("native vector, n=1024"),
    ),
    Promise("grids at 64 / MiniGrid Empty, images", "grids", "x_empty_images", 30, _world),
    Promise("grids at 64 / MiniGrid DoorKey, images", "grids", "x_doorkey_images", 30, _world),
    Promise(
        "RepeatedRPS at 1,024 / OpenSpiel's raw loop",
        "repeated_rps",
        "x_raw",
        10,
        _case("joint vector form, n=1024"),
    ),
    Promise("WebForm in text, steps/s", "web_form", "steps_per_second", 5000, _case("text, n=1")),
    Promise("RecordSegments at 64 / without", "wrappers", "x_recorded", 1 / 1.1, _ours(64)),
    Promise("RecordSegments at 1,024 / without", "wrappers", "x_recorded", 1 / 1.2, _ours(1024)),
    Promise("TeacherReward at 64 / without both", "wrappers", "x_judged", 1 / 1.1, _ours(64)),
    Promise("TeacherReward at 1,024 / without both", "wrappers", "x_judged", 1 / 1.2, _ours(1024)),
    Promise("HideReward at 64 / without", "wrappers", "x_hidden", 1 / 1.1, _ours(64)),
    Promise("HideReward at 1,024 / without", "wrappers", "x_hidden", 1 / 1.2, _ours(1024)),
    Promise(
        "sampling, one row / Hugging Face's generate",
        "decoding",
        "x_generate",
        2.5,
        _among("CausalLM, n=1", "TinyTransformer, n=1"),
    ),
    Promise(
        "sampling, 64 rows / Hugging Face's generate",
        "decoding",
        "x_generate",
        1.5,
        _among("CausalLM, n=64", "TinyTransformer, n=64"),
    ),
    Promise(
        "a token world by collect / a padded forward pass per step",
        "decoding",
        "x_forward",
        50,
        _case("collect, window 112"),
    ),
    Promise("GRPO at 64 x 64 tokens / TRL", "grpo_step", "x_trl", 1.2, _trained("64 x 64")),
    Promise("GRPO at 16 x 32 tokens / TRL", "grpo_step", "x_trl", 1.4, _trained("16 x 32")),
    Promise("TRL's memory / GRPO's", "grpo_step", "x_memory", 1, _trained("tokens")),
    Promise("PPO / Stable-Baselines3's", "ppo", "x_sb3", 1.8, _any),
    Promise("PPO by autograd / Stable-Baselines3's", "ppo", "x_sb3_autograd", 1.8, _any),
)


def verdicts(tables: Mapping[str, Sequence[Row]]) -> list[Row]:
    """One row per promise about a table that was measured: the least figure, and what misses."""
    return [
        _verdict(promise, [row for row in tables[promise.table] if promise.concerns(row)])
        for promise in PROMISES
        if promise.table in tables
    ]


def _verdict(promise: Promise, rows: Sequence[Row]) -> Row:
    figures = {row["case"]: _figure(row[promise.key]) for row in rows if promise.key in row}
    verdict: Row = {"case": promise.text, "promised": promise.least}
    unmeasured = [row["case"] for row in rows if promise.key not in row]
    missed = [f"{case} ({figures[case]:.3g})" for case in figures if figures[case] < promise.least]
    if figures:
        verdict["least"] = min(figures.values())
    said = [f"missed by {', '.join(missed)}"] if missed else []
    if unmeasured or not rows:
        said.append(f"not measured: {', '.join(unmeasured) or 'all'}")
    return verdict | {"note": "; ".join(said) or "kept"}


def _figure(value: Any) -> float:
    """The median of a ratio, or a plain figure."""
    return float(value[0] if isinstance(value, tuple | list) else value)
