"""A checkout without symbolic links says so."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("envs", "feedback", "agents", "studies")


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_linked_by_a_relative_path(room: str) -> None:
    link = ROOT / "plaudit" / room
    assert link.is_symlink()
    assert link.readlink() == Path("..") / room


@pytest.mark.parametrize("statement", ["import plaudit", "from plaudit.agents import loss"])
def test_text_files_in_place_of_links_are_explained(tmp_path: Path, statement: str) -> None:
    (tmp_path / "plaudit").mkdir()
    shutil.copy(ROOT / "plaudit" / "__init__.py", tmp_path / "plaudit")
    for room in ROOMS:  # what git writes with core.symlinks=false
        (tmp_path / "plaudit" / room).write_text(f"../{room}", "utf-8")
    # -S: no editable install may stand in for the links.
    command = [sys.executable, "-S", "-c", statement]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ImportError: plaudit/envs is not a folder")
    assert "core.symlinks=true" in done.stderr
