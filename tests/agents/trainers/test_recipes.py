"""Every recipe trains, logs what every log holds, and goes on from a checkpoint bit-equally."""

import pytest
import torch

from plaudit import agents
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.registry import ADVANTAGES, LOSSES, TRAINERS
from plaudit.agents.trainers import recipes
from plaudit.agents.trainers.recipes import Recipe
from plaudit.envs.evaluate import make_rows

RECIPES = {name: found for name, found in vars(recipes).items() if isinstance(found, Recipe)}
ALWAYS = {"valid", "entropy", "length", "reward_std", "kl", "reward", "true_reward"}


def build(name, **settings):
    env = make_rows("plaudit/TokenNgram-v0", 16, vocab=4, max_new=5, end_token=True)
    policy = TinyTransformer(
        4, width=8, heads=2, layers=1, eos_id=3, value_head=RECIPES[name].critic, seed=1
    )
    settings = {"lr": 1e-2, "updates": 4, "minibatches": 2} | settings
    return agents.make(name, env, policy=policy, **settings)


def parameters(trainer):
    return torch.cat([p.detach().flatten() for p in trainer.learned()])


def test_the_recipes_are_registered():
    registered = {name for name, entry in TRAINERS.items() if "trainers.recipes:" in entry}
    assert registered == set(RECIPES)
    for recipe in RECIPES.values():
        assert recipe.loss in LOSSES
        assert recipe.advantage is None or recipe.advantage in ADVANTAGES


# GiGPO compares turns by what was seen, which only worlds of several turns tell.
@pytest.mark.parametrize("name", sorted(set(RECIPES) - {"gigpo", "ippo", "mappo"}))
def test_a_recipe_moves_the_policy_and_resumes_bit_equally(name):
    whole, first, second = build(name), build(name), build(name)
    start = parameters(whole)
    log = whole.train(4)
    first.train(2)
    second.set_state(first.get_state())
    second.train(4)
    assert torch.equal(parameters(second), parameters(whole))
    assert not torch.equal(parameters(whole), start)
    assert set(log[1]) >= ALWAYS


def test_steps_need_states_where_they_are_compared():
    with pytest.raises(ValueError, match="advantage 'step_groups' needs 'states'"):
        build("gigpo").train(1)


def test_macro_actions_of_one_token_are_ppo():
    one, plain = build("macro_ppo", macro_length=1), build("ppo")
    one.train(3)
    plain.train(3)
    torch.testing.assert_close(parameters(one), parameters(plain), rtol=0, atol=1e-6)
    longer = build("macro_ppo", macro_length=3)
    longer.train(3)
    assert not torch.allclose(parameters(longer), parameters(plain), rtol=0, atol=1e-6)


def test_something_that_is_no_policy_is_refused():
    env = make_rows("plaudit/TokenNgram-v0", 16)
    with pytest.raises(TypeError, match=r"expected a policy, as agents\.policy makes it, got None"):
        agents.make("rloo", env, policy=None)


def test_algorithms_of_several_seats_need_a_team():
    env = make_rows("plaudit/TokenNgram-v0", 16)
    policy = agents.policy("tiny_transformer", env, value_head=True)
    with pytest.raises(TypeError, match="is for several seats and needs a team, got TinyTransf"):
        agents.make("mappo", env, policy=policy)
