from collections import Counter

import pytest

from plaudit.envs.token.sentiment.openings import PROMPT_WINDOW, SPLITS, load_openings

ALL = load_openings("train") + load_openings("evaluation")


def test_there_are_250_different_openings_three_in_ten_for_evaluation() -> None:
    assert len({opening.text.lower() for opening in ALL}) == len(ALL) == 250
    assert len(load_openings("evaluation")) == 75


@pytest.mark.parametrize("split", SPLITS)
def test_every_domain_and_tone_is_in_every_split(split: str) -> None:
    cells = Counter((opening.domain, opening.tone) for opening in load_openings(split))
    assert len(cells) == 10 * 3


def test_openings_break_off_within_a_sentence() -> None:
    for opening in ALL:
        assert 6 <= len(opening.text.split()) <= 14, opening
        assert opening.text[-1].isalpha() or opening.text[-1] == ",", opening


def test_the_longest_opening_fits_the_window() -> None:
    longest = max(len(opening.text.encode()) for opening in ALL)
    assert longest == PROMPT_WINDOW - 1


def test_an_unknown_split_names_the_near_one() -> None:
    with pytest.raises(ValueError, match="did you mean 'train'"):
        load_openings("trian")
