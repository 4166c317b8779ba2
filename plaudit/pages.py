"""What the commands say in their reports."""

from typing import Any

from plaudit import figures
from plaudit.report import Page, Table
from plaudit.studies import climb
from plaudit.studies.demo import ARMS

Run = dict[str, Any]
Figure = tuple[str, str, str]


def demo_page(result: dict[str, Any]) -> Page:
    """The page of `studies.demo.run`'s result."""
    runs, settings = result["runs"], result["settings"]
    by_arm = {arm: [r for r in runs if r["arm"] == arm] for arm in ARMS}
    best = result["frontier"]["optimum"]
    first = {arm: by_arm[arm][0]["samples"] for arm in ARMS}
    return Page(
        title="What do pairwise labels teach?",
        lede=(
            f"Three runs of the same learner on {result['world']} with the same number of updates "
            f"and the same pull to the reference (beta = {settings['beta']:g} points per nat), "
            f"over {len(by_arm['truth'])} seeds: paid the true reward; paid a reward model fitted "
            f"to {settings['labels']} comparisons by a noisy simulated person; paid a model fitted "
            "to coin flips, which must learn nothing."
        ),
        table=demo_table(result),
        note=(
            "True return: mean hidden reward of fresh answers, points. KL: from the reference, "
            "nats. J: true return - beta KL, "
            "what all arms would climb if their reward were true. Gap closed: (R - R_reference) / "
            "(R_truth - R_reference), paired by seed, with its 90% Student t interval. r: "
            "correlation of learned and true return over answers of the reference; 0 for a model "
            "that stayed flat. The optimum for this beta, by dynamic programming: "
            f"{best['reward']:.2f} points at {best['kl']:.2f} nats, J = {best['objective']:.2f}."
        ),
        figures=_demo_figures(result, by_arm),
        samples=[
            (
                "Before: the reference (green letters earned, orange ones cost)",
                first["truth"]["before"][:4],
            ),
            *((f"After: {arm}", first[arm]["after"][:4]) for arm in ARMS),
        ],
        settings={"world": result["world"], **settings},
    )


def _demo_figures(result: dict[str, Any], by_arm: dict[str, list[Run]]) -> list[Figure]:
    learned = {arm: [_line(r, "reward") for r in by_arm[arm]] for arm in ARMS}
    true = {arm: [_line(r, "eval/true_return") for r in by_arm[arm]] for arm in ARMS}
    ways = {arm: [_way(r) for r in by_arm[arm]] for arm in ARMS}
    beta = result["settings"]["beta"]
    return [
        (
            "True reward against KL, with the exact frontier",
            figures.plane(ways, result["frontier"], beta, "points"),
            "Each line is one run's way from the reference (left, below); the dot is its end. "
            "No policy can stand above the black line.",
        ),
        (
            "Over training",
            figures.curves(
                [
                    ("true reward of fresh answers", "points", true),
                    ("reward the learner was paid", "points", learned),
                ]
            ),
            "Thin: seeds; thick: their mean. The learner sees the right panel only.",
        ),
    ]


def demo_table(result: dict[str, Any]) -> Table:
    """One row per arm; also what the terminal shows."""
    heads = ("paid by", "true return", "KL", "J", "gap closed [90% interval]", "r", "labels")
    rows = [
        (
            row["arm"],
            row["true_return"],
            row["kl"],
            row["objective"],
            _gap(row),
            row["correlation"],
            row["labels"],
        )
        for row in result["table"]
    ]
    return Table(heads, rows)


def _gap(row: dict[str, Any]) -> str:
    """Per cent; the interval of the arm that defines the gap would be empty."""
    if row["arm"] == "truth":
        return "100 by definition"
    return f"{row['gap']:.1%} [{row['gap_low']:.1%}, {row['gap_high']:.1%}]"


def climb_page(runs: list[Run]) -> Page:
    """The page of `studies.climb`'s runs."""
    arms = dict.fromkeys(run["arm"] for run in runs)
    lines = {
        arm: [(run["updates"], run["shares"]) for run in runs if run["arm"] == arm] for arm in arms
    }
    drawn = figures.curves([("share of the climb to the exact optimum", "", lines)], level=1.0)
    return Page(
        title="Which algorithms climb what they say they climb?",
        lede=(
            f"Algorithms with equal policies, rollouts and updates on {climb.WORLD}'s true reward, "
            f"pulled to the reference by beta = {climb.BETA:g} points per nat. J = true return - "
            "beta KL; 0 is the reference's J, 1 the best that any policy can have, both exact."
        ),
        table=climb_table(runs),
        note=(
            "Share: (J - J of the reference) / (optimal J - J of the reference) of "
            f"{climb.ANSWERS} fresh answers, mean over seeds with its 95% Student t interval."
        ),
        figures=[
            ("Over training", drawn, "Thin: seeds; thick: their mean; dashed: the optimum."),
        ],
        settings={"world": climb.WORLD, "beta": climb.BETA, **climb.SHARED, "arms": climb.ARMS},
    )


def climb_table(runs: list[Run]) -> Table:
    """A row per arm."""
    rows = climb.summarise(runs)
    return Table(
        ["arm", "share", "95% interval", "true return", "KL", "seconds"],
        [
            [
                row["arm"],
                row["share"],
                f"{row['low']:.3f} to {row['high']:.3f}",
                row["true_return"],
                row["kl"],
                row["seconds"],
            ]
            for row in rows
        ],
    )


def training_page(result: dict[str, Any]) -> Page:
    """The page of `studies.training.run`'s result."""
    recipe, frontier = result["recipe"], result["frontier"]
    settings = recipe["settings"]
    ends = [result["before"], result["after"]]
    unit = "points" if frontier or "turns" in ends[0] else "of -1 to 1"
    return Page(
        title=f"{recipe['policy']} on {recipe['world']}",
        lede=(
            f"{settings['updates']} updates of {recipe['algorithm']} on the true reward, "
            f"{recipe['rows']} answers each, with a pull of {settings['beta']:g} per nat to the "
            f"policy it started as; measured on {recipe['panel']} held-out episodes."
        ),
        table=training_table(result),
        note=(
            "Before and after answer the same prompts. A held-out score, where there is one, is a "
            "second measure that was not optimised: if it falls while the true reward climbs, the "
            "definition of the truth is being hacked."
        ),
        figures=_training_figures(result, unit),
        samples=[
            (heading, end["samples"])
            for heading, end in zip(("Before", "After"), ends, strict=True)
        ],
        settings={
            **{key: value for key, value in recipe.items() if key != "settings"},
            **settings,
            "seconds of training": round(result["seconds"], 1),
        },
    )


def _training_figures(result: dict[str, Any], unit: str) -> list[Figure]:
    beta, frontier = result["recipe"]["settings"]["beta"], result["frontier"]
    log = [row for row in result["log"] if "reward" in row]
    updates = [row["update"] for row in log]
    way = ([row["kl"] for row in log], [row["reward"] for row in log])
    return [
        (
            "Over training",
            figures.curves(
                [
                    ("true reward of sampled answers", unit, {"truth": [(updates, way[1])]}),
                    ("KL from the start", "nats", {"truth": [(updates, way[0])]}),
                ]
            ),
            "Answers sampled while training, on training prompts.",
        ),
        (
            "True reward against KL",
            figures.plane({"truth": [way]}, frontier, beta, unit),
            "The way from the start (left)."
            + (" No policy can stand above the black line." if frontier else ""),
        ),
    ]


def training_table(result: dict[str, Any]) -> Table:
    """Before and after; also what the terminal shows."""
    ends = [result["before"], result["after"]]
    keys = [key for key in ends[0] if key not in ("samples", "truncated_text")]
    heads = ("held-out episodes", *(key.replace("_", " ") for key in keys))
    rows = [
        (name, *(end[key] for key in keys))
        for name, end in zip(("before", "after"), ends, strict=True)
    ]
    return Table(heads, rows)


def _line(run: Run, key: str) -> tuple[list[float], list[float]]:
    rows = [row for row in run["log"] if key in row]
    return [row["update"] for row in rows], [row[key] for row in rows]


def _way(run: Run) -> tuple[list[float], list[float]]:
    rows = [row for row in run["log"] if "eval/kl" in row]
    ends = run["after"]
    return (
        [*(row["eval/kl"] for row in rows), ends["kl"]],
        [*(row["eval/true_return"] for row in rows), ends["true_return"]],
    )
