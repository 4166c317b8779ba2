"""`import plaudit` is light, and worlds can be made by one string."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_plaudit_loads_no_learning_library() -> None:
    heavy = "'torch', 'transformers', 'stable_baselines3', 'trl', 'peft', 'pyarrow', 'matplotlib'"
    code = f"import sys, plaudit; print([m for m in ({heavy}) if m in sys.modules])"
    assert run(code) == "[]\n"


def test_the_rooms_load_no_learning_library() -> None:
    code = (
        "import sys, plaudit.feedback, plaudit.agents, plaudit.studies;"
        "print([m for m in ('torch', 'transformers', 'stable_baselines3') if m in sys.modules])"
    )
    assert run(code) == "[]\n"


def test_gymnasium_makes_a_world_without_importing_plaudit_first() -> None:
    code = (
        "import gymnasium as gym;"
        "print(gym.make('plaudit:plaudit/TokenNgram-v0').spec.id);"
        "print(gym.make_vec('plaudit:plaudit/TokenNgram-v0', 3).num_envs)"
    )
    assert run(code) == "plaudit/TokenNgram-v0\n3\n"
