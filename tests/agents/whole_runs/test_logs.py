"""What every log holds, whatever is learned, in every row."""

import numpy as np
import pytest

from tests.agents.whole_runs.kinds import KINDS

ALWAYS = {"valid", "entropy", "length", "reward", "reward_std", "kl", "true_reward"}
WITHOUT_REWARD = {"supervised"}  # it has a data set and no world


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in WITHOUT_REWARD])
def test_every_row_holds_what_every_log_holds(kind):
    log = KINDS[kind](None, 2).train()
    for row in log[1:]:
        assert set(row) >= ALWAYS
        assert np.isfinite([row[key] for key in ALWAYS]).all()
