import pytest

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
        ({"by": 3}, TypeError, r"a maths is a name, .* got \{'by': 3\}"),
        (3, TypeError, r"a maths is a name, .* got 3"),
    ],
)
def test_a_spec_that_stands_for_nothing_is_refused(spec, error, message):
    with pytest.raises(error, match=message):
        program("maths", spec, KNOWN)


def test_a_label_names_the_settings_too():
    assert label({"name": "contains", "text": "please"}) == "contains(text='please')"
    assert label("words") == "words"
    assert label(scale) == "scale"
