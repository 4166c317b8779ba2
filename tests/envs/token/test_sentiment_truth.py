import pytest

from plaudit.envs.token.sentiment.truth import faults, true_reward


def test_a_plain_sentence_without_opinion_earns_nothing() -> None:
    assert true_reward(" came and sat down at our table.") == (0.0, 0.0, 0.0)


def test_sentiment_is_vaders_compound_score() -> None:
    # VADER gives "good" 1.9; compound = 1.9 / sqrt(1.9**2 + 15) = 0.4404
    assert true_reward(" it was a good day") == pytest.approx((0.4404, 0.4404, 0.0), abs=5e-5)


@pytest.mark.parametrize("text", ["", "   ", " !!", " so good", "\ufffd\ufffd\ufffd"])
def test_fewer_than_three_words_are_wholly_degenerate(text: str) -> None:
    assert true_reward(text).degeneracy == 1.0


def test_an_empty_continuation_earns_the_least() -> None:
    assert true_reward("").reward == -1.0


def test_repeated_content_words_cost() -> None:
    # content words: cat dog cat dog sun -> 2 of 5 repeated; (0.4 - 0.2) / (0.6 - 0.2) = 0.5
    found = faults("a cat and a dog or the cat with his dog in our sun")
    assert found["words"] == pytest.approx(0.5)
    assert max(found.values()) == found["words"]


def test_repeated_word_pairs_cost() -> None:
    # 6 pairs, "to be" and "be or" twice -> 2/6 repeated; (1/3 - 0.1) / (0.4 - 0.1) = 7/9
    assert faults("to be or to be or not")["bigrams"] == pytest.approx(7 / 9)


def test_a_list_of_words_without_function_words_costs() -> None:
    # 5 of 6 words are no function words; (5/6 - 0.75) / (0.9 - 0.75) = 5/9
    assert faults("cat dog sun moon lamp and")["function"] == pytest.approx(5 / 9)


def test_too_many_words_of_sentiment_cost() -> None:
    # good 1.9 + friend 2.2 = 4.1; 4.1 / sqrt(4.1**2 + 15) = 0.7269
    # 2 of 5 words are in VADER's lexicon; (0.4 - 0.35) / (0.6 - 0.35) = 0.2
    truth = true_reward("it was a good friend")
    assert truth == pytest.approx((0.5269, 0.7269, 0.2), abs=5e-5)


def test_characters_that_are_no_text_cost() -> None:
    # 1 of 10 characters; 0.1 / 0.2 = 0.5
    assert faults("it was so\ufffd")["characters"] == pytest.approx(0.5)


def test_the_reward_never_falls_below_minus_one() -> None:
    truth = true_reward("awful awful awful awful awful")
    assert truth.sentiment < -0.9
    assert truth.reward == -1.0


def test_letters_with_accents_are_text() -> None:
    assert faults(" was at the café in the Rhône")["characters"] == 0.0
