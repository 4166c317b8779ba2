import numpy as np
import pytest
import torch

from plaudit.agents.policies.linear_softmax import LinearSoftmax
from plaudit.agents.trainers.deep_coach import DeepCoach
from tests.agents.watched_worlds.toys import Scripted


def taught(script, horizon=4, rows=1, **settings):
    env = Scripted(script, horizon, rows)
    policy = LinearSoftmax(env.single_observation_space, env.single_action_space)
    settings = {"lr": 0.1, "entropy_coef": 0.0} | settings
    trainer = DeepCoach(env, policy, updates=1, steps=len(script), **settings)
    trainer.train()
    return trainer, env


def test_a_window_holds_what_was_done_up_to_the_judged_step():
    trainer, env = taught([0, 0, 0, 2.0], delay=1, length=2)
    (window,) = (trainer._buffer.all(),)
    assert window["said"].tolist() == [2.0]
    # judged 1 step ago: step 2, before it step 1; the latest comes first
    assert window["numbers"][0, :, 0].tolist() == [2, 1]
    assert window["action"][0, :, 0].tolist() == [env.actions[2][0], env.actions[1][0]]


def test_steps_before_the_episode_do_not_count():
    trainer, _ = taught([0, 0, 1.0], horizon=2, length=3)
    assert trainer._buffer.all()["played"].tolist() == [[True, False, False]]


def test_what_is_late_for_its_episode_is_not_kept():
    trainer, _ = taught([0, 0, 1.0], horizon=2, delay=1)
    assert len(trainer._buffer) == 0


def test_the_trace_of_a_window_is_weighted_and_decays():
    trainer, _ = taught([0, 3.0], decay=0.5, length=2, lr=0.0)
    windows = trainer._buffer.all()
    # the policy has not changed: ratios are 1; 3 * (1 + 0.5) = 4.5
    assert trainer._praised(windows).tolist() == pytest.approx([4.5])
    windows["logp"] = windows["logp"] - np.log(2)  # as if it had been half as likely: ratios 2
    assert trainer._praised(windows).tolist() == pytest.approx([9.0])


def test_praise_makes_what_was_done_likelier_and_blame_less_likely():
    for said in (1.0, -1.0):
        trainer, env = taught([said])
        probs = trainer.policy.probs(np.array([0]))[0]
        assert np.sign(probs[env.actions[0][0]] - 0.5) == said


def test_the_bonus_pulls_towards_uniform():
    env = Scripted([1e-9] * 8)
    policy = LinearSoftmax(env.single_observation_space, env.single_action_space)
    with torch.no_grad():
        policy.logits[:, 0] = 2.0
    DeepCoach(env, policy, updates=1, steps=8, lr=0.1, entropy_coef=1.0).train()
    assert (policy.logits[:, 0] - policy.logits[:, 1] < 2.0).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"length": 0}, "length must be an integer of at least 1"),
        ({"delay": -1}, "delay must be an integer of at least 0"),
        ({"decay": 1.5}, r"decay must be a number in 0\.\.1"),
        ({"entropy_coef": -1.0}, "entropy_coef must be"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        taught([0.0], **settings)
