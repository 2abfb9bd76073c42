"""Unusable files moved out of the way, and back again; nothing is ever deleted."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path
from typing import Any

from helpers.data.report import FolderReport
from helpers.errors import DataError

MOVED = "moved.csv"  # in a quarantine: what was where
ANY_NAME: Any = {"encoding": "utf-8", "errors": "surrogateescape"}  # a file's, whatever its bytes


def quarantine(report: FolderReport, to: str | Path) -> int:
    """Move a report's unusable files to the folder `to`, and return how many; nothing is deleted.

    They keep their places below it. `to/moved.csv` lists where each file was and where it is in
    `to`, a row before each move, so that `undo_quarantine` finds all of them whatever happened.

    Raises: DataError where `to` lies in the folder, whose files would then be looked at again.
    """
    folder, to = report.folder.resolve(), Path(to).expanduser().resolve()
    if to == folder or folder in to.parents:
        raise DataError(f"{to}: lies in {report.folder}; choose a folder outside of it.")
    to.mkdir(parents=True, exist_ok=True)
    with (to / MOVED).open("a", newline="", **ANY_NAME) as file:
        rows = csv.writer(file)
        for path in report.unusable:
            home = Path(os.path.abspath(path))
            target = _free(to / os.path.relpath(path, report.folder))
            rows.writerow([home, target.relative_to(to)])
            file.flush()
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(home, target)
    return len(report.unusable)


def undo_quarantine(to: str | Path) -> int:
    """Move what `quarantine` has moved to `to` back to where it was; returns how many files.

    Raises: DataError where there is no list of what was moved, a file is neither here nor there, or
        another one is in the way; the list stays then, and what came before is back.
    """
    moved, count = Path(to) / MOVED, 0
    if not moved.is_file():
        raise DataError(f"{moved}: missing; {to} is no quarantine.")
    with moved.open(newline="", **ANY_NAME) as file:
        rows = [row for row in csv.reader(file) if len(row) == 2]  # the last may be cut off
    for home, place in ((Path(row[0]), Path(to) / row[1]) for row in rows):
        if not os.path.lexists(place):
            if not os.path.lexists(home):
                raise DataError(f"{place}: is gone, and not at {home} either; {moved} is kept.")
            continue  # it was never moved, or is back already
        if os.path.lexists(home):
            raise DataError(f"{home}: another file is there by now; move it, and undo again.")
        home.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(place, home)
        count += 1
    moved.unlink()
    return count


def _free(path: Path) -> Path:
    """The path, with a number before its ending where it is taken."""
    number, free = 1, path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.stem}_{number}{path.suffix}")
    return free
