"""What the study commands show: tables for the terminal, a page in HTML, and docs/studies.md."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plaudit import study_figures
from plaudit.report import Page, Table
from plaudit.studies import catalogue
from plaudit.studies.attribution import Attribution
from plaudit.studies.study import Study

Result = Mapping[str, Any]


def listing(studies: list[Study]) -> Table:
    """One row per study, with the verdict of its last full run."""
    systems = {system.id: system for system in catalogue.systems()}
    kept = {result["declaration"]["id"]: result for result in catalogue.results()}
    rows = []
    for study in studies:
        result = kept.get(study.id)
        effect = "" if result is None else catalogue.interval(catalogue.weakest(result)["effect"])
        verdict = "not run yet" if result is None else result["verdict"]
        rows.append((study.id, study.name, systems[study.id].name, verdict, effect))
    return Table(("id", "name", "system", "verdict", "effect [95%]"), rows)


def study_table(result: Result) -> Table:
    """One row per claim, control, precondition and reported effect."""
    rows = [
        (
            part["kind"],
            part["text"],
            catalogue.interval(part["effect"]),
            "" if part["limit"] is None else f"{part['limit']:g}",
            catalogue.interval(part["ablation"]),
            part["reason"],
        )
        for part in result["parts"]
    ]
    return Table(("", "", "effect [interval]", "limit", "ablation", ""), rows)


def study_page(result: Result) -> Page:
    """The page of one run of a study."""
    declared = result["declaration"]
    verdict = result["verdict"] or "no verdict: the quick budget is a smoke test"
    return Page(
        title=f"{declared['id']} {declared['name'].replace('_', ' ')}: {verdict}",
        lede=f"{result['reason']}. {declared['source']}. Worlds: {', '.join(declared['worlds'])}.",
        table=study_table(result),
        note=(
            f"Score: {declared['statistic']}. Effects are paired over seeds; intervals are "
            "Student's, 95%, of controls 90%. " + result["scaled_down"]
        ),
        figures=[
            ("What the mechanism did", study_figures.draw(result), result["picture"]["caption"])
        ],
        settings={**result["settings"], "arms": declared["arms"], **result["versions"]},
    )


def attribution_table(found: Attribution) -> Table:
    """One row per stage; the parts and what is left sum to the regret."""
    whole = found.regret.mean
    parts = {**found.parts, "left with all stages exact": found.residue, "regret": found.regret}
    rows = [
        (
            stage,
            catalogue.interval(part),
            f"{part.mean / whole:.1%}" if whole else "",
        )
        for stage, part in parts.items()
    ]
    return Table(("stage", "causes [95%]", "of the regret"), rows)


def write_docs(folder: Path) -> Path:
    """Write studies.md and a figure for each kept result into the docs folder of a checkout.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(
            f"no folder {folder}: results are recorded from the root of a checkout of plaudit"
        )
    found = catalogue.results()
    figures = folder / "figures" / "studies"
    figures.mkdir(parents=True, exist_ok=True)
    for result in found:
        drawn = study_figures.draw(result)
        (figures / f"{result['declaration']['name']}.svg").write_text(drawn, encoding="utf-8")
    page = folder / "studies.md"
    page.write_text(catalogue.page(found), encoding="utf-8")
    return page
