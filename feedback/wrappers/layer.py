"""What the wrappers with a teacher share, in both forms: parts, and how a chain is made again.

A wrapper names its parts. They are saved with it, their teachers hear of the learner's policy, and
are closed with it.
"""

from copy import deepcopy
from json import dumps
from typing import Any, ClassVar

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils import RecordConstructorArgs

from plaudit.envs.types import State
from plaudit.feedback.programs import program
from plaudit.feedback.teachers.base import PolicyProbs, Teacher
from plaudit.feedback.wrappers.base import inner, inner_state, layers, set_inner_state

REBUILT = "plaudit.feedback.wrappers.layer:rebuilt"
DERIVED = ("namespace", "name", "version")  # fields of a spec that follow from its id


class Parts:
    """What a wrapper does with its parts.

    Source: own design.

    Attributes:
        PARTS: names of the attributes that are saved, in the order in which they go back; each has
            `get_state` and `set_state`, and may have a `teacher`.
    """

    PARTS: ClassVar[tuple[str, ...]] = ()
    env: Any

    def set_policy(self, probs: PolicyProbs) -> None:
        """Tell the learner's policy, (N, ...) observations -> (N, A), to all teachers inside too.

        Through Gymnasium's own wrappers outside: `env.get_wrapper_attr("set_policy")(probs)`.
        """
        for teacher in self._teachers():
            teacher.set_policy(probs)
        for layer in layers(self.env):
            if "set_policy" in dir(type(layer)):
                layer.set_policy(probs)  # type: ignore[union-attr]
                return  # it tells those inside of it

    def get_state(self) -> State:
        """A fresh copy of everything the next step depends on."""
        parts = {name.lstrip("_"): getattr(self, name).get_state() for name in self.PARTS}
        return {"env": inner_state(self.env), **parts}

    def set_state(self, state: State) -> None:
        """Go back to a state of the same chain of wrappers."""
        set_inner_state(self.env, state["env"])
        for name in self.PARTS:
            getattr(self, name).set_state(state[name.lstrip("_")])

    def close(self, **kwargs: Any) -> None:
        """Close the environment, and what a teacher holds open, e.g. its folder."""
        try:
            for teacher in self._teachers():
                if hasattr(teacher, "close"):
                    teacher.close()
        finally:
            self.env.close(**kwargs)

    def _teachers(self) -> list[Teacher]:
        found = [getattr(getattr(self, name), "teacher", None) for name in self.PARTS]
        return [teacher for teacher in found if teacher is not None]


class Layer(Parts, gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """A wrapper of a single environment.

    Source: own design.

    Args:
        env: what is wrapped.
        **settings: arguments of the wrapper, for its spec.
    """

    def __init__(self, env: gym.Env[Any, Any], **settings: Any) -> None:
        RecordConstructorArgs.__init__(self, **settings)
        gym.Wrapper.__init__(self, env)
        self._hidden = inner(env, "HideReward") is not None


class VectorLayer(Parts, gym.vector.VectorWrapper[Any, Any, Any, Any, Any], RecordConstructorArgs):
    """A wrapper of a vector environment, whose `spec` makes it again.

    Source: own design.

    Args:
        env: what is wrapped.
        **settings: arguments of the wrapper, for its spec.
    """

    def __init__(self, env: gym.vector.VectorEnv[Any, Any, Any], **settings: Any) -> None:
        RecordConstructorArgs.__init__(self, **settings)
        gym.vector.VectorWrapper.__init__(self, env)
        self._hidden = inner(env, "HideReward") is not None

    @property
    def spec(self) -> EnvSpec | None:  # type: ignore[override]
        """What `gym.make_vec` makes this from, and all it wraps; None where the world has none.

        Raises:
            TypeError: a wrapper inside does not record its settings.
        """
        inside = _spec_of(self.env)
        if inside is None:
            return None
        settings = {
            "spec": inside,
            "wrapper": f"{type(self).__module__}:{type(self).__qualname__}",
            "settings": self._saved_kwargs,
            "num_envs": self.num_envs,
        }
        return EnvSpec(inside.id, vector_entry_point=REBUILT, kwargs=deepcopy(settings))


def rebuilt(
    num_envs: int, spec: EnvSpec | dict[str, Any], wrapper: str, settings: dict[str, Any]
) -> gym.vector.VectorEnv[Any, Any, Any]:
    """A wrapped vector environment, as its spec describes it; `gym.make_vec` calls this.

    Args:
        num_envs: rows.
        spec: of what is wrapped; a dict where it was read from JSON.
        wrapper: "module:Class".
        settings: its arguments.

    Raises:
        ValueError: there is no such wrapper, or it does not take the settings.
    """
    inside = deepcopy(_read(spec))
    inside.kwargs["num_envs"] = num_envs
    env: gym.vector.VectorEnv[Any, Any, Any] = program("wrapper", wrapper)(
        gym.make_vec(inside), **settings
    )
    return env


def _spec_of(env: Any) -> EnvSpec | None:
    if isinstance(env, VectorLayer):
        return env.spec
    if isinstance(env, gym.vector.VectorWrapper):
        raise TypeError(
            f"{type(env).__name__} does not record its settings, so that there is no spec of what "
            "stands around it; put it outside of plaudit's wrappers"
        )
    spec: EnvSpec | None = env.spec
    # `gym.make_vec` writes the spec of the whole chain into the world.
    while spec is not None and spec.vector_entry_point == REBUILT:
        spec = _read(spec.kwargs["spec"])
    return spec


def _read(spec: EnvSpec | dict[str, Any]) -> EnvSpec:
    if isinstance(spec, EnvSpec):
        return spec
    return EnvSpec.from_json(dumps({k: v for k, v in spec.items() if k not in DERIVED}))
