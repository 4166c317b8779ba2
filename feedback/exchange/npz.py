"""Arrays of .npz files, checked; pickled objects in them are refused, never loaded."""

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs.names import nearest


def load_arrays(path: Path, *, required: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a file by their names.

    Args:
        path: an .npz file.
        required: names it must have.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, holds pickled objects, or lacks a name.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is no file")
    try:
        with path.open("rb") as data, np.lib.npyio.NpzFile(data, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as error:
        raise ValueError(f"{path.name} is no .npz file of plain arrays: {error}") from error
    for name in required:
        if name not in arrays:
            raise ValueError(f"{path.name} has no array {name!r}{nearest(name, arrays)}")
    return arrays
