"""Two processes under torchrun: every trainer ends with bit-equal parameters on both."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from plaudit.agents import distributed
from plaudit.agents.registry import TRAINERS
from tests.agents.whole_runs.kinds import RANKED

WORKER = "tests.agents.whole_runs.ranks_worker"
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc_per_node", "2", "-m", WORKER, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads((folder / f"rank{rank}.json").read_text()) for rank in (0, 1)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", RANKED)
def test_parameters_are_bit_equal_on_all_ranks(kind, ranks):
    first, second = (rank[kind] for rank in ranks)
    assert first["end"] == second["end"]
    assert first["end"] != first["start"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(set(RANKED) - {"supervised"}))
def test_each_rank_plays_episodes_of_its_own(kind, ranks):
    first, second = (rank[kind]["played"] for rank in ranks)
    assert first != second


@pytest.mark.slow
@pytest.mark.parametrize("kind", RANKED)
def test_a_resume_of_all_ranks_is_bit_equal(kind, ranks):
    for rank in ranks:
        assert rank[kind]["resumed"] == [True, rank[kind]["end"]]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ppo", "rloo", "grpo"])
def test_figures_are_of_the_rows_and_not_shares_of_a_sum(kind, ranks):
    for rank in ranks:
        # the policy begins uniform over 4 tokens: ln 4 = 1.386 nats, and every ratio is 1
        assert rank[kind]["entropy"] == pytest.approx(1.386, abs=0.02)
        assert rank[kind]["ratio"] == pytest.approx(1.0, abs=0.02)


@pytest.mark.slow
def test_rows_spread_unevenly_give_the_gradient_of_all_of_them(ranks):
    # rows (0,1) (2,3) (4,5) (6,7) (8,9) (10,11), weights (1, 1): sums 1, 5, 9, 13, 17, 21;
    # gradient 2/6 sum s x: x1: 0 + 10 + 36 + 78 + 136 + 210 = 470 -> 156.667; x2 adds the sums'
    # own sum, 66: 536 -> 178.667
    for rank in ranks:
        assert rank["gradient"] == pytest.approx((470**2 + 536**2) ** 0.5 / 3)


def test_every_trainer_is_asked():
    registered = set(TRAINERS) - {"reinforce"}  # here on steps
    assert registered <= {name.split(",")[0].split()[0] for name in RANKED}


def test_outside_of_torchrun_there_is_one_rank_and_nothing_is_sent():
    number = torch.tensor([2.0])
    assert distributed.ranks() == (0, 1)
    assert distributed.total(number).tolist() == [2.0]
    assert distributed.everyone("here") == ["here"]
    tensors = {"groups": torch.tensor([3, 4])}
    assert distributed.gather_rows(tensors, offset="groups") == (tensors, slice(None))


def test_rows_of_all_ranks_stand_under_one_another_and_groups_stay_apart(monkeypatch):
    parts = [
        {"groups": torch.tensor([0, 1]), "rewards": torch.ones(2, 3)},
        {"groups": torch.tensor([1]), "rewards": torch.full((1, 2), 5.0)},
    ]
    monkeypatch.setattr(distributed, "ranks", lambda: SimpleNamespace(rank=1, size=2))
    monkeypatch.setattr(distributed, "everyone", lambda mine: [dict(part) for part in parts])
    found, mine = distributed.gather_rows(parts[1], offset="groups")
    # numbers 0 and 1 on the first rank, 1 + 1 * 2 = 3 on the second
    assert found["groups"].tolist() == [0, 1, 3]
    assert found["rewards"].tolist() == [[1.0] * 3, [1.0] * 3, [5.0, 5.0, 0.0]]
    assert mine == slice(2, 3)
