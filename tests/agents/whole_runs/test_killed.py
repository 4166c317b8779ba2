"""kill -9 at any moment: the run goes on from its checkpoint, and ends as if nothing had happened.

Children are forked, so that ten of them need not import everything ten times.
"""

import multiprocessing
import signal

import numpy as np
import pytest
import torch

from tests.agents.whole_runs.kinds import KINDS, parameters

UPDATES = 30
KILLS = 10
FORK = multiprocessing.get_context("fork")


def child(kind, folder, ready):
    torch.set_num_threads(1)
    trainer = KINDS[kind](folder, UPDATES)
    trainer.resume()
    ready.set()
    trainer.train(checkpoint_every=1)


def told(log):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in log]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_ten_kills_at_random_moments_change_nothing(kind, tmp_path):
    whole = KINDS[kind](None, UPDATES)
    whole.train()
    seconds = sum(row.get("seconds", 0.0) for row in whole.log)
    # With its checkpoints a run takes longer than that, so ten kills come before it is over: some
    # early, some late, some before any progress.
    delays = np.random.default_rng(0).uniform(0.0, 0.15 * seconds, KILLS)
    for delay in delays:
        ready = FORK.Event()
        process = FORK.Process(target=child, args=(kind, tmp_path, ready))
        process.start()
        assert ready.wait(60)
        process.join(delay)
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
    last = KINDS[kind](tmp_path, UPDATES)
    last.resume()
    last.train(checkpoint_every=1)
    assert torch.equal(parameters(last), parameters(whole))
    assert told(last.folder.rows()) == told(last.log) == told(whole.log)
