"""A name is a registry key, a module and a test file."""

import pkgutil
import re
from pathlib import Path

import gymnasium as gym
import pytest
from pettingzoo.env_registry.registration import aec_registry, parallel_registry

from plaudit.agents import registry as agents
from plaudit.envs.game import Game
from plaudit.envs.registry import WORLDS
from plaudit.envs.seats.game import SeatGame
from plaudit.feedback import registry as feedback

ROOT = Path(__file__).parents[2]
TABLES = {
    "teacher": feedback.TEACHERS,
    "reward model": feedback.MODELS,
    "advantage": agents.ADVANTAGES,
    "shaping": agents.SHAPINGS,
    "loss": agents.LOSSES,
    "policy": agents.POLICIES,
    "trainer": agents.TRAINERS,
}
ENTRIES = [(kind, key, entry) for kind, table in TABLES.items() for key, entry in table.items()]
BANNED = {"common.py", "helpers.py", "misc.py", "utils.py"}


def snake(name: str) -> str:
    """TokenNgram -> token_ngram, HFText -> hf_text"""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@pytest.mark.parametrize(("kind", "key", "entry"), ENTRIES, ids=lambda v: str(v))
def test_a_registered_name_resolves_and_is_tested(kind: str, key: str, entry: str) -> None:
    module, name = entry.split(":")
    # A recipe is a record, which has no name of its own.
    assert snake(getattr(pkgutil.resolve_name(entry), "__name__", name)) == snake(name)
    assert snake(name).removesuffix("_policy").removesuffix("_teacher") == key
    *folders, leaf = module.split(".")[1:]
    assert ROOT.joinpath("tests", *folders, f"test_{leaf}.py").is_file()


@pytest.mark.parametrize("world_id", sorted(WORLDS))
def test_a_world_s_id_module_class_and_test_agree(world_id: str) -> None:
    name = world_id.removeprefix("plaudit/").removesuffix("-v0")
    world, family = WORLDS[world_id], WORLDS[world_id].tags[0]
    base = f"plaudit.envs.{family}.{snake(name)}"
    assert world.game in (f"{base}:{name}", f"{base}.game:{name}")
    assert issubclass(pkgutil.resolve_name(world.game), SeatGame if world.several_seats else Game)
    assert (ROOT / "tests" / "envs" / family / f"test_{snake(name)}.py").is_file()


@pytest.mark.parametrize("world_id", sorted(WORLDS))
def test_a_world_is_registered_with_gymnasium_and_pettingzoo(world_id: str) -> None:
    world = WORLDS[world_id]
    assert gym.spec(world_id).kwargs == {"game": world.game}
    assert gym.spec(world_id).vector_entry_point is not None
    for registry in (aec_registry, parallel_registry):
        assert (world_id in registry) is world.several_seats


def test_the_worlds_are_in_alphabetical_order() -> None:
    assert list(WORLDS) == sorted(WORLDS)


@pytest.mark.parametrize("kind", sorted(TABLES))
def test_a_registry_is_in_alphabetical_order(kind: str) -> None:
    assert list(TABLES[kind]) == sorted(TABLES[kind])


def test_no_file_has_a_name_that_says_nothing() -> None:
    rooms = ("envs", "feedback", "agents", "studies", "tests", "benchmarks", "examples")
    names = {path.name for room in rooms for path in (ROOT / room).rglob("*.py")}
    assert not names & BANNED
