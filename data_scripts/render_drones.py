"""Render the drone data set: four classes of flying things, drawn as photographs from a seed.

Run it as `python -m data_scripts.render_drones`, or as a file from a plain clone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if not __package__ and str(ROOT) not in sys.path:  # run as a file from a clone
    sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from tqdm import tqdm  # noqa: E402

from data_scripts.planting import plant_flaws  # noqa: E402
from data_scripts.scenes import Rendered, photograph  # noqa: E402

CLASSES = ("flying_bird", "large_quadcopter", "small_quadcopter", "winged_drone")
DEFAULT_FOLDER = ROOT / "data" / "rendered" / "drones"
SHARES = {"train": 0.60, "val": 0.15, "test": 0.25}
RENDERER_VERSION = 2
CHUNK = 4


def render_drone(class_name: str, seed: int | Sequence[int]) -> Rendered:
    """One picture of a class; the same class and seed give the same picture.

    Raises ValueError for an unknown class or a negative seed.
    """
    if class_name not in CLASSES:
        raise ValueError(f"unknown class {class_name!r}: choose one of {', '.join(CLASSES)}")
    if np.min(seed) < 0:
        raise ValueError(f"seed is {seed}: use 0 or a larger whole number")
    return photograph(np.random.default_rng(seed), class_name)


def split_sizes(per_class: int) -> dict[str, int]:
    """How many of a class's pictures go to train, val and test."""
    val = max(1, round(per_class * SHARES["val"]))
    test = max(1, round(per_class * SHARES["test"]))
    return {"train": per_class - val - test, "val": val, "test": test}


def file_plan(per_class: int) -> list[tuple[int, int, str]]:
    """(class number, picture number, path in the data set) of every good picture."""
    plan = []
    for number, name in enumerate(CLASSES):
        picture = 0
        for split, count in split_sizes(per_class).items():
            for index in range(1, count + 1):
                plan.append((number, picture, f"{split}/{name}/{name}_{index:04d}.jpg"))
                picture += 1
    return plan


def render_file(job: tuple[int, int, int, str]) -> tuple[int, int, int, int]:
    """Render one (seed, class number, picture number, path) to a JPEG file; returns its box."""
    seed, number, picture, path = job
    rendered = render_drone(CLASSES[number], [seed, number, picture])
    quality = [cv2.IMWRITE_JPEG_QUALITY, rendered.quality]
    done, data = cv2.imencode(".jpg", rendered.image[..., ::-1], quality)
    if not done:
        raise RuntimeError(f"OpenCV could not encode {path}")
    Path(path).write_bytes(data.tobytes())
    return rendered.box


def one_thread() -> None:
    """Keep OpenCV to one thread: processes share the cores already."""
    cv2.setNumThreads(1)


def render_all(jobs: list[tuple], processes: int, render: Callable | None = None) -> Iterator:
    """Render the jobs, each one's result as it is done; in this process where none can be started.

    render: a module's function of one job, by default `render_file`, which gives an object's box.
    """
    render = render or render_file
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


def check_arguments(folder: Path, per_class: int, seed: int, processes: int | None) -> None:
    if not isinstance(per_class, int) or per_class < 7:
        raise ValueError(f"per_class is {per_class}: use a whole number of 7 or more, so that "
                         "train, val and test each get pictures")  # fmt: skip
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed is {seed}: use a whole number of 0 or more")
    if processes is not None and (not isinstance(processes, int) or processes < 1):
        raise ValueError(f"processes is {processes}: use a whole number of 1 or more")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file: name a folder")


def render_dataset(
    folder: str | Path = DEFAULT_FOLDER,
    per_class: int = 200,
    seed: int = 0,
    processes: int | None = None,
    progress: bool = True,
    overwrite: bool = False,
) -> Path:
    """Render the data set into `folder`/{train,val,test}/<class>/ and return the folder.

    60 % of a class's pictures go to train, 15 % to val, 25 % to test; five flawed files are
    planted in train beside them and listed in planted.json. boxes.csv says where each picture's
    object is: file, then left, top, right and bottom in pixels. The same seed and library versions
    give the same bytes, whatever the number of processes (default: one per core). The folder
    appears only when it is complete.

    Raises FileExistsError when the folder exists and `overwrite` is false, and ValueError for
    an argument out of range.
    """
    folder = Path(folder).expanduser().absolute()
    check_arguments(folder, per_class, seed, processes)
    if folder.exists() and not overwrite:
        raise FileExistsError(
            f"{folder} exists already and was left alone: pass overwrite=True (--overwrite on "
            "the command line) to render it anew"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        plan = file_plan(per_class)
        for _, _, path in plan:
            (unfinished / path).parent.mkdir(parents=True, exist_ok=True)
        jobs = [(seed, number, picture, str(unfinished / path)) for number, picture, path in plan]
        wanted = processes or os.cpu_count() or 1
        steps = render_all(jobs, min(wanted, len(jobs)))
        boxes = list(tqdm(steps, "rendering drones", len(jobs), unit="img", disable=not progress))
        write_boxes(unfinished / "boxes.csv", [path for _, _, path in plan], boxes)
        planted = plant_flaws(unfinished, CLASSES, seed)
        write_json(unfinished / "planted.json", planted)
        recipe = {"seed": seed, "per_class": per_class, "renderer_version": RENDERER_VERSION}
        write_json(unfinished / "recipe.json", recipe)
        unfinished.chmod(0o755)  # mkdtemp's folders are private
        if folder.exists():
            shutil.rmtree(folder)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def write_boxes(path: Path, files: list[str], boxes: list[tuple[int, int, int, int]]) -> None:
    rows = [",".join([file, *map(str, box)]) for file, box in zip(files, boxes, strict=True)]
    text = "\n".join(["file,left,top,right,bottom", *rows]) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8", newline="\n")


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Render the drone data set from a seed.")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="default: %(default)s")
    parser.add_argument("--per-class", type=int, default=200, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--processes", type=int, help="default: one per core")
    parser.add_argument("--overwrite", action="store_true", help="replace the folder if it exists")
    options = parser.parse_args(arguments)
    try:
        folder = render_dataset(
            options.folder, options.per_class, options.seed, options.processes,
            overwrite=options.overwrite,
        )  # fmt: skip
    except (ValueError, FileExistsError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return 130
    print(f"{4 * options.per_class} images and 5 planted flaws in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
