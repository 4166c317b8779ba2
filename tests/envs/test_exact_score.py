import numpy as np
import pytest

from plaudit.envs.exact_score import exact_score

LADDER = ("plaudit/Tabular-v0", {"instance": "ladder"})


def always(action, actions=2):
    return lambda obs: np.tile(np.eye(actions)[action], (len(obs), 1))


def even(obs):
    return np.full((len(obs), 2), 0.5)


def test_random_play_scores_nothing_and_the_best_scores_one():
    assert exact_score(even, LADDER[0], **LADDER[1]) == pytest.approx((0.0, 0.0))
    # climbing is best everywhere, but at a fork with too few steps left to reach the top
    score, sense = exact_score(always(0), LADDER[0], **LADDER[1])
    assert score == pytest.approx(1.0)
    assert 0.9 < sense < 1.0


def test_a_score_may_be_below_that_of_random_play():
    # leaving is worth 0 at the fork, and 30 times -5 from the bottom: -37.5 on average
    score, sense = exact_score(always(1), LADDER[0], **LADDER[1])
    best, floor = 35.25, -21.74528412660584
    assert score == pytest.approx((0.25 * -150 - floor) / (best - floor))
    assert sense < -0.8


def test_a_world_without_a_model_or_a_choice_is_refused():
    with pytest.raises(ValueError, match="no finite model"):
        exact_score(even, "plaudit/TokenNgram-v0")
    tables = {"transitions": [[[0, 1.0]] * 2, [[0, 1.0]] * 2], "rewards": [[1.0, 1.0]] * 2}
    settings = tables | {"start": [1.0, 0.0], "horizon": 1, "terminal": [0, 1]}
    with pytest.raises(ValueError, match="tells no policy from another: all earn 1"):
        exact_score(even, "plaudit/Tabular-v0", **settings)
