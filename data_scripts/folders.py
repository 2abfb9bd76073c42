"""A folder of data is there whole or not at all: built beside its place, then put there."""

from __future__ import annotations

import glob
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

STAMP = ".complete"  # written last: how many files there are
LEAST_LEFT = 0.95  # share of them that a whole folder still has


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Whoever makes this folder at the same time, in another process, waits until the block ends.

    The lock is a hidden file beside the folder; the system frees that of a process that was killed.
    Within a process it may be taken again. Where nothing can be written, nothing can be made
    either, and no lock is needed.
    """
    place = Path(os.path.realpath(folder))
    place.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(place.parent / f".{place.name}.lock", is_singleton=True)
    try:
        lock.acquire(timeout=0.5)
    except Timeout:
        print(f"another process is making {folder}: waiting for it", file=sys.stderr)
        lock.acquire()
    except PermissionError:
        yield
        return
    try:
        yield
    finally:
        lock.release()


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """An empty sibling to build in; it takes the place of `folder` once the block has succeeded.

    A block that fails, or is stopped, leaves what was there. What a killed process had begun is
    removed the next time. Only one process at a time makes a folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with only_one(folder):
        _clean_up(folder)
        unfinished = Path(
            tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".unfinished", dir=folder.parent)
        )
        try:
            yield unfinished
            unfinished.chmod(0o755)  # mkdtemp's folders are private
            stamp(unfinished)
            put_in_place(unfinished, folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def _clean_up(folder: Path) -> None:
    """What killed processes have left: nobody else's, since this process has the lock."""
    name, random = glob.escape(folder.name), "?" * 8  # of mkdtemp
    for aside in folder.parent.glob(f".{name}-old-{random}"):
        if not folder.exists() and (aside / folder.name).is_dir():
            (aside / folder.name).rename(folder)
        shutil.rmtree(aside, ignore_errors=True)
    for unfinished in folder.parent.glob(f".{name}-{random}.unfinished"):
        shutil.rmtree(unfinished, ignore_errors=True)


def stamp(folder: Path) -> None:
    """Note in the folder how many files it has, now that it is whole."""
    (folder / STAMP).write_text(f"{_count(folder)}\n", encoding="ascii")


def is_whole(folder: Path) -> bool:
    """Whether the folder has its stamp, and nearly as many files as it had then.

    Some may be gone: somebody has tidied up.
    """
    try:
        wanted = int((folder / STAMP).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return False
    return _count(folder) >= LEAST_LEFT * wanted


def _count(folder: Path) -> int:
    names = (name for _, _, files in os.walk(folder) for name in files)
    return sum(not name.startswith(".") for name in names)


def put_in_place(finished: Path, folder: Path) -> None:
    """Rename a finished folder to its place; what stood there goes only once it is."""
    if not folder.exists():
        finished.rename(folder)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    old = aside / folder.name
    try:
        folder.rename(old)
        finished.rename(folder)
    except BaseException:
        if old.exists():
            old.rename(folder)
        aside.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)
