import pytest
import torch

from plaudit.agents.policies.return_conditioned import ReturnConditioned
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.trainers import self_training_recipes as recipes
from plaudit.envs.evaluate import make_rows

RECIPES = ("raft", "rest", "expert_iteration", "return_conditioned")


def build(name, told=None, **settings):
    env = make_rows("plaudit/TokenNgram-v0", 16, vocab=4, max_new=3)
    policy = TinyTransformer(4, width=8, heads=2, layers=1, symbols=9)
    told = name == "return_conditioned" if told is None else told
    return getattr(recipes, name)(env, ReturnConditioned(policy) if told else policy, **settings)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_trains(name):
    trainer = build(name, updates=2, lr=1e-2, eval_every=1)
    before = [p.detach().clone() for p in trainer.learned()]
    trainer.train()
    moved = zip(before, trainer.learned(), strict=True)
    assert not all(torch.equal(old, new) for old, new in moved)


def test_recipes_are_settings_that_can_be_changed():
    assert build("raft").settings.group_size == 8
    assert build("raft", group_size=2, levels=(1,)).settings.group_size == 2
    assert build("rest").settings.levels == (0.5, 0.75, 0.9)
    assert build("expert_iteration").settings.restart
    assert build("return_conditioned").settings.keep == "everything"


def test_the_loss_can_be_changed_with_its_settings():
    trainer = build("rest", loss="awr", temperature=0.5, aggregation="sequence_mean")
    told = trainer.algorithm.described
    assert (told["loss"], told["temperature"]) == ("awr", 0.5)
    assert build("raft", aggregation="sequence_mean").algorithm.described["loss"] == "nll"


def test_unknown_settings_are_named_with_the_nearest():
    with pytest.raises(TypeError, match="unknown setting 'epoch'; did you mean 'epochs'"):
        build("raft", epoch=2)
    with pytest.raises(TypeError, match="unknown setting 'temperature'"):
        build("raft", temperature=0.5)  # of awr, not of the log-likelihood


def test_a_policy_that_cannot_be_told_its_return_is_refused():
    with pytest.raises(
        TypeError, match=r"a policy that is told its return, .* got TinyTransformer"
    ):
        build("return_conditioned", told=False)
