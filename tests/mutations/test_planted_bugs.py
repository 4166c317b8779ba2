"""Tests are tested: each planted bug must be caught, and without one nothing may fail."""

import pytest

from tests.mutations.bugs import BUGS, ROOT, copied, planted, run


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return copied(tmp_path_factory.mktemp("mutations"))


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_can_be_planted_in_one_place(bug):
    assert (ROOT / bug.file).read_text(encoding="utf-8").count(bug.before) == 1


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_caught(bug, copy):
    assert planted(bug, copy) == 1


@pytest.mark.slow
@pytest.mark.parametrize("tests", sorted({bug.tests for bug in BUGS}), ids=lambda t: t[0])
def test_without_a_bug_the_same_tests_pass(tests, copy):
    assert run(copy, *tests) == 0
