import copy
import json
import signal
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import torch

from plaudit import agents
from plaudit.agents.policies.ngram import NgramPolicy
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.trainers.on_policy import OnPolicyTrainer
from plaudit.envs.evaluate import make_rows
from plaudit.feedback.wrappers import (
    VectorLearnedReward,
    VectorRecordSegments,
    VectorTeacherReward,
)

ROOT = Path(__file__).parents[3]
MODEL = {"name": "bradley_terry", "width": 8, "epochs": 2, "members": 2, "holdout": 0.0}
SCHEDULE = {"labels": 60, "labels_per_round": 20, "segments_per_round": 32}


def world(paid="truth", rows=16):
    env = make_rows("plaudit/TokenNgram-v0", rows, vocab=4, max_new=5, end_token=True)
    if paid == "truth":
        return env
    recorded = VectorRecordSegments(env, keep=64)
    if paid == "rated":
        return VectorTeacherReward(recorded, "noisy_person")
    return VectorLearnedReward(recorded, "noisy_person", MODEL, **SCHEDULE)


def build(algorithm="rloo", paid="truth", folder=None, **settings):
    policy = TinyTransformer(
        4, width=8, heads=2, layers=1, eos_id=3, value_head=algorithm == "ppo", seed=1
    )
    settings = {"lr": 1e-2, "lr_decay": 0.1, "updates": 10, "minibatches": 2} | settings
    return agents.make(algorithm, world(paid), policy=policy, folder=folder, **settings)


def parameters(trainer):
    return torch.cat([p.detach().flatten() for p in trainer.policy.parameters()])


def without_seconds(log):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in log]


@pytest.mark.parametrize("paid", ["truth", "learned", "rated"])
@pytest.mark.parametrize("algorithm", ["rloo", "ppo", "grpo"])
def test_a_resumed_run_is_bit_equal_to_one_that_never_stopped(algorithm, paid, tmp_path):
    whole = build(algorithm, paid)
    whole.train(5)
    first = build(algorithm, paid, tmp_path)
    first.train(3)
    first.save()
    second = build(algorithm, paid, tmp_path)
    assert second.resume()
    second.train(5)
    if paid == "learned":
        assert (first.env.loop.fits, second.env.loop.fits) == (1, 2)
    assert torch.equal(parameters(whole), parameters(second))
    assert without_seconds(whole.log) == without_seconds(second.log)
    assert not torch.equal(parameters(first), parameters(second))


def test_a_run_has_a_line_per_update_and_one_before(tmp_path):
    trainer = build(folder=tmp_path)
    seen = []
    log = trainer.train(4, on_update=seen.append)
    assert [row["update"] for row in log] == [0, 1, 2, 3, 4]
    assert log == seen == trainer.folder.rows()
    assert set(log[1]) >= {"reward", "kl", "length", "ended", "loss", "entropy", "grad_norm"}


def test_what_a_row_says_of_the_first_update():
    trainer = build(minibatches=1)
    row = trainer.train(1)[1]
    # The policy starts as the reference: KL 0; uniform over 4 tokens: ln 4 = 1.386294 nats.
    assert row["kl"] == 0.0
    assert row["entropy"] == pytest.approx(1.386294, abs=1e-5)
    assert row["tokens"] / 16 == pytest.approx(row["length"])


def test_the_evaluator_is_called_before_and_after_every_few_updates():
    calls = []

    def evaluator(policy, reference):
        calls.append((policy, reference))
        return {"true_return": 0.5}

    trainer = build(evaluator=evaluator, eval_every=2)
    log = trainer.train(5)
    assert [row["update"] for row in log if "eval/true_return" in row] == [0, 2, 4, 5]
    assert calls[0] == (trainer.policy, trainer.reference)


def test_an_evaluator_changes_nothing():
    def evaluator(policy, reference):
        torch.rand(3)
        np.random.rand(3)
        return {}

    plain, watched = build(), build(evaluator=evaluator, eval_every=1)
    plain.train(3)
    watched.train(3)
    assert torch.equal(parameters(plain), parameters(watched))


@pytest.mark.parametrize(
    ("algorithm", "settings"),
    [
        ("rloo", {}),
        ("ppo", {}),
        ("ppo", {"aggregation": "sequence_mean"}),
        ("grpo", {"aggregation": "token_mean", "entropy_coef": 0.1}),
    ],
)
def test_micro_batches_change_only_the_memory(algorithm, settings):
    # A piece weighs by rows or by tokens, as the loss averages, so that gradients add up.
    whole, pieces = build(algorithm, **settings), build(algorithm, micro_batch=3, **settings)
    whole.train(2)
    pieces.train(2)
    torch.testing.assert_close(parameters(whole), parameters(pieces), rtol=1e-3, atol=1e-4)


def test_the_step_size_decays_linearly():
    trainer = build(updates=4, lr=0.1, lr_decay=0.5)
    sizes = []
    trainer.train(on_update=lambda _: sizes.append(trainer._learner._lr))
    # before update u + 1: 0.1 * (1 - u / 4 * 0.5); row 0 shows the start
    assert sizes == pytest.approx([0.1, 0.1, 0.0875, 0.075, 0.0625])


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    trainer = build(folder=tmp_path)
    trainer.train(1)
    trainer.save()
    with pytest.raises(ValueError, match=r"'beta': 0.1.* this trainer has .*'beta': 0.2"):
        build(folder=tmp_path, beta=0.2).resume()


def test_a_folder_that_holds_a_run_is_not_written_over(tmp_path):
    build(folder=tmp_path).train(1)
    with pytest.raises(ValueError, match="already holds a run; it has no checkpoint"):
        build(folder=tmp_path).train(1)


def test_a_run_killed_before_its_first_checkpoint_starts_anew(tmp_path):
    build(folder=tmp_path).train(2)
    again = build(folder=tmp_path)
    assert not again.resume()
    again.train(3)
    assert [row["update"] for row in again.folder.rows()] == [0, 1, 2, 3]


def test_a_log_without_a_checkpoint_is_put_aside_and_not_lost(tmp_path):
    build(folder=tmp_path).train(2)
    again = build(folder=tmp_path)
    with pytest.raises(ValueError, match=r"has no checkpoint.* resume\(\) puts its log aside"):
        again.train(2)
    assert not again.resume()
    again.train(1)
    assert len((tmp_path / "log.1.jsonl").read_text().splitlines()) == 3
    assert len(again.folder.rows()) == 2


def test_the_policy_is_no_reference_of_its_own():
    policy = TinyTransformer(4, width=8, heads=2, layers=1, eos_id=3)
    with pytest.raises(ValueError, match="the reference is the policy that is trained"):
        agents.make("rloo", world(), policy=policy, reference=policy)
    other = NgramPolicy(np.log(np.full((1, 5), 0.2)), eos_id=3)
    with pytest.raises(ValueError, match="the policy's vocab_size is 4, the reference's 5"):
        agents.make("rloo", world(), policy=policy, reference=other)
    with pytest.raises(TypeError, match="must be a policy of the same kind, got 'frozen'"):
        agents.make("rloo", world(), policy=policy, reference="frozen")


@pytest.mark.parametrize("told", [{"x": "much"}, None])
def test_an_evaluator_that_tells_no_figures_is_named(told):
    trainer = build(evaluator=lambda policy, reference: told)
    with pytest.raises(TypeError, match=r"an evaluator(.s figures are| must return)"):
        trainer.train(1)


def test_figures_of_an_evaluator_may_be_any_numbers(tmp_path):
    figures = {"x": np.float32(1.5), "y": torch.tensor(2)}
    trainer = build(folder=tmp_path, evaluator=lambda policy, reference: figures)
    trainer.train(1)
    assert trainer.folder.rows()[0] | {"eval/x": 1.5, "eval/y": 2.0} == trainer.folder.rows()[0]


def test_the_log_is_cut_back_to_the_checkpoint(tmp_path):
    trainer = build(folder=tmp_path)
    trainer.train(5, checkpoint_every=4)
    trainer.train(7)
    with trainer.folder.log_path.open("a") as file:
        file.write('{"update": 8.0, "rewa')
    again = build(folder=tmp_path)
    assert again.resume()
    assert (again.update, [row["update"] for row in again.log]) == (5, [0, 1, 2, 3, 4, 5])
    lines = again.folder.log_path.read_text().splitlines()
    assert [json.loads(line)["update"] for line in lines] == [0, 1, 2, 3, 4, 5]


CHILD = """
import os, runpy, signal, sys
from plaudit.feedback import snapshot
kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
trainer = runpy.run_path(sys.argv[1])["build"]("rloo", "learned", sys.argv[2])
real = snapshot.save
def killed(path, state):
    real(path, state)
    if state["update"] == 4:
        (path / "arrays.safetensors").write_bytes(b"half")
        kill()
def after(row):
    if sys.argv[3] == "training" and row["update"] == 5:
        kill()
if sys.argv[3] == "saving":
    snapshot.save = killed
trainer.train(checkpoint_every=2, on_update=after)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("moment", "stands"), [("training", 4), ("saving", 2)])
def test_a_killed_run_goes_on_as_if_nothing_had_happened(moment, stands, tmp_path):
    command = [sys.executable, "-c", CHILD, __file__, str(tmp_path / "run"), moment]
    child = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert child.returncode == -signal.SIGKILL, child.stderr
    trainer = build("rloo", "learned", tmp_path / "run")
    assert trainer.resume()
    assert trainer.update == stands
    trainer.train(checkpoint_every=2)
    assert [row["update"] for row in trainer.folder.rows()] == list(range(11))
    whole = build("rloo", "learned")
    whole.train()
    assert torch.equal(parameters(trainer), parameters(whole))


def test_an_algorithm_with_a_critic_needs_a_value_head():
    policy = TinyTransformer(4, eos_id=3, width=8, heads=2)
    with pytest.raises(ValueError, match="needs a policy with a value head; construct it with"):
        agents.make("ppo", world(), policy=policy)


@pytest.mark.parametrize("algorithm", ["rloo", "grpo"])
def test_an_algorithm_that_compares_answers_needs_two_per_prompt(algorithm):
    with pytest.raises(ValueError, match="group_size must be at least 2, got 1"):
        build(algorithm, group_size=1)


def test_checkpoints_need_a_folder_and_a_distance(tmp_path):
    with pytest.raises(ValueError, match="checkpoint_every=2 must be at least 1 update, and needs"):
        build().train(checkpoint_every=2)
    with pytest.raises(ValueError, match="checkpoint_every=0 must be at least 1 update"):
        build(folder=tmp_path).train(checkpoint_every=0)


def test_rows_must_split_into_groups():
    with pytest.raises(ValueError, match="16 rows cannot be split into groups of 5"):
        build(group_size=5)


def test_the_reference_is_what_the_kl_pulls_to():
    # Without any reward (beta alone), the policy must move from uniform to the reference.
    env = make_rows("plaudit/TokenNgram-v0", 256, vocab=2, max_new=1, prompt=0, ngram=1)
    target = NgramPolicy(np.log([[0.9, 0.1]]), order=1)
    policy = TinyTransformer(2, layers=1, width=8, heads=2)
    settings = {"beta": 100.0, "lr": 0.02, "group_size": 8}
    trainer = agents.make("rloo", env, policy=policy, reference=target, **settings)
    trainer.train(60)
    answers = policy.respond(np.full((4000, 1), 2), pad_id=2, max_new=1, seed=0)
    # the world's own points, about 1, shift the odds by 1 / 100 at most; 4 s.e. = 0.02
    assert (answers == 0).mean() == pytest.approx(0.9, abs=0.03)


def test_a_restored_trainer_pulls_to_the_reference_it_began_with():
    first = build(beta=1.0)
    first.train(2)
    # Built around the trained policy, which would be the reference but for the saved one.
    policy = copy.deepcopy(first.policy)
    second = OnPolicyTrainer(world(), policy, first.algorithm, first.settings)
    second.set_state(first.get_state())
    first.train(4)
    second.train(4)
    assert torch.equal(parameters(first), parameters(second))


class Spoilt(gym.vector.VectorWrapper):
    def step(self, actions):
        obs, reward, terminated, truncated, info = self.env.step(actions)
        return obs, reward + np.nan, terminated, truncated, info


@pytest.mark.parametrize("algorithm", ["rloo", "nft", "expert_iteration"])
def test_rewards_that_are_not_numbers_stop_the_run_before_any_harm(algorithm):
    settings = {"lr": 1e-2, "group_size": 4}
    policy = TinyTransformer(4, width=8, heads=2, layers=1, eos_id=3, seed=1)
    trainer = agents.make(algorithm, world(), policy=policy, **settings)
    trainer.env = Spoilt(trainer.env)
    before = parameters(trainer)
    with pytest.raises(ValueError, match=r"nan.* expected finite numbers"):
        trainer.train(1)
    assert torch.equal(parameters(trainer), before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"updates": 0}, "updates must be at least 1, got 0"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        ({"beta": -1.0}, "beta must be finite and >= 0, got -1.0"),
        ({"lr": float("nan")}, "lr must be finite and >= 0, got nan"),
        ({"micro_batch": 0}, "micro_batch must be at least 1, got 0"),
        ({"filter_keep": 0.5}, "filter_keep=0.5 needs a filter"),
        ({"success": float("nan")}, "success must be finite, got nan"),
        ({"max_grad_norm": 0.0}, "max_grad_norm must be above 0, got 0.0"),
        ({"lr_decay": 2.0}, r"lr_decay must be in 0..1, got 2.0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        build(**settings)


def test_an_unknown_setting_or_trainer_is_named_with_the_nearest():
    with pytest.raises(TypeError, match="unknown setting 'betta'; did you mean 'beta'"):
        build(betta=1.0)
    with pytest.raises(KeyError, match="did you mean 'rloo'"):
        build("rlooo")


def test_saving_needs_a_folder():
    with pytest.raises(ValueError, match="construct it with folder="):
        build().save()
    assert not build().resume()


def test_a_checkpoint_of_another_world_or_policy_is_refused(tmp_path):
    trainer = build(folder=tmp_path)
    trainer.save()
    other = build(folder=tmp_path)
    other.env = VectorRecordSegments(other.env)
    with pytest.raises(ValueError, match=r"the checkpoint is of \{'world': .*VectorRecordSegments"):
        other.resume()
    trainer._learner.parameters.pop()
    with pytest.raises(ValueError, match=r"the checkpoint is of \{'parameters': "):
        trainer.resume()


def test_a_world_that_resets_itself_is_refused_before_anything_is_written(tmp_path):
    env = gym.make_vec("plaudit/TokenNgram-v0", 4)
    with pytest.raises(ValueError, match="autoreset_mode='Disabled'"):
        agents.make("rloo", env, policy=build().policy, folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_evaluating_every_zero_updates_is_refused():
    with pytest.raises(ValueError, match="eval_every must be at least 1 update, got 0"):
        build(eval_every=0)


def reads_of_the_reference(**settings):
    """Rows that the reference reads in an update of 16 answers."""
    trainer, rows = build("grpo", **settings), []
    read = trainer.reference.logp
    trainer.reference.logp = lambda batch: rows.append(len(batch.tokens)) or read(batch)
    row = trainer.train(1)[-1]
    assert np.isfinite(row["kl"])
    return rows


def test_where_nothing_depends_on_the_reference_one_row_in_eight_tells_the_kl():
    assert reads_of_the_reference(beta=0.0) == [2]
    assert reads_of_the_reference(beta=0.1) == [16]
    assert reads_of_the_reference(beta=0.0, kl_loss=0.1) == [16]


def test_how_much_of_the_kl_is_measured_changes_nothing_that_is_learned(monkeypatch):
    found = []
    for rows in (8, 1):
        monkeypatch.setattr("plaudit.agents.trainers.on_policy.KL_ROWS", rows)
        trainer = build("grpo", beta=0.0)
        trainer.train(3)
        found.append(parameters(trainer))
    assert torch.equal(*found)
