"""What is registered says what it is and where it comes from; what is public has a docstring."""

import ast
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

from plaudit.agents import registry as agents
from plaudit.envs.registry import WORLDS
from plaudit.feedback import registry as feedback

ROOT = Path(__file__).parents[2]
ROOMS = ("envs", "feedback", "agents", "studies", "plaudit")
FILES = [p for room in ROOMS for p in sorted((ROOT / room).rglob("*.py")) if room != "plaudit"]
FILES += sorted((ROOT / "plaudit").glob("*.py"))
TABLES = (
    feedback.TEACHERS,
    feedback.MODELS,
    agents.ADVANTAGES,
    agents.LOSSES,
    agents.POLICIES,
    agents.SHAPINGS,
)
REGISTERED = sorted({entry for table in TABLES for entry in table.values()})
GAMES = sorted(world.game for world in WORLDS.values())
SOURCE = re.compile(r"\barXiv:\d{4}\.\d{4,5}|arXiv \d{4}\.\d{4,5}|\bdoi:10\.|own design", re.I)
WORLD_LINES = ("Observation:", "Action:", "Reward:", "Ends:", "Info:", "Ceiling:", "Source:")


def source_line(doc: str) -> str:
    """The text behind "Source:", up to the next empty line or label."""
    found = re.search(r"^ *Source: *(.*?)(?=\n *\n|\n *[A-Z]\w+:|\Z)", doc, re.S | re.M)
    return " ".join(found[1].split()) if found else ""


@pytest.mark.parametrize("entry", REGISTERED + GAMES)
def test_what_is_registered_names_its_source(entry: str) -> None:
    doc = pkgutil.resolve_name(entry).__doc__ or ""
    assert SOURCE.search(source_line(doc)), f"no Source: with arXiv id, DOI or 'own design': {doc}"


@pytest.mark.parametrize("world_id", sorted(WORLDS))
def test_a_world_says_what_one_sees_does_and_earns(world_id: str) -> None:
    doc = inspect.getdoc(pkgutil.resolve_name(WORLDS[world_id].game)) or ""
    assert [line for line in WORLD_LINES if not re.search(f"^{line}", doc, re.M)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_module_has_a_docstring_and_no_loose_ends(path: Path) -> None:
    text = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", text)


def test_a_source_is_read_over_several_lines() -> None:
    doc = "x.\n\n    Source: Hutto & Gilbert 2014,\n        doi:10.1609/icwsm.\n    Differs: y\n"
    assert source_line(doc) == "Hutto & Gilbert 2014, doi:10.1609/icwsm."
