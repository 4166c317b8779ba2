"""Recording in words: what a segment says, and the numbers behind worlds that show words.

Source: own design.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit.envs.forms import SingleForm
from plaudit.envs.game import Unparsable, read_text
from plaudit.envs.making import speaks
from plaudit.envs.types import TokenSpec
from plaudit.feedback.shots import talk
from plaudit.feedback.types import Segment
from plaudit.feedback.wrappers.base import AnyEnv
from plaudit.feedback.wrappers.model_shape import row_spaces, token_spec_of, writer_of
from plaudit.feedback.wrappers.observations import Numbers, shows_words

Array = npt.NDArray[Any]
Reader = Callable[[Any], Array]

UNREAD = -1  # in place of an act, where the words stood for none


class Wording(NamedTuple):
    """How the segments of an environment get their words.

    Attributes:
        noted: what is shown are words, which are noted at every step.
        told: puts a segment into words when somebody looks at it, where that can be done.
        states: the world's states must be kept for that.
    """

    noted: bool = False
    told: Callable[[Segment], str | None] | None = None
    states: bool = False


def wording_of(env: AnyEnv, text: bool | None, states: bool, frames: bool) -> Wording:
    """How segments of an environment are put into words, if they are.

    Args:
        env: what is recorded, single or vector.
        text: whether they are; None where that costs nothing at a step.
        states: the world's states are kept anyway.
        frames: pictures are kept, which people would not see beside words.

    Raises:
        TypeError: words are asked of a world that has none.
        ValueError: text is neither True, False nor None.
    """
    if text not in (True, False, None):
        raise ValueError(f"text must be True, False or None, got {text!r}")
    if text is False:
        return Wording()
    if shows_words(row_spaces(env)[0]):
        return Wording(noted=True)
    spec = token_spec_of(env)
    writer: Any = writer_of(env)
    in_order = getattr(getattr(writer, "game", None), "order", "left_to_right") == "left_to_right"
    if spec is not None and in_order and hasattr(writer, "tokenizer"):
        return Wording(told=_decoded(spec, writer.tokenizer))
    game = _speaking(env)
    if game is not None and (text or (states and not frames)):
        return Wording(told=_retold(game), states=True)
    if text:
        raise TypeError(
            f"text=True needs a world of words, of tokens with a tokenizer, or one that speaks, "
            f"got {env}"
        )
    return Wording()


def readers(env: AnyEnv) -> tuple[Reader, Reader]:
    """Of a single environment: what reads its observations as numbers, and its actions.

    Where words are shown or written, these are the numbers of plaudit's world behind them, as it
    is then: actions are to be read before the step. An act that no words stood for is -1.

    Args:
        env: what is recorded.
    """
    readings: list[Reader] = [Numbers(space).one for space in row_spaces(env)]
    world: Any = env.unwrapped
    if isinstance(world, SingleForm):
        if shows_words(env.observation_space):
            shown = Numbers(world.observation_space).one

            readings[0] = lambda _: shown(world.game.observe(world.get_state()["game"])[0])
        if shows_words(env.action_space):
            readings[1] = _acts(world) if speaks(world.game) else _tokens(world)
    return readings[0], readings[1]


def _acts(world: SingleForm) -> Reader:
    def done(words: Any) -> Array:
        try:
            limit = world.game.text_limit  # type: ignore[attr-defined]
            return np.asarray(read_text(words, limit, world.parse))
        except Unparsable:
            return np.full(world.action_space.shape or (), UNREAD)

    return done


def _tokens(world: SingleForm) -> Reader:
    """(max_new,) the tokens of an answer, with the padding behind."""
    spec, tokenizer = world.token_spec, world.tokenizer

    def done(words: Any) -> Array:
        try:
            tokens = tokenizer.encode(words)[: spec.max_new] if isinstance(words, str) else []
        except ValueError:
            tokens = []
        return np.array(tokens + [spec.pad_id] * (spec.max_new - len(tokens)))

    return done


def _decoded(spec: TokenSpec, tokenizer: Any) -> Callable[[Segment], str]:
    """What was written, decoded: one line per answer."""

    def told(segment: Segment) -> str:
        answers: list[list[int]] = [[]]
        for token in segment.actions.tolist():
            if token == spec.eos_id:
                answers.append([])
            elif token == spec.backspace_id:
                del answers[-1][-1:]
            else:
                answers[-1].append(token)
        return "\n".join(tokenizer.decode(answer) for answer in answers if answer)

    return told


def _speaking(env: AnyEnv) -> Any | None:
    """The game behind a world that speaks and whose own actions are taken, or None."""
    world: Any = env.unwrapped
    rows = getattr(world, "envs", None)
    world = rows[0].unwrapped if rows else world
    game = getattr(world, "game", None)
    if game is None or not speaks(game) or row_spaces(env)[1] != row_spaces(world)[1]:
        return None
    return game


def _retold(game: Any) -> Callable[[Segment], str | None]:
    """What was read and said, from the states that were kept."""

    def told(segment: Segment) -> str | None:
        if segment.states is None:
            return None
        states = [state["game"] for state in segment.states]
        said = [game.words(a, state, 0) for a, state in zip(segment.actions, states, strict=False)]
        return talk([game.says(state, 0) for state in states], ["", *said])

    return told
