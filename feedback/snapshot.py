"""A state on disk: nested JSON values, numpy arrays and torch tensors, without pickle.

    state.json           the structure; arrays are named in it
    arrays.safetensors   the arrays

Tuples, dtypes and shapes come back as they were; torch is imported only where a tensor occurs.
Not atomic by itself: call it inside `atomic.replace_directory`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from plaudit.envs.types import State

STRUCTURE = "state.json"
ARRAYS = "arrays.safetensors"
TAGS = ("$array", "$tensor", "$tuple", "$dict")

Arrays = dict[str, npt.NDArray[Any]]


def save(path_dir: Path, state: State) -> None:
    """Write a state into a directory, made if absent.

    Source: own design.

    Args:
        path_dir: the directory.
        state: nested dicts with string keys, lists, tuples, str, int of any size, float, bool,
            None, numpy arrays (bool, integers, floats) and torch tensors, which come back on
            the CPU.

    Raises:
        TypeError: something else; the message names the keys that lead to it.
        OSError: the disk is full or not writable.
    """
    arrays: Arrays = {}
    structure = _encode(state, "", arrays)
    path_dir = Path(path_dir)
    path_dir.mkdir(parents=True, exist_ok=True)
    (path_dir / STRUCTURE).write_text(json.dumps(structure), encoding="utf-8")
    try:
        save_file(arrays, path_dir / ARRAYS)
    except SafetensorError as error:  # its own kind, also for a full disk
        raise OSError(f"{path_dir / ARRAYS} could not be written: {error}") from error


def load(path_dir: Path) -> State:
    """The state that `save` wrote.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is damaged; the message names it.
    """
    path_dir = Path(path_dir)
    for name in (STRUCTURE, ARRAYS):
        if not (path_dir / name).is_file():
            raise FileNotFoundError(f"no saved state in {path_dir}: {name} is missing")
    try:
        arrays = load_file(path_dir / ARRAYS)
        structure = json.loads((path_dir / STRUCTURE).read_text(encoding="utf-8"))
        state: State = _decode(structure, arrays)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ValueError(f"the saved state in {path_dir} is damaged: {error}") from error
    return state


def _encode(value: Any, path: str, arrays: Arrays) -> Any:
    # Subclasses of float and int, such as np.float64, would come back as something else.
    if value is None or type(value) in (str, int, float, bool):
        return value
    if type(value) is list:
        return [_encode(item, f"{path}[{i}]", arrays) for i, item in enumerate(value)]
    if type(value) is tuple:
        return {"$tuple": [_encode(item, f"{path}[{i}]", arrays) for i, item in enumerate(value)]}
    if type(value) is dict:
        return _encode_dict(value, path, arrays)
    if isinstance(value, np.ndarray) and _storable(value.dtype):
        return {"$array": _store(value, path, arrays)}
    if "torch" in sys.modules and isinstance(value, sys.modules["torch"].Tensor):
        return _encode_tensor(value, path, arrays)
    kind = f"array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
    raise TypeError(
        f"state{path} is a {kind}; a state holds JSON values, numpy arrays of numbers and torch "
        "tensors"
    )


def _encode_dict(value: dict[Any, Any], path: str, arrays: Arrays) -> dict[str, Any]:
    for key in value:
        if not isinstance(key, str):
            raise TypeError(f"state{path} has the key {key!r}; keys of a state are strings")
    items = {key: _encode(item, f"{path}[{key!r}]", arrays) for key, item in value.items()}
    return {"$dict": items} if any(tag in value for tag in TAGS) else items


def _encode_tensor(tensor: Any, path: str, arrays: Arrays) -> dict[str, Any]:
    import torch

    plain = tensor.detach().cpu()
    if plain.dtype == torch.bfloat16:
        # numpy has no bfloat16; its bits travel as int16.
        return {"$tensor": [_store(plain.view(torch.int16).numpy(), path, arrays), True]}
    if not _storable(plain.numpy().dtype):
        raise TypeError(f"state{path} is a tensor of {plain.dtype}, which is not a number")
    return {"$tensor": [_store(plain.numpy(), path, arrays), False]}


def _storable(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "biuf" and dtype.itemsize <= 8


def _store(array: npt.NDArray[Any], path: str, arrays: Arrays) -> str:
    key = f"{len(arrays)}{path}"
    arrays[key] = np.array(array, array.dtype.newbyteorder("="), order="C")
    return key


def _decode(value: Any, arrays: Arrays) -> Any:
    if isinstance(value, list):
        return [_decode(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    tag = next((tag for tag in TAGS if tag in value), None)
    inner: Any = value if tag is None else value[tag]
    if tag == "$array":
        return arrays[inner]
    if tag == "$tensor":
        return _tensor(arrays[inner[0]], bfloat16=inner[1])
    if tag == "$tuple":
        return tuple(_decode(item, arrays) for item in inner)
    return {key: _decode(item, arrays) for key, item in inner.items()}


def _tensor(array: npt.NDArray[Any], *, bfloat16: bool) -> Any:
    import torch

    tensor = torch.from_numpy(array)
    return tensor.view(torch.bfloat16) if bfloat16 else tensor
