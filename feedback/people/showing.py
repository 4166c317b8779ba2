"""What a person sees of a segment: its text, or moving pictures, or a table of what was done.

The truth stays hidden: neither rewards nor states nor what others saw is ever shown.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from plaudit.feedback.atomic import replace_file
from plaudit.feedback.types import Segment

SMALLEST = 160  # pixels of the shorter side; smaller pictures are enlarged
FRAME = 400  # milliseconds each picture is shown
LAST = 1600  # milliseconds the last picture is shown, so that one sees how it ended
CAPTION = 14  # pixels below a picture for the number of its step
NUMBERS = 32  # numbers of an observation that are written out

HEAD = ("step", "observation", "action")


@dataclass(frozen=True)
class Shown:
    """What is shown of one segment; the fields of other kinds are empty.

    Attributes:
        kind: which of these it is.
        text: words.
        picture: file name in the desk's `pictures`: PNG, or GIF where it moves.
        table: rows of `HEAD`; the last one has no action.
    """

    kind: Literal["text", "picture", "table"]
    text: str = ""
    picture: str = ""
    table: tuple[tuple[str, ...], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The kind and what is shown."""
        content = list(map(list, self.table)) if self.kind == "table" else getattr(self, self.kind)
        return {"kind": self.kind, self.kind: content}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        kind = fields["kind"]
        content = fields[kind]
        if kind == "table":
            content = tuple(tuple(row) for row in content)
        return cls(**{"kind": kind, kind: content})


def show(segment: Segment, folder: Path) -> Shown:
    """What a person sees of a segment; pictures are written into a folder.

    Args:
        segment: its text is shown if it has one, else its frames, else what was observed and done.
        folder: of pictures, which are named by their content, so that each is kept once.

    Raises:
        ValueError: frames that are no pictures.
    """
    if segment.text is not None:
        return Shown("text", text=segment.text)
    if segment.frames is not None:
        return Shown("picture", picture=_keep(segment.frames, folder))
    return Shown("table", table=_table(segment))


def _keep(frames: npt.NDArray[np.uint8], folder: Path) -> str:
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or not frames.size:
        raise ValueError(
            f"frames must be (T + 1, height, width, 3) uint8, got {frames.shape} {frames.dtype}"
        )
    digest = hashlib.sha256(repr(frames.shape).encode() + frames.tobytes()).hexdigest()[:24]
    name = f"{digest}.{'gif' if len(frames) > 1 else 'png'}"
    if not (folder / name).exists():
        folder.mkdir(exist_ok=True)
        replace_file(folder / name, picture(frames))
    return name


def picture(frames: npt.NDArray[np.uint8]) -> bytes:
    """A PNG of one frame, or a GIF of several that says which step each one shows.

    Args:
        frames: (T + 1, height, width, 3).
    """
    factor = -(-SMALLEST // min(frames.shape[1:3]))
    large = frames.repeat(factor, axis=1).repeat(factor, axis=2)
    first, *others = [Image.fromarray(frame) for frame in large]
    file = io.BytesIO()
    if not others:
        first.save(file, "PNG")
        return file.getvalue()
    first, *others = [_with_step(image, step) for step, image in enumerate([first, *others])]
    durations = [FRAME] * len(others) + [LAST]
    first.save(file, "GIF", save_all=True, append_images=others, duration=durations, loop=0)
    return file.getvalue()


def _with_step(image: Image.Image, step: int) -> Image.Image:
    width, height = image.size
    page = Image.new("RGB", (width, height + CAPTION))
    page.paste(image)
    ImageDraw.Draw(page).text((2, height + 1), f"step {step}", fill="white")
    return page


def _table(segment: Segment) -> tuple[tuple[str, ...], ...]:
    actions = [*map(_written, segment.actions), ""]
    observations = map(_written, segment.obs)
    rows = enumerate(zip(observations, actions, strict=True))
    return tuple((str(step), observation, action) for step, (observation, action) in rows)


def _written(value: Any) -> str:
    """Numbers as text on one line, three digits each; long arrays only by their ends."""
    text = np.array2string(
        np.asarray(value), precision=3, suppress_small=True, threshold=NUMBERS, max_line_width=10**9
    )
    return " ".join(text.split())
