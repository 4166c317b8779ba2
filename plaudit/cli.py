"""The command line: `plaudit list | card | demo | climb | train | study | explain`."""

import json
import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Terminal

from plaudit import __version__, study_cli
from plaudit.envs.names import short
from plaudit.terminal import console, progress, show

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Worlds with a known true reward, opinions about them, and agents that learn from those.",
)
app.add_typer(study_cli.app, name="study")
app.command()(study_cli.explain)

WIDE = 110  # columns of a terminal from which on `list` shows what worlds are good for
Out = Annotated[Path, typer.Option(help="Folder for the report, the log and checkpoints.")]
Seed = Annotated[int, typer.Option(help="Of everything random in the run.")]


@app.command("list")
def list_worlds() -> None:
    """Show every world with its card: what is observed, done, and known about its reward."""
    from plaudit.envs.cards import stored_cards

    table = Terminal(box=None, header_style="bold", pad_edge=False)
    heads = ["world", "action", "horizon", "floor", "ceiling", "known"]
    wide = console.width >= WIDE
    for head in heads + ["tags"] * wide:
        numeric = head in ("floor", "ceiling", "horizon")
        table.add_column(head, justify="right" if numeric else "left", no_wrap=head != "tags")
    for world_id, card in stored_cards().items():
        cells = [
            world_id,
            card["action"].split("(")[0] if card["action"].startswith("Box") else card["action"],
            str(card["horizon"]),
            f"{card['floor']:.3f}",
            f"{card['ceiling']:.3f}",
            card["ceiling_kind"],
        ]
        table.add_row(*cells, *[", ".join(card["tags"])] * wide)
    console.print(table)


@app.command()
def card(world: Annotated[str, typer.Argument(help="A world's id.")]) -> None:
    """Print one world's card as JSON."""
    from plaudit.envs.cards import stored_card

    console.print_json(json.dumps(stored_card(full_id(world))))


@app.command()
def demo(
    seeds: Annotated[int, typer.Option(min=1, help="Seeds per arm.")] = 10,
    out: Out = Path("runs/demo"),
    processes: Annotated[int, typer.Option(min=0, help="At once; 0: one per core.")] = 0,
) -> None:
    """Labels, truth and coin flips side by side on a world that is solved exactly."""
    from plaudit.pages import demo_page, demo_table
    from plaudit.report import write
    from plaudit.studies.demo import ARMS, DemoSettings, run

    out.mkdir(parents=True, exist_ok=True)  # before the work, so that no run is lost to it
    settings = DemoSettings()
    processes = processes or os.cpu_count() or 1
    console.print(
        f"TokenNgram, three sources of reward, {seeds} seeds each, {processes} processes at once."
    )
    began = time.perf_counter()
    with progress() as bar:
        task = bar.add_task("runs", total=seeds * len(ARMS), now="")

        def finished(done: dict[str, Any]) -> None:
            now = f"{done['arm']}, seed {done['seed']}: {done['after']['true_return']:.2f} points"
            bar.update(task, advance=1, now=now)

        result = run(seeds, settings, processes, finished)
    (out / "result.json").write_text(json.dumps(result), encoding="utf-8")
    page = write(demo_page(result), out / "report.html")
    show(demo_table(result))
    console.print(f"{time.perf_counter() - began:.0f} s. Report: {page}")


@app.command()
def climb(
    seeds: Annotated[int, typer.Option(min=1, help="Seeds per arm.")] = 3,
    out: Out = Path("runs/climb"),
) -> None:
    """PPO, RLOO and GRPO next to the exact optimum of what they should climb."""
    from plaudit.pages import climb_page, climb_table
    from plaudit.report import write
    from plaudit.studies import climb as study

    out.mkdir(parents=True, exist_ok=True)
    runs = []
    with progress() as bar:
        task = bar.add_task("runs", total=seeds * len(study.ARMS), now="")
        for arm in study.ARMS:
            for seed in range(seeds):
                runs.append(study.climb(arm, seed))
                now = f"{arm}, seed {seed}: {runs[-1]['shares'][-1]:.3f} of the climb"
                bar.update(task, advance=1, now=now)
    (out / "result.json").write_text(json.dumps(runs), encoding="utf-8")
    page = write(climb_page(runs), out / "report.html")
    show(climb_table(runs))
    console.print(f"Report: {page}")


@app.command()
def train(
    world: Annotated[
        str, typer.Argument(help="A world's id, or its name: sentiment, token_ngram.")
    ],
    policy: Annotated[str, typer.Option(help="tiny, smollm2, a local path or a hub id.")] = "tiny",
    algorithm: Annotated[str, typer.Option(help="rloo, grpo or ppo.")] = "rloo",
    updates: Annotated[int | None, typer.Option(min=1, help="Default: the recipe's.")] = None,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Default: runs/WORLD-POLICY-SEED.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on from the folder's checkpoint.")] = False,
    game: Annotated[str, typer.Option(help="Settings of the world, JSON.")] = "{}",
    threads: Annotated[
        int, typer.Option(min=1, help="Of torch; use 1 if anything else runs on the machine.")
    ] = 1,
) -> None:
    """Train a policy on a world's true reward and report before and after on held-out prompts."""
    import torch

    torch.set_num_threads(threads)
    from plaudit.pages import training_page, training_table
    from plaudit.report import write
    from plaudit.studies.training import Recipe, run

    world_id = full_id(world)
    out = out or Path("runs") / f"{short(world_id)}-{Path(policy).name}-{seed}"
    settings = json.loads(game)
    recipe = Recipe.of(
        world_id, policy, algorithm=algorithm, seed=seed, updates=updates, game=settings
    )
    console.print(
        f"{world_id}, policy {policy}, {recipe.algorithm}, {recipe.settings.updates} updates."
    )
    with progress() as bar:
        task = bar.add_task("updates", total=recipe.settings.updates, now="measuring the start")

        def updated(row: dict[str, float]) -> None:
            now = f"reward {row['reward']:.3f}, KL {row['kl']:.2f}" if "reward" in row else ""
            bar.update(task, completed=row["update"], now=now)

        result = run(recipe, out, resume=resume, on_update=updated)
    (out / "result.json").write_text(json.dumps(result), encoding="utf-8")
    page = write(training_page(result), out / "report.html")
    show(training_table(result))
    console.print(f"{result['seconds']:.0f} s of training. Report: {page}")


def full_id(world: str) -> str:
    """A world's id from itself or from its name in any case, e.g. "sentiment"; else KeyError."""
    from plaudit.envs.registry import WORLDS, known

    plain = world.lower().replace("_", "")
    for world_id in WORLDS:
        if plain.removesuffix("-v0").replace("-", "") == short(world_id):
            return world_id
    known(world)
    return world


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        console.print(__version__)
        raise typer.Exit()


def main() -> None:
    """Run the command line; what a user got wrong is said in one sentence, without a traceback."""
    # One thread per process: two collapse as soon as anything else runs on the machine.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        app()
    except (KeyError, ValueError, OSError) as error:
        message = error.args[0] if isinstance(error, KeyError) else error
        shown = f"[bold red]error:[/] {escape(str(message))}"
        Console(stderr=True).print(shown, highlight=False, soft_wrap=True)
        raise SystemExit(2) from error
