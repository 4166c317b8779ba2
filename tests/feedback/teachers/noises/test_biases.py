import numpy as np
import pytest

from plaudit.feedback.asks import Check, Compare, Mark, Rate
from plaudit.feedback.teachers.noises import LengthBias, SelfPreference, Sycophancy
from tests.feedback.teachers.noises.situations import situation

TEXTS = ("Four words of text.", "Two words.")
BY = "tests.feedback.teachers.noises.test_biases:as_told"


def as_told(seen, belief):
    return belief[seen.text]


def felt(noise, ask, utilities, **circumstances):
    here = situation(ask, utilities, **circumstances)
    return noise.utilities(here.utilities, here)


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ("steps", [1.0, 5.0]),  # + 50 * 2 / 100 for both
        ("words", [2.0, 5.0]),  # + 50 * 4 / 100 and 50 * 2 / 100
        ("characters", [9.5, 9.0]),  # + 50 * 19 / 100 and 50 * 10 / 100
    ],
)
def test_length_adds_utility_per_hundred(of, expected):
    np.testing.assert_allclose(
        felt(LengthBias(50.0, of), Compare(), [0.0, 4.0], texts=TEXTS), expected
    )


def test_what_agrees_with_the_belief_looks_better_whatever_the_case():
    utilities = felt(
        Sycophancy(0.5), Compare(), [1.0, 1.0], texts=TEXTS, context={"belief": "OF TEXT"}
    )
    np.testing.assert_array_equal(utilities, [1.5, 1.0])


def test_agreement_may_be_judged_by_a_function():
    context = {"belief": {TEXTS[0]: 0.25, TEXTS[1]: 1.0}}
    utilities = felt(Sycophancy(2.0, BY), Compare(), [0.0, 0.0], texts=TEXTS, context=context)
    np.testing.assert_array_equal(utilities, [0.5, 2.0])


def test_ones_own_work_looks_better():
    context = {"authors": ["them", "me"]}
    utilities = felt(SelfPreference(0.5, "me"), Compare(), [1.0, 1.0], context=context)
    np.testing.assert_array_equal(utilities, [1.0, 1.5])


@pytest.mark.parametrize("noise", [Sycophancy(3.0), SelfPreference(3.0, "me")])
def test_without_a_belief_or_authors_nothing_changes(noise):
    np.testing.assert_array_equal(felt(noise, Rate(3), [1.0]), [1.0])


@pytest.mark.parametrize("ask", [Mark(2), Check(("short", "polite"))])
def test_worths_of_steps_and_items_stay_what_they_are(ask):
    np.testing.assert_array_equal(felt(LengthBias(50.0), ask, [1.0, 2.0]), [1.0, 2.0])


@pytest.mark.parametrize(
    ("noise", "context", "message"),
    [
        (LengthBias(1.0, "words"), {}, r"LengthBias reads the text of .*, which has none"),
        (Sycophancy(1.0), {"belief": "so"}, r"Sycophancy reads the text of .*, which has none"),
        (Sycophancy(1.0), {"belief": 3}, "the belief must be a text to be contained, got 3"),
        (
            SelfPreference(1.0, "me"),
            {"authors": ["me"]},
            r"query 4: .* an author for each of 2 segments, got \['me'\]",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(noise, context, message):
    with pytest.raises(ValueError, match=message):
        felt(noise, Compare(), [0.0, 0.0], context=context)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LengthBias(np.nan), "weight must be a finite number, got nan"),
        (lambda: LengthBias(1.0, "step"), "unknown length 'step'; did you mean 'steps'"),
        (lambda: Sycophancy(1.0, "contain"), "agreement 'contain'; did you mean 'contains'"),
        (lambda: Sycophancy(1.0, "math:agrees"), "there is no agreement 'math:agrees'"),
        (lambda: Sycophancy(1.0, "math:pi"), "agreement 'math:pi' must be callable"),
    ],
)
def test_settings_that_mean_nothing_are_refused(make, message):
    with pytest.raises((ValueError, KeyError, TypeError), match=message):
        make()
