"""Run by torchrun on every rank: trains a trainer of each kind, prints what the ranks must share.

python -m torch.distributed.run --nproc_per_node 2 -m tests.agents.several_processes.worker FOLDER
"""

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from plaudit import agents
from plaudit.agents import distributed
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.trainers.learner import Learner
from plaudit.envs.evaluate import make_rows

ROWS = torch.arange(12.0).view(6, 2)


def tokens(name: str, **settings: Any) -> Callable[[Path], Any]:
    def build(folder: Path) -> Any:
        env = make_rows("plaudit/TokenNgram-v0", 8, vocab=4, max_new=5, end_token=True)
        # Ranks start with other weights, and must end with the same.
        policy = TinyTransformer(
            4,
            width=8,
            heads=2,
            layers=1,
            eos_id=3,
            value_head=name == "ppo",
            seed=distributed.ranks().rank,
        )
        given = {"lr": 1e-2, "updates": 4, "minibatches": 2, "folder": folder / name} | settings
        return agents.make(name, env, policy=policy, **given)

    return build


KINDS = {
    "ppo": tokens("ppo"),
    "rloo": tokens("rloo"),
    "grpo": tokens("grpo", std="batch", aggregation="token_mean"),
}


def digest(tensors: list[torch.Tensor]) -> str:
    data = b"".join(t.detach().cpu().numpy().tobytes() for t in tensors)
    return hashlib.sha256(data).hexdigest()


def trained(build: Callable[[Path], Any], folder: Path) -> dict[str, Any]:
    """Four updates at once, and two by two with a resume between."""
    whole = build(folder / "whole")
    start = digest(whole.learned())
    whole.train()
    first = build(folder / "halves")
    first.train(2, checkpoint_every=2)
    second = build(folder / "halves")
    resumed = second.resume()
    second.train()
    return {
        "start": start,
        "end": digest(whole.learned()),
        "resumed": [resumed, digest(second.learned())],
        "played": [row["reward"] for row in whole.log[1:]],
    }


def descended() -> list[float]:
    """One step on the mean square of rows that are spread unevenly over ranks."""
    rank, size = distributed.ranks()
    layer = torch.nn.Linear(2, 1, bias=False)
    torch.nn.init.ones_(layer.weight)
    learner = Learner([layer], lr=1.0, max_grad_norm=None)
    rows = ROWS if size == 1 else ROWS[:2] if rank == 0 else ROWS[2:]
    loss = layer(rows).square().sum() / distributed.total(torch.tensor(float(len(rows))))
    loss.backward()
    learner.step()
    gradient: list[float] = layer.weight.grad[0].tolist()
    return gradient


def main() -> None:
    torch.set_num_threads(1)
    folder, rank = Path(sys.argv[1]), distributed.ranks().rank
    found = {name: trained(build, folder) for name, build in KINDS.items()}
    found["gradient"] = descended()
    (folder / f"rank{rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
