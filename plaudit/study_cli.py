"""The commands about studies: `plaudit study list | run`, `plaudit explain`."""

import os
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from plaudit.terminal import console, progress, show

app = typer.Typer(no_args_is_help=True, help="Published systems as claims that can fail.")

Names = Annotated[list[str], typer.Argument(help="Names or ids: rloo, S026; or all.")]
Seeds = Annotated[int | None, typer.Option(min=2, max=20, help="Default: what it declares.")]
Processes = Annotated[int, typer.Option(min=0, help="At once; 0: one per core.")]
Out = Annotated[Path, typer.Option(help="Folder for logs, from which a batch goes on, and pages.")]

EXPLAINED = 10  # seeds of an attribution unless more are asked for: it takes 2^k runs for each


class Budget(StrEnum):
    """How much is run; only a full run comes to a verdict."""

    quick = "quick"
    full = "full"


@app.command("list")
def list_studies() -> None:
    """Show every study with the verdict of its last full run."""
    from plaudit.studies.runner import all_studies
    from plaudit.study_pages import listing

    show(listing(all_studies()))


@app.command()
def run(
    names: Names,
    seeds: Seeds = None,
    budget: Annotated[Budget, typer.Option(help="quick is a smoke test.")] = Budget.quick,
    ablate: Annotated[
        bool, typer.Option(help="Switch the mechanism off: the claims must then fail.")
    ] = False,
    record: Annotated[
        bool, typer.Option(help="Keep full results in the checkout and write docs/studies.md.")
    ] = False,
    processes: Processes = 0,
    out: Out = Path("runs/studies"),
) -> None:
    """Run studies and say what came of their claims."""
    from plaudit.studies import attribution, results, runner

    if record and (ablate or budget != Budget.full or seeds is not None):
        raise ValueError("--record keeps whole full runs: without --seeds, --ablate or quick")
    every = "all" in names
    studies = runner.all_studies() if every else [runner.load_study(name) for name in names]
    arms, stages = {}, {}
    for study in studies:
        numbers = _seeds(study, budget, seeds)
        arms[study.name] = runner.jobs_of(study, budget, numbers, ablated=ablate)
        if record and study.stages:
            stages[study.name] = attribution.jobs_for(study, budget, numbers[:EXPLAINED])
    jobs = [job for some in arms.values() for job in some]
    jobs += [job for some in stages.values() for job in some.values()]
    done = _execute(jobs, out, budget, processes)
    failures = []
    for study in studies:
        try:
            result = _told(study, budget, arms[study.name], done, out, ablate)
            if study.name in stages:
                found = attribution.attribute(study, stages[study.name], done)
                result["attribution"] = results.rounded(asdict(found))
            if record:
                console.print(f"Kept as {results.keep(result)}")
        except (KeyError, RuntimeError, ValueError) as error:
            failures.append(f"{study.name} came to nothing. {error}")
    if record:
        from plaudit.study_pages import write_docs

        console.print(f"Wrote {write_docs(Path('docs'))}")
    if failures:
        raise ValueError("; ".join(failures))


def explain(
    name: Annotated[str, typer.Argument(help="A study's name or id, with stages declared.")],
    seeds: Seeds = None,
    budget: Annotated[Budget, typer.Option(help="quick or full.")] = Budget.full,
    processes: Processes = 0,
    out: Out = Path("runs/studies"),
) -> None:
    """Say which stage of learning from opinions causes how much of the regret."""
    from plaudit.studies import attribution, runner
    from plaudit.study_pages import attribution_table

    study = runner.load_study(name)
    numbers = _seeds(study, budget, seeds)
    jobs = attribution.jobs_for(study, budget, numbers if seeds else numbers[:EXPLAINED])
    done = _execute(list(jobs.values()), out, budget, processes)
    found = attribution.attribute(study, jobs, done)
    console.print(
        f"{study.id} {study.name}, arm {found.arm!r}: the regret, and what each stage causes of it "
        "(Shapley values over all orders of making stages exact)."
    )
    show(attribution_table(found))


def _execute(jobs: list[Any], out: Path, budget: str, processes: int) -> dict[str, Any]:
    from plaudit.studies.runner import Done, execute

    bar: Progress
    with progress() as bar:
        task = bar.add_task("runs", total=len({job.key for job in jobs}), now="")

        def finished(done: Done) -> None:
            said = f"{done.job.study}, {done.job.arm}, seed {done.job.seed}"
            if done.error:
                bar.console.print(f"[red]failed[/] {said}: {done.error}", highlight=False)
            bar.update(task, advance=1, now=said)

        cores = os.cpu_count() or 1
        return execute(jobs, out / f"{budget}.jsonl", processes or cores, finished)


def _told(
    study: Any, budget: str, jobs: list[Any], done: Any, out: Path, ablate: bool
) -> dict[str, Any]:
    """Judge a study, show what came of it and write its page; the result."""
    from plaudit.report import write
    from plaudit.studies.results import result_of
    from plaudit.studies.runner import by_arm
    from plaudit.studies.verdict import judge
    from plaudit.study_pages import study_page, study_table

    runs = by_arm(jobs, done)
    judgement = judge(study, runs, ablated=ablate)
    finished = {job.key: done[job.key] for job in jobs}.values()
    result = result_of(study, budget, judgement, runs, finished)
    form = " with the mechanism off" if ablate else ""
    said = judgement.verdict if budget == "full" else "smoke test"
    console.print(f"\n[bold]{study.id} {study.name}{form}: {said}[/]. {judgement.reason}.")
    show(study_table(result))
    page = write(study_page(result), out / f"{study.name}{'-ablated' * ablate}.html")
    console.print(f"{result['seconds']:.0f} CPU s in {len(finished)} runs. Page: {page}")
    return result


def _seeds(study: Any, budget: str, seeds: int | None) -> range:
    return range(seeds or (study.quick_seeds if budget == Budget.quick else study.seeds))
