from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
import torch

from plaudit import agents
from plaudit.agents import distributed
from plaudit.agents.policies.ngram import NgramPolicy
from plaudit.agents.policies.return_conditioned import ReturnConditioned
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.rollout.play import play
from plaudit.agents.trainers import self_training
from plaudit.agents.trainers.algorithms import PolicyGradient
from plaudit.agents.trainers.self_training import SelfTraining, SelfTrainingSettings
from plaudit.envs.evaluate import make_rows
from plaudit.feedback.wrappers import VectorHideReward, VectorLearnedReward, VectorRecordSegments

MODEL = {"name": "bradley_terry", "width": 8, "epochs": 2, "members": 2, "holdout": 0.0}
SCHEDULE = {"labels": 60, "labels_per_round": 20, "segments_per_round": 32}
KINDS = {
    "best_of": {"keep": "best_of", "levels": (2,)},
    "quantile": {"keep": "quantile", "levels": (0.5, 0.8), "grow": 2},
    "above": {"keep": "above", "levels": (0.5,), "memory": None, "distinct": True, "restart": True},
    "told": {"keep": "everything", "levels": (0,), "memory": 2},
}


def world(paid="truth", rows=16):
    env = make_rows("plaudit/TokenNgram-v0", rows, vocab=4, max_new=5, end_token=True)
    if paid == "truth":
        return env
    recorded = VectorRecordSegments(env, keep=64)
    return VectorLearnedReward(recorded, "noisy_person", MODEL, **SCHEDULE)


def writer(kind=None):
    policy = TinyTransformer(4, width=8, heads=2, layers=1, eos_id=3, symbols=7, seed=1)
    return ReturnConditioned(policy, 2) if kind == "told" else policy


def build(kind="best_of", paid="truth", folder=None, algorithm=None, reference=None, **settings):
    settings = {"lr": 1e-2, "lr_decay": 0.1, "updates": 10, "minibatches": 2} | settings
    settings = SelfTrainingSettings(**KINDS[kind] | settings)
    given = {"folder": folder, "reference": reference}
    return SelfTraining(world(paid), writer(kind), settings, algorithm, **given)


def parameters(trainer):
    return torch.cat([p.detach().flatten() for p in trainer.learned()])


def without_seconds(log):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in log]


@pytest.mark.parametrize(("kind", "paid"), [*((k, "truth") for k in KINDS), ("best_of", "learned")])
def test_a_resumed_run_is_bit_equal_to_one_that_never_stopped(kind, paid, tmp_path):
    whole = build(kind, paid)
    whole.train(5)
    first = build(kind, paid, tmp_path)
    first.train(3)
    first.save()
    second = build(kind, paid, tmp_path)
    assert second.resume()
    second.train(5)
    if paid == "learned":
        assert (first.env.loop.fits, second.env.loop.fits) == (1, 2)
    assert torch.equal(parameters(whole), parameters(second))
    assert without_seconds(whole.log) == without_seconds(second.log)
    assert not torch.equal(parameters(first), parameters(second))


def test_it_learns_from_a_reward_that_is_learned_meanwhile():
    trainer = build(paid="learned")
    row = trainer.train(6)[-1]
    assert trainer.env.loop.fits == 3
    assert row["reward"] != pytest.approx(row["true_reward"])  # paid by the model, not by the world


def test_the_log_holds_what_happened():
    row = build(minibatches=1).train(1)[1]
    wanted = {"reward", "reward_std", "true_reward", "kl", "entropy", "length", "valid", "loss"}
    assert set(row) >= wanted | {"ended", "failed", "grad_norm", "seconds"}
    # two of each group of four are kept; what is kept earned more than all
    assert (row["kept"], row["chosen_from"]) == (8, 16)
    assert row["kept_reward"] > row["reward"]
    # the policy starts uniform and as its own reference; -log pi of each token is ln 4
    assert (row["kl"], row["entropy"]) == (0.0, pytest.approx(1.386294, abs=1e-5))
    assert row["loss"] == pytest.approx(1.386294, abs=1e-5)


def test_a_hidden_truth_is_not_in_the_log():
    settings = SelfTrainingSettings(updates=1)
    env = VectorHideReward(world())
    assert "true_reward" not in SelfTraining(env, writer(), settings).train()[1]


def fitted(trainer):
    """The rows of each step, and what was chosen from."""
    seen, step = [], trainer._imitation.step
    trainer._imitation.step = lambda samples, known, rows: (
        seen.append((known["scores"], known["groups"], rows)) or step(samples, known, rows)
    )
    return seen


def test_only_the_best_of_each_group_are_learned():
    trainer = build(minibatches=1, levels=(1,))
    seen = fitted(trainer)
    trainer.train(1)
    scores, groups, rows = seen[0]
    for group in range(4):
        own = scores[groups == group]
        chosen = scores[rows][groups[rows] == group]
        assert chosen.tolist() == [own.max()]


def test_levels_are_fits_to_the_same_answers_one_after_the_other():
    trainer = build("quantile", minibatches=1)
    seen = fitted(trainer)
    trainer.train(1)
    (scores, _, lower), (again, _, upper) = seen
    assert torch.equal(scores, again)
    assert len(scores) == 32  # two rollouts
    assert set(upper.tolist()) < set(lower.tolist())
    assert scores[upper].min() >= scores.sort().values[25]  # in place int(0.8 * 32)


def test_successes_of_all_rounds_are_learned_once_each_from_the_first_policy():
    trainer = build("above", minibatches=1)
    first, seen, begins = parameters(trainer), fitted(trainer), []
    restore = trainer._learner.set_state
    trainer._learner.set_state = lambda state: restore(state) or begins.append(parameters(trainer))
    trainer.train(4)
    assert all(torch.equal(first, begin) for begin in begins)
    assert len(begins) == 4
    counts = [len(rows) for _, _, rows in seen]
    assert counts == sorted(counts)
    assert counts[-1] > 16  # more than a round holds
    answers = trainer._rounds.all()
    assert counts[-1] < len(answers)  # some were written twice
    assert (answers.known["scores"] >= 0.5).all()


def test_older_rounds_are_forgotten():
    trainer = build("told", minibatches=1)
    log = trainer.train(4)
    assert [row["chosen_from"] for row in log[1:]] == [16, 32, 32, 32]
    groups = trainer._rounds.all().known["groups"]
    assert groups.unique().tolist() == list(range(8))


def test_every_answer_is_told_its_own_bucket():
    trainer = build("told", minibatches=1)
    trainer._grow()
    answers = trainer._rounds.all()
    samples = trainer._samples(answers, trainer._chosen(answers, 0.0)[1])
    first = samples.batch.prompt_ids[samples.batch.prompt_mask.int().cumsum(1) == 1]
    # buckets 0 and 1 are symbols 5 and 6; the upper half of the distinct scores is 1
    distinct = answers.known["scores"].unique()
    upper = answers.known["scores"] >= distinct[(len(distinct) - 1) // 2 + 1]
    assert first.tolist() == [6 if high else 5 for high in upper.tolist()]


def test_where_nothing_is_good_enough_nothing_moves():
    trainer = build("above", levels=(1e9,))
    before = parameters(trainer)
    row = trainer.train(2)[-1]
    assert row["kept"] == row["chosen_from"] == 0
    assert "loss" not in row
    assert torch.equal(parameters(trainer), before)


def test_a_loss_that_weighs_by_advantages_gets_them():
    algorithm = PolicyGradient("group", "awr", std="none", temperature=0.5)
    trainer = build("quantile", algorithm=algorithm)
    row = trainer.train(2)[-1]
    assert row["weight_mean"] > 1  # the better half has advantages above 0
    assert not torch.equal(parameters(trainer), parameters(build("quantile")))


def test_a_given_reference_is_what_the_kl_is_measured_from():
    table = np.log(np.full((1, 4), 0.25))
    reference = NgramPolicy(table, order=1, eos_id=3)
    assert build(reference=reference).train(1)[1]["kl"] == pytest.approx(0.0, abs=1e-5)
    other = NgramPolicy(np.log([[0.1, 0.2, 0.3, 0.4]]), order=1, eos_id=3)
    assert build(reference=other).train(1)[1]["kl"] > 0.1


def test_an_evaluator_is_asked_and_changes_nothing():
    calls = []
    settings = SelfTrainingSettings(updates=3)
    plain = SelfTraining(world(), writer(), settings)
    watched = SelfTraining(
        world(),
        writer(),
        settings,
        evaluator=lambda policy, reference: calls.append(torch.rand(1)) or {"score": 1.0},
        eval_every=2,
    )
    plain.train()
    log = watched.train()
    assert [row["update"] for row in log if "eval/score" in row] == [0, 2, 3]
    assert torch.equal(parameters(plain), parameters(watched))


@pytest.mark.parametrize("kind", KINDS)
def test_a_rank_whose_rollouts_failed_goes_on_while_another_has_rows(kind, monkeypatch):
    def broken(*args, **kwargs):
        rollout = play(*args, **kwargs)
        mask = torch.zeros_like(rollout.batch.action_mask)
        return replace(rollout, batch=replace(rollout.batch, action_mask=mask))

    algorithm = PolicyGradient("group", "awr", std="none", temperature=0.5)
    trainer = build(kind, algorithm=algorithm, memory=None)
    monkeypatch.setattr(self_training, "play", broken)
    with pytest.raises(RuntimeError, match="every rollout of update 1 failed"):
        trainer.train(1)
    monkeypatch.setattr(distributed, "total", lambda number: number + 7)
    before = parameters(trainer)
    row = trainer.train(1)[-1]
    assert (row["kept"], row["chosen_from"]) == (0, 0)
    assert torch.equal(parameters(trainer), before)  # the other rank's gradient is not here
    monkeypatch.undo()
    assert trainer.train(2)[-1]["chosen_from"] > 0  # rows after an update without any


class Spoilt(gym.vector.VectorWrapper):
    def step(self, actions):
        obs, reward, *rest = self.env.step(actions)
        return obs, reward + np.nan, *rest


def test_rewards_that_are_not_numbers_stop_the_run_before_any_harm():
    trainer = build()
    trainer.env = Spoilt(trainer.env)
    before = parameters(trainer)
    with pytest.raises(ValueError, match=r"rewards: row 0 holds nan.* expected finite numbers"):
        trainer.train(1)
    assert torch.equal(parameters(trainer), before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"levels": ()}, r"levels must be at least one finite number, got \(\)"),
        ({"levels": (float("nan"),)}, r"levels must be at least one finite number, got \(nan,\)"),
        ({"grow": 0}, "grow must be at least 1, got 0"),
        ({"memory": 0}, "memory must be at least 1 update, or None, got 0"),
        ({"lr_decay": 2.0}, r"lr_decay must be in 0..1, got 2.0"),
        ({"micro_batch": 0}, "micro_batch must be at least 1, got 0"),
        ({"group_size": 5}, "16 rows cannot be split into groups of 5"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        build(**settings)


def test_an_unknown_rule_is_named_with_the_nearest():
    with pytest.raises(KeyError, match="did you mean 'quantile'"):
        build(keep="quantil")


def test_trainers_may_take_turns_on_one_policy():
    policy = TinyTransformer(4, width=8, heads=2, layers=1, eos_id=3, value_head=True)
    raft = agents.make("raft", world(), policy=policy, group_size=4, updates=3, lr=1e-2)
    raft.train(1)
    ppo = agents.make("ppo", world(), policy=policy, updates=2, lr=1e-2)
    ppo.train(2)
    before = torch.cat([p.detach().flatten() for p in policy.parameters()])
    raft.train(2)
    assert not torch.equal(torch.cat([p.detach().flatten() for p in policy.parameters()]), before)


def test_the_kl_is_taken_off_the_scores_that_answers_are_chosen_by():
    with torch.no_grad():
        played = build(beta=2.0)
        rollout = play(played.policy, played.env, seeds=range(16), rng=played._sampling)
        ratio = torch.full_like(rollout.rewards, 0.25)
        found = played._answers(rollout, ratio).known["scores"]
    # each of its tokens costs 2 * .25 = half a point
    lengths = rollout.batch.action_mask.sum(1)
    assert torch.allclose(found, rollout.rewards.sum(1) - 0.5 * lengths)
    with pytest.raises(ValueError, match="beta must be finite and >= 0, got -1"):
        build(beta=-1.0)
