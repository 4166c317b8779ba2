"""Ask the installed peers for every case, store their answers, and print how far we are off.

Run `python -m tests.parity.make_golden` from the root of the repository; with `--table` nothing is
stored.
"""

import json
import sys
from importlib.metadata import version
from typing import Any

import torch

from tests.parity.cases import CASES, GOLDEN, TOLERANCE, Case, difference, ours

PACKAGES = {"trl_peer": "trl", "sb3_peer": "stable_baselines3"}


def main() -> None:
    """Print a table of the largest differences, and store the answers unless told otherwise."""
    stored = {}
    print(f"{'case':<48} {'peer':<24} max abs difference")
    for case in CASES:
        package = PACKAGES[case.peer.split(":")[0]]
        peer, expected = f"{package} {version(package)}", case.theirs()
        gap = difference(ours(case.kind, case.function, case.settings, case.inputs), expected)
        print(f"{case.name:<48} {peer:<24} {gap:.1e}{'' if gap <= TOLERANCE else '  TOO FAR'}")
        stored[case.name] = _record(case, peer) | {
            "expected": {key: _plain(value) for key, value in expected.items()}
        }
    if "--table" not in sys.argv:
        lines = [f"{json.dumps(name)}: {json.dumps(record)}" for name, record in stored.items()]
        GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _record(case: Case, peer: str) -> dict[str, object]:
    return {
        "peer": peer,
        "kind": case.kind,
        "function": case.function,
        "settings": case.settings,
        "inputs": {key: _plain(value) for key, value in case.inputs.items()},
    }


def _plain(tensor: torch.Tensor) -> Any:
    """Nested lists; nine digits are enough to give every float32 back exactly."""
    if tensor.dim() > 0:
        return [_plain(row) for row in tensor]
    number = tensor.item()
    return float(f"{number:.9g}") if isinstance(number, float) else number


if __name__ == "__main__":
    main()
