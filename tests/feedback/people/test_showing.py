import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from plaudit.feedback.people.showing import CAPTION, FRAME, LAST, Shown, picture, show
from tests.feedback.people.cases import segment


def frames(count, height=200, width=240):
    """Pictures of one colour each, red growing from step to step."""
    made = np.zeros((count, height, width, 3), np.uint8)
    made[..., 0] = 40 * np.arange(count)[:, None, None]
    return made


def test_text_is_shown_rather_than_pictures_and_numbers(tmp_path):
    shown = show(segment(3, frames=frames(5)), tmp_path)
    assert shown == Shown("text", text="some words 3")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_text_is_a_text(tmp_path):
    assert show(replace(segment(), text=""), tmp_path) == Shown("text", text="")


def test_several_frames_are_a_gif_that_names_the_steps(tmp_path):
    shown = show(segment(text=None, frames=frames(5)), tmp_path)
    with Image.open(tmp_path / shown.picture) as image:
        assert (image.format, image.n_frames, image.info["loop"]) == ("GIF", 5, 0)
        assert image.size == (240, 200 + CAPTION)
        image.seek(3)
        pixels, duration = np.asarray(image.convert("RGB")), image.info["duration"]
        image.seek(4)
        assert (duration, image.info["duration"]) == (FRAME, LAST)
    assert abs(int(pixels[100, 120, 0]) - 120) <= 4  # step 3 is 40 * 3 red, in 256 colours
    assert pixels[200:].max() >= 250  # its number below


def test_one_frame_is_a_png_enlarged_to_be_seen(tmp_path):
    board = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(1, 2, 3, 3)
    with Image.open(io.BytesIO(picture(board))) as image:
        # 160 pixels for the shorter side of 2: 80 times as large.
        assert (image.format, image.size) == ("PNG", (240, 160))
        np.testing.assert_array_equal(np.asarray(image)[40::80, 40::80], board[0])


def test_the_same_pictures_are_kept_once(tmp_path):
    folder = tmp_path / "pictures"
    first = show(segment(0, text=None, frames=frames(5)), folder)
    second = show(segment(1, text=None, frames=frames(5)), folder)
    other = show(segment(2, text=None, frames=frames(5) + np.uint8(1)), folder)
    assert first == second != other
    assert sorted(p.name for p in folder.iterdir()) == sorted([first.picture, other.picture])


def test_what_has_neither_is_shown_as_a_table_of_what_was_seen_and_done(tmp_path):
    plain = replace(segment(1, text=None), obs=np.array([[0.5, 1 / 3]] * 5))
    shown = show(plain, tmp_path)
    assert shown.table[0] == ("0", "[0.5 0.333]", "0")
    assert shown.table[3] == ("3", "[0.5 0.333]", "3")
    assert shown.table[4] == ("4", "[0.5 0.333]", "")  # nothing was done after the last one


def test_a_large_observation_is_shown_by_its_ends(tmp_path):
    plain = replace(segment(text=None), obs=np.zeros((5, 40, 40)))
    assert len(show(plain, tmp_path).table[0][1]) < 200


@pytest.mark.parametrize(
    "bad",
    [np.zeros((5, 8, 8)), np.zeros((5, 8, 8, 3)), np.zeros((5, 0, 8, 3), np.uint8)],
    ids=["grey", "floats", "empty"],
)
def test_frames_that_are_no_pictures_are_refused(tmp_path, bad):
    with pytest.raises(ValueError, match=r"frames must be \(T \+ 1, height, width, 3\) uint8, got"):
        show(segment(text=None, frames=bad), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "shown",
    [
        Shown("text", text="x"),
        Shown("picture", picture="x.png"),
        Shown("table", table=(("0", "1", ""),)),
    ],
    ids=lambda shown: shown.kind,
)
def test_what_is_shown_goes_through_json(shown):
    assert Shown.from_json(json.loads(json.dumps(shown.to_json()))) == shown
