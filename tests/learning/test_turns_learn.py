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


class Lexicon:
    """A tokenizer of the words that matter here; "." ends a turn."""

    heard = tuple(f"{word}:{answer}" for word in QUESTIONS for answer in ("yes", "no"))
    words = ("ask", "guess", *QUESTIONS, *THINGS, ".", *heard)
    vocab_size = len(words)
    eos_id = words.index(".")
    pad_id = vocab_size

    def encode(self, text):
        return [self.words.index(word) for word in text.split()]

    def decode(self, ids):
        return " ".join(self.words[i] for i in ids)

    def grammar(self):
        """(V + 1, V) log-probabilities of the next word: sentences that the world understands."""
        after = dict.fromkeys((".", *self.heard), ("ask", "ask", "ask", "guess"))
        after |= {"ask": QUESTIONS, "guess": THINGS}
        after |= dict.fromkeys((*QUESTIONS, *THINGS), (".",))
        table = np.full((self.vocab_size + 1, self.vocab_size), -30.0)
        for i, word in enumerate((*self.words, ".")):  # the last row: nothing was said yet
            for follow in after[word]:
                table[i, self.words.index(follow)] = np.log(
                    after[word].count(follow) / len(after[word])
                )
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
            said += [f"ask {question} .", self.env.step(f"ask {question}")[0]]
        return " ".join(said), info

    def step(self, text):
        said, reward, _, _, info = self.env.step(text)
        return said, reward, True, False, info


def conversations(rows, wrap=lambda env: env):
    def make():
        world = gym.make(WORLD, disable_env_checker=True, **GAME)
        return wrap(Answers(TextView(world, news=True)))

    return Conversations([make] * rows, Lexicon(), max_new=3, template=WORDS)


def new_policy(seed):
    lexicon = Lexicon()
    return TinyTransformer(
        lexicon.vocab_size, eos_id=lexicon.eos_id, prior=lexicon.grammar(), layers=1, width=32,
        context=64, seed=seed,
    )  # fmt: skip


def trained(seed, env, updates, on_update=None, **settings):
    """The panel's conversations after training; group_size and std as tuned on seed 10000."""
    policy = new_policy(seed)
    settings = {"beta": 0.03, "group_size": 4, "std": "none", "lr": 1e-2, "lr_decay": 0.1,
                "minibatches": 2, "updates": updates, "seed": seed} | settings  # fmt: skip
    agents.make("grpo", env, policy=policy, **settings).train(on_update=on_update)
    return evaluate_conversations(policy, conversations(256), seeds=panel(WORLD, 256))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_whole_conversations_teach_to_ask_and_single_replies_do_not(seed):
    multi = trained(seed, conversations(256), updates=160)
    # about 3 turns a conversation were learned from, so the twin gets 3 times as many rows
    single = trained(seed, conversations(768, OneReply), updates=60)
    found, twin = multi.true_return, single.true_return
    apart = found.mean() - half_width(found, 0.95) - (twin.mean() + half_width(twin, 0.95))
    assert apart > 0.05, (multi.summary(), single.summary())
    assert single.turns.mean() < 1.1  # it guesses at once
