"""The course's folders and settings: which data, which backbone, where results go.

Environment variables: COURSE_DATA (rendered, real, or a folder of your own), COURSE_BACKBONE (a
name that `load_backbone` knows), COURSE_MIRROR (a local copy of the real photos' archives).
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FORMS = ("rendered", "real")


def setup() -> None:
    """What a notebook wants done before it begins; importing `helpers` changes nothing.

    Libraries neither look for newer versions over the network nor warn of progress bars that they
    cannot draw and photos whose EXIF block is broken. On a CPU oneDNN keeps the kernels that it has
    made for every shape of a batch: of images of any size there are many, and it keeps those of a
    few, unless it is told so before the first convolution.
    """
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "20000")
    warnings.filterwarnings("ignore", message="IProgress not found")
    warnings.filterwarnings("ignore", module=r"PIL\.")


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


def record_result(task: str, backbone: str, phase: str, **numbers: float) -> Path:
    """Keep the numbers of one phase in the task's metrics.json, beside those of other phases."""
    path = run_folder(task) / "metrics.json"
    content = {"task": task, "data": data_form(), "results": {}}
    if path.exists():
        content = json.loads(path.read_text())
    content["results"].setdefault(backbone, {})[phase] = {
        key: round(value, 4) if isinstance(value, float) else value
        for key, value in numbers.items()
    }
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(content, indent=2) + "\n")
    temporary.replace(path)
    return path
