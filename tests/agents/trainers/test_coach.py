import gymnasium as gym
import numpy as np
import pytest
import torch

from plaudit.agents.policies.actor_critic import ActorCritic
from plaudit.agents.policies.linear_softmax import LinearSoftmax
from plaudit.agents.trainers.coach import Coach
from tests.agents.watched_worlds.toys import Scripted


def taught(script, horizon=4, rows=1, updates=1, steps=None, **settings):
    """A learner that heard the script once, and the environment, which knows what was done."""
    env = Scripted(script, horizon, rows)
    policy = LinearSoftmax(env.single_observation_space, env.single_action_space)
    settings = {"lr": 1.0, "traces": ((0.0, 0.0),)} | settings
    trainer = Coach(env, policy, updates=updates, steps=steps or len(script), **settings)
    trainer.train()
    return trainer, env


def moved(trainer, step, action):
    """Weight of the action in the state that shows a step; the other action's is the negative."""
    logits = trainer.policy.logits.detach()
    assert logits[step].sum() == pytest.approx(0.0, abs=1e-6)
    return float(logits[step, action])


def test_praise_moves_the_action_that_was_just_taken():
    trainer, env = taught([0.5])
    # uniform over 2 actions: d log pi / d logit = 1 - 1/2; times feedback 0.5 and lr 1
    assert moved(trainer, 0, env.actions[0][0]) == pytest.approx(0.25)
    assert (trainer.policy.logits[1:] == 0).all()


def test_with_a_delay_praise_moves_the_action_of_that_many_steps_ago():
    trainer, env = taught([0, 0, 0, 1.0], delay=2)
    assert moved(trainer, 1, env.actions[1][0]) == pytest.approx(0.5)
    assert (trainer.policy.logits[[0, 2, 3]] == 0).all()


def test_the_trace_decays_step_by_step():
    trainer, env = taught([0, 0, 1.0], traces=((0.0, 0.5),))
    # e = 1/2 of the latest step, 1/4 and 1/8 of those before
    found = [moved(trainer, t, env.actions[t][0]) for t in range(3)]
    assert found == pytest.approx([0.125, 0.25, 0.5])


def test_the_delay_comes_before_the_trace():
    trainer, env = taught([0, 0, 1.0], delay=1, traces=((0.0, 0.5),))
    found = [moved(trainer, t, env.actions[t][0]) for t in range(3)]
    assert found == pytest.approx([0.25, 0.5, 0.0])


@pytest.mark.parametrize(("said", "earlier"), [(1.0, 0.0), (-1.0, 0.0), (4.0, 1.8), (-5.0, -2.25)])
def test_large_feedback_goes_to_the_long_trace(said, earlier):
    # with |f| >= 4 the decay is 0.9: 4 * 0.9 * 0.5 = 1.8
    trainer, env = taught([0, said], traces=((0.0, 0.0), (4.0, 0.9)))
    assert moved(trainer, 0, env.actions[0][0]) == pytest.approx(earlier)
    assert moved(trainer, 1, env.actions[1][0]) == pytest.approx(said / 2)


def test_an_uncertain_delay_adds_the_mean_gradient():
    trainer, env = taught([0, 0, 0, 1.0], delay=[1, 2])
    found = [moved(trainer, t, env.actions[t][0]) for t in range(4)]
    assert found == pytest.approx([0.0, 0.25, 0.25, 0.0])


def test_traces_end_with_their_episode():
    trainer, _ = taught([0, 0, 1.0], horizon=2, traces=((0.0, 1.0),))
    # the third step is the first of the next episode
    assert (trainer.policy.logits[1] == 0).all()


def test_unless_judgements_are_carried_over():
    trainer, env = taught([0, 0, 1.0], horizon=2, delay=1, carry=True)
    assert moved(trainer, 1, env.actions[1][0]) == pytest.approx(0.5)


def test_the_step_is_the_mean_over_rows():
    trainer, env = taught([[1.0, 0.0, 0.0, 0.0]], rows=4)
    assert moved(trainer, 0, env.actions[0][0]) == pytest.approx(0.5 / 4)


def test_the_gradient_is_that_of_the_present_policy():
    # The first step's praise makes its action likelier before its trace is used again.
    trainer, env = taught([1.0, 0.0, 0.0, 0.0, 1.0], horizon=4)
    first, again = env.actions[0][0], env.actions[4][0]
    p = torch.sigmoid(torch.tensor(1.0)).item()  # logits 0.5 and -0.5
    more = 1 - p if first == again else -p
    assert moved(trainer, 0, first) == pytest.approx(0.5 + more, abs=1e-6)


def test_whoever_is_alone_plays_on_and_learns_nothing():
    trainer, env = taught([0.0, np.nan], updates=3)
    assert env.played == 6
    assert (trainer.policy.logits == 0).all()
    assert "step_norm" not in trainer.log[-1]
    assert trainer.log[-1]["heard"] == 0


def test_infinite_steps_are_refused():
    with pytest.raises(ValueError, match="the step is not finite; lower lr"):
        taught([1e308, 1e308], lr=1e308)


@pytest.mark.parametrize(
    ("traces", "message"),
    [
        (((1.0, 0.5),), "traces must begin with size 0 and grow, got sizes"),
        (((0.0, 0.5), (0.0, 0.9)), "traces must begin with size 0 and grow"),
        (((0.0, 1.5),), r"decays of traces must be in 0\.\.1, got \[1\.5\]"),
        ((), "traces must be a list of 1 or more pairs"),
    ],
)
def test_traces_out_of_range_are_refused(traces, message):
    with pytest.raises(ValueError, match=message):
        taught([0.0], traces=traces)


def test_continuous_actions_are_coached_too():
    env = Scripted([1.0], horizon=1)
    env.single_action_space = gym.spaces.Box(-1, 1, (2,))
    policy = ActorCritic(env.single_observation_space, env.single_action_space, hidden=(4,))
    before = policy.head.log_std.detach().clone()
    Coach(env, policy, lr=0.1, updates=1, steps=3).train()
    assert not torch.equal(before, policy.head.log_std)
