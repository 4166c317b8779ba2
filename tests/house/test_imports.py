"""Who may import whom, read from the source: rooms, leaves, heavy libraries, length of files."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from plaudit.agents import registry as agents
from plaudit.envs.registry import WORLDS
from plaudit.feedback import registry as feedback
from plaudit.studies.registry import STUDIES

ROOT = Path(__file__).parents[2]
ROOMS = ("envs", "feedback", "agents", "studies")  # each may import those on its left
MAX_LINES = 300
HEAVY = {"accelerate", "datasets", "peft", "stable_baselines3", "torch", "transformers", "trl"}
# Who names a tokenizer's folder asks for it.
LAZY_IN_ENVS = {"envs/hugging_face.py": {"transformers"}}

FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
FILES += sorted((ROOT / "plaudit").glob("*.py"))
MODULES = {path.relative_to(ROOT).as_posix() for path in FILES}


def imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names: `from a import b` gives "a" and "a.b", whichever of them is the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def top_level(tree: ast.Module) -> ast.Module:
    """What runs on import: the module without its functions' bodies."""
    kept = [n for n in tree.body if not isinstance(n, ast.FunctionDef | ast.ClassDef)]
    return ast.Module(kept, [])


def named(tree: ast.AST) -> Iterator[str]:
    """Modules that strings such as "plaudit.agents.losses.ppo:ppo" stand for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and re.fullmatch(r"plaudit[.\w]+:\w+", str(node.value)):
            yield node.value.split(":")[0]


def forbidden(path: str, source: str) -> list[str]:
    """Rooms that a file of ours imports, or names in a string, and may not."""
    room, tree = path.split("/")[0], ast.parse(source)
    if room == "plaudit":
        return []
    modules = [*imports(tree), *named(tree)]
    found = {name.split(".")[1] for name in modules if name.startswith("plaudit.")}
    return sorted(found - set(ROOMS[: ROOMS.index(room) + 1]))


def registered_modules() -> set[str]:
    """The leaves: modules that a registry names, e.g. "plaudit.agents.losses.ppo"."""
    entries = [world.game for world in WORLDS.values()]
    for table in (feedback.TEACHERS, feedback.MODELS, STUDIES):
        entries += table.values()
    functions = (agents.ADVANTAGES, agents.LOSSES, agents.SHAPINGS)
    for table in (*functions, agents.POLICIES, agents.TRAINERS):
        entries += table.values()
    return {entry.split(":")[0] for entry in entries}


def same_family_leaves(module: str, source: str, leaves: set[str]) -> list[str]:
    """Leaves of the same room and family that a leaf imports."""
    family = module.split(".")[:3]
    found = set(imports(ast.parse(source))) & leaves - {module}
    return sorted(name for name in found if name.split(".")[:3] == family)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_room_imports_only_the_rooms_below(path: Path) -> None:
    assert forbidden(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_library_file_has_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


def test_an_upward_import_is_found_in_all_its_forms() -> None:
    for line in (
        "from plaudit import agents",
        "import plaudit.agents.kl",
        "from plaudit.agents import kl",
    ):
        assert forbidden("feedback/store.py", line) == ["agents"]
    assert forbidden("envs/names.py", "'plaudit.feedback.store:FeedbackBuffer'") == ["feedback"]
    # The package itself is the face: "evaluate" and "cli" are no rooms.
    assert forbidden("envs/vector.py", "from plaudit import evaluate") == ["evaluate"]
    assert forbidden("agents/kl.py", "from plaudit.cli import main") == ["cli"]
    assert forbidden("agents/kl.py", "from plaudit.feedback.types import pad") == []


@pytest.mark.parametrize("module", sorted(registered_modules()))
def test_a_leaf_imports_no_leaf_of_its_family(module: str) -> None:
    path = ROOT / (module.removeprefix("plaudit.").replace(".", "/") + ".py")
    assert same_family_leaves(module, path.read_text("utf-8"), registered_modules()) == []


def test_an_import_between_leaves_is_found() -> None:
    leaves = {"plaudit.agents.losses.ppo", "plaudit.agents.losses.grpo"}
    source = "from plaudit.agents.losses.ppo import ppo"
    assert same_family_leaves("plaudit.agents.losses.grpo", source, leaves) == [
        "plaudit.agents.losses.ppo"
    ]


@pytest.mark.parametrize("name", sorted(p for p in MODULES if p.startswith("envs/")))
def test_worlds_import_no_learning_library(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text("utf-8"))
    found = {module.split(".")[0] for module in imports(tree)} & HEAVY
    assert found == LAZY_IN_ENVS.get(name, set())
    assert not {module.split(".")[0] for module in imports(top_level(tree))} & HEAVY
