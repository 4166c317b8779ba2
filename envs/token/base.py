"""What token worlds share: a left-padded window of tokens, answers of bounded length, fixed seeds.

Observation: int16 window (prompt_window + max_new,), most recent token last, pad id on the left.
Action: one token id. The world says what a prompt is and what an answer earns.
"""

from abc import abstractmethod
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode

from plaudit.envs.token.draws import EpisodeDraws
from plaudit.envs.types import State, TokenSpec
from plaudit.envs.vector import Bools, Floats, NativeVectorEnv, Seeds, masked

Tokens = npt.NDArray[np.int16]
TokenSpace = gym.spaces.MultiDiscrete | gym.spaces.Box


def window_space(spec: TokenSpec, prompt_window: int, one_hot: bool) -> TokenSpace:
    """The space of token windows.

    Args:
        spec: of the world; ids run to the larger of pad id and vocabulary.
        prompt_window: longest prompt, tokens.
        one_hot: MultiDiscrete, which Stable-Baselines3 turns into one-hot input (small vocabularies
            only), instead of Box, which custom feature extractors can embed.
    """
    length = prompt_window + spec.max_new
    symbols = max(spec.pad_id + 1, spec.vocab_size)
    if one_hot:
        return gym.spaces.MultiDiscrete(
            np.full(length, symbols),
            dtype=np.int16,  # type: ignore[arg-type]
        )
    return gym.spaces.Box(0, symbols - 1, (length,), np.int16)


class TokenEnv(gym.Env[Any, Any]):
    """Single form of a token world.

    A subclass sets the spaces by calling `__init__` and writes `_prompt`, `_pay` and `_details`.
    An action outside the action space raises ValueError; a step after the end raises RuntimeError.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}

    def __init__(
        self,
        spec: TokenSpec,
        prompt_window: int,
        *,
        draws: int,
        one_hot: bool,
        render_mode: str | None = None,
    ) -> None:
        self.token_spec = spec
        self.render_mode = render_mode
        self.observation_space = window_space(spec, prompt_window, one_hot)
        self.action_space = gym.spaces.Discrete(spec.vocab_size)
        self._draws = EpisodeDraws(1, draws)
        self._row = np.zeros(1, np.int64)
        self._window = np.full(prompt_window + spec.max_new, spec.pad_id, np.int16)
        self._written = 0
        self._over = True

    @abstractmethod
    def _prompt(self, draws: Floats) -> npt.ArrayLike:
        """Begin an episode from its uniform numbers (draws,) and give its prompt tokens."""

    @abstractmethod
    def _pay(self, action: int, over: bool) -> float:
        """Note one token of the answer and return the true reward paid for this step."""

    @abstractmethod
    def _details(self) -> dict[str, Any]:
        """`reward_components`, `success`, `outcome` and more of the present state; fresh values."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Tokens, dict[str, Any]]:
        super().reset(seed=seed)
        if seed is not None or self._draws.generator(0) is None:
            self._draws.seed(0, self.np_random)
        prompt = np.asarray(self._prompt(self._draws.take(self._row)[0]), np.int16)
        self._window = np.full_like(self._window, self.token_spec.pad_id)
        self._window[len(self._window) - len(prompt) :] = prompt
        self._written, self._over = 0, False
        return self._window.copy(), self._details()

    def step(self, action: int) -> tuple[Tokens, float, bool, bool, dict[str, Any]]:
        if self._over:
            raise RuntimeError("the episode is over: call reset before the next step")
        token = self.token_spec.token(action)
        self._window[:-1] = self._window[1:]
        self._window[-1] = token
        self._written += 1
        spec = self.token_spec
        self._over = self._written == spec.max_new or token == spec.eos_id
        reward = self._pay(token, self._over)
        return self._window.copy(), reward, self._over, False, self._details()

    def action_masks(self) -> Bools:
        """(V,) True where a token may be written: all of them."""
        return np.ones(self.token_spec.vocab_size, np.bool_)

    def answer(self) -> Tokens:
        """The tokens written so far, (t,)."""
        return self._window[len(self._window) - self._written :].copy()

    def get_state(self) -> State:
        return {
            "draws": self._draws.get_state(),
            "window": self._window.copy(),
            "written": self._written,
            "over": self._over,
        }

    def set_state(self, state: State) -> None:
        self._draws.set_state(state["draws"])
        rng = self._draws.generator(0)
        if rng is not None:
            self.np_random = rng
        self._window = state["window"].copy()
        self._written, self._over = int(state["written"]), bool(state["over"])


class TokenVectorEnv(NativeVectorEnv):
    """Native vector form of a token world: the same episodes as `TokenEnv`, row by row.

    All rows write one token per step, so one buffer with a moving right edge holds every window and
    an observation costs one copy. A subclass writes `_prompts`, `_pay` and `_details`.
    """

    def __init__(
        self,
        num_envs: int,
        spec: TokenSpec,
        prompt_window: int,
        *,
        draws: int,
        one_hot: bool,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
    ) -> None:
        self.token_spec = spec
        super().__init__(
            num_envs,
            window_space(spec, prompt_window, one_hot),
            gym.spaces.Discrete(spec.vocab_size),
            autoreset_mode,
        )
        self._draws = EpisodeDraws(num_envs, draws)
        self._length = prompt_window + spec.max_new
        self._buffer = np.full((num_envs, 4 * self._length), spec.pad_id, np.int16)
        self._edge = self._length
        self._written = np.zeros(num_envs, np.int64)

    @abstractmethod
    def _prompts(self, rows: npt.NDArray[np.int64], draws: Floats) -> Tokens:
        """Begin episodes in the rows of an index (n,) -> (n, prompt_window), padded on the left."""

    @abstractmethod
    def _pay(self, actions: npt.NDArray[np.int64], live: Bools | None, over: Bools) -> Floats:
        """Note a token of each live answer -> (N,) true rewards, 0 where a row is not live."""

    @abstractmethod
    def _details(self) -> dict[str, Any]:
        """Info arrays (N,) of the present state, without masks; fresh."""

    def _begin(self, rows: Bools, seeds: Seeds) -> None:
        index = np.flatnonzero(rows)
        if seeds is not None:
            for row in index.tolist():
                if seeds[row] is not None:
                    self._draws.seed(row, seeding.np_random(seeds[row])[0])
        prompts = self._prompts(index, self._draws.take(index))
        self._buffer[index, self._edge - self._length : self._edge] = self.token_spec.pad_id
        self._buffer[index, self._edge - prompts.shape[1] : self._edge] = prompts
        self._written[index] = 0

    def _advance(self, actions: Any, live: Bools | None) -> tuple[Floats, Bools, Bools]:
        tokens = self._checked(actions)
        if self._edge == self._buffer.shape[1]:
            self._buffer[:, : self._length] = self._window()
            self._edge = self._length
        self._buffer[:, self._edge] = tokens
        self._edge += 1
        if live is None:
            self._written += 1
        else:
            self._stand_still(~live)
            self._written += live
        over = self._written == self.token_spec.max_new
        if self.token_spec.eos_id is not None:
            over |= tokens == self.token_spec.eos_id
        if live is not None:
            over &= live
        reward = self._pay(tokens, live, over)
        return reward, over, np.zeros(self.num_envs, np.bool_)

    def _observe(self) -> Tokens:
        return self._window().copy()

    def _info(self, rows: Bools) -> dict[str, Any]:
        return masked(self._details(), rows)

    def action_masks(self) -> Bools:
        """(N, V) True where a token may be written: all of them."""
        return np.ones((self.num_envs, self.token_spec.vocab_size), np.bool_)

    def get_state(self) -> State:
        return super().get_state() | {
            "draws": self._draws.get_state(),
            "window": self._window().copy(),
            "written": self._written.copy(),
        }

    def set_state(self, state: State) -> None:
        super().set_state(state)
        self._draws.set_state(state["draws"])
        self._edge = self._length
        self._buffer[:, : self._length] = state["window"]
        self._written = state["written"].copy()

    def _window(self) -> Tokens:
        window: Tokens = self._buffer[:, self._edge - self._length : self._edge]
        return window

    def _stand_still(self, rows: Bools) -> None:
        """Undo the move of the right edge for rows that did not play."""
        left, right = self._edge - self._length, self._edge
        self._buffer[rows, left:right] = self._buffer[rows, left - 1 : right - 1]

    def _checked(self, actions: Any) -> npt.NDArray[np.int64]:
        tokens = np.asarray(actions)
        if tokens.shape != (self.num_envs,) or tokens.dtype.kind not in "iu":
            raise ValueError(
                f"actions must be integers of shape ({self.num_envs},), "
                f"got {tokens.dtype} {tokens.shape}"
            )
        if tokens.min() < 0 or tokens.max() >= self.token_spec.vocab_size:
            raise ValueError(
                f"actions must be token ids in 0..{self.token_spec.vocab_size - 1}, "
                f"got {tokens.min()}..{tokens.max()}"
            )
        return tokens.astype(np.int64, copy=False)
