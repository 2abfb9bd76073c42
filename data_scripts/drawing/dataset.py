"""What the scripts that render a data set share: pictures drawn by several processes, a folder
that is made whole or left alone, the command line."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

CHUNK = 4


def seeded(seed: int | Sequence[int]) -> np.random.Generator:
    """A picture's random numbers; ValueError for a negative seed."""
    if np.min(seed) < 0:
        raise ValueError(f"seed is {seed}: use 0 or a larger whole number")
    return np.random.default_rng(seed)


def check_numbers(
    counts: Mapping[str, int], fewest: int, seed: int, processes: int | None, why: str = ""
) -> None:
    """Raise ValueError for a number out of range; `why` tells what the fewest are needed for."""
    numbers = [(name, count, fewest, why) for name, count in counts.items()]
    numbers += [("seed", seed, 0, ""), ("processes", 1 if processes is None else processes, 1, "")]
    for name, value, least, reason in numbers:
        if not isinstance(value, int) or value < least:
            raise ValueError(f"{name} is {value}: use a whole number of {least} or more{reason}")


def write_jpeg(path: str | Path, image: np.ndarray, quality: int) -> None:
    """Write an image (H, W, 3) uint8 RGB."""
    done, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError(f"OpenCV could not encode {path}")
    Path(path).write_bytes(data.tobytes())


def write_table(path: Path, header: Iterable[str], names: list[str], rows: Iterable) -> None:
    """Write a CSV file of whole numbers, each row after its name."""
    lines = [",".join([name, *map(str, row)]) for name, row in zip(names, rows, strict=True)]
    text = "\n".join([",".join(header), *lines]) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8", newline="\n")


def one_thread() -> None:
    """Keep OpenCV to one thread: processes share the cores already."""
    cv2.setNumThreads(1)


def render_all(jobs: list[tuple], processes: int, render: Callable) -> Iterator:
    """Render the jobs, each one's result as it is done; in this process where none can be started.

    render: a module's function of one job.
    """
    done = 0
    if processes > 1:
        # spawn: a fork of a process that runs threads, as a notebook's does, may deadlock
        pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=one_thread)
        try:
            for result in pool.map(render, jobs, chunksize=CHUNK):
                done += 1
                yield result
        except BrokenProcessPool:
            print("worker processes could not run here: rendering in this one", file=sys.stderr)
        finally:
            pool.shutdown(cancel_futures=True)
    threads = cv2.getNumThreads()
    one_thread()
    try:
        for job in jobs[done:]:
            yield render(job)
    finally:
        cv2.setNumThreads(threads)


def render_plan(
    plan: list[tuple[int, int, str]], folder: Path, seed: int, processes: int | None,
    render: Callable, bar: str | None,
) -> list:  # fmt: skip
    """Render a plan's pictures, each (number, number, path in the folder), and return the results.

    render: a module's function of (seed, number, number, path), by default in one process per
    core; bar: what the progress bar is called, None for no bar.
    """
    for parent in {(folder / path).parent for _, _, path in plan}:
        parent.mkdir(parents=True, exist_ok=True)
    jobs = [(seed, first, second, str(folder / path)) for first, second, path in plan]
    steps = render_all(jobs, min(processes or os.cpu_count() or 1, len(jobs)), render)
    pace = 0.1 if sys.stderr.isatty() else 10  # seconds; a log keeps each state of the bar
    return list(tqdm(steps, bar, len(jobs), unit="img", mininterval=pace, disable=bar is None))


def stranger(folder: Path, own: str) -> Path | None:
    """Something in the folder that was not rendered there, if there is any.

    own: an expression for the paths of what is rendered; those of folders end in /.
    """
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_folder = path.is_dir() and not path.is_symlink()
        if not re.fullmatch(own, f"{name}/" if is_folder else name):
            return path
    return None


def check_place(folder: Path, own: str, overwrite: bool) -> None:
    """Raise ValueError or FileExistsError where rendering would replace what must stay."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ValueError(f"{folder} is a file: name a folder")
    if not overwrite:
        raise FileExistsError(
            f"{folder} exists already and was left alone: pass overwrite=True (--overwrite on "
            "the command line) to render it anew"
        )
    found = stranger(folder, own)
    if found is not None:
        raise FileExistsError(
            f"{folder} was left alone, for it holds {found.relative_to(folder)}, which is not "
            "rendered: move that away, or name another folder"
        )


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


@contextmanager
def made_whole(folder: Path, own: str, overwrite: bool) -> Iterator[Path]:
    """An empty sibling to render into; it takes the place of `folder` once the block succeeded."""
    check_place(folder, own, overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield unfinished
        unfinished.chmod(0o755)  # mkdtemp's folders are private
        check_place(folder, own, overwrite)  # again: rendering takes minutes
        put_in_place(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def run(
    render_dataset: Callable[..., Path], what: str, folder: Path, counts: Mapping[str, int],
    told: Callable[..., str], arguments: list[str] | None,
) -> int:  # fmt: skip
    """A renderer's command line; returns the exit status.

    counts: the default numbers of pictures; told: of those asked for, words for what was made.
    """
    parser = argparse.ArgumentParser(description=f"Render the {what} data set from a seed.")
    parser.add_argument("--folder", type=Path, default=folder, help="default: %(default)s")
    for name, count in counts.items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=int, default=count, help="pictures; default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--processes", type=int, help="default: one per core")
    parser.add_argument("--overwrite", action="store_true", help="replace the folder if it exists")
    options = vars(parser.parse_args(arguments))
    try:
        folder = render_dataset(**options)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return 130
    print(f"{told(**{name: options[name] for name in counts})} in {folder}")
    return 0
