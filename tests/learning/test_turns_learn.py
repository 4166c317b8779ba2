"""Credit over turns: what is gained by training on whole conversations instead of single replies.

The game is TwentyQuestions with 4 things. A question costs points at once and pays only through
the guess that it makes possible, so whoever is paid reply by reply never asks.
"""

import re

import gymnasium as gym
import numpy as np
import pytest

import plaudit  # noqa: F401  registers the worlds
from plaudit import agents
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.rollout.conversation import Conversations
from plaudit.agents.rollout.evaluation import evaluate_conversations
from plaudit.agents.rollout.template import WORDS
from plaudit.envs.evaluate import half_width, panel
from plaudit.envs.text import UnicodeText
from plaudit.envs.views import TextView

WORLD = "plaudit/TwentyQuestions-v0"
GAME = {"items": 4, "limit": 3, "cost": 0.0, "illegal_penalty": 0.02}
THINGS = ("dog", "apple", "car", "eagle")
QUESTIONS = ("animal", "food", "flies")  # the learner knows these words, and no others
SEEDS = (0, 1, 2)


class Sentences:
    """A tokenizer of whole sentences, "|" between them; no token ends a turn."""

    asks = tuple(f"ask {word}" for word in QUESTIONS)
    guesses = tuple(f"guess {thing}" for thing in THINGS)
    heard = tuple(f"{word}:{answer}" for word in QUESTIONS for answer in ("yes", "no"))
    words = (*asks, *guesses, *heard)
    vocab_size = pad_id = len(words)
    eos_id = None

    def encode(self, text):
        return [self.words.index(sentence) for sentence in text.split("|") if sentence]

    def decode(self, ids):
        return "|".join(self.words[i] for i in ids)

    def prior(self):
        """(1, V) log-probabilities of a learner that asks 3 times in 4, and guesses else."""
        chances = {self.asks: 0.75, self.guesses: 0.25}
        table = np.full((1, self.vocab_size), -30.0)
        for sentences, chance in chances.items():
            table[0, [self.words.index(x) for x in sentences]] = np.log(chance / len(sentences))
        return table


class Answers(gym.Wrapper):
    """Tells the answer in one word, e.g. "flies:yes", and nothing else."""

    def reset(self, *, seed=None, options=None):
        return "", self.env.reset(seed=seed, options=options)[1]

    def step(self, text):
        said, *rest = self.env.step(text)
        answer = "yes" if re.search(r"Answerer: (Yes|Indeed)", said) else "no"
        return f"{text.split()[-1]}:{answer}" if "Answerer:" in said else "", *rest


class OneReply(gym.Wrapper):
    """The twin's world: an episode is one reply, after questions drawn at random."""

    def __init__(self, env):
        super().__init__(env)
        self.observation_space = UnicodeText(4000)

    def reset(self, *, seed=None, options=None):
        text, info = self.env.reset(seed=seed, options=options)
        rng = np.random.default_rng([seed, 1])
        asked = rng.permutation(QUESTIONS)[: rng.integers(GAME["limit"] + 1)]
        said = [text]
        for question in asked:
            said += [f"ask {question}", self.env.step(f"ask {question}")[0]]
        return "|".join(said), info

    def step(self, text):
        said, reward, _, _, info = self.env.step(text)
        return said, reward, True, False, info


def conversations(rows, wrap=lambda env: env):
    def make():
        world = gym.make(WORLD, disable_env_checker=True, **GAME)
        return wrap(Answers(TextView(world, news=True)))

    return Conversations([make] * rows, Sentences(), max_new=1, template=WORDS)


def new_policy(seed):
    known = Sentences()
    return TinyTransformer(
        known.vocab_size, prior=known.prior(), layers=1, width=32, context=16, seed=seed
    )


def trained(seed, env, updates=100, on_update=None, **settings):
    """The panel's conversations after training; settings as tuned on seeds from 10000 on."""
    policy = new_policy(seed)
    # Without std: a group in which all guessed wrong differs in penalties and KL alone, and a
    # division by its tiny spread would make these as loud as a right guess.
    settings = {"beta": 0.03, "group_size": 4, "std": "none", "lr": 1e-2, "lr_decay": 0.1,
                "minibatches": 4, "updates": updates, "seed": seed} | settings  # fmt: skip
    agents.make("grpo", env, policy=policy, **settings).train(on_update=on_update)
    return evaluate_conversations(policy, conversations(256), seeds=panel(WORLD, 256))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_whole_conversations_teach_to_ask_and_single_replies_do_not(seed):
    multi = trained(seed, conversations(256))
    # about 2.5 turns a conversation are learned from, so the twin gets as many more rows
    single = trained(seed, conversations(640, OneReply))
    found, twin = multi.true_return, single.true_return
    apart = found.mean() - half_width(found, 0.95) - (twin.mean() + half_width(twin, 0.95))
    assert apart > 0, (multi.summary(), single.summary())
    assert single.turns.mean() < 1.1  # it guesses at once
