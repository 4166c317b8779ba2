import numpy as np
import pytest

from plaudit.envs.token.token_assist.game import TokenAssist
from plaudit.feedback.models.advice_features import advice_features

SETTINGS = {"options": 3, "evidence": 2, "max_new": 4, "macro": 4}
GAME = TokenAssist(**SETTINGS)


def told(prompt, text):
    words = GAME.tokenizer.encode(text)
    said = np.array([[*words, *[GAME.spec.eos_id] * (4 - len(words))]])
    window = np.array([[GAME.spec.pad_id, *GAME.tokenizer.encode(prompt)]])
    found = advice_features(window, said, settings=SETTINGS)
    assert found.shape == (1, 8 * 3 + 12)
    return np.flatnonzero(found[0]).tolist()


def test_a_shared_view_with_proof():
    # View and answer b, sure: group 3 of 4; 1 of 2 items for it: 3 x 3 + 1.
    # "surely": 12 + 3 x 3 + 2. Shared, 1 cited for it: 24 + 3 + 1; none against: 30 + 3.
    assert told("b sure evidence b a :", "b surely cite0") == [10, 23, 28, 33]


def test_another_answer_with_proof_against_it():
    # Not shared, unsure: group 0; no item for c; no hedge: 12 + 1.
    # None for: 24; two against: 30 + 2.
    assert told("b unsure evidence b a :", "c cite0 cite1") == [0, 13, 24, 32]


def test_no_answer_has_no_features():
    assert told("b sure evidence b a :", "surely cite0") == []
    assert told("b sure evidence b a :", "a b") == []


def test_single_tokens_are_refused():
    with pytest.raises(ValueError, match=r"macro=4; got shape \(1,\)"):
        advice_features(np.zeros((1, 9), int), np.zeros(1, int), settings=SETTINGS)
