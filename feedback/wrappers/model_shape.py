"""What a reward model must know of a world, read from its spaces."""

from typing import Any

import gymnasium as gym
from gymnasium.vector import VectorActionWrapper, VectorEnv, VectorObservationWrapper

from plaudit.envs.types import TokenSpec
from plaudit.feedback.wrappers.base import AnyEnv, inner, layers
from plaudit.feedback.wrappers.observations import Numbers, shows_words

CHANGING = (
    *(gym.ObservationWrapper, gym.ActionWrapper),
    *(VectorObservationWrapper, VectorActionWrapper),
)


def model_shape(env: Any) -> dict[str, Any]:
    """What a reward model must know of a world: its tokens, or the sizes of its vectors.

    Args:
        env: an environment, single or vector, wrapped or not.

    Raises:
        TypeError: the spaces are neither those of a token world nor flat numbers, or a wrapper
            around RecordSegments changes what is seen or done, so that the model would be asked
            about something else than it learned from.
    """
    _check_recorded(env)
    spec = token_spec_of(env)
    if spec is not None:
        return {"kind": "tokens", "vocab_size": spec.vocab_size, "pad_id": spec.pad_id}
    obs, action = row_spaces(env)
    if shows_words(obs):
        raise TypeError(
            f"learned rewards need numbers, got {obs}; put a TokenView or a ByteView around the "
            "TextView, inside RecordSegments"
        )
    shape = Numbers(obs).shape
    if isinstance(obs, gym.spaces.Discrete) or len(shape) != 1 or not shape[0]:
        raise TypeError(
            f"learned rewards need flat observations of numbers or a token world, got {obs}; "
            "gymnasium.wrappers.FlattenObservation, inside RecordSegments, makes many others flat"
        )
    if isinstance(action, gym.spaces.Discrete):
        return {"kind": "vectors", "obs_dim": shape[0], "action_dim": int(action.n)}
    if isinstance(action, gym.spaces.Box) and len(action.shape) == 1:
        return {"kind": "vectors", "obs_dim": shape[0], "action_dim": action.shape[0]}
    raise TypeError(f"learned rewards need Discrete or flat Box actions, got {action}")


def row_spaces(env: Any) -> tuple[gym.Space[Any], gym.Space[Any]]:
    """Observation and action space of one row.

    Args:
        env: single or vector.
    """
    if isinstance(env, VectorEnv):
        return env.single_observation_space, env.single_action_space
    return env.observation_space, env.action_space


def token_spec_of(env: Any) -> TokenSpec | None:
    """That of the outermost token view or world, unless something changes what it shows or takes.

    Args:
        env: single or vector.
    """
    writes = writer_of(env)
    if writes is None:
        return None
    spec: TokenSpec | None = getattr(writes, "token_spec", None)
    same = row_spaces(env)[0] == row_spaces(writes)[0]
    if spec is None or not same or row_spaces(env)[1] != gym.spaces.Discrete(spec.vocab_size):
        return None
    return spec


def writer_of(env: Any) -> Any | None:
    """The outermost layer that has tokens, of the first row where a vector is made of rows.

    Args:
        env: single or vector.
    """
    rows = env.unwrapped
    if isinstance(rows, gym.vector.SyncVectorEnv):
        env = rows.envs[0]
    for layer in layers(env):
        if "token_spec" in {*dir(type(layer)), *vars(layer)}:
            return layer
    return None


def _check_recorded(env: AnyEnv) -> None:
    """Refuse what changes observations or actions outside of a RecordSegments."""
    recorder = inner(env, "RecordSegments")
    for layer in layers(env):
        if recorder is None or layer is recorder:
            return
        changed = row_spaces(layer) != row_spaces(layer.env)  # type: ignore[union-attr]
        if changed or isinstance(layer, CHANGING):
            raise TypeError(
                f"{type(layer).__name__} changes what is seen or done, and stands between "
                "RecordSegments and LearnedReward, which would rate something else than was "
                f"recorded; put {type(layer).__name__} inside RecordSegments"
            )
