import numpy as np
import pytest
import torch

from plaudit.agents.policies.feedback_model import FeedbackModel
from plaudit.agents.policies.linear_softmax import LinearSoftmax
from plaudit.agents.rollout.watched import Heard
from plaudit.agents.trainers.tamer import DeepTamer, Tamer
from tests.agents.watched_worlds.toys import Scripted


def taught(script, kind=Tamer, horizon=4, rows=1, hidden=(), **settings):
    env = Scripted(script, horizon, rows)
    policy = FeedbackModel(env.single_observation_space, env.single_action_space, hidden=hidden)
    trainer = kind(env, policy, updates=1, steps=len(script), **({"lr": 0.5} | settings))
    trainer.train()
    return trainer, env


def said_to(trainer, env, step):
    """What is expected to be said of what was done at a step."""
    with torch.no_grad():
        values = trainer.policy.said(trainer.policy.read(np.array([step])))[0]
    return float(values[env.actions[step][0]])


def test_a_judgement_moves_the_model_by_its_error():
    trainer, env = taught([1.0])
    assert said_to(trainer, env, 0) == pytest.approx(0.5)  # lr * (1 - 0)
    assert trainer.log[-1]["loss"] == pytest.approx(1.0)


def test_a_late_judgement_is_about_the_step_that_was_meant():
    trainer, env = taught([0, 0, 0, 1.0], delay=2)
    found = [said_to(trainer, env, step) for step in range(4)]
    assert found == pytest.approx([0.0, 0.5, 0.0, 0.0])


def test_a_window_explains_a_judgement_by_its_mean():
    trainer, env = taught([0, 0, 0, 1.0], delay=[1, 2])
    # error 1 - (0 + 0) / 2 = 1; the gradient reaches each step by its half: 0.5 * 1 * 0.5
    found = [said_to(trainer, env, step) for step in range(4)]
    assert found == pytest.approx([0.0, 0.25, 0.25, 0.0])


def test_what_no_step_of_the_episode_explains_teaches_nothing():
    trainer, _ = taught([0, 0, 1.0], horizon=2, delay=1)
    assert not trainer.policy.net.weight.any()


def test_each_of_several_judgements_in_one_step_counts():
    trainer, _ = taught([0.0], rows=2)
    meant = trainer._window
    meant.add({"numbers": torch.tensor([[0], [1]]), "action": torch.tensor([[0], [0]])})
    # the first row hears 1 three times, the second 2 once: 4 judgements
    heard = Heard(np.array([3.0, 2.0]), np.array([3, 1]), np.zeros(2, bool))
    trainer._fit(meant.meant(), heard, 4)
    weight = trainer.policy.net.weight
    # lr 0.5 * (3/4 * 1) and 0.5 * (1/4 * 2)
    assert [weight[0, 0].item(), weight[1, 0].item()] == pytest.approx([0.375, 0.25])


def test_deep_tamer_weighs_each_step_of_the_window():
    trainer, _ = taught([0, 0, 0, 1.0], DeepTamer, delay=[1, 2])
    rows = trainer._buffer.all()
    assert rows["weight"].tolist() == [0.5, 0.5]
    assert rows["said"].tolist() == [1.0, 1.0]
    assert rows["numbers"][:, 0].tolist() == [1, 2]
    # sum of w (1 - 0)^2 over sum of w
    assert trainer.log[-1]["loss"] == pytest.approx(1.0)


def test_deep_tamer_replays_what_was_said_before():
    script = [1.0] + [0.0] * 39
    without, env = taught(script, DeepTamer, lr=0.05, horizon=40, replay_every=1000)
    replayed, same = taught(script, DeepTamer, lr=0.05, horizon=40, replay_every=2)
    assert env.actions[0] == same.actions[0]
    # without, a single step of Adam moves the weight by lr
    assert said_to(without, env, 0) == pytest.approx(0.05, rel=1e-3)
    assert said_to(replayed, same, 0) > 0.5
    assert "replay_loss" in replayed.log[-1]


def test_a_network_learns_what_is_said_to_each_action():
    env = Scripted([0.0], horizon=3, rows=8)
    policy = FeedbackModel(env.single_observation_space, env.single_action_space, hidden=(16,))

    def answer(actions):
        env.script[:] = np.where(np.asarray(actions) == 1, 1.0, -1.0)
        return step(actions)

    step, env.step = env.step, answer
    DeepTamer(env, policy, updates=1, steps=60, lr=1e-2).train()
    with torch.no_grad():
        said = policy.said(policy.read(np.arange(3)))
    assert said[:, 1].tolist() == pytest.approx([1.0] * 3, abs=0.1)
    assert (policy.probs(np.arange(3))[:, 1] > 0.99).all()


def test_only_a_feedback_model_is_trained():
    env = Scripted([0.0])
    policy = LinearSoftmax(env.single_observation_space, env.single_action_space)
    with pytest.raises(TypeError, match="TAMER trains a FeedbackModel, got LinearSoftmax"):
        Tamer(env, policy)


@pytest.mark.parametrize("name", ["batch_size", "replay_every"])
def test_numbers_out_of_range_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be an integer of at least 1"):
        taught([0.0], DeepTamer, **{name: 0})
