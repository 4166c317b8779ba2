import json
import sys

import numpy as np
import pytest

from plaudit.envs.multiagent.repeated_rps import league as module
from plaudit.envs.multiagent.repeated_rps.league import league, play


def always_paper(obs, mask, rng):
    return 1


def says_paper(text, rng):
    return "I throw paper" if "they threw" in text or text.startswith("Throw") else "?"


says_paper.reads_text = True
GUEST = f"{__name__}:always_paper"


def test_a_match_worked_out_by_hand():
    assert play("rock", "paper", episodes=2, rounds=10).tolist() == [-10, -10]
    # Rock against R P S R P S R: 0, -1, +1, twice, and a tie.
    assert play("rock", "rotate_up", episodes=1, rounds=7).tolist() == [0]
    assert play("copy_last", "paper", episodes=1, rounds=9, seed=0)[0] in (-1, 0, 1)


def test_the_same_seed_gives_the_same_returns_and_another_others():
    first, again, other = (play("habits", "hedge", 8, 50, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_the_two_measures_worked_out_by_hand():
    played = league(["rock", "paper", "rotate_up"], episodes=2, rounds=9)
    # Rotating ties with both in 9 rounds; rock loses 9 to paper; oneself counts 0.
    assert played.returns.tolist() == [[0, -9, 0], [9, 0, 0], [0, 0, 0]]
    assert played.population_return().tolist() == [-3, 3, 0]
    assert played.exploitability().tolist() == [9, 0, 0]
    assert [row["player"] for row in played.table()] == ["paper", "rotate_up", "rock"]
    assert played.table()[2]["nemesis"] == "paper"


def test_errors_are_those_of_the_mean():
    played = league(["nash", "rock"], episodes=5, rounds=30, seed=4)
    returns = play("rock", "nash", episodes=5, rounds=30, seed=4)
    assert played.returns[1, 0] == returns.mean()
    assert played.errors[1, 0] == pytest.approx(returns.std(ddof=1) / np.sqrt(5))


@pytest.mark.parametrize("guest", [always_paper, says_paper])
def test_a_guest_plays_the_population_without_being_part_of_it(guest):
    played = league(["rock", "scissors"], guests=[guest], episodes=1, rounds=4)
    assert played.returns[2].tolist() == [4, -4]
    assert played.population == 2
    assert played.population_return()[:2].tolist() == [2, -2]  # each other only


def test_a_guest_that_is_no_name_is_called_by_its_place_and_sees_as_much_as_is_said():
    widths = set()

    def looks(obs, mask, rng):
        widths.add(len(obs))
        return 0

    played = league(["rock"], [looks, "paper"], episodes=1, rounds=3, recall=4)
    assert played.players == ("rock", "guest 0", "paper")
    assert widths == {8}  # own throw and the other's, four rounds


def test_an_empty_league_is_refused():
    with pytest.raises(ValueError, match=r"needs a population and at least 1 episode, got \[\]"):
        league([])
    with pytest.raises(KeyError, match="did you mean 'rock'"):
        league(["rok", "paper"])


def test_the_command_line_prints_a_table_and_writes_json(tmp_path, monkeypatch, capsys):
    out = tmp_path / "league.json"
    given = ["league", "--bots", "rock", "paper", "--rounds", "5", "--episodes", "2"]
    monkeypatch.setattr(sys, "argv", [*given, "--json", str(out)])
    module.main()
    assert "population return" in capsys.readouterr().out
    written = json.loads(out.read_text())
    assert written["returns"] == [[0, -5], [5, 0]]
    assert written["table"][0]["player"] == "paper"


@pytest.mark.slow
def test_the_whole_population_plays_and_the_table_is_zero_sum():
    played = league(episodes=2, rounds=100)
    size = len(played.players)
    np.testing.assert_allclose(played.returns, -played.returns.T)
    assert played.returns.shape == (size, size)
    assert played.table()[0]["player"] in ("vote", "council", "cautious", "hustler", "shuffle")
