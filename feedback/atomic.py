"""Files and directories replaced whole: after a crash, a kill or a full disk the old one stands.

    path/v000001/...   one complete version
    path/CURRENT       the name of the version that counts

A version is written beside under a temporary name, every file and directory of it is flushed to
disk, it gets its name, and only then is CURRENT replaced, which the file system does in one step.
What CURRENT will say is written beside before that: a kill between the two, at the first version,
leaves a complete version and the word that it counts.
Every version holds its own name in a file, so that only what was written here is ever removed.
One writer at a time; readers need no lock.
"""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

POINTER = "CURRENT"
UNFINISHED = ".unfinished"
ANNOUNCED = POINTER + UNFINISHED
MARK = ".version"
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
        ValueError: CURRENT is damaged, or missing although there are versions. Nothing is changed.
        OSError: the disk is full or refuses; the message says which version stands.
    """
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)
    try:
        before = current(path)
    except FileNotFoundError:
        before = None
    if before is not None and not (path / POINTER).exists():
        os.replace(path / ANNOUNCED, path / POINTER)
    unfinished, version = path / UNFINISHED, path / _name(max(_versions(path), default=0) + 1)
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir()
        write(unfinished)
        (unfinished / MARK).write_text(version.name, encoding="ascii")
        _flush_tree(unfinished)
        (path / ANNOUNCED).write_text(f"{version.name}\n", encoding="ascii")
        flush(path / ANNOUNCED)
        os.rename(unfinished, version)
        # The version's own name must be on disk before anything points to it.
        flush(path)
        os.replace(path / ANNOUNCED, path / POINTER)
        flush(path)
    except BaseException as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        (path / ANNOUNCED).unlink(missing_ok=True)
        if not (path / POINTER).exists() or current(path) != version:
            shutil.rmtree(version, ignore_errors=True)
        if isinstance(error, OSError):
            stands = f"{before.name} still stands" if before else "there is no version yet"
            raise OSError(error.errno, f"cannot write {path}: {error}; {stands}") from error
        raise
    for old in map(path.joinpath, map(_name, _versions(path))):
        # Others' folders may bear such names; what can't be removed now is tried again next time.
        if old == before or (old != version and _is_ours(old)):
            shutil.rmtree(old, ignore_errors=True)
    return version


def current(path: Path) -> Path:
    """The directory of the current version.

    Raises:
        FileNotFoundError: nothing was ever completely written there.
        ValueError: CURRENT is damaged, missing although there are versions, or names one that is
            gone.
    """
    path = Path(path)
    try:
        text = (path / POINTER).read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        versions = _versions(path)
        if not versions:
            raise FileNotFoundError(
                f"no complete version in {path}: {path / POINTER} does not exist"
            ) from None
        announced = _announced(path)
        if announced is not None:
            return announced
        names = ", ".join(map(_name, versions))
        raise ValueError(
            f"{path / POINTER} is missing, though {path} holds {names}; write the name of the one "
            f"that counts into {POINTER}, or use another folder. Nothing was changed"
        ) from None
    if VERSION.fullmatch(text) is None:
        raise ValueError(f"{path / POINTER} should name a version like v000001, got {text[:40]!r}")
    if not (path / text).is_dir():
        raise ValueError(f"{path / POINTER} names {text}, which is not there")
    return path / text


def replace_file(path: Path, content: bytes) -> None:
    """Write a file whole: after a crash there is the old one or the new one.

    Raises:
        OSError: there is no such folder, or the disk is full or refuses; the old one stands.
    """
    fresh = path.with_name(f"{path.name}{UNFINISHED}")
    try:
        fresh.write_bytes(content)
        flush(fresh)
        os.replace(fresh, path)
        flush(path.parent)
    except OSError as error:
        if path.parent.is_dir():
            fresh.unlink(missing_ok=True)
        raise OSError(error.errno, f"cannot write {path}: {error.strerror}") from error


def flush(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _name(number: int) -> str:
    return f"v{number:06d}"


def _versions(path: Path) -> list[int]:
    """The numbers of all that bears the name of a version, whoever made it."""
    names = os.listdir(path) if path.is_dir() else []
    return sorted(int(match[1]) for match in map(VERSION.fullmatch, names) if match)


def _announced(path: Path) -> Path | None:
    """The first version, if a kill came after it was complete and before CURRENT was there."""
    try:
        text = (path / ANNOUNCED).read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    version = path / text
    return version if VERSION.fullmatch(text) and _is_ours(version) else None


def _is_ours(version: Path) -> bool:
    """Whether it was written here, under this name."""
    mark = version / MARK
    return mark.is_file() and mark.read_text("ascii", "replace") == version.name


def _flush_tree(root: Path) -> None:
    for folder, _, files in os.walk(root):
        for name in files:
            flush(Path(folder) / name)
        flush(Path(folder))
