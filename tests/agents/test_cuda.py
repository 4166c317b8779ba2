"""What runs on a GPU as on the CPU. Every test runs on both; without a GPU its half is skipped."""

import copy
import inspect
import math

import gymnasium as gym
import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from plaudit import agents
from plaudit.agents.device import send
from plaudit.agents.policies.actor_critic import ActorCritic
from plaudit.agents.policies.causal_lm import CausalLM
from plaudit.agents.policies.ngram import NgramPolicy
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.trainers.samples import Demonstrations
from plaudit.agents.trainers.self_training import SelfTraining, SelfTrainingSettings
from plaudit.agents.trainers.supervised import supervised
from plaudit.envs.evaluate import make_rows
from tests.contracts.test_every_loss import FUNCTIONS, inputs

CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
DEVICES = ["cpu", pytest.param("cuda", marks=CUDA)]
on_every_device = pytest.mark.parametrize("device", DEVICES)

VOCAB, END = 4, 3
WORLD = {"vocab": VOCAB, "max_new": 5, "end_token": True}


def gpt2(device, **settings):
    config = GPT2Config(vocab_size=VOCAB, n_embd=16, n_layer=2, n_head=2, n_positions=32)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = GPT2LMHeadModel(config)
    return CausalLM(model, pad_id=VOCAB, eos_id=END, device=device, **settings)


def llama(device, **settings):
    config = LlamaConfig(
        vocab_size=VOCAB, hidden_size=16, intermediate_size=16, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=32,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LlamaForCausalLM(config)
    return CausalLM(model, pad_id=VOCAB, eos_id=END, device=device, **settings)


def tiny(device, **settings):
    policy = TinyTransformer(
        VOCAB, width=16, heads=2, eos_id=END, seed=1, device=device, **settings
    )
    with torch.no_grad():  # distributions that are neither flat nor certain
        policy.output.weight.copy_(torch.randn(VOCAB, 16, generator=rng(3)))
    return policy


def ngram(device):
    return NgramPolicy(np.log(np.full((VOCAB + 1, VOCAB), 1 / VOCAB)), eos_id=END).to(device)


POLICIES = {"gpt2": gpt2, "llama": llama, "tiny": tiny, "ngram": ngram}


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def prompts():
    ids = torch.tensor([[0, 1, 2], [VOCAB, 0, 1], [VOCAB, VOCAB, 2], [1, 1, 0]])
    return ids, ids != VOCAB


def moved(batch, device):
    tensors = {
        name: value.to(device) if isinstance(value, torch.Tensor) else value
        for name, value in vars(batch).items()
    }
    return type(batch)(**tensors)


@on_every_device
@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_samples_and_evaluates_where_it_lies(name, device):
    policy = POLICIES[name](device)
    batch = policy.sample(*prompts(), max_new=8, rng=rng())
    assert batch.tokens.device.type == batch.logp.device.type == device
    found = policy.evaluate(batch)
    torch.testing.assert_close(found.logp, batch.logp, atol=1e-5, rtol=0)
    assert found.entropy.isfinite().all()
    window = np.array([[VOCAB, 0, 1]], np.int16)
    assert 0 <= int(policy.predict(window)[0][0]) < VOCAB


@on_every_device
@pytest.mark.parametrize("name", POLICIES)
def test_it_says_of_answers_what_the_cpu_says(name, device):
    here = POLICIES[name]("cpu")
    batch = here.sample(*prompts(), max_new=8, rng=rng())
    there = copy.deepcopy(here).to(device)
    found = there.evaluate(moved(batch, device))
    torch.testing.assert_close(found.logp.cpu(), batch.logp, atol=1e-4, rtol=0)


@on_every_device
@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_bfloat16_autocast_samples_and_learns(name, device):
    policy = POLICIES[name](device, autocast="bf16", value_head=True)
    batch = policy.sample(*prompts(), max_new=8, rng=rng())
    found = policy.evaluate(batch)
    assert found.logp.dtype == torch.float32
    torch.testing.assert_close(found.logp, batch.logp, atol=0.2, rtol=0)
    (found.logp.sum() + found.value.sum()).backward()
    learned = [p for p in policy.parameters() if p.grad is not None]
    assert all(p.grad.isfinite().all() and p.grad.device.type == device for p in learned)


@on_every_device
@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_gradient_checkpointing_gives_the_same_gradient(name, device):
    plain, sparing = (POLICIES[name](device, gradient_checkpointing=g) for g in (False, True))
    batch = plain.sample(*prompts(), max_new=8, rng=rng())
    for policy in (plain, sparing):
        policy.logp(batch).sum().backward()
    for expected, found in zip(plain.parameters(), sparing.parameters(), strict=True):
        torch.testing.assert_close(found.grad, expected.grad, atol=1e-5, rtol=1e-4)


def answering(name, device):
    env = make_rows("plaudit/TokenNgram-v0", 8, **WORLD)
    policy = tiny(device, value_head=name == "ppo")
    return agents.make(name, env, policy=policy, lr=1e-2, minibatches=2)


def stepping(device):
    env = gym.make_vec("plaudit/TokenNgram-v0", 4, **WORLD)
    policy = ActorCritic(
        env.single_observation_space, env.single_action_space, hidden=(8,), device=device
    )
    return agents.make("ppo", env, policy=policy, steps=8, batch_size=16, epochs=2)


def imitating_steps(device):
    env = gym.make("plaudit/TokenNgram-v0", **WORLD)
    policy = ActorCritic(env.observation_space, env.action_space, hidden=(8,), device=device)
    obs = np.zeros((12, *env.observation_space.shape), np.int16)
    return supervised(Demonstrations(obs, np.zeros(12, np.int64)), policy, batch_size=4, epochs=1)


def imitating_answers(device):
    policy = tiny(device)
    batch = policy.sample(*prompts(), max_new=5, rng=rng())
    return supervised(moved(batch, "cpu"), policy, batch_size=4, epochs=1)


def self_training(device):
    env = make_rows("plaudit/TokenNgram-v0", 8, **WORLD)
    settings = SelfTrainingSettings(keep="best_of", levels=(2,), lr=1e-2, updates=2)
    return SelfTraining(env, tiny(device), settings)


TRAINERS = {
    "grpo": lambda device: answering("grpo", device),
    "rloo": lambda device: answering("rloo", device),
    "ppo, tokens": lambda device: answering("ppo", device),
    "ppo, steps": stepping,
    "supervised, steps": imitating_steps,
    "supervised, answers": imitating_answers,
    "self-training": self_training,
}


@on_every_device
@pytest.mark.parametrize("name", TRAINERS)
def test_a_trainer_takes_an_update_where_its_policy_lies_and_resumes(name, device):
    trainer, twin = TRAINERS[name](device), TRAINERS[name](device)
    before = [p.detach().clone() for p in trainer.learned()]
    row = trainer.train(1)[-1]
    assert all(math.isfinite(value) for value in row.values())
    pairs = list(zip(trainer.learned(), before, strict=True))
    assert all(p.device.type == device for p, _ in pairs)
    assert any(not torch.equal(p, old) for p, old in pairs)
    twin.set_state(trainer.get_state())
    for mine, its in zip(trainer.learned(), twin.learned(), strict=True):
        assert torch.equal(mine, its)


@on_every_device
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_losses_and_advantages_are_those_of_the_cpu(name, device):
    here, there = inputs(name, dtype=torch.float32), inputs(name, dtype=torch.float32)
    there = {key: value.to(device) for key, value in there.items()}
    function = FUNCTIONS[name]
    needed = [
        key
        for key, parameter in inspect.signature(function).parameters.items()
        if key in here and parameter.default is inspect.Parameter.empty
    ]
    expected, found = (
        function(**{key: tensors[key] for key in needed}) for tensors in (here, there)
    )
    mine, its = (x[0] if isinstance(x, tuple) else x for x in (expected, found))
    assert its.device.type == device
    torch.testing.assert_close(its.cpu(), mine, atol=1e-5, rtol=1e-5)


@on_every_device
def test_tensors_are_sent_unchanged_and_stay_where_they_are(device):
    tensor = torch.arange(6).reshape(2, 3)
    sent = send(tensor, torch.device(device))
    assert sent.device.type == device
    assert torch.equal(sent.cpu(), tensor)
    assert send(sent, torch.device(device)).data_ptr() == sent.data_ptr()
