"""Token worlds of several turns, in their own vector form: step by step, with one cache.

Between two answers the world writes a reply into the window. It is read from there, token for
token, appended to the row, and read into the cache; rows need not be in the same turn.

Source: own design.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch

from plaudit.agents.policies import sampling
from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.windows import IntArray, read_windows
from plaudit.agents.rollout.rows import Row, filled, left_padded, state_number
from plaudit.agents.rollout.truth import Truth
from plaudit.agents.rollout.worlds import AnyVector, check_world, keep_last, permitted
from plaudit.agents.types import Rollout
from plaudit.envs.types import TokenSpec


@torch.no_grad()
def collect_attempts(
    policy: TokenPolicy,
    venv: AnyVector,
    *,
    seeds: Sequence[int],
    rng: torch.Generator,
    greedy: bool = False,
) -> Rollout:
    """One episode per row of a token world that replies between answers.

    Args:
        policy: writes the answers; its vocabulary is the world's.
        venv: a vector form with auto-reset disabled, wrapped or not.
        seeds: (B,) one per row; rows with equal seeds get the same prompt and form a group.
        rng: of the answers; each step draws B numbers.
        greedy: write the likeliest tokens.

    Raises:
        TypeError, ValueError: see `check_world`; the window does not keep what was written.

    Source: own design.
    """
    spec = check_world(policy, venv)
    obs, info = venv.reset(seed=list(seeds))  # type: ignore[arg-type]
    ids, mask = read_windows(obs, spec.pad_id)
    writers = [Writer(_shown(row, spec.pad_id), spec) for row in np.asarray(obs)]
    truth, last, legal, written = Truth(venv), dict[str, Any](), 0, 0
    logits, cache = policy.start(ids.to(policy.device), mask.to(policy.device), obs.shape[1])
    while True:
        live = np.array([writer.open for writer in writers])
        chosen, logp = _draw(policy, logits, rng, greedy)
        actions = np.where(live, chosen, 0)
        legal += int((permitted(info, actions) & live).sum())
        written += int(live.sum())
        obs, rewards, terminated, truncated, info = venv.step(actions)
        truth.add(rewards, info, live)
        keep_last(last, info, live & (terminated | truncated))
        for i in np.flatnonzero(live).tolist():
            over = bool(terminated[i] or truncated[i])
            paid = Paid(float(rewards[i]), float(info["cost"][i]) if "cost" in info else None)
            writers[i].take(int(chosen[i]), float(logp[i]), paid, over, obs[i])
        if not any(writer.open for writer in writers):
            break
        unread = [writer.unread if writer.open else [] for writer in writers]
        block = left_padded(unread, policy.pad_id, policy.device)
        logits, cache = policy.extend(*block, cache)
    whole = filled([writer.row for writer in writers], policy.pad_id, policy.device, seeds)
    return replace(whole, valid=legal / written, true_scores=truth.scores, info=last)


class Paid(NamedTuple):
    """What a token earned: a reward, and its cost where the world tells one."""

    reward: float
    cost: float | None


class Writer:
    """One row's answers.

    Args:
        prompt: its tokens.
        spec: of the world.

    Attributes:
        row: its tokens.
        open: whether the policy writes next.
        unread: tokens that the policy has not read yet.

    Raises:
        ValueError: on `take`, the world's window does not keep what was written.
    """

    def __init__(self, prompt: list[int], spec: TokenSpec) -> None:
        self.row, self._spec = Row(prompt), spec
        self.open, self.unread = True, list[int]()
        self._turn, self._count, self._state = 0, 0, _number(prompt)

    def take(self, token: int, logp: float, paid: Paid, over: bool, window: IntArray) -> None:
        """Note a token that was written, what it was paid, and what the world replied to it."""
        self.row.write([token], [logp], self._turn, self._state)
        self.row.pay(*paid)
        self._count += 1
        ended = token == self._spec.eos_id
        if over:
            self.open, self.row.status = False, "ended" if ended else "length"
            return
        heard: list[int] = []
        if ended or self._count == self._spec.max_new:
            heard = self._heard(_shown(window, self._spec.pad_id))
            self.row.hear(heard)
            self._turn, self._count = self._turn + 1, 0
            self._state = _number([*self.row.prompt, *self.row.tokens])
        self.unread = [token, *heard]

    def _heard(self, shown: list[int]) -> list[int]:
        """What stands in a window behind all that was written and heard before."""
        known = [*self.row.prompt, *self.row.tokens]
        if shown[: len(known)] != known:
            raise ValueError(
                "the world's window does not keep what was said before; talk to such a world "
                f"through Conversations. Expected it to begin with {known}, got {shown}"
            )
        return shown[len(known) :]


def _draw(
    policy: TokenPolicy, logits: torch.Tensor, rng: torch.Generator, greedy: bool
) -> tuple[IntArray, Any]:
    """Tokens (B,) and their log-probabilities (B,), nats."""
    scores = sampling.log_probs(logits, policy.temperature, policy.top_k, policy.top_p)
    uniform = sampling.uniform((len(scores),), rng).to(scores.device)
    chosen = scores.argmax(-1) if greedy else sampling.draw(scores, uniform)
    return chosen.cpu().numpy(), sampling.pick(scores, chosen).cpu().numpy()


def _shown(window: IntArray, pad_id: int) -> list[int]:
    """The tokens of a window, from the first that is no padding on."""
    begins = np.flatnonzero(window != pad_id)
    return [] if len(begins) == 0 else window[begins[0] :].tolist()


def _number(tokens: Sequence[int]) -> int:
    """A number for a window: equal windows, equal numbers."""
    return state_number(np.asarray(tokens, np.int64).tobytes())
