"""A folder of data is there whole or not at all: built beside its place, then put there."""

from __future__ import annotations

import glob
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DAY = 24 * 60 * 60  # seconds


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """An empty sibling to build in; it takes the place of `folder` once the block has succeeded.

    A block that fails, or is stopped, leaves what was there. What a killed process had begun is
    removed the next time, once it is a day old and surely nobody's any more.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for leftover in folder.parent.glob(f".{glob.escape(folder.name)}-*.unfinished"):
        if time.time() - leftover.stat().st_mtime > DAY:
            shutil.rmtree(leftover, ignore_errors=True)
    unfinished = Path(
        tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".unfinished", dir=folder.parent)
    )
    try:
        yield unfinished
        unfinished.chmod(0o755)  # mkdtemp's folders are private
        put_in_place(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


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
