import re

import pytest

from plaudit.report import render
from plaudit.studies.attribution import Attribution
from plaudit.studies.study import Picture
from plaudit.studies.verdict import Estimate
from plaudit.study_figures import draw
from plaudit.study_pages import attribution_table, study_page
from tests.studies.test_results import result
from tests.studies.toy import toy

EXACT = {"the optimum": {"x": [0.5], "y": [1.0]}}
PICTURES = {
    "curve": Picture("curve", "steps", "score", "It rises."),
    "plane": Picture("plane", "score", "regret", "Apart.", lines=lambda settings: EXACT),
    "bars": Picture("bars", "arm", "points", "High.", arms=("on", "off"), measures=("score",)),
}


def points(svg):
    return len(re.findall(r"<use ", svg))


@pytest.mark.parametrize("kind", PICTURES)
def test_a_figure_of_each_kind_shows_every_seed(kind):
    found = result(study=toy(picture=PICTURES[kind]))
    # claim, ablation and control have four seeds each, and a mean
    assert points(draw(found)) >= 3 * 5


def test_equal_results_give_equal_figures():
    assert draw(result()) == draw(result())


def test_the_exact_line_is_named():
    drawn = draw(result(study=toy(picture=PICTURES["plane"])))
    assert "the optimum" in drawn


def test_the_page_says_the_verdict_and_shows_the_figure():
    page = render(study_page(result()))
    assert "S026 toy: holds" in page
    assert "no verdict" in render(study_page(result("quick")))
    assert "<svg" in page
    assert "It rises." in page


def test_an_attribution_is_shown_in_shares():
    def same(value):
        return Estimate(value, value, value, (value, value))

    parts = {"lens": same(0.3), "labels": same(0.1)}
    table = attribution_table(Attribution("toy", "on", same(0.4), parts, same(0.0)))
    assert [row[2] for row in table.rows] == ["75.0%", "25.0%", "0.0%", "100.0%"]
