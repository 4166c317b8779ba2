import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode

from plaudit import agents
from plaudit.agents.policies.actor_critic import ActorCritic
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.trainers.steps import StepTrainer
from plaudit.feedback.wrappers import (
    VectorHideReward,
    VectorLearnedReward,
    VectorRecordSegments,
    VectorScalarFeedback,
)

MODEL = {"name": "bradley_terry", "width": 8, "epochs": 2, "members": 2, "holdout": 0.0}
SCHEDULE = {"labels": 40, "labels_per_round": 20, "segments_per_round": 16}
ALGORITHMS = {
    "ppo": {"epochs": 2, "minibatches": 2},
    "a2c": {},
    "reinforce": {},
    "grpo": {"group_size": 4, "std": "group"},
}


def world(paid="truth", rows=8, mode="SameStep"):
    env = gym.make_vec("plaudit/TokenNgram-v0", rows, vocab=4, max_new=5, autoreset_mode=mode)
    if paid == "truth":
        return env
    return VectorLearnedReward(
        VectorRecordSegments(env, keep=64), "noisy_person", MODEL, **SCHEDULE
    )


def build(algorithm="ppo", env=None, folder=None, **settings):
    env = world() if env is None else env
    policy = ActorCritic(
        env.single_observation_space, env.single_action_space, hidden=(6,), seed=1, device="cpu"
    )
    given = {"steps": 10, "lr": 1e-2, "updates": 10} | ALGORITHMS[algorithm] | settings
    return agents.make(algorithm, env, policy=policy, folder=folder, **given)


def parameters(trainer):
    return torch.cat([p.detach().flatten() for p in trainer.learned()])


def without_seconds(log):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in log]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_recipes_make_the_trainer_that_fits_the_policy(algorithm):
    trainer = build(algorithm)
    before = parameters(trainer).clone()
    row = trainer.train(1)[1]
    assert isinstance(trainer, StepTrainer)
    assert not torch.equal(parameters(trainer), before)
    assert set(row) >= {"loss", "entropy", "grad_norm", "step_reward", "step_reward_std", "valid"}
    assert set(row) >= {"reward", "reward_std", "length", "true_reward", "episodes", "steps"}


@pytest.mark.parametrize("paid", ["truth", "learned"])
@pytest.mark.parametrize("algorithm", ["ppo", "a2c", "reinforce"])
def test_a_resumed_run_is_bit_equal_to_one_that_never_stopped(algorithm, paid, tmp_path):
    settings = {"steps": 7} if algorithm != "reinforce" else {}  # stops amidst episodes
    whole = build(algorithm, world(paid), **settings)
    whole.train(5)
    first = build(algorithm, world(paid), tmp_path, **settings)
    first.train(3)
    first.save()
    second = build(algorithm, world(paid), tmp_path, **settings)
    assert second.resume()
    second.train(5)
    assert torch.equal(parameters(whole), parameters(second))
    assert without_seconds(whole.log) == without_seconds(second.log)
    assert not torch.equal(parameters(first), parameters(second))


def test_a_pull_towards_a_reference_survives_a_resume(tmp_path):
    whole = build(beta=0.5)
    whole.train(4)
    first = build(beta=0.5, folder=tmp_path)
    first.train(2)
    first.save()
    second = build(beta=0.5, folder=tmp_path)
    for p in second.reference.parameters():
        p.data += 1.0  # what the checkpoint holds counts
    second.resume()
    second.train(4)
    assert torch.equal(parameters(whole), parameters(second))


def test_a_strong_pull_keeps_the_policy_where_it_was():
    free, held = build(steps=40, lr=3e-3), build(steps=40, lr=3e-3, beta=100.0)
    free.train(8)
    held.train(8)
    assert held.log[1]["kl"] == pytest.approx(0.0, abs=1e-6)
    assert abs(held.log[-1]["kl"]) < 0.05
    assert free.log[-1]["entropy"] < held.log[-1]["entropy"]


def test_rewards_hold_the_discounted_value_of_what_a_time_limit_cut_off():
    same_step = {"autoreset_mode": AutoresetMode.SAME_STEP}
    env = gym.make_vec(
        "CartPole-v1", 2, max_episode_steps=5, vectorization_mode="sync", vector_kwargs=same_step
    )
    trainer = build(env=env, gamma=0.5)
    steps = trainer._play()
    signals = trainer._signals(steps)
    cut = steps.cut_values != 0
    assert cut.nonzero().tolist() == [[0, 4], [0, 9], [1, 4], [1, 9]]
    assert torch.equal(signals["rewards"], 1 + 0.5 * steps.cut_values)


def test_steps_that_only_begin_anew_are_not_learned_from():
    trainer = build(env=world(mode="NextStep"), steps=12, epochs=1, minibatches=1)
    row = trainer.train(1)[1]
    # 12 steps are an episode of 5, one that begins anew, 5, and one that begins anew
    assert row["steps"] == 8 * 10


def test_how_rows_begin_anew_makes_no_difference_to_whole_episodes():
    found = []
    for mode in ("SameStep", "NextStep", "Disabled"):
        trainer = build("reinforce", world(mode=mode))
        trainer.train(2)
        found.append(parameters(trainer))
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


def test_an_update_stops_where_the_policy_has_moved_far_enough():
    free, held = build(epochs=20, lr=0.05), build(epochs=20, lr=0.05, target_kl=0.001)
    assert free.train(1)[1]["passes"] == 20
    row = held.train(1)[1]
    assert row["passes"] < 5
    assert row["approx_kl"] < free.log[1]["approx_kl"]


def test_the_step_size_decays():
    trainer = build(lr=0.1, lr_decay=0.5, updates=4)
    sizes = []
    trainer.train(on_update=lambda _: sizes.append(trainer._learner._lr))
    assert sizes == pytest.approx([0.1, 0.1, 0.0875, 0.075, 0.0625])


def test_an_evaluator_changes_nothing():
    plain = build()
    watched = build(evaluator=lambda p: {"x": float(p.predict(np.zeros((3, 7), int))[0].sum())})
    watched.eval_every = 1
    plain.train(2)
    watched.train(2)
    assert "eval/x" in watched.log[-1]
    assert torch.equal(parameters(plain), parameters(watched))


def pole(mode=AutoresetMode.SAME_STEP, rows=4):
    kind = gym.vector.SyncVectorEnv
    return kind([lambda: gym.make("CartPole-v1")] * rows, autoreset_mode=mode)


def test_more_minibatches_than_steps_leave_some_without():
    row = build(env=pole(), steps=1, minibatches=8, epochs=2).train(1)[1]
    assert row["steps"] == 4
    assert np.isfinite(list(row.values())).all()


def test_an_update_in_which_all_rows_only_begin_anew_teaches_nothing():
    trainer = build("a2c", world(mode="NextStep"), steps=1, updates=7)
    trainer.train(5)
    before = parameters(trainer).clone()
    row = trainer.train(6)[6]
    assert row["steps"] == 0
    assert row["reward"] == trainer.log[5]["reward"]
    assert torch.equal(parameters(trainer), before)


def test_a_world_that_cannot_be_saved_begins_anew_after_a_resume(tmp_path):
    first = build(env=pole(), folder=tmp_path, updates=4)
    first.train(2, checkpoint_every=2)
    second = build(env=pole(), folder=tmp_path, updates=4)
    assert second.resume()
    assert torch.equal(parameters(first), parameters(second))
    assert second.train()[-1]["update"] == 4


def test_figures_of_episodes_are_of_the_last_that_ended():
    trainer = build(steps=2, updates=4)  # episodes of 5 steps
    log = trainer.train()
    assert [row["episodes"] for row in log[1:]] == [0, 0, 8, 0]
    assert [row["length"] for row in log[1:]] == [2, 4, 5, 5]
    assert log[4]["reward"] == log[3]["reward"] != log[2]["reward"]


def test_without_a_reference_the_kl_is_that_of_the_update():
    still, moving = (build(lr=lr).train(1)[1]["kl"] for lr in (0.0, 0.05))
    assert still == pytest.approx(0.0, abs=1e-12)
    assert moving > 1e-6


def test_what_is_hidden_is_not_logged():
    row = build(env=VectorHideReward(world(), privileged_simulator=True)).train(1)[1]
    assert "reward" in row
    assert "true_reward" not in row


@pytest.mark.parametrize(
    ("algorithm", "settings", "error", "message"),
    [
        ("ppo", {"group_size": 2}, ValueError, "a critic compares no episodes"),
        ("grpo", {"group_size": 1}, ValueError, "group_size must be at least 2, got 1"),
        ("grpo", {"group_size": 3}, ValueError, "8 rows cannot be split into groups of 3"),
        ("ppo", {"stepz": 3}, TypeError, "unknown setting 'stepz'; did you mean 'steps'"),
    ],
)
def test_bad_settings(algorithm, settings, error, message):
    with pytest.raises(error, match=message):
        build(algorithm, **settings)


def test_a_policy_of_another_kind_is_refused():
    env = world()
    with pytest.raises((TypeError, ValueError)):
        agents.make("ppo", env, policy=TinyTransformer(4, width=8, heads=2, layers=1))


def test_a_teacher_inside_is_told_the_policy():
    settings = {"instance": "ladder"}
    env = gym.make_vec("plaudit/Tabular-v0", 4, autoreset_mode="SameStep", **settings)
    person = {"name": "coach", "world": "plaudit/Tabular-v0", "settings": settings}
    recorded = VectorRecordSegments(env, length=1, states=True, keep=8)
    watched = VectorScalarFeedback(recorded, person, {"kind": "rate", "levels": 3})
    log = build("ppo", watched, steps=3, updates=1).train()  # else it has nothing to compare with
    assert log[-1]["steps"] == 12
