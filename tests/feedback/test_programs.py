import re

import pytest

from plaudit import feedback
from plaudit.feedback.programs import label, program

KNOWN = {"join": "os.path:join", "scale": "tests.feedback.test_programs:scale", "pi": "math:pi"}


def scale(number, *, by, plus=0):
    return by * number + plus


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"name": "scale", "by": 3}, 6),
        ({"name": "scale", "by": 3, "plus": 1}, 7),
        ("builtins:float", 2.0),
        (lambda number: -number, -2),
    ],
)
def test_a_spec_stands_for_a_function_with_its_settings(spec, expected):
    assert program("maths", spec, KNOWN)(2) == expected


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("jion", KeyError, r"unknown maths 'jion'; did you mean 'join'\?.*or give 'module:attr'"),
        ("no_such_module:f", ValueError, r"no maths 'no_such_module:f': No module named"),
        ("math:tau_", ValueError, r"no maths 'math:tau_'"),
        ("pi", TypeError, r"maths 'pi' must be callable, got 3\.14"),
        ("scale", ValueError, r"maths 'scale' needs by"),
        ({"name": "scale", "bi": 3}, ValueError, r"no setting 'bi'; did you mean 'by'\?"),
        ({"by": 3}, TypeError, r"a maths is a name or .* got \{'by': 3\}"),
        (3, TypeError, r"a maths is a name or .* got 3"),
    ],
)
def test_a_spec_that_stands_for_nothing_is_refused(spec, error, message):
    with pytest.raises(error, match=message):
        program("maths", spec, KNOWN)


def test_a_label_names_the_settings_too():
    assert label({"name": "contains", "text": "please"}) == "contains(text='please')"
    assert label("words") == "words"
    assert label(scale) == "scale"


@pytest.mark.parametrize(
    ("spec", "settings", "error", "message"),
    [
        ("tamer", {"betaa": 1}, ValueError, "'tamer' has no setting 'betaa'; did you mean 'beta'?"),
        ("coach", {}, ValueError, "'coach' needs world, e.g. world='plaudit/Delivery-v0'"),
        ({"name": "orcale"}, {}, KeyError, "unknown teacher 'orcale'; did you mean 'oracle'?"),
        ({"beta": 1.0}, {}, TypeError, "a teacher is a name or {'name': ..., setting: ...}, which"),
        (3, {}, TypeError, "which can be saved, got 3"),
    ],
)
def test_a_teacher_that_cannot_be_made_says_why(spec, settings, error, message):
    with pytest.raises(error, match=re.escape(message)):
        feedback.make(spec, **settings)


def test_a_teacher_is_made_from_what_wrappers_save():
    teacher = feedback.make({"name": "boltzmann", "beta": 2.0}, beta=1.0, seed=3)
    assert (teacher.choice.beta, teacher.seed) == (2.0, 3)


def test_a_preset_lists_the_settings_of_its_judgement():
    with pytest.raises(ValueError, match=r"Known: agreement, beta, .* reference_returns, .* tie"):
        feedback.make("verbose", wieght=2.0)


def test_a_reward_model_names_the_setting_that_was_meant():
    with pytest.raises(ValueError, match=r"no setting 'hiden'.*; did you mean|Known: action_dim"):
        feedback.model("bradley_terry", hiden=3)
