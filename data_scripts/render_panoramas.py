"""Render the panorama data set: landscapes with several labels, drawn as photographs from a seed.

Run it as `python -m data_scripts.render_panoramas`, or as a file from a plain clone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if not __package__ and str(ROOT) not in sys.path:  # run as a file from a clone
    sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from data_scripts.drawing import dataset  # noqa: E402
from data_scripts.panoramas import LABELS, Panorama, photograph  # noqa: E402
from data_scripts.tasks import SOURCES, course_folder  # noqa: E402

VERSION = SOURCES["panoramas", "rendered"].version
DEFAULT_FOLDER = course_folder("panoramas", "rendered")
SPLITS = ("train", "test")
TABLES = {"train": "train_label.csv", "test": "test_label.csv", "truth": "train_label_truth.csv"}
WRONG_SHARE = 0.04  # of the cells of the training labels
FEWEST = 5
PICTURES = rf"({'|'.join(SPLITS)})/(panorama_\d{{4,}}\.jpg)?"
FILES = "|".join(map(re.escape, [*TABLES.values(), "recipe.json"]))
OWN = rf"{PICTURES}|\.complete|{FILES}"  # what overwriting may remove


def render_panorama(seed: int | Sequence[int]) -> Panorama:
    """One landscape with labels as they come; the same seed gives the same picture.

    Raises ValueError for a negative seed.
    """
    return photograph(dataset.seeded(seed))


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
    dataset.write_jpeg(path, rendered.image, rendered.quality)
    return tuple(int(label in rendered.scene.labels) for label in LABELS)


def with_errors(truth: np.ndarray, seed: int, share: float = WRONG_SHARE) -> np.ndarray:
    """Labels (N, L) of 0 and 1 of which round(share * N * L), drawn at random, are turned over."""
    rng = np.random.default_rng([seed, len(SPLITS)])  # a stream that no picture uses
    labels = truth.copy()
    wrong = rng.choice(truth.size, round(share * truth.size), replace=False)
    labels.ravel()[wrong] = 1 - labels.ravel()[wrong]
    return labels


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
    dataset.check_numbers({"train": train, "test": test}, FEWEST, seed, processes)
    with dataset.made_whole(folder, OWN, overwrite) as unfinished:
        plan, bar = file_plan(train, test), "rendering panoramas" if progress else None
        truth = np.array(dataset.render_plan(plan, unfinished, seed, processes, render_file, bar))
        names, header = [Path(path).name for _, _, path in plan], ("filename", *LABELS)
        labels = with_errors(truth[:train], seed)
        dataset.write_table(unfinished / TABLES["truth"], header, names[:train], truth[:train])
        dataset.write_table(unfinished / TABLES["train"], header, names[:train], labels)
        dataset.write_table(unfinished / TABLES["test"], header, names[train:], truth[train:])
        dataset.write_recipe(
            unfinished, VERSION, seed=seed, train=train, test=test, wrong_share=WRONG_SHARE
        )
    return folder


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    return dataset.main(render_dataset, ["train", "test"], arguments)


if __name__ == "__main__":
    sys.exit(main())
