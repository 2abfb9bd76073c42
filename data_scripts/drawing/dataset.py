"""Writes a data set: pictures drawn by several processes, tables, a folder that is made whole or
left alone; and the command line of the scripts that do it."""

from __future__ import annotations

import argparse
import inspect
import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from data_scripts.folders import only_one, replacing

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


def write_boxes(folder: Path, names: list[str], boxes: Iterable) -> None:
    """Write boxes.csv: where each picture's object is, in pixels."""
    write_table(folder / "boxes.csv", ("file", "left", "top", "right", "bottom"), names, boxes)


def write_recipe(folder: Path, version: int | None, **numbers: float) -> None:
    """Write recipe.json: what it takes to render the same again."""
    write_json(folder / "recipe.json", {**numbers, "renderer_version": version})


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8", newline="\n")


def one_thread() -> None:
    """Keep OpenCV to one thread: processes share the cores already."""
    cv2.setNumThreads(1)


def begin_worker(parent: int) -> None:
    """A worker process keeps to one thread, and ends when its parent was killed."""
    one_thread()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def render_all(jobs: list[tuple], processes: int, render: Callable) -> Iterator:
    """Render the jobs, each one's result as it is done; in this process where none can be started.

    render: a module's function of one job.
    """
    done = 0
    if processes > 1:
        # spawn: a fork of a process that runs threads, as a notebook's does, may deadlock
        pool = ProcessPoolExecutor(
            processes, get_context("spawn"), initializer=begin_worker, initargs=(os.getpid(),)
        )
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


def foreign_path(folder: Path, own: str) -> Path | None:
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
    foreign = foreign_path(folder, own)
    if foreign is not None:
        raise FileExistsError(
            f"{folder} was left alone, for it holds {foreign.relative_to(folder)}, which is not "
            "rendered: move that away, or name another folder"
        )


@contextmanager
def made_whole(folder: Path, own: str, overwrite: bool) -> Iterator[Path]:
    """An empty folder to render into, which becomes `folder` once the block has succeeded."""
    check_place(folder, own, overwrite)
    with only_one(folder):
        check_place(folder, own, overwrite)  # of a process that was quicker
        with replacing(folder) as unfinished:
            yield unfinished
            check_place(folder, own, overwrite)  # again: rendering takes minutes


def main(
    render_dataset: Callable[..., Path], counts: Sequence[str], arguments: list[str] | None
) -> int:
    """A renderer's command line; returns the exit status.

    counts: those of its parameters that are numbers of pictures.
    """
    parameters = inspect.signature(render_dataset).parameters
    folder = parameters["folder"].default
    parser = argparse.ArgumentParser(description=f"Render the {folder.name} from a seed.")
    parser.add_argument("--folder", type=Path, default=folder, help="default: %(default)s")
    for name in counts:
        option, count = f"--{name.replace('_', '-')}", parameters[name].default
        parser.add_argument(option, type=int, default=count, help="pictures; default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--processes", type=int, help="default: one per core")
    parser.add_argument("--overwrite", action="store_true", help="replace the folder if it exists")
    try:
        folder = render_dataset(**vars(parser.parse_args(arguments)))
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return 130
    print(f"{len(list(folder.rglob('*.jpg'))):,} images in {folder}")
    return 0
