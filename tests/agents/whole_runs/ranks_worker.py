"""Run by torchrun on every rank: trains a trainer of each kind, notes what ranks must share.

python -m torch.distributed.run --nproc_per_node 2 -m tests.agents.whole_runs.ranks_worker FOLDER
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import torch

from plaudit.agents import distributed
from plaudit.agents.trainers.learner import Learner
from tests.agents.whole_runs.kinds import RANKED, Build, parameters

ROWS = torch.arange(12.0).view(6, 2)


def digest(trainer: Any) -> str:
    return hashlib.sha256(parameters(trainer).numpy().tobytes()).hexdigest()


def trained(build: Build, folder: Path) -> dict[str, Any]:
    """Four updates at once, and two by two with a resume between."""
    whole = build(folder / "whole", 4)
    start = digest(whole)
    whole.train()
    first = build(folder / "halves", 4)
    first.train(2, checkpoint_every=2)
    second = build(folder / "halves", 4)
    resumed = second.resume()
    second.train()
    return {
        "start": start,
        "end": digest(whole),
        "resumed": [resumed, digest(second)],
        "entropy": whole.log[1].get("entropy"),
        "ratio": whole.log[1].get("ratio_mean"),
        "played": [row.get("reward") for row in whole.log[1:]],
    }


def descended() -> float:
    """Norm of the gradient of the mean square of rows that are spread unevenly over ranks."""
    rank, size = distributed.ranks()
    layer = torch.nn.Linear(2, 1, bias=False)
    torch.nn.init.ones_(layer.weight)
    learner = Learner([layer], lr=1.0, max_grad_norm=None)
    rows = ROWS if size == 1 else ROWS[:2] if rank == 0 else ROWS[2:]
    loss = layer(rows).square().sum() / distributed.total(torch.tensor(float(len(rows))))
    loss.backward()
    return float(learner.step())


def main() -> None:
    torch.set_num_threads(1)
    folder, rank = Path(sys.argv[1]), distributed.ranks().rank
    found: dict[str, Any] = {
        name: trained(build, folder / name.replace(" ", "_")) for name, build in RANKED.items()
    }
    found["gradient"] = descended()
    (folder / f"rank{rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
