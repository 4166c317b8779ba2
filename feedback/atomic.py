"""Directories replaced as a whole: after a crash, a kill or a full disk the old one still stands.

    path/v000001/...   one complete version
    path/CURRENT       the name of the version that counts

A version is written beside under a temporary name, every file and directory of it is flushed to
disk, it gets its name, and only then is CURRENT replaced, which the file system does in one step.
One writer at a time; readers need no lock.
"""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

POINTER = "CURRENT"
UNFINISHED = ".unfinished"
VERSION = re.compile(r"v(\d{6,})")


def replace_directory(path: Path, write: Callable[[Path], None]) -> Path:
    """Write a new version of a directory, then make it the current one.

    Source: own design; the order of flushes is that of POSIX rename, see `man 2 rename, fsync`.

    Args:
        path: holds the versions; made if absent.
        write: called with an empty directory to fill; whatever it raises passes through.

    Returns:
        The new version's directory.

    Raises:
        ValueError: CURRENT is damaged.
        OSError: the disk is full or refuses; the message says which version stands.
    """
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)
    standing = _number(path)
    _sweep(path, standing)
    unfinished, version = path / UNFINISHED, path / _name(standing + 1)
    try:
        unfinished.mkdir()
        write(unfinished)
        _flush_tree(unfinished)
        os.rename(unfinished, version)
        _point(path, version.name)
    except OSError as error:
        _sweep(path, standing)
        stands = f"{_name(standing)} still stands" if standing else "there is no version yet"
        raise OSError(error.errno, f"cannot write {path}: {error}; {stands}") from error
    except BaseException:
        _sweep(path, standing)
        raise
    _flush(path)
    _sweep(path, standing + 1)
    return version


def current(path: Path) -> Path:
    """The directory of the current version.

    Raises:
        FileNotFoundError: nothing was ever completely written there.
        ValueError: CURRENT is damaged or names a version that is gone.
    """
    path = Path(path)
    number = _number(path)
    if number == 0:
        raise FileNotFoundError(f"no complete version in {path}: {path / POINTER} does not exist")
    version = path / _name(number)
    if not version.is_dir():
        raise ValueError(f"{path / POINTER} names {version.name}, which is not there")
    return version


def _name(number: int) -> str:
    return f"v{number:06d}"


def _number(path: Path) -> int:
    """The number of the version that CURRENT names; 0 where there is none."""
    try:
        text = (path / POINTER).read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return 0
    match = VERSION.fullmatch(text)
    if match is None:
        raise ValueError(f"{path / POINTER} should name a version like v000001, got {text[:40]!r}")
    return int(match[1])


def _point(path: Path, name: str) -> None:
    fresh = path / f"{POINTER}{UNFINISHED}"
    fresh.write_text(name + "\n", encoding="ascii")
    _flush(fresh)
    # The version's own name must be on disk before anything points to it.
    _flush(path)
    os.replace(fresh, path / POINTER)


def _sweep(path: Path, standing: int) -> None:
    """Remove what a killed write left, and all versions but one."""
    for entry in path.iterdir():
        match = VERSION.fullmatch(entry.name)
        if entry.name == UNFINISHED or (match and int(match[1]) != standing):
            # What can't be removed now is tried again by the next write.
            shutil.rmtree(entry, ignore_errors=True)
    (path / f"{POINTER}{UNFINISHED}").unlink(missing_ok=True)


def _flush_tree(root: Path) -> None:
    for folder, _, files in os.walk(root):
        for name in files:
            _flush(Path(folder) / name)
        _flush(Path(folder))


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
