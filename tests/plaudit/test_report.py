import re

import pytest

from plaudit import figures
from plaudit.report import Page, Table, render, write

PAGE = Page(
    title="A & B",
    lede="<b>not markup</b>",
    table=Table(("arm", "return"), [("truth", 1.23456), ("person", None)]),
    samples=[
        (
            "After",
            [{"prompt": "ab", "answer": "cd", "paid": [1.0, -2.0], "true_return": -1.0}],
        )
    ],
    settings={"beta": 1.0},
)


def test_what_is_shown_is_escaped():
    page = render(PAGE)
    assert "A &amp; B" in page
    assert "&lt;b&gt;not markup&lt;/b&gt;" in page


def test_numbers_have_three_digits_and_what_is_missing_a_dash():
    page = render(PAGE)
    assert "<td class='number'>1.235</td>" in page
    assert "<td class='number'>\N{EN DASH}</td>" in page


def test_each_letter_stands_on_the_colour_of_its_reward():
    found = re.findall(r"var\(--(good|bad)\), ([0-9.]+)\)' title='([+-][0-9.]+)'>(.)", render(PAGE))
    # opacity = 0.75 * min(|reward| / 2.5, 1): 0.30 for 1, 0.60 for -2
    assert found == [("good", "0.30", "+1.00", "c"), ("bad", "0.60", "-2.00", "d")]


def test_a_page_needs_nothing_from_outside(tmp_path):
    line = ([0.0, 1.0, 2.0], [0.0, 0.5, 1.0])
    frontier = {"kl": [0.1, 3.0], "reward": [0.5, 4.0], "optimum": {"kl": 1.0, "reward": 2.0}}
    svg = figures.plane({"truth": [line]}, frontier, 1.0, "points")
    path = write(Page("t", "l", PAGE.table, figures=[("f", svg, "n")]), tmp_path / "a" / "r.html")
    text = path.read_text("utf-8")
    assert "exact frontier" in text
    links = re.findall(r"(?:src|href)=['\"](?!#)([^'\"]+)", text)
    assert [link for link in links if not link.startswith("#")] == []
    assert "<script" not in text


@pytest.mark.parametrize("arms", [{}, {"truth": [([0.0, 1.0], [0.0, 2.0])] * 3}])
def test_curves_hold_any_number_of_seeds(arms):
    assert figures.curves([("reward", "points", arms)]).startswith("<svg")
