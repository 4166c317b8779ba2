"""docs/studies.md: all systems of the table, and what came of those that have been rebuilt.

Everything is read from the results that are kept; nothing is run. Over all studies the p values
are corrected: q by Benjamini and Hochberg, and a study with q above .05 does not hold.

Source: Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x.
"""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from plaudit.studies.registry import STUDIES
from plaudit.studies.results import DATA, Result, newest

FALSE_DISCOVERIES = 0.05

HEAD = """# Studies

Written by `make studies` from the results in `studies/data/`; nothing on this page is typed.

{count} published systems. {status}.

A study is a world, an opinion, a learner and a claim that can fail. It declares, before it is run,
what would make it hold: the effect's 95% interval lies above the smallest effect that counts, the
same effect with the mechanism off (the **ablation**) stays below it, controls show nothing, and q,
the p value corrected over all studies, is at most .05. How exactly: `studies/verdict.py`. Effects
are paired over seeds; where nothing else is said their unit is a share of the way from the floor to
the optimum. Where a rule was changed after a result was seen, the study's text says so.
"""


class System(NamedTuple):
    """A row of the table of published systems."""

    id: str
    name: str
    group: str
    paper: str

    @property
    def is_reference(self) -> bool:
        """A survey, review or report: it can be looked up here, and there is nothing to run."""
        return self.group == "ref"


def systems() -> list[System]:
    """All of them, by id."""
    with (DATA / "systems.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [System(*row) for row in rows[1:]]


def results(folder: Path = DATA) -> list[Result]:
    """The newest result of every study that has one, by id, with `q`; holds only if q allows."""
    found = [result for name in STUDIES if (result := newest(name, folder)) is not None]
    found.sort(key=lambda result: str(result["declaration"]["id"]))
    for result, q in zip(found, corrected([result["p"] for result in found]), strict=True):
        result["q"] = q
        if result["verdict"] == "holds" and q > FALSE_DISCOVERIES:
            result["verdict"] = "inconclusive"
            result["reason"] = f"q = {q:.3f}: among so many studies this may be luck"
    return found


def corrected(p: Sequence[float]) -> list[float]:
    """Q values by Benjamini and Hochberg."""
    if not p:
        return []
    from scipy.stats import false_discovery_control  # slow to import

    q: list[float] = false_discovery_control(p).tolist()
    return q


def page(found: Sequence[Result]) -> str:
    """The page as Markdown."""
    table = systems()
    by_id = {result["declaration"]["id"]: result for result in found}
    counts = Counter(status(system, by_id.get(system.id)) for system in table)
    said = ", ".join(f"{number} {name}" for name, number in counts.most_common())
    parts = [HEAD.format(count=len(table), status=said)]
    parts += ["## Results\n", overview(table, by_id)]
    parts += [section(system, by_id[system.id]) for system in table if system.id in by_id]
    parts += ["## All systems\n", _listing(table, by_id)]
    return "\n".join(parts)


def status(system: System, result: Result | None) -> str:
    """What the page says of a system in a word or two."""
    if result is not None:
        return str(result["verdict"])
    return "indexed" if system.is_reference else "not rebuilt yet"


def overview(table: Sequence[System], by_id: dict[str, Result]) -> str:
    """One line for each study: the claim nearest to failing, its ablation, p and q, the cost."""
    rows = ["| id | system | verdict | effect [95%] | ablation [95%] | p | q | seeds | CPU s |"]
    rows.append("|---|---|---|---|---|---|---|---|---|")
    for system in table:
        if system.id not in by_id:
            continue
        result = by_id[system.id]
        part = weakest(result)
        cells = (
            f"[{system.id}](#{anchor(system)})",
            system.name,
            result["verdict"],
            interval(part["effect"]),
            interval(part["ablation"]) or f"{interval(_ablation(result))} \\*",
            f"{result['p']:.3f}",
            f"{result['q']:.3f}",
            len(next(iter(result["arms"].values()))["seeds"]),
            f"{result['seconds']:.0f}",
        )
        rows.append(f"| {' | '.join(map(str, cells))} |")
    note = (
        "Where a study makes several claims: the one that fails, or clears its limit by least; "
        "\\* where that has no ablation of its own, the ablation of another claim."
    )
    return "\n".join([*rows, "", note, ""])


def weakest(result: Result) -> dict[str, Any]:
    """The claim that fails or, if none does, is nearest to its limit; equalities left out."""
    claims = [p for p in result["parts"] if p["kind"] == "claim" and not p["two_sided"]]
    found: dict[str, Any] = min(
        claims, key=lambda part: (bool(part["met"]), part["effect"][1] - part["limit"])
    )
    return found


def _ablation(result: Result) -> Any:
    return next(part["ablation"] for part in result["parts"] if part["ablation"])


def section(system: System, result: Result) -> str:
    """What a study claims, how it went, and the figure."""
    declared = result["declaration"]
    name = declared["name"]
    parts = [
        f"### {system.id} {system.name}\n",
        f"**{str(result['verdict']).capitalize()}**: {result['reason']}.\n",
        f"*{system.paper}*, {declared['source']}. Run {result['number']}: "
        f"`plaudit study run {name} --budget full`. Worlds: {', '.join(declared['worlds'])}.\n",
        f"```text\n{result['about']}\n```\n",
        _claims(result),
        f"![{name}](figures/studies/{name}.svg)\n",
        f"{result['picture']['caption']}\n",
        f"Score: {declared['statistic']}.\n",
        _arms(result),
        *([_stages(result["attribution"], name)] if "attribution" in result else []),
        f"Scaled down: {result['scaled_down']}\n",
    ]
    return "\n".join(parts)


def _stages(found: dict[str, Any], name: str) -> str:
    """Where the regret comes from; the rows sum to the whole."""
    whole = found["regret"][0]
    rows = [
        f'`plaudit explain {name}`, arm "{found["arm"]}": what each stage causes of the regret,'
    ]
    rows += ["in the mean over all orders of making stages exact.", ""]
    rows += ["| stage | regret | share |", "|---|---|---|"]
    for stage, part in (
        *found["parts"].items(),
        ("left with all stages exact", found["residue"]),
        ("**whole**", found["regret"]),
    ):
        share = f"{part[0] / whole:.1%}" if whole else ""
        rows.append(f"| {stage} | {interval(part)} | {share} |")
    return "\n".join(rows) + "\n"


def _claims(result: Result) -> str:
    rows = ["| | | effect | limit | ablation | |", "|---|---|---|---|---|---|"]
    for part in result["parts"]:
        limit = "" if part["limit"] is None else f"{part['limit']:g}"
        off = interval(part["ablation"]) if part["ablation"] else ""
        cells = (part["kind"], part["text"], interval(part["effect"]), limit, off, part["reason"])
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _arms(result: Result) -> str:
    names = list(dict.fromkeys(n for arm in result["arms"].values() for n in arm["measures"]))
    rows = [f"| arm | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
    for arm, found in result["arms"].items():
        cells = [_mean(found["measures"].get(name)) for name in names]
        rows.append(f"| {arm} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _mean(values: Sequence[float | None] | None) -> str:
    present = [value for value in values or () if value is not None]
    return f"{sum(present) / len(present):.3f}" if present else ""


def _listing(table: Sequence[System], by_id: dict[str, Result]) -> str:
    rows = ["| id | system | paper | |", "|---|---|---|---|"]
    for system in table:
        said = status(system, by_id.get(system.id))
        rows.append(f"| {system.id} | {system.name} | {system.paper} | {said} |")
    return "\n".join(rows) + "\n"


def interval(effect: Sequence[Any] | None) -> str:
    """Mean and interval of an estimate as kept, e.g. ".12 [.10, .14]"."""
    if effect is None:
        return ""
    mean, low, high = effect[:3]
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def anchor(system: System) -> str:
    """The link that Markdown gives a section's heading."""
    heading = f"{system.id} {system.name}".lower()
    return "".join(c for c in heading if c.isalnum() or c in " -_").replace(" ", "-")
