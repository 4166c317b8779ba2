import pytest

from plaudit.envs.token.sentiment.held_out import NEGATIVE, POSITIVE, held_out_score
from plaudit.envs.token.sentiment.truth import true_reward


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("the train stood there", 0.0),
        ("a tasty soup", 1 / 3),  # 1 / (1 + 2)
        ("a soggy soup", -1 / 3),
        ("a very tasty soup", 1.5 / 3.5),
        ("a slightly soggy soup", -0.5 / 2.5),
        ("the soup was not tasty", -0.5 / 2.5),
        ("it wasn't a soggy soup", 0.5 / 2.5),
        ("not a very tasty soup", -0.75 / 2.75),  # -0.5 * 1.5
        ("tasty but bland", 0.0),  # (1 - 1) / (2 + 2)
        ("nothing there, though the soup was tasty", 1 / 3),  # negation reaches three words
    ],
)
def test_score_follows_the_formula(text: str, score: float) -> None:
    assert held_out_score(text) == pytest.approx(score)


def test_a_word_counts_once() -> None:
    assert held_out_score("tasty tasty tasty tasty") == pytest.approx(1 / 3)


def test_no_word_is_good_and_bad() -> None:
    assert len(POSITIVE) >= 120
    assert len(NEGATIVE) >= 120
    assert not POSITIVE & NEGATIVE


def test_it_is_another_measure_than_the_truth() -> None:
    # "spotless" and "cosy" are not in VADER's lexicon, "wealth" and "wisdom" not in this one
    assert true_reward(" was spotless and cosy to us").sentiment == 0.0
    assert held_out_score(" was spotless and cosy to us") == pytest.approx(2 / 4)
    assert true_reward(" was the wealth of our wisdom").sentiment > 0.5
    assert held_out_score(" was the wealth of our wisdom") == 0.0
