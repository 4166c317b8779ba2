import gymnasium as gym
import pytest
import torch

import plaudit  # noqa: F401  registers the worlds
from plaudit import agents
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.rollout.conversation import Conversations
from plaudit.agents.trainers.algorithms import PolicyGradient
from plaudit.agents.trainers.on_policy import OnPolicyTrainer
from plaudit.agents.trainers.settings import Settings
from plaudit.envs.evaluate import make_rows
from plaudit.envs.text import ByteTokenizer
from plaudit.envs.views import TextView
from plaudit.feedback.wrappers import RecordSegments, TeacherReward
from tests.agents.talk_worlds.toys import END, Letters, saying, talks, tiny

ALGORITHMS = {
    "group": PolicyGradient("group", "grpo", least_group=2),
    "leave_one_out": PolicyGradient("leave_one_out", "rloo", least_group=2),
    "gae": PolicyGradient("gae", "ppo", critic=True),
    "step_groups": PolicyGradient("step_groups", "ppo", aggregation="sequence_mean"),
    "bilevel_gae": PolicyGradient("bilevel_gae", "ppo", critic=True),
    "greedy_baseline": PolicyGradient("greedy_baseline", "reinforce"),
}
LOGGED = {"reward", "reward_std", "true_reward", "kl", "length", "valid", "entropy", "failed"}


def rated():
    world = gym.make("plaudit/RepeatedRPS-v0", rounds=2, disable_env_checker=True)
    return TeacherReward(RecordSegments(TextView(world, news=True)), "noisy_person")


def build(name="group", folder=None, env=None, **settings):
    settings = {"group_size": 4, "lr": 3e-3, "minibatches": 2, "updates": 6} | settings
    return OnPolicyTrainer(
        talks(8, max_new=3) if env is None else env, tiny(value_head=True), ALGORITHMS[name],
        Settings(**settings), folder=folder,
    )  # fmt: skip


def parameters(trainer):
    return torch.cat([p.detach().flatten() for p in trainer.policy.parameters()])


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_learns_from_conversations(name):
    trainer = build(name)
    before = parameters(trainer)
    log = trainer.train(2)
    assert not torch.equal(before, parameters(trainer))
    assert all(torch.isfinite(torch.tensor(row["loss"])) for row in log[1:])
    assert set(log[1]) >= LOGGED


@pytest.mark.parametrize("name", ["step_groups", "bilevel_gae"])
def test_a_resumed_run_is_bit_equal_to_one_that_never_stopped(name, tmp_path):
    def started(folder=None):
        conversations = Conversations([rated] * 4, ByteTokenizer(), max_new=3)
        return build(name, folder, conversations, group_size=2)

    whole, first = started(), started(tmp_path)
    whole.train(4)
    first.train(2, checkpoint_every=2)
    second = started(tmp_path)
    assert second.resume()
    second.train(4)
    assert torch.equal(parameters(whole), parameters(second))
    assert not torch.equal(parameters(first), parameters(second))
    states = [str(trainer.env.get_state()) for trainer in (whole, second)]
    assert states[0] == states[1]


def test_a_checkpoint_is_of_its_worlds_and_their_format(tmp_path):
    build(folder=tmp_path).train(1, checkpoint_every=1)
    other = build(folder=tmp_path, env=talks(8, max_new=3, max_turns=1))
    with pytest.raises(ValueError, match="the checkpoint is of"):
        other.resume()


@pytest.mark.filterwarnings("ignore:conversation")
def test_nothing_is_learned_from_a_failed_row_and_it_is_not_scored():
    trainer = build(env=talks(16))
    trainer.policy = saying(a=0.8, x=0.2)
    rollout = trainer._collect()
    failed = torch.tensor([status == "failed" for status in rollout.batch.status])
    trainer.reference = trainer.policy
    known = trainer._signals(rollout, torch.zeros_like(rollout.rewards))
    targets, kept = trainer._targets(known)
    assert failed.any()
    assert not failed.all()
    assert not set(kept.tolist()) & set(failed.nonzero().flatten().tolist())
    assert targets["advantage"][failed].abs().sum() == 0


@pytest.mark.filterwarnings("ignore:conversation")
def test_a_batch_in_which_everything_failed_is_an_error():
    class Broken(Letters):
        def step(self, action):
            raise OSError("no server")

    with pytest.raises(
        RuntimeError, match="no rollout of update 1 is left to learn from: they failed"
    ):
        build(env=talks(8, Broken)).train(1)


def test_it_learns_which_letter_pays():
    trainer = build("leave_one_out", env=talks(64), beta=0.0, lr=2e-2, updates=30)
    start = torch.full((1, 257), -9.0)
    start[0, [ord("a"), ord("b"), END]] = torch.tensor([0.25, 0.25, 0.5]).log()
    trainer.policy.prior.logp_table = start.log_softmax(-1)
    torch.nn.init.zeros_(trainer.policy.output.weight)
    log = trainer.train()
    # an episode has 2 turns on average: at first about half a point, at best 2
    assert log[1]["reward"] < 1
    assert log[-1]["reward"] > 1.5


def test_attempts_at_a_token_world_are_learned_from():
    env = make_rows("plaudit/TokenChecklist-v0", 8, attempts=2, max_new=4, constraints=2)
    spec = env.token_spec
    policy = TinyTransformer(
        spec.vocab_size, eos_id=spec.eos_id, pad_id=spec.pad_id, symbols=spec.pad_id, width=16,
        heads=2, context=64, value_head=True,
    )  # fmt: skip
    log = agents.make("ppo", env, policy=policy, group_size=2, updates=2).train()
    assert set(log[1]) >= LOGGED
