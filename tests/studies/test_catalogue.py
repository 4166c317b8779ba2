import pytest

from plaudit.studies import catalogue, results
from plaudit.studies.registry import STUDIES
from tests.studies.test_results import result


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setitem(STUDIES, "toy", "toy_study:STUDY")
    results.keep(result(), tmp_path)
    return tmp_path


def test_the_table_has_every_system_once():
    table = catalogue.systems()
    assert len({system.id for system in table}) == len(table)
    assert len(table) == 231


def test_surveys_are_indexed_and_never_hold():
    statuses = {catalogue.status(s, None) for s in catalogue.systems() if s.is_reference}
    assert statuses == {"indexed"}
    assert catalogue.status(catalogue.systems()[0], None) == "not rebuilt yet"


def test_the_page_says_what_came_out(kept):
    page = catalogue.page(catalogue.results(kept))
    assert "231 published systems" in page
    assert "1 inconclusive" in page  # q of four seeds cannot be below .05
    assert "| [S026](#s026-rloo--reinforce-revisited) |" in page
    assert "| claim | it gains | 1.000 [1.000, 1.000] | 0.05 | 0.000 [0.000, 0.000] |" in page
    assert "![toy](figures/studies/toy.svg)" in page


def test_q_corrects_for_the_number_of_studies():
    # by hand: .01 * 3 / 1 = .03, .02 * 3 / 2 = .03, .9
    assert catalogue.corrected([0.02, 0.9, 0.01]) == pytest.approx([0.03, 0.9, 0.03])
    assert catalogue.corrected([]) == []


def test_what_may_be_luck_does_not_hold(kept):
    # four seeds flip to a p of 1/16 at best
    (found,) = catalogue.results(kept)
    assert found["q"] == 0.0625
    assert found["verdict"] == "inconclusive"
    assert "may be luck" in found["reason"]


def test_the_weakest_claim_fails_or_is_nearest_to_its_limit():
    def claim(low, met=True, two_sided=False, kind="claim"):
        shown = {"effect": [low + 0.1, low, low + 0.2], "limit": 0.05, "met": met}
        return shown | {"kind": kind, "two_sided": two_sided}

    parts = [claim(0.9), claim(0.1), claim(0.0, two_sided=True), claim(0.0, kind="control")]
    assert catalogue.weakest({"parts": parts}) is parts[1]
    parts.append(claim(0.3, met=False))
    assert catalogue.weakest({"parts": parts}) is parts[-1]
