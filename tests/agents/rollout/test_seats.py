import numpy as np
import pytest
import torch

from plaudit.agents.policies.actor_critic import ActorCritic
from plaudit.agents.policies.team import Team, team
from plaudit.agents.rollout.seats import SeatCollector
from plaudit.agents.seat_worlds import seat_world
from plaudit.envs.seats.vector import JointVectorEnv
from tests.agents.seat_worlds.toys import Leaving

NEGOTIATION = {"issues": 2, "levels": 2, "horizon": 4}


def collector(env=None, rows=6, **settings):
    env = JointVectorEnv("plaudit/Negotiation-v0", rows, **NEGOTIATION) if env is None else env
    world = seat_world(env)
    return SeatCollector(world, team(world, hidden=(8,), **settings))


@pytest.mark.parametrize("critic", ["own", "central"])
def test_windows_of_any_length_give_the_same_steps(critic):
    long, short = collector(critic=critic), collector(critic=critic)
    whole = [long.window(24, seed=5)]
    pieces = [short.window(length, seed=5) for length in (1, 2, 5, 1, 1, 1, 13)]
    for place in range(2):
        for name in ("numbers", "actions", "legal", "logp", "values", "rewards"):
            for row in range(6):
                found = [
                    torch.cat([getattr(s[place], name)[row][s[place].mask[row]] for s, _ in some])
                    for some in (whole, pieces)
                ]
                assert torch.equal(*found), (place, name, row)
    assert whole[0][1] == tuple(episode for _, episodes in pieces for episode in episodes)


def test_a_step_is_held_back_until_its_seat_is_on_turn_again():
    played = collector(rows=32)
    (buyer, seller), _ = played.window(1, seed=0)
    ended = buyer.ends[:, 1]  # the buyer walked away at once
    assert torch.equal(buyer.mask[:, 1], ended)
    assert not seller.mask.any()
    (buyer, seller), _ = played.window(1, seed=0)
    # the buyer's offers come back with what both acts cost, unless the seller's act was the end
    assert torch.equal(buyer.mask[:, 0], ~ended)
    running = buyer.mask[:, 0] & ~buyer.ends[:, 1]
    assert buyer.rewards[running, 0].tolist() == pytest.approx([-0.02] * int(running.sum()))


def test_the_value_behind_a_window_is_that_of_the_step_held_back():
    played = collector(rows=4)
    (buyer, _), _ = played.window(3, seed=1)
    (later, _), _ = played.window(1, seed=1)
    held = later.mask[:, 0]
    assert held.any()
    assert torch.equal(buyer.last_value[held], later.values[held, 0])


def test_what_a_time_limit_cut_off_is_valued_and_what_ended_is_not():
    played = collector(Leaving())
    (left, right), episodes = played.window(3, seed=0)
    assert left.mask[0].tolist() == [False, True, False, False]
    assert right.mask[0].tolist() == [False, True, True, True]
    beyond = float(played.team.policy("right").values(np.array([[3.0]], np.float32))[0])
    assert right.cut_values[0].tolist() == pytest.approx([0, 0, 0, beyond])
    assert left.cut_values[0].tolist() == [0, 0, 0, 0]
    assert beyond != 0
    assert episodes[0].scores == (1.0, 3.0)
    assert episodes[0].length == 3
    (left, right), _ = collector(Leaving(leaves=3)).window(3, seed=0)  # both end at once
    assert right.cut_values[0, 3] != 0
    assert left.cut_values[0, 3] == 0


def test_a_saved_state_goes_on_as_the_original():
    played, other = collector(critic="central"), collector(critic="central")
    played.window(5, seed=2)
    other.window(2, seed=9)
    other.set_state(played.get_state())
    other.team.set_state(played.team.get_state())
    other.world.set_state(played.world.get_state())
    for one, same in zip(played.window(7, seed=0)[0], other.window(7, seed=0)[0], strict=True):
        for name in ("numbers", "views", "actions", "mask", "logp", "rewards", "last_value"):
            assert torch.equal(getattr(one, name), getattr(same, name))


def test_a_state_before_the_first_window_begins_with_a_reset():
    played = collector()
    played.window(1, seed=0)
    played.set_state(collector().get_state())
    (again, _), _ = played.window(1, seed=3)
    (fresh, _), _ = collector().window(1, seed=3)
    assert torch.equal(again.numbers[:, 1], fresh.numbers[:, 1])  # what the reset showed
    assert not again.mask[:, 0].any()


def test_a_team_of_another_world_is_refused():
    world = seat_world(JointVectorEnv("plaudit/Negotiation-v0", 2, **NEGOTIATION))
    with pytest.raises(ValueError, match="the team has the seats"):
        SeatCollector(world, team(Leaving()))
    policy = ActorCritic(world.observation_spaces[0], Leaving().action_space("left"))
    with pytest.raises(ValueError, match="action_space of buyer: the policy's is Discrete"):
        SeatCollector(world, Team({"buyer": policy, "seller": policy}))
