import gymnasium as gym
import numpy as np
import pytest
import torch

from plaudit import agents, evaluate
from plaudit.agents.policies.actor_critic import ActorCritic
from plaudit.agents.policies.team import Team, team
from plaudit.agents.seat_worlds import seat_world
from plaudit.envs.seats.vector import JointVectorEnv

NEGOTIATION = {"issues": 2, "levels": 2, "horizon": 4}
BUYER, SELLER = "buyer", "seller"


@pytest.fixture
def world():
    return seat_world(JointVectorEnv("plaudit/Negotiation-v0", 4, **NEGOTIATION))


def make(world, **settings):
    return team(world, hidden=(8,), **settings)


@pytest.mark.parametrize(
    ("sharing", "groups"),
    [
        ("none", ((0,), (1,))),
        ("all", ((0, 1),)),
        ("seat_id", ((0, 1),)),
        ("trunk", ((0, 1),)),
    ],
)
def test_seats_that_share_parameters_learn_together(world, sharing, groups):
    assert make(world, sharing=sharing).groups == groups


def test_groups_are_found_through_others_too():
    spaces = gym.spaces.Discrete(3), gym.spaces.Discrete(2)
    a, b, c = (ActorCritic(*spaces, hidden=(4,), seed=seed) for seed in range(3))
    a.layers.weights[0] = b.layers.weights[0]
    c.layers.biases[0] = b.layers.biases[0]
    alone = ActorCritic(*spaces, hidden=(4,))
    assert Team({"a": a, "x": alone, "c": c, "b": b}).groups == ((1,), (0, 2, 3))


def test_a_trunk_is_shared_and_output_layers_are_not(world):
    ours = make(world, sharing="trunk")
    one, other = ours.at(0), ours.at(1)
    assert one.encoder is other.encoder
    assert one.layers.weights[0] is other.layers.weights[0]
    assert one.layers.biases[0] is other.layers.biases[0]
    assert one.layers.weights[-2] is not other.layers.weights[-2]  # actor's; the last is critic's
    assert one.layers.weights[-1] is not other.layers.weights[-1]
    assert not torch.equal(one.layers.weights[-2], other.layers.weights[-2])


def test_one_policy_of_all_seats_acts_by_its_seat_only_where_it_is_told(world):
    obs = world.reset(0).obs[0]
    for sharing, alike in (("all", True), ("seat_id", False)):
        both = make(world, sharing=sharing)
        odds = [both.policy(seat).probs(obs) for seat in (BUYER, SELLER)]
        assert np.array_equal(*odds) == alike


def test_an_actor_does_not_depend_on_what_others_see_and_its_central_critic_does(world):
    ours = make(world, critic="central")
    scene = world.reset(0)
    read = ours.read(scene.obs)
    other = ours.read([scene.obs[0], scene.obs[1][::-1].copy()])
    action = torch.zeros(4, 1, dtype=torch.int64)
    one, same = (ours.evaluate(0, r.numbers[0], action, None, r.view) for r in (read, other))
    assert torch.equal(one.logp, same.logp)
    assert torch.equal(one.entropy, same.entropy)
    assert not torch.equal(one.value, same.value)
    assert np.array_equal(one.value.detach(), ours.values(read)[:, 0])


def test_a_central_critic_is_not_asked_by_predict(world):
    ours = make(world, critic="central")
    obs = world.reset(0).obs[1]
    before = ours.policy(SELLER).probs(obs)
    with torch.no_grad():
        for critic in ours._critics:
            for parameter in critic.parameters():
                parameter.fill_(torch.nan)
    action, _ = ours.policy(SELLER).predict(obs)
    assert np.array_equal(ours.policy(SELLER).probs(obs), before)
    assert action.shape == (4,)


def test_central_critics_belong_to_those_who_learn_together(world):
    apart, together = (make(world, critic="central", sharing=s) for s in ("none", "trunk"))
    assert len(apart.modules_of(0)) == 2  # its policy and a critic of its own
    assert apart.modules_of(0)[1] is not apart.modules_of(1)[1]
    assert len(together.modules_of(0)) == 3
    assert together.values(together.read(world.reset(0).obs)).shape == (4, 2)


def test_a_seat_is_evaluated_against_a_partner_of_the_same_team(world):
    ours = make(world)
    seats = {"seat": BUYER, "partners": {SELLER: ours.partner(SELLER)}}
    found = evaluate(
        ours.policy(BUYER), "plaudit/Negotiation-v0", episodes=8, **seats, **NEGOTIATION
    )
    assert found.returns.shape == (8,)
    assert -0.1 <= found.mean <= 1


def test_a_partner_is_a_copy_that_later_training_does_not_change(world):
    ours = make(world)
    obs, mask = world.reset(0).obs[0], np.ones((4, 9), bool)
    partner, numbers = ours.partner(BUYER), np.linspace(0.1, 0.9, 4)[:, None]
    before = partner._choose(obs, mask[:, : ours.at(0).head.choices], numbers)
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.mul_(-30)
    assert np.array_equal(partner._choose(obs, mask[:, : ours.at(0).head.choices], numbers), before)


def test_a_partner_that_plays_one_seat_is_refused_in_another(world):
    ours = make(world)
    with pytest.raises(ValueError, match="plays seller, not buyer"):
        gym.make("plaudit/Negotiation-v0", seat=SELLER, partners={BUYER: ours.partner(SELLER)})
    assert make(world, sharing="all").partner(BUYER).seats == (BUYER, SELLER)


def test_streams_go_on_where_they_were(world):
    ours, other = make(world), make(world)
    obs = world.reset(0).obs[0]
    ours.policy(BUYER).act(obs)
    other.set_state(ours.get_state())
    assert np.array_equal(ours.policy(BUYER).act(obs).action, other.policy(BUYER).act(obs).action)
    ours.reseed(1)
    first, second = (ours.at(place).get_state()["act"]["state"] for place in (0, 1))
    assert first != second


def test_tables_can_be_a_team(world):
    env = JointVectorEnv("plaudit/PreferenceGame-v0", 2)
    ours = agents.policy("team", env=env, sharing="all", kind="linear_softmax", critic="central")
    assert ours.groups == ((0, 1),)
    assert ours.central


def test_what_does_not_fit_is_refused(world):
    questions = JointVectorEnv("plaudit/TwentyQuestions-v0", 2)
    with pytest.raises(ValueError, match="must have the same spaces, got"):
        team(questions, sharing="all")
    with pytest.raises(TypeError, match="needs policies of layers, got LinearSoftmax"):
        team(JointVectorEnv("plaudit/PreferenceGame-v0", 2), sharing="trunk", kind="linear_softmax")
    with pytest.raises(ValueError, match="unknown sharing 'al'"):
        team(world, sharing="al")
    with pytest.raises(ValueError, match="unknown critic 'centre'"):
        team(world, critic="centre")
    with pytest.raises(KeyError, match=r"unknown seat 'byer'.*buyer"):
        make(world).policy("byer")
    with pytest.raises(ValueError, match="needs a policy for every seat"):
        Team({})
