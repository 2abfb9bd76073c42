"""The course's folders and settings: which data, which backbone, where results go.

Environment variables: COURSE_DATA (rendered, real, or a folder of your own), COURSE_BACKBONE (a
name that `load_backbone` knows), COURSE_MIRROR (a local copy of the real photos' archives).
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.display import Markdown, display

from helpers.files import write_file

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "Save_Model"
FORMS = ("rendered", "real")
ROW_KEYS = ("backbone", "experiment", "phase", "method", "metric")  # what tells results apart


class CourseError(RuntimeError):
    """Results that cannot be read; the message says what to do."""


def setup() -> None:
    """What a notebook wants done before it begins; importing `helpers` changes nothing.

    Libraries neither look for newer versions over the network nor warn of progress bars that they
    cannot draw and photos whose EXIF block is broken. On a CPU oneDNN keeps the kernels that it has
    made for every shape of a batch: of images of any size there are many, and it keeps those of a
    few, unless it is told so before the first convolution. On Linux memory that was freed is kept
    for the next tensor.
    """
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "20000")
    warnings.filterwarnings("ignore", message="IProgress not found")
    warnings.filterwarnings("ignore", module=r"PIL\.")
    keep_freed_memory()


def keep_freed_memory() -> None:
    """Tell glibc, in this process, to keep what was freed: no large tensor is mapped anew.

    By default it hands each large tensor's memory back to the system and asks for it again, page
    by page: a quarter to a half of the time of a network on a CPU. What the environment says
    in variables such as MALLOC_MMAP_THRESHOLD_ overrules this; on other systems, and with another
    C library, nothing happens. The numbers of the parameters are those of malloc.h, see mallopt(3).
    """
    if sys.platform != "linux":
        return
    libc, most = ctypes.CDLL(None), 2**31 - 1
    if not hasattr(libc, "gnu_get_libc_version"):
        return
    if "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        mmap_threshold, mmap_max = -3, -4
        # Before version 2.35 glibc refuses a threshold above 32 MiB; then it must not map at all.
        if not libc.mallopt(mmap_threshold, most) and "MALLOC_MMAP_MAX_" not in os.environ:
            libc.mallopt(mmap_max, 0)
    if "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        trim_threshold = -1
        libc.mallopt(trim_threshold, most)


def data_form() -> str:
    """ "rendered", "real", or "own" for a folder given in COURSE_DATA."""
    chosen = os.environ.get("COURSE_DATA") or "rendered"
    return chosen if chosen in FORMS else "own"


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


def say(*sentences: str) -> None:
    """Below a figure: what it shows, with the numbers that came out. Empty sentences are left out.

    Several become a list, a point each. A sentence may hold Markdown. Elsewhere than in a notebook
    it is printed.
    """
    points = [sentence for sentence in sentences if sentence]
    if points:
        listed = f" {points[0]}" if len(points) == 1 else "\n\n- " + "\n- ".join(points)
        display(Markdown(f"**What we saw.**{listed}"))


def record_result(
    task: str,
    backbone: str,
    experiment: str,
    phase: str = "",
    method: str = "",
    **metrics: float,
) -> None:
    """Keep each metric as a row of the task's metrics.json.

    A row of the same backbone, experiment, phase, method and metric is replaced where it stands;
    a new one comes last. Floats are rounded to four digits. A metrics.json that cannot be read is
    put aside, and a new one begun: what was measured is not lost for it.

    Raises: WriteError, as where the disk is full.
    """
    path = run_folder(task) / "metrics.json"
    rows = _kept_rows(path)
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
    write_file(path, f'{{\n  {head},\n  "rows": [\n{lines}\n  ]\n}}\n')


def _kept_rows(path: Path) -> list[dict]:
    if not path.exists():
        return []
    try:
        return read_results(path)["rows"]
    except CourseError:
        number = 1 + len(list(path.parent.glob(f"{path.stem}_unreadable*")))
        aside = path.with_name(f"{path.stem}_unreadable{number}{path.suffix}")
        path.replace(aside)
        print(f"{path} could not be read: it is {aside.name} now, and a new one is begun.")
        return []


def published_results(
    task: str, backbone: str, experiment: str, form: str = "rendered"
) -> pd.DataFrame:
    """The course's own results: a row for each phase or method, a column for each metric.

    Of another backbone where there is none of this one: the columns' name says which. Empty where
    none was published. `form`: "rendered" or "real".
    """
    import pandas as pd  # not needed to find a folder

    name = "metrics.json" if form == "rendered" else f"metrics_{form}.json"
    rows = pd.DataFrame(read_results(PUBLISHED / task / name)["rows"])
    rows = rows[rows["experiment"] == experiment]
    if rows.empty:
        return pd.DataFrame()
    if backbone not in set(rows["backbone"]):
        backbone = rows["backbone"].iloc[0]
    rows = rows[rows["backbone"] == backbone]
    which = (rows["phase"] + " " + rows["method"]).str.strip()
    table = rows.assign(which=which).pivot(index="which", columns="metric", values="value")
    table = table.loc[which.unique()]
    return table.rename_axis(index=None, columns=f"published, {backbone}")


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
