"""Every example runs, and what it shows is so."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from threading import Thread
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
LEARNING = ["own_agent", "sb3_ppo"]
LEARNING += [pytest.param(name, marks=pytest.mark.slow) for name in ("coach", "learned_reward")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_an_example_is_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 60


def test_every_example_is_run_here() -> None:
    run = {"coach", "learned_reward", "own_agent", "own_teacher", "own_world", "partners"}
    run |= {"sb3_ppo"}
    assert {path.stem for path in EXAMPLES} == run | {"label_in_browser", "search", "self_play"}


@pytest.mark.parametrize("name", LEARNING)
def test_an_example_learns(name: str) -> None:
    main = runpy.run_path(str(ROOT / "examples" / f"{name}.py"))["main"]
    before, after = main(quick=True)
    assert after.interval[0] > before.interval[1]  # the 95% intervals do not even touch


def test_own_world_is_played_to_its_bound() -> None:
    main = runpy.run_path(str(ROOT / "examples" / "own_world.py"))["main"]
    earned, best = main(quick=True)
    # 256 episodes of 7 guesses, each right with odds 3/4: 4 standard errors are 4 sqrt(1.3 / 256)
    assert earned == pytest.approx(best, abs=0.3)


def test_own_teacher_prints_the_odds_worked_out_by_hand() -> None:
    main = runpy.run_path(str(ROOT / "examples" / "own_teacher.py"))["main"]
    # Worst moments of the last halves: 1 and 0. Boltzmann and position: sigmoid(1 + 0.5) = 0.81757;
    # mistakes: 0.9 * 0.81757 + 0.1 * 0.18243 = 0.75406; skips: 0.95 * 0.75406 = 0.71636.
    assert main(quick=True) == pytest.approx([0.71636, 0.23364, 0.05], abs=1e-5)


def always_the_first(link: str) -> None:
    """Judge as the page does, over HTTP."""
    page, token = link.split("?token=")
    headers = {"X-Plaudit-Token": token, "Content-Type": "application/json"}

    def judge() -> None:
        answered = 0
        while answered < 3:
            with urlopen(Request(page + "question", headers=headers)) as reply:
                shown = json.load(reply)
            if shown["state"] == "question":
                said = json.dumps({"form": shown["form"], "answer": 0}).encode()
                urlopen(Request(page + "answer", said, headers)).close()
                answered += 1

    Thread(target=judge).start()


def test_label_in_browser_learns_what_was_clicked() -> None:
    main = runpy.run_path(str(ROOT / "examples" / "label_in_browser.py"))["main"]
    # The first one shown of the pairs (0, 1), (0, 2), (1, 2) is 0, 2 (shown in reverse) and 1.
    assert main(quick=True, person=always_the_first) == [1, 1, 1]


def test_partners_differ_and_every_form_pays_the_same_deal() -> None:
    main = runpy.run_path(str(ROOT / "examples" / "partners.py"))["main"]
    earned, refused, deal, paid = main(quick=True)
    for mean, best in earned.values():
        # the returns of 50 episodes spread by 0.16: 4 standard errors
        assert mean == pytest.approx(best, abs=4 * 0.16 / 50**0.5)
    assert earned["fair"][0] > 2 * earned["hardball"][0]
    assert refused == pytest.approx(-0.1)
    # two of three levels of everything, less 0.2, 0.3 or 0.4 without a deal, less two messages
    assert any(deal == pytest.approx(2 / 3 - alone - 0.02) for alone in (0.2, 0.3, 0.4))
    assert paid == pytest.approx(deal)


def test_self_play_comes_to_the_equilibrium() -> None:
    main = runpy.run_path(str(ROOT / "examples" / "self_play.py"))["main"]
    start, end, away, against = main(quick=True)
    assert end < 0.7 * start
    assert away < 0.1
    # against the equilibrium nobody wins more than the game is worth, nothing
    assert against.interval[0] < 0.0


def test_search_finds_more_than_the_policy_says() -> None:
    main = runpy.run_path(str(ROOT / "examples" / "search.py"))["main"]
    said, played = main(quick=True)
    assert said["best of 1"] < said["best of 4"] < said["best of 16"] < said["optimum"]
    assert said["beam of 4"] < said["beam of 64"] == pytest.approx(said["optimum"])
    assert played["4 simulations"].mean > played["random"].mean
    assert played["100 simulations"].normalised > 0.95


def test_an_example_runs_as_a_script() -> None:
    done = subprocess.run(
        [sys.executable, "examples/own_teacher.py"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "skips 0.0500" in done.stdout
