"""Train one policy on one world's true reward, and measure it before and after on held-out prompts.

A text world is trained by a language model's own tokens, through text and token views unless it can
speak them itself, and so is a world one talks to, in conversations of a few turns. A world of
symbols is trained by a tiny transformer, which in TokenNgram starts at the reference model.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from plaudit import agents
from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.causal_lm import CausalLM
from plaudit.agents.rollout.conversation import Conversations
from plaudit.agents.rollout.evaluation import (
    ConversationEvaluation,
    TokenEvaluation,
    evaluate_answers,
    evaluate_conversations,
)
from plaudit.agents.rollout.play import Played
from plaudit.agents.rollout.template import Template
from plaudit.agents.trainers.settings import Settings
from plaudit.envs.evaluate import make_rows, panel
from plaudit.envs.making import speaks
from plaudit.envs.registry import known
from plaudit.envs.text import Tokenizer
from plaudit.envs.token.token_ngram.game import TokenNgram
from plaudit.envs.token.token_ngram.solution import frontier_record
from plaudit.envs.vector import LoopVectorEnv, NativeVectorEnv
from plaudit.envs.views import TextView, TokenView, hf_tokenizer

Row = dict[str, float]

OWN_TOKENIZER = "plaudit/HFText-v0"  # speaks the policy's tokens itself and needs no views

TINY = Settings(beta=1.0, group_size=8, lr=3e-3, lr_decay=0.2, updates=60)
ACTS = Settings(beta=0.02, group_size=8, lr=1e-3, lr_decay=0.2, updates=8, micro_batch=16)
LANGUAGE_MODEL = Settings(
    beta=0.04, group_size=4, lr=1e-3, lr_decay=0.2, updates=20, micro_batch=16
)


# An example of a turn, so that a small model acts instead of telling a story.
OPENING = "at the door. Choose one of 'knock', 'wait'.\nwait\n"
ACT_TOKENS = 6  # longest turn in a world of acts


@dataclass(frozen=True)
class Recipe:
    """Everything a run depends on.

    Attributes:
        world, policy, algorithm: as on the command line.
        settings: of the trainer.
        rows: answers per update.
        panel: held-out episodes measured before and after; a multiple of `rows`.
        lora_rank: of the adapters, for language models.
        max_new: tokens of an answer or a turn, for text worlds and worlds one talks to.
        max_turns: of a conversation, in worlds one talks to.
        game: settings of the world.
    """

    world: str
    policy: str
    algorithm: str = "rloo"
    settings: Settings = TINY
    rows: int = 256
    panel: int = 1024
    lora_rank: int = 16
    max_new: int = 24
    max_turns: int = 3
    game: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        world: str,
        policy: str,
        *,
        algorithm: str = "rloo",
        seed: int = 0,
        updates: int | None = None,
        game: dict[str, Any] | None = None,
    ) -> "Recipe":
        """The tested recipe for a world and a policy.

        Raises:
            ValueError: the two do not go together.
        """
        if not (_acts(world) or known(world).tags[0] == "token"):
            raise ValueError(
                f"{world} has no tokens to write and does not speak; Stable-Baselines3 learns it, "
                "as in examples/sb3_ppo.py"
            )
        if _talks(world) and policy == "tiny":
            raise ValueError(
                f"{world} is written in English, which the tiny policy does not know; use "
                "policy 'smollm2', a local path or a hub id"
            )
        if not _talks(world) and policy != "tiny":
            raise ValueError(f"{world} has symbols of its own; use policy 'tiny', got {policy!r}")
        recipe = cls(world, policy, algorithm, game=game or {})
        if _talks(world):
            recipe = replace(recipe, settings=LANGUAGE_MODEL, rows=32, panel=128)
        if _acts(world):
            recipe = replace(recipe, settings=ACTS, rows=16, panel=32, max_new=ACT_TOKENS)
        settings = replace(recipe.settings, seed=seed)
        if updates is not None:
            settings = replace(settings, updates=updates)
        return replace(recipe, settings=settings)


def run(
    recipe: Recipe,
    folder: Path,
    *,
    resume: bool = False,
    until: int | None = None,
    on_update: Callable[[Row], None] | None = None,
) -> dict[str, Any]:
    """Train by a recipe; the log and checkpoints go into the folder.

    Args:
        recipe: what to do.
        folder: where; one that already holds a run is refused unless `resume`.
        resume: go on from its checkpoint.
        until: stop after so many updates in all; default the recipe's.
        on_update: called with each log row.

    Returns:
        JSON values: recipe, log, before and after (means and texts), seconds of training
        (of all updates, those before a resume included).

    Raises:
        FileExistsError: the folder holds another run; ValueError: its checkpoint is of another
        recipe.
    """
    if not resume and (folder / "log.jsonl").exists():
        raise FileExistsError(
            f"{folder} already holds a run; give another folder, or go on from it with --resume"
        )
    policy = _policy(recipe)
    env, plain, tokenizer = _worlds(recipe, policy)
    trainer = agents.make(
        recipe.algorithm, env, policy=policy, folder=folder, **asdict(recipe.settings)
    )
    measured = _measure(recipe, trainer.reference, plain, tokenizer)
    before = measured(trainer.reference)
    if resume:
        trainer.resume()
    log = trainer.train(until, checkpoint_every=10, on_update=on_update)
    after = measured(policy)
    return {
        "recipe": asdict(recipe),
        "log": log,
        "before": _outcome(before),
        "after": _outcome(after),
        "frontier": _frontier(plain, recipe),
        "seconds": sum(row.get("seconds", 0.0) for row in log),
    }


def _talks(world: str) -> bool:
    """Whether a world is text in a human language."""
    return "text" in known(world).tags or _acts(world)


@cache
def _acts(world: str) -> bool:
    """Whether one talks to a world act by act."""
    if known(world).tags[0] == "token":
        return False
    return speaks(gym.make(world, disable_env_checker=True).unwrapped.game)  # type: ignore[attr-defined]


def _measure(
    recipe: Recipe, reference: TokenPolicy, plain: Played, tokenizer: Tokenizer
) -> Callable[[TokenPolicy], TokenEvaluation | ConversationEvaluation]:
    """What a policy is worth on the panel."""
    shared: dict[str, Any] = {
        "reference": reference,
        "seeds": panel(recipe.world, recipe.panel),
        "sampling_seed": recipe.settings.seed,
    }
    if isinstance(plain, Conversations):
        return partial(evaluate_conversations, conversations=plain, **shared)
    return partial(evaluate_answers, venv=plain, tokenizer=tokenizer, **shared)


def _policy(recipe: Recipe) -> TokenPolicy:
    settings: dict[str, Any] = {
        "value_head": recipe.algorithm == "ppo",
        "seed": recipe.settings.seed,
    }
    if not _talks(recipe.world):
        world: Any = make_rows(recipe.world, 1, **recipe.game)
        spec, name = world.token_spec, "tiny_transformer"
        settings |= {"vocab_size": spec.vocab_size, "pad_id": spec.pad_id, "eos_id": spec.eos_id}
        settings |= {"symbols": spec.pad_id, "context": world.observation_space.shape[1]}
        if isinstance(world.game, TokenNgram):
            settings["prior"] = np.log(world.game.reference())
    elif recipe.policy == "smollm2":
        name = "smollm2"
        settings |= {"lora_rank": recipe.lora_rank}
    else:
        name = "causal_lm"
        settings |= {"lora_rank": recipe.lora_rank, "model": recipe.policy}
    policy: TokenPolicy = agents.policy(name, **settings)
    return policy


def _worlds(recipe: Recipe, policy: TokenPolicy) -> tuple[Played, Played, Tokenizer]:
    """The world to train on, the one to measure on, and what turns its tokens into text."""
    if not isinstance(policy, CausalLM):
        plain = make_rows(recipe.world, recipe.rows, **recipe.game)
        tokenizer: Tokenizer = plain.tokenizer  # type: ignore[attr-defined]
        return make_rows(recipe.world, recipe.rows, **recipe.game), plain, tokenizer

    tokens = hf_tokenizer(policy.tokenizer)
    if _acts(recipe.world):
        return _conversations(recipe, tokens), _conversations(recipe, tokens), tokens

    def rows(split: str) -> NativeVectorEnv:
        if recipe.world == OWN_TOKENIZER:
            return make_rows(
                recipe.world,
                recipe.rows,
                tokenizer=tokens,
                max_new=recipe.max_new,
                split=split,
                **recipe.game,
            )

        def make() -> TokenView:
            settings: dict[str, Any] = {"split": split, "max_bytes": 8 * recipe.max_new}
            settings |= recipe.game
            world = gym.make(recipe.world, disable_env_checker=True, **settings)
            return TokenView(TextView(world), tokens, max_new=recipe.max_new)

        return LoopVectorEnv([make] * recipe.rows, "Disabled")

    return rows("train"), rows("evaluation"), tokens


def _conversations(recipe: Recipe, tokens: Tokenizer) -> Conversations:
    def make() -> TextView:
        world = gym.make(recipe.world, disable_env_checker=True, **recipe.game)
        return TextView(world, news=True)

    return Conversations(
        [make] * recipe.rows,
        tokens,
        max_new=recipe.max_new,
        max_turns=recipe.max_turns,
        template=Template(opening=OPENING),
    )


def _outcome(evaluation: TokenEvaluation | ConversationEvaluation) -> dict[str, Any]:
    returns = evaluation.true_return
    return {
        **evaluation.summary(),
        "standard_error": float(returns.std(ddof=1) / len(returns) ** 0.5),
        "samples": evaluation.samples(12),
    }


def _frontier(plain: Played, recipe: Recipe) -> dict[str, Any] | None:
    """The exact reward-KL frontier where the world has one."""
    game = getattr(plain, "game", None)
    if not isinstance(game, TokenNgram):
        return None
    return frontier_record(game.instance, game.max_new, game.prompt, recipe.settings.beta)
