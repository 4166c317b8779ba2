"""Ask the peers for their answers, store them, and print how far we are off.

`python -m tests.parity.make_golden` from the root of the repository asks every peer that is
installed (trl 1.16, stable-baselines3 and sb3-contrib with `pip install -e ".[parity]"`) and keeps
what is stored of the others. Those cannot share an environment with them; give each one of its own
and let its interpreter merge the answers in:

    python -m venv other
    other/bin/pip install torch==2.13.0 gymnasium pettingzoo pyarrow scipy
    other/bin/pip install torchrl==0.14.1
    PYTHONPATH=. other/bin/python -m tests.parity.make_golden --peer torchrl

`--peer` is the name of a module of this folder without its `_peer`; with `--table` nothing is
stored. In the third line of another environment stands

    trl_dropped: trl==1.12.0 transformers accelerate datasets
    verl: ray transformers==5.10.* tensordict omegaconf hydra-core codetiming orjson, and then
        --no-deps verl==0.9.1, which pins older ones; its wheel brings a package `tests` that has to
        be removed, because it hides this one
    ragen: as verl, and then --no-deps -e and a checkout of github.com/RAGEN-AI/RAGEN; what PyPI
        has under that name is something else
"""

import argparse
import json
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

from tests.parity.case import GOLDEN, TOLERANCE, Case, Tensors, difference, ours
from tests.parity.cases import CASES

Record = dict[str, Any]


def main() -> None:
    """Print a table of the largest differences, and store the answers unless told otherwise."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--peer", help="ask this one only")
    parser.add_argument("--table", action="store_true", help="store nothing")
    chosen = parser.parse_args()
    stored: dict[str, Record] = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    found = {}
    print(f"{'case':<60} {'peer':<26} max abs difference")
    for case in CASES:
        asked = chosen.peer is None or case.peer.startswith(f"{chosen.peer}_peer:")
        record = _ask(case) if asked and _installed(case) else stored.get(case.name)
        if record is None or not _answers(record, case):
            print(f"{case.name:<60} NOT ASKED, and no answer to this question is stored")
            continue
        found[case.name] = record
        gap = _gap(case, record)
        note = "" if gap <= TOLERANCE else "  TOO FAR"
        print(f"{case.name:<60} {record['peer']:<26} {gap:.1e}{note}")
    if not chosen.table:
        lines = [f"{json.dumps(name)}: {json.dumps(record)}" for name, record in found.items()]
        GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _installed(case: Case) -> bool:
    try:
        return find_spec(case.package[0]) is not None
    except ModuleNotFoundError:  # a parent of it is missing
        return False


def _ask(case: Case) -> Record:
    return {
        "peer": f"{case.package[1]} {version(case.package[1])}",
        "kind": case.kind,
        "function": case.function,
        "settings": case.settings,
        "inputs": {key: _plain(value) for key, value in case.inputs.items()},
        "expected": {key: _plain(value) for key, value in case.theirs().items()},
    }


def _answers(record: Record, case: Case) -> bool:
    """Whether a stored answer is to this question, and not to what stood under its name before."""
    asked = {key: _plain(value) for key, value in case.inputs.items()}
    question = [case.kind, case.function, case.settings, asked]
    return question == [record[key] for key in ("kind", "function", "settings", "inputs")]


def _gap(case: Case, record: Record) -> float:
    expected: Tensors = {key: torch.tensor(value) for key, value in record["expected"].items()}
    return difference(ours(case.kind, case.function, case.settings, case.inputs), expected)


def _plain(tensor: torch.Tensor) -> Any:
    """Nested lists with the fewest digits that give every float32 back exactly."""
    if tensor.dim() > 0:
        return [_plain(row) for row in tensor]
    number = tensor.item()
    return float(str(np.float32(number))) if isinstance(number, float) else number


if __name__ == "__main__":
    main()
