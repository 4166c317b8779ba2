"""What the commands share of the terminal: one console, tables, progress."""

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Terminal

console = Console()


def show(shown: Any) -> None:
    """Print a `report.Table`."""
    table = Terminal(box=None, header_style="bold", pad_edge=False)
    for head in shown.heads:
        table.add_column(head)
    for row in shown.rows:
        table.add_row(*(f"{c:.3f}" if isinstance(c, float) else str(c or "-") for c in row))
    console.print(table)


def progress() -> Progress:
    """A bar with a column `now` for what was just done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[now]}"),
        console=console,
    )
