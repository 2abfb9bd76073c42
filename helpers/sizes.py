"""Sizes of many image files, read from their headers once and kept."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from helpers.images import read_size

CACHE_COLUMNS = ("file", "bytes", "changed", "height", "width")


def read_sizes(
    paths: Sequence[str | Path], cache: str | Path | None = None, threads: int = 8
) -> np.ndarray:
    """Heights and widths (N, 2) of image files in pixels as shown, from their headers.

    Args:
        paths: image files.
        cache: a CSV file that keeps the sizes; a file is read again only when its length or time
            of change differ. Made if missing, replaced if it is not one of ours.
        threads: headers read at once; most of the time is spent waiting for the disk.

    Raises: ImageError naming the first file that has no readable header.
    """
    paths = [Path(path) for path in paths]
    known = _read_cache(cache)
    stamps = [_stamp(path) for path in paths]
    missing = [i for i, stamp in enumerate(stamps) if stamp not in known]
    with ThreadPoolExecutor(threads) as pool:
        for i, size in zip(missing, pool.map(lambda i: read_size(paths[i]), missing), strict=True):
            known[stamps[i]] = size
    if cache is not None and missing:
        cache = Path(cache)
        cache.parent.mkdir(parents=True, exist_ok=True)
        with open(f"{cache}.tmp", "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(CACHE_COLUMNS)
            rows.writerows((*stamp, *size) for stamp, size in known.items())
        os.replace(f"{cache}.tmp", cache)
    return np.array([known[stamp] for stamp in stamps], dtype=np.int32).reshape(-1, 2)


def _read_cache(cache: str | Path | None) -> dict[tuple, tuple[int, int]]:
    try:
        with open(cache, newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            if tuple(next(rows, ())) != CACHE_COLUMNS:
                return {}
            return {(f, int(b), int(c)): (int(h), int(w)) for f, b, c, h, w in rows}
    except (OSError, TypeError, ValueError):
        return {}


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        read_size(path)  # says what is wrong
        raise
    return str(path.resolve()), found.st_size, found.st_mtime_ns
