import gymnasium as gym
import numpy as np
import pytest

from plaudit.envs.evaluate import make_rows
from plaudit.envs.seats.game import Partner, Seen
from plaudit.envs.seats.one_of import OneOf
from plaudit.envs.seats.partners import partner
from tests.envs.seats.toys import Nim

RPS = "plaudit/RepeatedRPS-v0"


class Counts(Partner):
    """Plays how often it has played, and a number it draws."""

    numbers = 1

    def __init__(self, seats=None):
        self.seats = seats

    def begin(self, rows, horizon):
        return {"played": np.zeros(rows, np.int64)}

    def act(self, seen, memory, numbers):
        memory["played"] += 1
        return memory["played"] + (numbers[:, 0] >= 0.5)


class Sevens(Partner):
    def act(self, seen, memory, numbers):
        return np.full(len(seen.obs), 7)


def seen(rows):
    return Seen(np.zeros((rows, 1)), np.ones((rows, 2), bool), str, lambda text, row: row)


def test_the_first_number_of_an_episode_says_who_plays_it():
    player = OneOf([Sevens(), Counts()])
    assert player.numbers == 2  # one more than the neediest
    memory = player.begin(3, 5)
    # below 0.5 the first member; then each goes on, whatever the first number is
    first = player.act(seen(3), memory, np.array([[0.49, 0.9], [0.5, 0.1], [0.99, 0.6]]))
    assert first.tolist() == [7, 1, 2]
    second = player.act(seen(3), memory, np.array([[0.9, 0.9], [0.1, 0.1], [0.1, 0.6]]))
    assert second.tolist() == [7, 2, 3]


def test_a_list_of_names_is_one_of_them():
    assert isinstance(partner(Nim(), ["greedy", "modest"]), OneOf)
    with pytest.raises(KeyError, match="did you mean 'greedy'"):
        partner(Nim(), ["greedi"])
    with pytest.raises(ValueError, match="one of nobody: name at least one partner"):
        partner(Nim(), [])


def test_it_fills_the_seats_that_all_members_fill():
    members = [Counts(("a", "b")), Counts(("b", "c")), Counts()]
    assert OneOf(members).seats == ("b",)
    assert OneOf(members[2:]).seats is None


def test_each_episode_meets_one_of_the_population():
    env = make_rows(RPS, 200, rounds=6, partners={"player_1": ["rock", "paper"]})
    env.reset(seed=0)
    returns = sum(env.step(np.ones(200, np.int64))[1] for _ in range(6))
    # paper wins six times against rock and ties with paper; 200 fair draws: 100 +- 7.1
    assert set(returns.tolist()) == {0.0, 6.0}
    assert 70 < (returns == 6.0).sum() < 130


def test_the_single_form_plays_the_same_and_can_be_saved():
    settings = {"rounds": 8, "partners": {"player_1": ["habits", "nash", "hedge"]}}
    env = gym.make(RPS, disable_env_checker=True, **settings).unwrapped
    env.reset(seed=5)
    for throw in (0, 1, 2):
        env.step(throw)
    state = env.get_state()
    ahead = [env.step(throw)[0].tolist() for throw in (2, 1, 0)]
    env.set_state(state)
    assert [env.step(throw)[0].tolist() for throw in (2, 1, 0)] == ahead
    rows = make_rows(RPS, 2, **settings)
    rows.reset(seed=[5, 6])
    for throw in (0, 1, 2, 2, 1):
        shown = rows.step(np.full(2, throw))[0]
    assert shown[0].tolist() == ahead[1]
    assert env.oracle().kind == "bound"  # nobody knows who it will be
