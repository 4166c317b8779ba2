"""Views: token worlds as text, and text worlds as token-level MDPs under any tokenizer.

The order is world -> TextView -> TokenView; feedback wrappers stand outside of both.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.utils import RecordConstructorArgs

from plaudit.envs.text import Tokenizer, UnicodeText
from plaudit.envs.types import State, TokenSpec

ORDER = "the order is world -> TextView -> TokenView"
OUTSIDE = (
    "RecordSegments",
    "HideReward",
    "TeacherReward",
    "LearnedReward",
    "RecordEpisodeStatistics",
)  # by name, since envs does not import feedback
RUNNING = {"success": False, "outcome": "running"}

Window = npt.NDArray[np.int32]


class TextView(gym.Wrapper[str, str, Any, Any], RecordConstructorArgs):
    """A token world as text: one text action is one utterance.

    Observation: UnicodeText; the text so far, prompt included.
    Action: UnicodeText; encoded by the world's own tokenizer and written token by token, then the
        end token, if the world has one and the text left room for it.
    Reward: the sum over the tokens; `reward_components` are summed alike.
    Info: that of the last token, and truncated_text, True where only the first part of the text
        fitted.

    Args:
        env: a world whose unwrapped form has `token_spec` and `tokenizer`.

    Raises:
        TypeError: `env` is no such world; on `step`, the action is no str.
        ValueError: on `step`, the text encodes to no token in a world without end token, or the
            world's tokenizer cannot encode it.

    Source: own design.
    """

    env: Any  # Gymnasium's annotation has the wrapper's own observations and actions here

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        _check_inside("TextView", env)
        world = env.unwrapped
        if not (hasattr(world, "token_spec") and hasattr(world, "tokenizer")):
            raise TypeError(
                f"TextView needs a world with token_spec and tokenizer, got {world}; {ORDER}"
            )
        if isinstance(env.observation_space, UnicodeText) or not _same_actions(env):
            raise TypeError(f"TextView needs the world's own tokens, got {env}; {ORDER}")
        RecordConstructorArgs.__init__(self)
        super().__init__(env)
        self._spec: TokenSpec = world.token_spec
        self._tokenizer: Tokenizer = world.tokenizer
        length = int(np.prod(cast(tuple[int, ...], env.observation_space.shape)))
        self.observation_space = UnicodeText(length)
        self.action_space = UnicodeText(self._spec.max_new)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, Any]]:
        obs, info = self.env.reset(seed=seed, options=options)
        return self._text(obs), info

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        if not isinstance(action, str):
            raise TypeError(f"a text action must be a str, got {type(action).__name__}: {action!r}")
        ids = self._tokenizer.encode(action)
        tokens = ids if self._spec.eos_id is None else [*ids, self._spec.eos_id]
        if not tokens:
            raise ValueError(f"{action!r} is no action: it has no token and the world no end token")
        total, written = 0.0, 0
        components: dict[str, float] = {}
        terminated = truncated = False
        for token in tokens:
            obs, reward, terminated, truncated, info = self.env.step(token)
            written += 1
            total += float(reward)
            for name, value in info.get("reward_components", {}).items():
                components[name] = components.get(name, 0.0) + value
            if terminated or truncated:
                break
        info = info | {"truncated_text": written < len(ids)}
        if components:
            info["reward_components"] = components
        return self._text(obs), total, terminated, truncated, info

    def get_state(self) -> State:
        """The world's state; the view has none of its own."""
        return cast(State, self.env.get_wrapper_attr("get_state")())

    def set_state(self, state: State) -> None:
        """Go back to a state of the same world."""
        self.env.get_wrapper_attr("set_state")(state)

    def _text(self, window: npt.NDArray[Any]) -> str:
        return self._tokenizer.decode(window[window != self._spec.pad_id].tolist())


class TokenView(gym.Wrapper[Window, Any, str, str], RecordConstructorArgs):
    """A world one talks to as a token-level MDP under any tokenizer.

    Tokens are collected until the tokenizer's end token or `max_new` tokens, then decoded once and
    sent as one utterance.

    Observation: Box, int32 (prompt_tokens + max_new,); the last `prompt_tokens` tokens of the text
        observed, then the tokens written, most recent last; `token_spec.pad_id` on the left.
    Action: Discrete(vocabulary).
    Reward: that of the utterance, paid with its last token, 0 before.
    Info: that of the utterance, with its last token; before, outcome "running" and no components.

    Args:
        env: a world with text observations and actions, e.g. a `TextView`.
        tokenizer: a Hugging Face tokenizer, anything with plaudit's `Tokenizer` protocol, or the
            folder of a saved Hugging Face tokenizer (JSON-able, as specs and async vectors need).
        max_new: longest utterance, tokens, at least 1.
        prompt_tokens: how much of the text is shown, tokens, at least 1.

    Raises:
        TypeError: `env` is no text world.
        ValueError: a setting is out of its range; on `step`, the action is no token id.

    Source: own design.
    """

    env: Any

    def __init__(
        self, env: gym.Env[Any, Any], tokenizer: Any, max_new: int = 24, prompt_tokens: int = 48
    ) -> None:
        _check_inside("TokenView", env)
        spaces = (env.observation_space, env.action_space)
        if not all(isinstance(space, UnicodeText) for space in spaces):
            raise TypeError(f"TokenView needs a world that talks in text, got {env}; {ORDER}")
        if max_new < 1 or prompt_tokens < 1:
            raise ValueError(
                f"max_new and prompt_tokens must be at least 1 token, got {max_new} "
                f"and {prompt_tokens}"
            )
        RecordConstructorArgs.__init__(
            self,
            tokenizer=tokenizer,
            max_new=max_new,
            prompt_tokens=prompt_tokens,
            _disable_deepcopy=True,
        )
        super().__init__(env)
        self.tokenizer = _as_tokenizer(tokenizer)
        known = self.tokenizer
        self.token_spec = TokenSpec(known.vocab_size, known.pad_id, known.eos_id, max_new)
        self._prompt_tokens = prompt_tokens
        high = max(known.vocab_size - 1, known.pad_id)
        shape = (prompt_tokens + max_new,)
        self.observation_space = gym.spaces.Box(0, high, shape, np.int32)
        self.action_space = gym.spaces.Discrete(known.vocab_size)
        self._prompt: list[int] = []
        self._answer: list[int] = []
        self._over = True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Window, dict[str, Any]]:
        text, info = self.env.reset(seed=seed, options=options)
        self._listen(text)
        self._over = False
        return self._window(), info

    def step(self, action: int) -> tuple[Window, float, bool, bool, dict[str, Any]]:
        if self._over:
            raise RuntimeError("the episode is over: call reset before the next step")
        spec = self.token_spec
        token = spec.token(action)
        self._answer.append(token)
        ended = token == spec.eos_id
        if not ended and len(self._answer) < spec.max_new:
            return self._window(), 0.0, False, False, {"reward_components": {}, **RUNNING}
        said = self.tokenizer.decode(self._answer[:-1] if ended else self._answer)
        text, reward, terminated, truncated, info = self.env.step(said)
        self._over = terminated or truncated
        if not self._over:
            self._listen(text)
        return self._window(), float(reward), terminated, truncated, info

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """(V,) True where a token may be written: all of them."""
        return np.ones(self.token_spec.vocab_size, np.bool_)

    def get_state(self) -> State:
        """The world's state and the utterance begun."""
        return {
            "world": self.env.get_wrapper_attr("get_state")(),
            "prompt": list(self._prompt),
            "answer": list(self._answer),
            "over": self._over,
        }

    def set_state(self, state: State) -> None:
        """Go back to a state of the same world under the same tokenizer."""
        self.env.get_wrapper_attr("set_state")(state["world"])
        self._prompt, self._answer = list(state["prompt"]), list(state["answer"])
        self._over = bool(state["over"])

    def _listen(self, text: str) -> None:
        self._prompt = self.tokenizer.encode(text)[-self._prompt_tokens :]
        self._answer = []

    def _window(self) -> Window:
        ids = self._prompt + self._answer
        window = np.full(self._prompt_tokens + self.token_spec.max_new, self.token_spec.pad_id)
        window[len(window) - len(ids) :] = ids
        return window.astype(np.int32)


class _HuggingFaceTokenizer:
    """Hugging Face's interface turned into plaudit's."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.vocab_size = len(tokenizer)
        self.eos_id: int | None = tokenizer.eos_token_id
        pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else self.eos_id
        if pad is None:
            raise ValueError(f"the tokenizer has neither pad nor end token: {tokenizer}")
        self.pad_id: int = pad

    def encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def decode(self, ids: Sequence[int]) -> str:
        return str(
            self._tokenizer.decode(
                list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )


def hf_tokenizer(tokenizer: Any) -> Tokenizer:
    """A Hugging Face tokenizer under plaudit's protocol.

    Encoding adds no special tokens, decoding skips them. `pad_id` is the end token's where the
    tokenizer has no pad.

    Args:
        tokenizer: the tokenizer, or the folder in which `save_pretrained` left one.

    Raises:
        ValueError: the folder does not exist, or the tokenizer has neither pad nor end token.
    """
    if not isinstance(tokenizer, str | Path):
        return _HuggingFaceTokenizer(tokenizer)
    if not Path(tokenizer).is_dir():
        raise ValueError(f"expected the folder of a saved tokenizer, got {str(tokenizer)!r}")
    # envs does not import transformers but here: only who names a folder asks for it.
    from transformers import AutoTokenizer

    return _HuggingFaceTokenizer(AutoTokenizer.from_pretrained(tokenizer, local_files_only=True))


def _as_tokenizer(tokenizer: Any) -> Tokenizer:
    return tokenizer if isinstance(tokenizer, Tokenizer) else hf_tokenizer(tokenizer)


def _same_actions(env: gym.Env[Any, Any]) -> bool:
    """Whether the actions are still the world's own: no TokenView in between."""
    return bool(env.action_space == env.unwrapped.action_space)


def _check_inside(name: str, env: gym.Env[Any, Any]) -> None:
    """Refuse to put a view around a wrapper that belongs outside of it."""
    while isinstance(env, gym.Wrapper):
        found = type(env).__name__
        if found in OUTSIDE:
            raise TypeError(f"{name} belongs inside {found}, not around it; {ORDER} -> {found}")
        env = env.env
