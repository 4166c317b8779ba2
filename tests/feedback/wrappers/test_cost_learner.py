import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from plaudit.envs.evaluate import make_rows
from plaudit.feedback.wrappers import Constraint, VectorConstraint

LETTERS = 3  # of an answer
LEARNED = {
    "teacher": {"name": "boltzmann", "beta": 4.0, "center": -1.0, "seed": 1},
    "model": {
        "name": "bradley_terry",
        "context": 1,
        "scale": 4.0,
        "center": -1.0,
        "holdout": 0.0,
        "epochs": 10,
        "members": 1,
    },
    "also": {"kind": "approve"},
    "labels": 600,
    "labels_per_round": 600,
    "segments_per_round": 300,
}


def zeros(obs, actions, after):
    """Every letter 0 costs 1."""
    return (actions == 0).astype(float)


COST = {"function": f"{__name__}:zeros"}
WORLD = {"vocab": 4, "max_new": LETTERS}


def rows(mode=AutoresetMode.DISABLED, count=100, **learned):
    env = make_rows("plaudit/TokenNgram-v0", count, mode, **WORLD)
    return VectorConstraint(env, COST | {"learned": LEARNED | learned})


def learner(env):
    return env._meter.learner


def play(env, episodes, seed=0):
    """What the last step of each of some evenly drawn answers told."""
    rng, info = np.random.default_rng(seed), {}
    rests = env.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
    for episode in range(episodes):
        if not episode or env.metadata["autoreset_mode"] == AutoresetMode.DISABLED:
            env.reset(seed=seed + episode)
        for _ in range(LETTERS):
            info = env.step(rng.integers(4, size=env.num_envs))[4]
        if rests:
            env.step(np.zeros(env.num_envs, int))
    return info


def test_costs_are_zero_until_the_first_fit():
    env = rows()
    info = play(env, 2)
    assert learner(env).loop.asked == 0
    assert not info["cost_return"].any()


def test_half_of_the_questions_are_comparisons_and_half_ask_whether_it_will_do():
    env = rows(labels=101, labels_per_round=101)
    play(env, 3)
    asked = [row.query.ask.kind for row in learner(env).loop.buffer]
    assert (asked.count("compare"), asked.count("approve")) == (50, 51)


def test_the_teacher_is_shown_true_costs_as_rewards_below_zero():
    env = rows()
    env.reset(seed=3)
    for letter in (0, 1, 0):
        env.step(np.full(100, letter))
    pool = learner(env)._pool
    assert len(pool) == 100
    assert pool.segment(7).rewards.tolist() == [-1.0, 0.0, -1.0]


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_what_is_learned_is_what_it_costs_in_its_own_unit(mode):
    env = rows(mode)
    play(env, 3)
    assert learner(env).loop.fits == 1
    env.reset(seed=9)
    # a letter 0 costs 1, others nothing; 600 answers tell it to a few tenths, level included
    assert env.step(np.zeros(100, int))[4]["cost"].mean() == pytest.approx(1.0, abs=0.3)
    assert env.step(np.full(100, 2))[4]["cost"].mean() == pytest.approx(0.0, abs=0.2)


def test_a_single_environment_learns_its_cost_too():
    env = Constraint(
        gym.make("plaudit/TokenNgram-v0", disable_env_checker=True, **WORLD),
        COST | {"learned": LEARNED | {"labels": 8, "labels_per_round": 8, "segments_per_round": 4}},
    )
    for episode in range(5):
        env.reset(seed=episode)
        told = [env.step(letter)[4] for letter in (0, episode % 4, 2)]
    assert (learner(env).loop.fits, learner(env).loop.asked) == (1, 8)
    assert told[2]["cost_return"] == pytest.approx(sum(one["cost"] for one in told))


def test_a_state_is_gone_back_to():
    first, second = rows(), rows()
    play(first, 2)
    state = first.get_state()
    play(first, 2, seed=5)
    second.reset(seed=1)
    second.set_state(state)
    play(second, 2, seed=5)
    act = np.zeros(100, int)
    for env in (first, second):
        env.reset(seed=6)
    assert learner(first).loop.fits == 1
    assert first.step(act)[4]["cost"].tolist() == second.step(act)[4]["cost"].tolist()


def test_a_judged_cost_is_not_learned():
    judged = {"teacher": "noisy_person", "learned": {}}
    with pytest.raises(ValueError, match="beside a teacher also 'ask', beside the others also"):
        VectorConstraint(make_rows("plaudit/TokenNgram-v0", 4), judged)
