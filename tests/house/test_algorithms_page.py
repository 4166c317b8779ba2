"""docs/algorithms.md is what `make algorithms` writes today."""

from pathlib import Path

from plaudit.agents import registry
from plaudit.agents.catalogue import page

PAGE = (Path(__file__).parents[2] / "docs" / "algorithms.md").read_text("utf-8")


def test_the_page_is_up_to_date() -> None:
    assert page() == PAGE


def test_everything_registered_stands_on_it_with_a_source() -> None:
    tables = (
        registry.ADVANTAGES,
        registry.LOSSES,
        registry.POLICIES,
        registry.SHAPINGS,
        registry.TRAINERS,
    )
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]
    told = {row[0].strip("| `"): row[-1].strip(" |") for row in rows}
    for name in (name for table in tables for name in table):
        assert told[name], f"{name} has no source"
