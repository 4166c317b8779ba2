from dataclasses import replace

import numpy as np
import pytest

from plaudit.feedback.teachers.lenses.imagined import Imagined
from plaudit.feedback.teachers.presets.imagining import imaginer
from tests.feedback.recorded import recorded

ASSIST = "plaudit/TokenAssist-v0"
WORLD = {
    "options": 2,
    "evidence": 2,
    "reliability": 0.75,
    "user_accuracy": [0.5, 0.9],
    "max_new": 4,
}
# Option b is advised to a user who is sure of a, where both items point to b.
BEGIN = {"view": 0, "sure": 1, "items": [1, 1]}
END = 6  # 2 options, 2 hedges, 2 items, the end


def advised(episode=0, **changes):
    return recorded(ASSIST, WORLD, [1, END], episode=episode, **{**BEGIN, **changes})


def share_helped(**settings):
    """How often b turns out to be right: then the outcome is 1, else -0.5."""
    lens = Imagined(ASSIST, WORLD, **settings)
    outcomes = [lens(advised(episode)).rewards[-1] for episode in range(400)]
    assert set(outcomes) == {1.0, -0.5}
    return np.mean(np.array(outcomes) > 0)


def test_a_simulator_that_knows_all_follows_the_evidence():
    # Odds of b: 1/9 for the view, 3 x 3 for the items: 1 to 1.
    assert abs(share_helped() - 0.5) < 4 * 0.025  # standard error 0.5 / 20


def test_one_that_knows_the_view_only_follows_the_user():
    assert abs(share_helped(knows="view") - 0.1) < 4 * 0.015  # standard error 0.3 / 20


def test_the_real_outcome_is_not_looked_at_and_the_segment_stays():
    real = advised(truth=1, right=[0, 1])
    other = advised(truth=0, right=[1, 0])
    lens = Imagined(ASSIST, WORLD)
    assert lens(real).rewards.tolist() == lens(other).rewards.tolist()
    assert real.states[-1]["game"]["truth"].tolist() == [1]
    assert lens(real) is lens(real)


def test_what_it_needs():
    with pytest.raises(ValueError, match="knows"):
        Imagined(ASSIST, WORLD, knows="nothing")
    with pytest.raises(ValueError, match="Imagined needs the states"):
        Imagined(ASSIST, WORLD)(replace(advised(), states=None))
    tabular = "plaudit/Tabular-v0"
    segment = recorded(tabular, {"instance": "regret_vs_partial_return"}, [1])
    with pytest.raises(ValueError, match="nothing of what could be imagined; TokenAssist does"):
        Imagined(tabular, {"instance": "regret_vs_partial_return"})(segment)


def test_the_preset_judges_by_it():
    teacher = imaginer(ASSIST, WORLD, knows="view", beta=2.0, seed=3)
    assert teacher.lens == Imagined(ASSIST, WORLD, "view", 3)
