"""The course's folders and settings: which data, which backbone, where results go.

Environment variables: COURSE_DATA (rendered, real, or a folder of your own), COURSE_BACKBONE (a
name that `load_backbone` knows), COURSE_MIRROR (a local copy of the real photos' archives).
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FORMS = ("rendered", "real")
ROW_KEYS = ("backbone", "experiment", "phase", "method", "metric")  # what tells results apart
ALWAYS_RENDERED = ("shortcut",)  # an experiment, the same whatever data the notebooks run on
LAYOUTS = {
    "drones": "one sub-folder of images per class",
    "panoramas": "train/, test/, train_label.csv and test_label.csv",
}


class CourseError(RuntimeError):
    """Data or results that cannot be had; the message says what to do."""


def data_form() -> str:
    """ "rendered", "real", or "own" for a folder given in COURSE_DATA."""
    chosen = os.environ.get("COURSE_DATA") or "rendered"
    return chosen if chosen in FORMS else "own"


def data_folder(task: str) -> Path:
    """The folder of a task's data, made or fetched first where it is missing.

    A folder in COURSE_DATA may hold the task's data in a folder of the task's name, or itself. The
    data of "shortcut" is rendered whatever COURSE_DATA says.

    Raises: CourseError if COURSE_DATA names no folder, or nothing here makes such data.
    """
    form = "rendered" if task in ALWAYS_RENDERED else data_form()
    if form == "own":
        folder = Path(os.environ["COURSE_DATA"]).expanduser()
        if not folder.is_dir():
            raise CourseError(
                f"COURSE_DATA is {str(folder)!r}: no such folder; give 'rendered', 'real' or a "
                f"folder with {LAYOUTS.get(task, f'the {task}')}."
            )
        inner = folder / task
        # A class of that name holds images, neither folders nor tables.
        holds = any(path.is_dir() or path.suffix == ".csv" for path in inner.glob("*"))
        return inner if holds else folder
    folder = ROOT / "data" / form / task
    if not folder.is_dir():
        if (form, task) not in _MAKE:
            others = [repr(f) for f, t in _MAKE if t == task]
            raise CourseError(
                f"there are no {form} {task}: set COURSE_DATA to "
                f"{' or '.join([*others, 'a folder of your own'])}."
            )
        _MAKE[form, task](folder)
    if form == "rendered":
        _warn_if_outdated(folder, task)
    return folder


def object_boxes(folder: Path) -> dict[Path, tuple[int, int, int, int]]:
    """Where the object is in each image: (left, top, right, bottom) in pixels, from boxes.csv.

    Rendered data has them; of other data the result is {}.
    """
    table = folder / "boxes.csv"
    if not table.is_file():
        return {}
    with table.open(encoding="utf-8", newline="") as file:
        return {
            folder / row["file"]: tuple(
                int(row[side]) for side in ("left", "top", "right", "bottom")
            )
            for row in csv.DictReader(file)
        }


def checked_labels(folder: Path) -> Path | None:
    """A second table of labels for (some of) a panoramas folder's training images, if there is one.

    Of rendered data it is the truth, of the real photos a second rater's labels, in a folder of
    your own whatever you put into train_label_truth.csv.
    """
    truth = folder / "train_label_truth.csv"
    if truth.is_file():
        return truth
    rater = ROOT / "data_scripts" / "labels" / "panorama_labels_second_rater.csv"
    return rater if data_form() == "real" else None


def runs_folder() -> Path:
    """Where all tasks' runs on the present data go; each folder of your own has its own."""
    name = data_form()
    if name == "own":
        folder = Path(os.environ["COURSE_DATA"]).expanduser().resolve()
        name = f"own_{folder.name}_{hashlib.sha256(str(folder).encode()).hexdigest()[:6]}"
    return ROOT / "Save_Model" / "runs" / name


def run_folder(task: str) -> Path:
    """Where your runs leave models, figures and numbers; git ignores it."""
    folder = runs_folder() / task
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def backbone_name() -> str:
    """The backbone of all notebooks: COURSE_BACKBONE, or "auto"."""
    return os.environ.get("COURSE_BACKBONE") or "auto"


def record_result(
    task: str,
    backbone: str,
    experiment: str,
    phase: str = "",
    method: str = "",
    **metrics: float,
) -> Path:
    """Keep each metric as a row of the task's metrics.json.

    A row of the same backbone, experiment, phase, method and metric is replaced where it stands;
    a new one comes last. Floats are rounded to four digits.

    Raises: CourseError if there is a metrics.json that `read_results` cannot read.
    """
    path = run_folder(task) / "metrics.json"
    rows = read_results(path)["rows"] if path.exists() else []
    places = {tuple(row[key] for key in ROW_KEYS): place for place, row in enumerate(rows)}
    for metric, value in metrics.items():
        key = (backbone, experiment, phase, method, metric)
        value = value if isinstance(value, int) else round(float(value), 4)
        row = {**dict(zip(ROW_KEYS, key, strict=True)), "value": value}
        if key in places:
            rows[places[key]] = row
        else:
            rows.append(row)
    # A row a line, so that a change of one number is a change of one line.
    lines = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in rows)
    head = f'"task": {json.dumps(task)},\n  "data": {json.dumps(data_form())}'
    temporary = path.with_suffix(".tmp")
    temporary.write_text(f'{{\n  {head},\n  "rows": [\n{lines}\n  ]\n}}\n', encoding="utf-8")
    temporary.replace(path)
    return path


def read_results(path: Path) -> dict:
    """A metrics.json that `record_result` wrote: {"task": …, "data": …, "rows": [{…}, …]}.

    Raises: CourseError if it is something else, such as the table of an older course.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        fields = {*ROW_KEYS, "value"}
        numbers = [row["value"] for row in content["rows"] if row.keys() == fields]
        complete = len(numbers) == len(content["rows"]) and {"task", "data"} <= content.keys()
        complete = complete and all(isinstance(number, int | float) for number in numbers)
    except (ValueError, KeyError, TypeError, AttributeError):
        complete = False
    if not complete:
        raise CourseError(
            f"{path} is not a table of this course's results, or one of an older version: remove "
            "it, and run its notebooks again."
        )
    return content


def _warn_if_outdated(folder: Path, task: str) -> None:
    from data_scripts import render_drones, render_panoramas, render_shortcut

    renderer = {
        "drones": render_drones,
        "panoramas": render_panoramas,
        "shortcut": render_shortcut,
    }[task]
    recipe = folder / "recipe.json"
    drawn = json.loads(recipe.read_text())["renderer_version"] if recipe.exists() else None
    if drawn not in (None, renderer.RENDERER_VERSION):
        print(f"{folder} was drawn by an older version; remove it, and it is drawn anew.")


def _render_drones(folder: Path) -> None:
    from data_scripts.render_drones import render_dataset

    render_dataset(folder)


def _fetch_drones(folder: Path) -> None:
    from data_scripts.fetch_drones import fetch_dataset

    fetch_dataset(folder)


def _render_panoramas(folder: Path) -> None:
    from data_scripts.render_panoramas import render_dataset

    render_dataset(folder)


def _fetch_panoramas(folder: Path) -> None:
    from data_scripts.fetch_panoramas import fetch_dataset

    fetch_dataset(folder)


def _render_shortcut(folder: Path) -> None:
    from data_scripts.render_shortcut import render_dataset

    render_dataset(folder)


_MAKE = {
    ("rendered", "drones"): _render_drones,
    ("real", "drones"): _fetch_drones,
    ("rendered", "panoramas"): _render_panoramas,
    ("real", "panoramas"): _fetch_panoramas,
    ("rendered", "shortcut"): _render_shortcut,
}
