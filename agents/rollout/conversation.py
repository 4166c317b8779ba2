"""Worlds one talks to, side by side, and a tokenizer between them and a policy.

Text is encoded once, when the world says it; what the policy writes is decoded once, for the world,
and never encoded again. Each row keeps an episode of its own, with the wrappers of its own.

Source: own design.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

import gymnasium as gym
import torch

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.rollout.rows import state_number
from plaudit.agents.rollout.template import Template
from plaudit.envs.text import Tokenizer, UnicodeText
from plaudit.envs.types import State
from plaudit.envs.views import TextView
from plaudit.feedback.wrappers.base import env_id, inner_state, layers, set_inner_state

TEXT = (UnicodeText, gym.spaces.Text)
AnyEnv = gym.Env[Any, Any]


class Conversations:
    """N worlds one talks to.

    Args:
        makers: one function per row that makes its world, `TextView(gym.make(...), news=True)` or
            any other with texts as observations and actions, wrapped or not.
        tokenizer: with plaudit's protocol; Hugging Face's through `views.hf_tokenizer`.
        max_new: longest turn, tokens.
        template: the text around what the world says.
        max_turns: turns after which a conversation is cut, with status "length"; None for as many
            as the world takes.
        max_context: longest conversation, tokens; None for the policy's limit.
        start: how rows with equal seeds begin in the same state: each by `reset(seed)`, or, for
            worlds whose seed does not say all, by `set_state` to that of the first such row.

    Attributes:
        num_envs: rows N.

    Raises:
        TypeError: a world does not talk in text, or tells old news again in every turn.
        ValueError: a number is out of its range.

    Source: own design.
    """

    def __init__(
        self,
        makers: Sequence[Callable[[], AnyEnv]],
        tokenizer: Tokenizer,
        *,
        max_new: int = 16,
        template: Template | None = None,
        max_turns: int | None = None,
        max_context: int | None = None,
        start: Literal["seed", "state"] = "seed",
    ) -> None:
        for name, number in (
            ("max_new", max_new),
            ("max_turns", max_turns),
            ("max_context", max_context),
        ):
            if number is not None and number < 1:
                raise ValueError(f"{name} must be at least 1, got {number}")
        if start not in ("seed", "state"):
            raise ValueError(f"start must be 'seed' or 'state', got {start!r}")
        if not makers:
            raise ValueError("expected a maker for each row, got none")
        self.envs = [make() for make in makers]
        for env in self.envs:
            _check_text(env)
        self.num_envs = len(self.envs)
        self.tokenizer, self.max_new = tokenizer, max_new
        self.template = Template() if template is None else template
        self.max_turns, self.max_context, self.start = max_turns, max_context, start
        self._stops = lru_cache(maxsize=4)(self._find_stops)

    def begin(self, seeds: Sequence[int]) -> list[str]:
        """Start a conversation in the first rows; what each world says first.

        Raises:
            ValueError: there are more seeds than rows, or none.
        """
        if not 1 <= len(seeds) <= self.num_envs:
            raise ValueError(f"expected 1 to {self.num_envs} seeds, one per row, got {len(seeds)}")
        first: dict[int, tuple[str, State]] = {}
        texts = []
        for env, seed in zip(self.envs, seeds, strict=False):
            text, _ = env.reset(seed=int(seed))
            if self.start == "state" and seed in first:
                text, state = first[seed]
                set_inner_state(_speaker(env), state)
            elif self.start == "state":
                first[seed] = text, inner_state(_speaker(env))
            texts.append(text)
        return texts

    def said(self, tokens: Sequence[int]) -> str:
        """The text of a turn, as the world hears it."""
        text = self.tokenizer.decode([t for t in tokens if t != self.tokenizer.eos_id])
        return text if self.template.stop is None else text.partition(self.template.stop)[0]

    def state_number(self, row: int, heard: str) -> int:
        """A number for what a row's world shows in all: equal texts, equal numbers."""
        for layer in layers(self.envs[row]):
            if isinstance(layer, TextView):
                heard = layer.get_state()["shown"]  # news alone do not say where one is
        return state_number(heard.encode("utf-8", "surrogatepass"))

    def stops(self, policy: TokenPolicy) -> torch.Tensor:
        """(V,) bool, tokens of a policy that end a turn."""
        return self._stops(policy.vocab_size, policy.eos_id).to(policy.device)

    def context(self, policy: TokenPolicy) -> int | None:
        """Longest conversation that a policy can have here, tokens, or None for any."""
        limits = [x for x in (self.max_context, policy.context) if x is not None]
        return min(limits, default=None)

    def get_state(self) -> State:
        """The worlds' states, wrappers included; None for foreign ones that cannot be saved.

        Those begin each conversation by `reset(seed)` alone.
        """
        return {"rows": [inner_state(env) if _saves(env) else None for env in self.envs]}

    def set_state(self, state: State) -> None:
        """Go back to a state of the same worlds."""
        for env, row in zip(self.envs, state["rows"], strict=True):
            if row is not None:
                set_inner_state(env, row)

    def described(self) -> list[str]:
        """Wrappers, world, settings and format: what a saved state fits."""
        env = self.envs[0]
        settings = {} if env.unwrapped.spec is None else env.unwrapped.spec.kwargs
        told = {key: settings[key] for key in sorted(settings) if key != "game"}
        limits = f"{self.max_new} {self.max_turns} {self.max_context} {self.start}"
        wrappers = [type(layer).__name__ for layer in layers(env)]
        return [*wrappers, env_id(env), str(told), limits, str(self.template)]

    def close(self) -> None:
        """Close the worlds."""
        for env in self.envs:
            env.close()

    def _find_stops(self, vocab_size: int, eos_id: int | None) -> torch.Tensor:
        stops = torch.zeros(vocab_size, dtype=torch.bool)
        if eos_id is not None:
            stops[eos_id] = True
        stop = self.template.stop
        if stop is not None:
            for token in range(min(vocab_size, self.tokenizer.vocab_size)):
                stops[token] |= stop in self.tokenizer.decode([token])
        return stops


def check_conversations(policy: TokenPolicy, conversations: Conversations) -> None:
    """Hold that a policy and a tokenizer speak the same tokens.

    Raises:
        TypeError: `policy` is no token policy.
        ValueError: they do not.
    """
    if not isinstance(policy, TokenPolicy):
        raise TypeError(f"expected a token policy, as agents.policy makes it, got {policy!r}")
    known = conversations.tokenizer
    needed = known.vocab_size - (known.pad_id == known.vocab_size - 1)
    fits = policy.symbols >= needed and policy.vocab_size <= known.vocab_size
    if not fits or policy.eos_id != known.eos_id:
        raise ValueError(
            f"the policy writes {policy.vocab_size} and reads {policy.symbols} tokens with end "
            f"token {policy.eos_id}, the tokenizer has {needed} with end token {known.eos_id}"
        )


def _check_text(env: AnyEnv) -> None:
    if not all(isinstance(space, TEXT) for space in (env.observation_space, env.action_space)):
        raise TypeError(
            "expected worlds that talk in text, e.g. TextView(gym.make(...), news=True), got "
            f"{env} with observations {env.observation_space} and actions {env.action_space}"
        )
    for layer in layers(env):
        if isinstance(layer, TextView) and not layer.news:
            raise TypeError(
                "a conversation remembers what was said: use TextView(env, news=True), or all is "
                f"told again in every turn; got {env}"
            )


def _speaker(env: AnyEnv) -> AnyEnv:
    """The innermost layer that talks in text and has a state: the world without its wrappers."""
    found = [x for x in layers(env) if isinstance(x.observation_space, TEXT) and _saves(x)]
    if not found:
        raise TypeError(f"start='state' needs worlds with get_state and set_state, got {env}")
    speaker: AnyEnv = found[-1]  # type: ignore[assignment]
    return speaker


def _saves(env: Any) -> bool:
    return any("get_state" in dir(type(layer)) for layer in layers(env))
