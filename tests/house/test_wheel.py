"""The wheel holds real files of every room and works outside the checkout."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from plaudit import __version__

ROOT = Path(__file__).parents[2]
ROOMS = ("envs", "feedback", "agents", "studies")
TOP = ("plaudit", *ROOMS, "pyproject.toml", "README.md", "LICENSE")
SKIPPED = shutil.ignore_patterns("__pycache__", "*.egg-info", ".*cache")

pytestmark = pytest.mark.slow


def run(*command: str, cwd: Path, **extra: str) -> str:
    """What a command prints; AssertionError with all of it if it fails."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | extra
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that the checkout gets no build folder."""
    source = tmp_path_factory.mktemp("source")
    for name in TOP:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=SKIPPED)
        else:
            shutil.copy(ROOT / name, source)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", cwd=source)
    (built,) = (source / "dist").glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_every_room_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {"plaudit/py.typed"} | {f"plaudit/{p.name}" for p in (ROOT / "plaudit").glob("*.py")}
    for room in ROOMS:
        files = [
            p for p in (ROOT / room).rglob("*") if p.suffix == ".py" or p.parent.name == "data"
        ]
        wanted |= {f"plaudit/{path.relative_to(ROOT).as_posix()}" for path in files}
    assert held == wanted
    assert any(name.endswith("data/cards.json") for name in held)


def test_the_installed_wheel_works_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    install = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target")
    run(sys.executable, *install, str(target), str(wheel), cwd=tmp_path)
    code = (
        "import gymnasium as gym, plaudit;"
        "env = gym.make('plaudit/TokenNgram-v0'); env.reset(seed=0); env.step(0);"
        "print(plaudit.__version__, plaudit.__file__)"
    )
    version, file = run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(target)).split()
    assert version == __version__
    assert Path(file).is_relative_to(target)
    script = str(target / "bin" / "plaudit")
    listed = run(sys.executable, script, "list", cwd=tmp_path, PYTHONPATH=str(target))
    assert "plaudit/TokenNgram-v0" in listed
