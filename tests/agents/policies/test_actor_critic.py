import gymnasium as gym
import numpy as np
import pytest
import torch
from stable_baselines3.common.evaluation import evaluate_policy

import plaudit
from plaudit.agents.policies.actor_critic import ActorCritic

S = gym.spaces
BOX = S.Box(-1, 1, (4,))
ACTIONS = {
    "discrete": S.Discrete(3, start=1),
    "multi_discrete": S.MultiDiscrete([2, 3]),
    "multi_binary": S.MultiBinary(3),
    "box": S.Box(-0.5, 0.5, (2,)),
}


def policy(actions="discrete", obs=BOX, **settings):
    return ActorCritic(obs, ACTIONS[actions], **{"hidden": (8, 8), "device": "cpu"} | settings)


def observations(rows=5):
    return np.random.default_rng(0).uniform(-1, 1, (rows, 4)).astype(np.float32)


@pytest.mark.parametrize("actions", ACTIONS)
@pytest.mark.parametrize("shared", [False, True])
def test_what_is_said_when_acting_is_what_evaluation_finds(actions, shared):
    learner, obs = policy(actions, shared=shared), observations()
    acted = learner.act(obs)
    told = learner.evaluate(obs, acted.action)
    assert told.logp.detach().numpy() == pytest.approx(acted.logp, abs=1e-5)
    assert told.value.detach().numpy() == pytest.approx(acted.value, abs=1e-6)
    assert learner.values(obs) == pytest.approx(acted.value)
    (told.logp + told.entropy + told.value).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in learner.parameters())
    assert all(ACTIONS[actions].contains(a) for a in learner.playable(acted.action))


def test_tensors_that_were_read_are_not_read_again():
    learner, obs = policy(), observations()
    action = np.array([1, 2, 3, 1, 2])
    raw = learner.evaluate(obs, action)
    read = learner.evaluate(learner.read(obs), learner.head.read(action))
    assert torch.equal(raw.logp, read.logp)


def test_it_begins_near_the_uniform_policy_with_a_critic_that_says_something():
    learner = policy()
    assert learner.probs(observations()) == pytest.approx(1 / 3, abs=0.02)
    assert np.abs(learner.values(observations())).max() > 0.1


def test_with_shared_layers_actor_and_critic_have_one_network():
    count = {s: sum(p.numel() for p in policy(shared=s).parameters()) for s in (False, True)}
    # 4*8+8 + 8*8+8 = 112 twice, heads 8*3+3 = 27 and 8+1 = 9; shared: 112 + 8*4+4
    assert count == {False: 2 * 112 + 27 + 9, True: 112 + 36}


def test_a_mask_takes_its_choice_out_of_odds_actions_and_gradients():
    learner, obs = policy(), observations(200)
    mask = np.array([[1, 0, 1]], np.int8).repeat(200, 0)
    acted = learner.act(obs, mask)
    assert set(acted.action) == {1, 3}
    assert (learner.probs(obs, mask)[:, 1] == 0).all()
    learner.evaluate(obs, acted.action, mask).logp.sum().backward()
    assert (learner.layers.weights[-2].grad[1] == 0).all()
    assert (learner.layers.weights[-2].grad[0] != 0).any()


def test_predict_takes_one_observation_or_many():
    learner, obs = policy("box"), observations()
    many, state = learner.predict(obs, deterministic=True)
    one, _ = learner.predict(obs[0], deterministic=True)
    assert (many.shape, one.shape, state) == ((5, 2), (2,), None)
    assert one == pytest.approx(many[0])
    mask = np.array([False, True, False])
    assert policy().predict(obs[0], action_masks=mask)[0] == 2
    assert policy().predict(obs, action_masks=mask[None].repeat(5, 0))[0].tolist() == [2] * 5


def test_actions_for_a_box_are_cut_when_played():
    learner = policy("box")
    assert np.abs(learner.act(observations(500)).action).max() > 0.5
    assert np.abs(learner.predict(observations(500))[0]).max() == 0.5


def test_one_observation_of_a_dict_is_told_from_many():
    space = S.Dict(a=S.Discrete(2), b=S.Box(-1, 1, (3,)))
    learner = policy(obs=space)
    assert learner.predict(space.sample())[0].shape == ()
    assert learner.predict(gym.vector.utils.batch_space(space, 4).sample())[0].shape == (4,)


def test_acting_and_predicting_draw_from_streams_of_their_own():
    first, second = policy(seed=3), policy(seed=3)
    second.predict(observations(50))
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    assert np.array_equal(first.act(observations(50)).action, second.act(observations(50)).action)
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])


def test_streams_go_back_to_where_they_were():
    learner, obs = policy(), observations(50)
    state = learner.get_state()
    first = [learner.act(obs).action, learner.predict(obs)[0]]
    learner.set_state(state)
    assert np.array_equal(first, [learner.act(obs).action, learner.predict(obs)[0]])


def test_a_frozen_copy_stays_as_it_is():
    learner, obs = policy(), observations()
    frozen = learner.frozen_copy()
    before = frozen.probs(obs)
    for p in learner.parameters():
        p.data += 1
    assert not any(p.requires_grad for p in frozen.parameters())
    assert np.array_equal(frozen.probs(obs), before)


def test_it_plays_in_our_evaluation_and_in_that_of_stable_baselines():
    world = gym.make("plaudit/WebForm-v0")
    learner = ActorCritic(world.observation_space, world.action_space, hidden=(4,))
    result = plaudit.evaluate(learner, "plaudit/WebForm-v0", episodes=4)
    assert result.returns.min() > -6  # masks were told: illegal calls would abort episodes
    cart = gym.make("CartPole-v1")
    mean, _ = evaluate_policy(
        ActorCritic(cart.observation_space, cart.action_space), cart, 3, warn=False
    )
    assert 8 <= mean <= 500


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda p, o: p.act(o, np.ones((5, 4))), ValueError, r"expected \(N, 3\) for Discrete"),
        (lambda p, o: p.evaluate(o, np.ones(5), np.zeros((5, 3))), ValueError, "in row 0"),
        (lambda p, o: policy("box").probs(o), TypeError, "only Discrete actions have a list"),
        (lambda p, o: policy("box").act(o, np.ones((5, 2))), ValueError, r"expected \(N, 0\)"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call(policy(), observations())
