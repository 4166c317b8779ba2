"""One call for every world that tokens are written for: it plays each in the way that fits.

| world | how | module |
|---|---|---|
| token world of one turn | whole answers, then replayed | tokens |
| token world of several turns | step by step, replies read into the cache | attempts |
| worlds one talks to | turn by turn | turns |
"""

from collections.abc import Sequence

import torch

from plaudit.agents import masking
from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.rollout.attempts import collect_attempts
from plaudit.agents.rollout.conversation import Conversations, check_conversations
from plaudit.agents.rollout.tokens import collect
from plaudit.agents.rollout.turns import collect_turns
from plaudit.agents.rollout.worlds import AnyVector, check_world, describe
from plaudit.agents.types import Rollout
from plaudit.envs.types import State
from plaudit.feedback.wrappers.base import inner_state, set_inner_state

Played = AnyVector | Conversations


def play(
    policy: TokenPolicy,
    env: Played,
    *,
    seeds: Sequence[int],
    rng: torch.Generator,
    greedy: bool = False,
) -> Rollout:
    """One episode per seed.

    Args:
        policy: writes.
        env: a token world's vector form with auto-reset disabled, or `Conversations`.
        seeds: (B,) one per row; rows with equal seeds begin alike and form a group.
        rng: of what is written.
        greedy: write the likeliest tokens.

    Raises:
        TypeError, ValueError: see `check_played`; a reward is not finite.
    """
    if isinstance(env, Conversations):
        rollout = collect_turns(policy, env, seeds=seeds, rng=rng, greedy=greedy)
    else:
        several = check_world(policy, env).turns > 1
        collector = collect_attempts if several else collect
        rollout = collector(policy, env, seeds=seeds, rng=rng, greedy=greedy)
    # Once and here, because a rule that compares takes NaN for a low reward without a word.
    masking.select("rewards", rollout.rewards, rollout.batch.action_mask)
    return rollout


def check_played(policy: TokenPolicy, env: Played) -> None:
    """Hold that a policy can play here.

    Args:
        policy: would write.
        env: as for `play`.

    Raises:
        TypeError, ValueError: it cannot; see `check_world` and `check_conversations`.
    """
    if isinstance(env, Conversations):
        check_conversations(policy, env)
    else:
        check_world(policy, env)


def described(env: Played) -> list[str]:
    """What a saved state fits: wrappers, world and settings.

    Args:
        env: as for `play`.
    """
    return env.described() if isinstance(env, Conversations) else describe(env)


def state_of(env: Played) -> State:
    """The state of the world, wrappers included: a fresh copy.

    Args:
        env: as for `play`.
    """
    return env.get_state() if isinstance(env, Conversations) else inner_state(env)


def set_state_of(env: Played, state: State) -> None:
    """Go back to such a state.

    Args:
        env: as for `play`, of the same world.
        state: from `state_of`.
    """
    if isinstance(env, Conversations):
        env.set_state(state)
    else:
        set_inner_state(env, state)
