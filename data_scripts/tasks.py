"""Which data there is for which task: what makes it, where it lies, which version it is of.

    folder = data_folder("drones")  # in the form that COURSE_DATA names; made where it is missing

Nothing heavy is imported here: a painter or a fetcher is imported when it must work.
"""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from data_scripts.folders import STAMP, is_whole, only_one
from helpers.course import ROOT, data_form

if TYPE_CHECKING:
    import numpy as np

    from helpers.data import ImageDataset

SECOND_RATER = Path(__file__).with_name("labels") / "panorama_labels_second_rater.csv"


@dataclass(frozen=True)
class Source:
    """What makes a task's data in one form.

    maker: "module:function", to be called with the folder; version: of what is rendered, raised
    when the same seed gives other images.
    """

    maker: str
    version: int | None = None


SOURCES = {
    ("drones", "rendered"): Source("data_scripts.render_drones:render_dataset", version=4),
    ("drones", "real"): Source("data_scripts.fetch_drones:fetch_dataset"),
    ("panoramas", "rendered"): Source("data_scripts.render_panoramas:render_dataset", version=3),
    ("panoramas", "real"): Source("data_scripts.fetch_panoramas:fetch_dataset"),
    ("shortcut", "rendered"): Source("data_scripts.render_shortcut:render_dataset", version=2),
}
ALWAYS_RENDERED = ("shortcut",)  # an experiment, the same whatever data the notebooks run on
OWN_LAYOUTS = {
    "drones": "one sub-folder of images per class",
    "panoramas": "train/, test/, train_label.csv and test_label.csv",
}


class TaskError(RuntimeError):
    """Data that cannot be had; the message says what to do."""


def data_folder(task: str) -> Path:
    """The folder of a task's data, made or fetched first where it is missing.

    A folder in COURSE_DATA may hold the task's data in a folder of the task's name, or itself. The
    data of "shortcut" is rendered whatever COURSE_DATA says.

    Raises: TaskError if COURSE_DATA names no folder, or nothing here makes such data.
    """
    form = "rendered" if task in ALWAYS_RENDERED else data_form()
    if form == "own":
        return _own_folder(task)
    folder, source = course_folder(task, form), SOURCES.get((task, form))
    if source is None and not folder.is_dir():
        choices = [repr(f) for t, f in SOURCES if t == task] + ["a folder of your own"]
        raise TaskError(f"there are no {form} {task}: set COURSE_DATA to {' or '.join(choices)}.")
    if source is None:
        return folder
    if folder.is_dir() and _is_outdated(folder, source):
        print(f"{folder} was drawn by an older version; remove it, and it is drawn anew.")
    elif not is_whole(folder):
        with only_one(folder):  # then another process may have made it meanwhile
            if not folder.is_dir() or (form == "real" and not is_whole(folder)):
                module, function = source.maker.split(":")  # what is fetched is checked, and kept
                getattr(import_module(module), function)(folder)
        if not (is_whole(folder) or _is_older_but_whole(folder)):
            raise TaskError(f"{folder} is not whole: delete it, and it is made anew.")
    return folder


def course_folder(task: str, form: str) -> Path:
    """Where the course keeps a task's data in a form, "rendered" or "real", made or not."""
    return ROOT / "data" / form / task


def object_boxes(folder: Path) -> dict[Path, tuple[int, int, int, int]]:
    """Where the object is in each image: (left, top, right, bottom) in pixels, from boxes.csv.

    Rendered data has them; of other data the result is {}.
    """
    table = folder / "boxes.csv"
    if not table.is_file():
        return {}
    sides = ("left", "top", "right", "bottom")
    with table.open(encoding="utf-8", newline="") as file:
        return {
            folder / row["file"]: tuple(int(row[side]) for side in sides)
            for row in csv.DictReader(file)
        }


def object_shares(folder: Path, images: ImageDataset) -> np.ndarray | None:
    """The share of each image that its object's box covers, (N,); NaN where an image has no box.

    None where there are no boxes at all.
    """
    import numpy as np

    boxes = object_boxes(folder)
    if not boxes:
        return None
    unknown = (np.nan,) * 4
    corners = np.array([boxes.get(path, unknown) for path in images.paths], float).reshape(-1, 4)
    areas = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
    return areas / images.sizes.astype(float).prod(axis=1)


def second_label_table(folder: Path) -> Path | None:
    """A second table of labels for (some of) a panoramas folder's training images, if there is one.

    Of rendered data it is the truth, of the real photos a second rater's labels, in a folder of
    your own whatever you put into train_label_truth.csv.
    """
    truth = folder / "train_label_truth.csv"
    if truth.is_file():
        return truth
    return SECOND_RATER if data_form() == "real" else None


def _own_folder(task: str) -> Path:
    folder = Path(os.environ["COURSE_DATA"]).expanduser()
    if not folder.is_dir():
        raise TaskError(
            f"COURSE_DATA is {str(folder)!r}: no such folder; give 'rendered', 'real' or a "
            f"folder with {OWN_LAYOUTS.get(task, f'the {task}')}."
        )
    inner = folder / task
    # A class of that name holds images, neither folders nor tables.
    is_task = any(path.is_dir() or path.suffix == ".csv" for path in inner.glob("*"))
    return inner if is_task else folder


def _is_older_but_whole(folder: Path) -> bool:
    """Whether the folder was drawn before there were stamps: then its recipe was written last."""
    return (folder / "recipe.json").is_file() and not (folder / STAMP).exists()


def _is_outdated(folder: Path, source: Source) -> bool:
    recipe = folder / "recipe.json"
    if source.version is None or not recipe.exists():
        return False
    return json.loads(recipe.read_text())["renderer_version"] != source.version
