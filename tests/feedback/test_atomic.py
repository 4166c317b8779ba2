import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from plaudit.feedback.atomic import current, replace_directory, replace_file


def writer(text):
    def write(path):
        (path / "deep").mkdir()
        (path / "deep" / "data.txt").write_text(text)

    return write


def content(path):
    return (current(path) / "deep" / "data.txt").read_text()


def test_a_second_write_replaces_the_first(tmp_path):
    replace_directory(tmp_path / "run", writer("one"))
    version = replace_directory(tmp_path / "run", writer("two"))
    assert content(tmp_path / "run") == "two"
    assert sorted(os.listdir(tmp_path / "run")) == ["CURRENT", version.name]


def test_where_nothing_was_written_the_path_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=f"no complete version in {tmp_path}"):
        current(tmp_path)


@pytest.mark.parametrize("error", [KeyError("bug"), KeyboardInterrupt()])
def test_a_write_that_raises_leaves_the_old_version_and_no_rubbish(tmp_path, error):
    replace_directory(tmp_path, writer("old"))

    def fail(path):
        writer("new")(path)
        raise error

    with pytest.raises(type(error)):
        replace_directory(tmp_path, fail)
    assert content(tmp_path) == "old"
    assert sorted(os.listdir(tmp_path)) == ["CURRENT", "v000001"]


def test_a_full_disk_is_told_with_what_still_stands(tmp_path):
    replace_directory(tmp_path, writer("old"))

    def full(path):
        writer("new")(path)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="No space left on device; v000001 still stands") as caught:
        replace_directory(tmp_path, full)
    assert caught.value.errno == errno.ENOSPC
    assert content(tmp_path) == "old"


@pytest.fixture
def tiny_disk(tmp_path):
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"cannot mount a 256 KiB disk here: {error}")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_disk_that_is_really_full(tiny_disk):
    replace_directory(tiny_disk, writer("old"))
    with pytest.raises(OSError, match="v000001 still stands"):
        replace_directory(tiny_disk, writer("x" * 10**6))
    assert content(tiny_disk) == "old"
    replace_directory(tiny_disk, writer("new"))
    assert content(tiny_disk) == "new"


KILLED = """
import os, signal, sys
from pathlib import Path
from plaudit.feedback import atomic

when = sys.argv[2]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def write(path):
    (path / "deep").mkdir()
    (path / "deep" / "data.txt").write_text("ne")
    if when == "in write":
        die()
    (path / "deep" / "data.txt").write_text("new")

def dying(name, after):
    real = getattr(os, name)
    def call(*arguments):
        if after:
            real(*arguments)
        die()
    setattr(os, name, call)

if when != "in write":
    place, name = when.split()
    dying(name, place == "after")
atomic.replace_directory(Path(sys.argv[1]), write)
"""


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("in write", "old"),
        ("before fsync", "old"),
        ("before rename", "old"),
        ("after rename", "old"),
        ("before replace", "old"),
        ("after replace", "new"),
    ],
)
def test_a_kill_leaves_one_whole_version_and_the_next_write_cleans_up(tmp_path, when, expected):
    replace_directory(tmp_path, writer("old"))
    root = Path(__file__).parents[2]
    died = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), when],
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert content(tmp_path) == expected
    version = replace_directory(tmp_path, writer("next"))
    assert content(tmp_path) == "next"
    assert sorted(os.listdir(tmp_path)) == ["CURRENT", version.name]


@pytest.mark.parametrize("text", ["", "v1", "../elsewhere", "v000007"])
def test_a_damaged_pointer_is_named(tmp_path, text):
    replace_directory(tmp_path, writer("old"))
    (tmp_path / "CURRENT").write_text(text)
    with pytest.raises(ValueError, match="CURRENT"):
        current(tmp_path)


def test_a_lost_pointer_is_told_and_no_version_is_removed(tmp_path):
    replace_directory(tmp_path, writer("old"))
    (tmp_path / "CURRENT").unlink()
    for call in (current, lambda path: replace_directory(path, writer("new"))):
        with pytest.raises(ValueError, match=r"CURRENT is missing, though .* holds v000001"):
            call(tmp_path)
    assert os.listdir(tmp_path) == ["v000001"]


def test_what_others_left_there_is_never_removed(tmp_path):
    replace_directory(tmp_path, writer("old"))
    (tmp_path / "v000007").mkdir()
    (tmp_path / "v000001").rename(tmp_path / "v000003")
    (tmp_path / "CURRENT").write_text("v000003")
    assert replace_directory(tmp_path, writer("new")).name == "v000008"
    shutil.copytree(tmp_path / "v000008", tmp_path / "v000002")  # a copy that somebody made
    assert replace_directory(tmp_path, writer("newer")).name == "v000009"
    assert sorted(os.listdir(tmp_path)) == ["CURRENT", "v000002", "v000007", "v000009"]


def test_a_version_that_counts_already_is_not_removed_by_a_late_failure(tmp_path, monkeypatch):
    replace = os.replace

    def fails_late(*names):
        replace(*names)
        raise OSError(errno.EIO, "too late")

    monkeypatch.setattr(os, "replace", fails_late)
    with pytest.raises(OSError, match="too late"):
        replace_directory(tmp_path, writer("new"))
    assert content(tmp_path) == "new"


def test_a_file_is_replaced_whole_or_the_folder_named(tmp_path):
    replace_file(tmp_path / "a.txt", b"old")
    with pytest.raises(FileNotFoundError, match=r"cannot write .*/nowhere/a.txt: No such file"):
        replace_file(tmp_path / "nowhere" / "a.txt", b"new")
    assert (tmp_path / "a.txt").read_bytes() == b"old"


def test_a_kill_between_the_first_version_and_its_pointer_loses_nothing(tmp_path, monkeypatch):
    plain = os.replace

    def killed(source, target):
        if Path(target).name == "CURRENT":
            os._exit(9)
        plain(source, target)

    child = os.fork()
    if child == 0:
        monkeypatch.setattr(os, "replace", killed)
        replace_directory(tmp_path, lambda folder: (folder / "a").write_text("whole"))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert sorted(os.listdir(tmp_path)) == ["CURRENT.unfinished", "v000001"]
    assert (current(tmp_path) / "a").read_text() == "whole"
    second = replace_directory(tmp_path, lambda folder: (folder / "a").write_text("next"))
    assert current(tmp_path) == second
    assert sorted(os.listdir(tmp_path)) == ["CURRENT", "v000002"]
