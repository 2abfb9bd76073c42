"""Render the panorama data set: landscapes with several labels, drawn as photographs from a seed.

Run it as `python -m data_scripts.render_panoramas`, or as a file from a plain clone.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if not __package__ and str(ROOT) not in sys.path:  # run as a file from a clone
    sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from tqdm import tqdm  # noqa: E402

from data_scripts.panorama_scenes import LABELS  # noqa: E402
from data_scripts.panoramas import Panorama, photograph  # noqa: E402
from data_scripts.render_drones import render_all, write_json  # noqa: E402

DEFAULT_FOLDER = ROOT / "data" / "rendered" / "panoramas"
SPLITS = ("train", "test")
TABLES = {"train": "train_label.csv", "test": "test_label.csv", "truth": "train_label_truth.csv"}
WRONG_SHARE = 0.04  # of the cells of the training labels
FEWEST = 5
RENDERER_VERSION = 1


def render_panorama(seed: int | Sequence[int]) -> Panorama:
    """One landscape with labels as they come; the same seed gives the same picture.

    Raises ValueError for a negative seed.
    """
    if np.min(seed) < 0:
        raise ValueError(f"seed is {seed}: use 0 or a larger whole number")
    return photograph(np.random.default_rng(seed))


def file_plan(train: int, test: int) -> list[tuple[int, int, str]]:
    """(split number, picture number, path in the data set) of every picture."""
    return [
        (number, index, f"{split}/panorama_{index + 1:04d}.jpg")
        for number, (split, count) in enumerate(zip(SPLITS, (train, test), strict=True))
        for index in range(count)
    ]


def render_file(job: tuple[int, int, int, str]) -> tuple[int, ...]:
    """Render one (seed, split number, picture number, path) to a JPEG file; returns its labels."""
    seed, split, picture, path = job
    rendered = render_panorama([seed, split, picture])
    quality = [cv2.IMWRITE_JPEG_QUALITY, rendered.quality]
    done, data = cv2.imencode(".jpg", rendered.image[..., ::-1], quality)
    if not done:
        raise RuntimeError(f"OpenCV could not encode {path}")
    Path(path).write_bytes(data.tobytes())
    return tuple(int(label in rendered.scene.labels) for label in LABELS)


def with_errors(truth: np.ndarray, seed: int, share: float = WRONG_SHARE) -> np.ndarray:
    """Labels (N, L) of 0 and 1 of which round(share * N * L), drawn at random, are turned over."""
    rng = np.random.default_rng([seed, len(SPLITS)])  # a stream that no picture uses
    told = truth.copy()
    wrong = rng.choice(truth.size, round(share * truth.size), replace=False)
    told.ravel()[wrong] = 1 - told.ravel()[wrong]
    return told


def check_arguments(folder: Path, train: int, test: int, seed: int, processes: int | None) -> None:
    for name, count in (("train", train), ("test", test)):
        if not isinstance(count, int) or count < FEWEST:
            raise ValueError(f"{name} is {count}: use a whole number of {FEWEST} or more")
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed is {seed}: use a whole number of 0 or more")
    if processes is not None and (not isinstance(processes, int) or processes < 1):
        raise ValueError(f"processes is {processes}: use a whole number of 1 or more")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file: name a folder")


def stranger(folder: Path) -> Path | None:
    """Something in the folder that this script has not written there, if there is any."""
    own = {*SPLITS, *TABLES.values(), "recipe.json"}
    picture = re.compile(r"(train|test)/panorama_\d{4,}\.jpg")
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_folder = path.is_dir() and not path.is_symlink()
        known = name in SPLITS if is_folder else name in own or picture.fullmatch(name)
        if not known:
            return path
    return None


def check_place(folder: Path, overwrite: bool) -> None:
    """Raise FileExistsError where rendering would replace something that must stay."""
    if not folder.exists():
        return
    if not overwrite:
        raise FileExistsError(
            f"{folder} exists already and was left alone: pass overwrite=True (--overwrite on "
            "the command line) to render it anew"
        )
    found = stranger(folder)
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


def render_dataset(
    folder: str | Path = DEFAULT_FOLDER,
    train: int = 900,
    test: int = 300,
    seed: int = 0,
    processes: int | None = None,
    progress: bool = True,
    overwrite: bool = False,
) -> Path:
    """Render the data set into `folder`/{train,test}/ and return the folder.

    train_label.csv and test_label.csv say what each picture shows: filename, then a column of 0
    and 1 for each of LABELS. Of the training labels 4 % are wrong, as people's labels are;
    train_label_truth.csv holds the right ones, for whoever judges a search for the wrong ones.
    The same seed and library versions give the same bytes, whatever the number of processes
    (default: one per core). The folder appears only when it is complete.

    Raises FileExistsError when the folder exists and `overwrite` is false, or when it holds what
    this function has not written; and ValueError for an argument out of range.
    """
    folder = Path(folder).expanduser().resolve()
    check_arguments(folder, train, test, seed, processes)
    check_place(folder, overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        plan = file_plan(train, test)
        for split in SPLITS:
            (unfinished / split).mkdir()
        jobs = [(seed, split, picture, str(unfinished / path)) for split, picture, path in plan]
        wanted = processes or os.cpu_count() or 1
        steps = render_all(jobs, min(wanted, len(jobs)), render_file)
        told = tqdm(steps, "rendering panoramas", len(jobs), unit="img", disable=not progress)
        labels = np.array(list(told))
        names = [Path(path).name for _, _, path in plan]
        write_table(unfinished / TABLES["truth"], names[:train], labels[:train])
        write_table(unfinished / TABLES["train"], names[:train], with_errors(labels[:train], seed))
        write_table(unfinished / TABLES["test"], names[train:], labels[train:])
        recipe = {"seed": seed, "train": train, "test": test, "wrong_share": WRONG_SHARE,
                  "renderer_version": RENDERER_VERSION}  # fmt: skip
        write_json(unfinished / "recipe.json", recipe)
        unfinished.chmod(0o755)  # mkdtemp's folders are private
        check_place(folder, overwrite)  # rendering takes minutes, in which things may be put there
        put_in_place(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def write_table(path: Path, names: list[str], labels: np.ndarray) -> None:
    """A CSV file of labels (N, L) of 0 and 1."""
    rows = [",".join([name, *map(str, row)]) for name, row in zip(names, labels, strict=True)]
    text = "\n".join([",".join(["filename", *LABELS]), *rows]) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Render the panorama data set from a seed.")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="default: %(default)s")
    parser.add_argument("--train", type=int, default=900, help="pictures; default: %(default)s")
    parser.add_argument("--test", type=int, default=300, help="pictures; default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--processes", type=int, help="default: one per core")
    parser.add_argument("--overwrite", action="store_true", help="replace the folder if it exists")
    options = parser.parse_args(arguments)
    try:
        folder = render_dataset(
            options.folder, options.train, options.test, options.seed, options.processes,
            overwrite=options.overwrite,
        )  # fmt: skip
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return 130
    print(f"{options.train} training and {options.test} test images in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
