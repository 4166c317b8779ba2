import gymnasium as gym
import numpy as np
import pytest

import plaudit  # noqa: F401  registers the worlds
from plaudit.envs.finite_models import finite_model
from plaudit.envs.token.token_ngram.game import TokenNgram

WORLDS = [
    ("plaudit/Delivery-v0", {"layout": "village"}),
    ("plaudit/PartialView-v0", {}),
    ("plaudit/LanguageTeacher-v0", {"hints": []}),
    ("plaudit/Tabular-v0", {"instance": "recoverable"}),
]


@pytest.mark.parametrize(("world", "settings"), WORLDS)
def test_the_model_shows_and_pays_what_the_world_does(world, settings):
    env = gym.make(world, **settings).unwrapped
    model = finite_model(env.game)
    obs, info = env.reset(seed=3)
    env.action_space.seed(3)
    over = False
    while not over:
        (step,), (state,) = model.place(env.get_state()["game"])
        np.testing.assert_array_equal(model.observations[step, state], obs)
        action = env.action_space.sample(info.get("action_mask"))
        obs, reward, over, _, info = env.step(action)
        (_,), (there,) = model.place(env.get_state()["game"])
        branch = model.mdp.successor[state, action].tolist().index(there)
        assert model.mdp.rewards[state, action, branch] == pytest.approx(reward)


@pytest.mark.parametrize(
    ("world", "settings", "message"),
    [
        ("plaudit/LanguageTeacher-v0", {}, "shows .* more than the place and the steps left"),
        (
            "plaudit/Tabular-v0",
            {
                "transitions": [[[1.0, 0.0], [0.0, 1.0]]] * 2,
                "rewards": [[0.0, 1.0]] * 2,
                "start": [1.0, 0.0],
                "horizon": 2,
                "observations": [[1.0], [1.0]],
            },
            "Tabular with observations has no finite model",
        ),
    ],
)
def test_what_shows_more_or_less_than_the_state_is_refused(world, settings, message):
    with pytest.raises(ValueError, match=message):
        finite_model(gym.make(world, **settings).unwrapped.game)


def test_other_games_are_refused():
    with pytest.raises(ValueError, match="TokenNgram has no finite model; grid worlds and Tabular"):
        finite_model(TokenNgram())
