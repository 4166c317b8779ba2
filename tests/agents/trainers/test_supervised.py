import gymnasium as gym
import numpy as np
import pytest
import torch

from plaudit.agents.policies.actor_critic import ActorCritic
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.trainers.samples import Demonstrations
from plaudit.agents.trainers.supervised import supervised
from plaudit.agents.types import TokenBatch
from plaudit.envs.text import ByteTokenizer


def tokens(answers, prompt=()):
    count, shape = len(answers), (len(answers), len(prompt))
    answers = torch.tensor(answers)
    return TokenBatch(
        torch.tensor([list(prompt)] * count, dtype=torch.int64).reshape(shape),
        torch.ones(shape, dtype=torch.bool),
        answers,
        torch.ones_like(answers, dtype=torch.bool),
        torch.zeros(answers.shape),
        ("length",) * count,
    )


def build(data=None, folder=None, **settings):
    policy = TinyTransformer(4, layers=1, width=8, heads=2, seed=1)
    data = tokens([[i % 4, (i + 1) % 4] for i in range(20)]) if data is None else data
    settings = {"epochs": 4, "batch_size": 6, "lr": 1e-2, "lr_decay": 0.1} | settings
    return supervised(data, policy, folder=folder, **settings)


def parameters(trainer):
    return torch.cat([p.detach().flatten() for p in trainer.learned()])


def without_seconds(log):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in log]


def test_it_learns_the_frequencies_of_the_data():
    # one token per row: 0 in three of four rows, 1 in one. The minimum is their entropy,
    # -(0.75 ln 0.75 + 0.25 ln 0.25) = 0.562335 nats
    trainer = build(tokens([[0], [0], [0], [1]]), epochs=80, batch_size=4, lr=5e-2)
    log = trainer.train()
    assert log[-1]["loss"] == pytest.approx(0.562335, abs=1e-3)
    # uniform over 4 tokens at first: ln 4 = 1.386294
    assert log[1]["loss"] == pytest.approx(1.386294, abs=1e-5)
    odds = trainer.policy.logp(tokens([[0], [1]])).exp()[:, 0].tolist()
    assert odds == pytest.approx([0.75, 0.25], abs=0.02)


def test_weights_say_how_often_a_row_counts():
    # (3 ln p(0) + 1 ln p(1)) / 2 rows has its maximum at odds 3 : 1
    trainer = build(tokens([[0], [1]]), weights=[3.0, 1.0], epochs=80, batch_size=2, lr=5e-2)
    trainer.train()
    odds = trainer.policy.logp(tokens([[0], [1]])).exp()[:, 0].tolist()
    assert odds == pytest.approx([0.75, 0.25], abs=0.02)


def test_texts_are_learned_by_heart():
    policy = TinyTransformer(258, layers=1, width=32, eos_id=256, pad_id=257)
    texts, settings = [("a", "bc"), ("x", "yz!")], {"epochs": 60, "batch_size": 2, "lr": 1e-2}
    supervised(texts, policy, tokenizer=ByteTokenizer(), **settings).train()
    answers = policy.respond(np.array([[ord("a")], [ord("x")]]), pad_id=257, max_new=4, seed=0)
    assert [ByteTokenizer().decode(row) for row in answers.tolist()] == ["bc", "yz!"]


def test_behaviour_is_cloned():
    rng = np.random.default_rng(0)
    obs = rng.uniform(-1, 1, (256, 2)).astype(np.float32)
    space = gym.spaces.Box(-1, 1, (2,))
    policy = ActorCritic(space, gym.spaces.Discrete(2), hidden=(16,))
    data = Demonstrations(obs, (obs[:, 0] > 0).astype(np.int64))
    log = supervised(data, policy, epochs=60, batch_size=64, lr=1e-2, held_out=0.25).train()
    fresh = np.array([[0.5, -0.9], [-0.5, 0.9], [0.2, 0.9], [-0.2, -0.9]], np.float32)
    assert policy.predict(fresh, deterministic=True)[0].tolist() == [1, 0, 1, 0]
    assert log[0]["eval/loss"] == pytest.approx(np.log(2), abs=0.02)
    assert log[-1]["eval/loss"] < 0.2


def test_an_update_is_a_minibatch_and_an_epoch_sees_each_row_once():
    trainer = build(held_out=0.25)  # 5 of 20 rows are held out; 15 make 3 minibatches of 6, 6, 3
    seen, step = [], trainer._imitation.step
    trainer._imitation.step = lambda samples, known, rows: (
        seen.append(rows.tolist()) or step(samples, known, rows)
    )
    log = trainer.train()
    assert trainer.updates == 12
    assert [row["rows"] for row in log[1:4]] == [6, 6, 3]
    assert [row["epoch"] for row in log[1:]] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    epochs = [[*seen[i], *seen[i + 1], *seen[i + 2]] for i in (0, 3)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(trainer._rows.tolist())
    assert epochs[0] != epochs[1]
    assert not set(epochs[0]) & set(trainer._held_out.tolist())


def test_the_log_holds_what_is_measured():
    row = build(held_out=0.25).train(1)[1]
    assert set(row) >= {"loss", "entropy", "length", "tokens", "grad_norm", "seconds"}
    assert row["tokens"] == 12
    assert row["entropy"] == pytest.approx(1.386294, abs=1e-5)


def test_a_resumed_run_is_bit_equal_to_one_that_never_stopped(tmp_path):
    whole = build(held_out=0.25, eval_every=1)
    whole.train(8)
    first = build(held_out=0.25, eval_every=1, folder=tmp_path)
    first.train(5)  # in the midst of an epoch of 3
    first.save()
    second = build(held_out=0.25, eval_every=1, folder=tmp_path)
    assert second.resume()
    second.train(8)
    assert torch.equal(parameters(whole), parameters(second))
    assert without_seconds(whole.log) == without_seconds(second.log)
    assert not torch.equal(parameters(first), parameters(second))


def test_a_checkpoint_of_other_data_is_refused(tmp_path):
    build(folder=tmp_path).save()
    with pytest.raises(ValueError, match=r"the checkpoint is of \{'rows': \[20, 0\]\}"):
        build(tokens([[0, 1]] * 21), folder=tmp_path).resume()


@pytest.mark.parametrize("aggregation", ["token_mean", "sequence_mean"])
def test_micro_batches_change_only_the_memory(aggregation):
    data = tokens([[0, 1, 2]] * 4)
    data.action_mask[0, 1:] = False  # rows of different lengths weigh differently
    whole = build(data, aggregation=aggregation, epochs=3)
    pieces = build(data, aggregation=aggregation, epochs=3, micro_batch=3)
    logs = whole.train(), pieces.train()
    torch.testing.assert_close(parameters(whole), parameters(pieces), rtol=1e-3, atol=1e-4)
    losses = [[row["loss"] for row in log[1:]] for log in logs]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"micro_batch": 0}, "micro_batch must be at least 1, got 0"),
        ({"held_out": 1.0}, "held_out must be a share from 0 to below 1, got 1.0"),
        ({"lr_decay": 2.0}, r"lr_decay must be in 0..1, got 2.0"),
        ({"weights": [1.0]}, r"weights must be 20 finite numbers, one per row, got \(1,\) \[1.0\]"),
        ({"weights": [np.nan] * 20}, r"one per row, got \(20,\) \[nan"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        build(**settings)
