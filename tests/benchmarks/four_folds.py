"""Notebook 05 on four folds of all labelled panoramas: each photo is a test photo once.

    COURSE_DATA=real python -m tools.environment tests.benchmarks.four_folds

One test set of 512 photos says little about a difference of one point; the mean of four folds says
more. The notebook runs as it is, on folders like your own, so the recipe is the course's. Scores
of each fold, their means and the seconds go to Save_Model/panoramas/folds.json; about an hour on
two cores.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

from data_scripts.tasks import data_folder
from helpers.course import ROOT, backbone_name, data_form, read_results, runs_folder, setup
from helpers.data import MultilabelDataset, copy_groups
from helpers.models import resolve_backbone
from tools.execute import execute, find_notebooks

OUTPUT = ROOT / "Save_Model" / "panoramas" / "folds.json"
FOLDS, SEED = 4, 0


def labelled_photos(folder: Path, scratch: Path) -> MultilabelDataset:
    """The photos of train/ and test/ in one folder, with one table."""
    tables = []
    for split in ("train", "test"):
        table = pd.read_csv(folder / f"{split}_label.csv")
        for name in table["filename"]:
            link(folder / split / name, scratch / "all" / split / name)
        tables.append(table.assign(filename=f"{split}/" + table["filename"]))
    pd.concat(tables).to_csv(scratch / "all.csv", index=False)
    return MultilabelDataset(scratch / "all.csv", scratch / "all")


def write_fold(photos: MultilabelDataset, test: np.ndarray, folder: Path) -> None:
    """A folder as `COURSE_DATA` wants it; `test` holds the indices of its test photos."""
    is_test = np.isin(np.arange(len(photos)), test)
    for split, chosen in (("train", ~is_test), ("test", is_test)):
        names = [
            photos.paths[index].relative_to(photos.folder).as_posix()
            for index in np.flatnonzero(chosen)
        ]
        for name in names:
            link(photos.folder / name, folder / split / name)
        table = pd.DataFrame(photos.labels[chosen].astype(int), columns=photos.classes)
        table.insert(0, "filename", names)
        table.to_csv(folder / f"{split}_label.csv", index=False)


def link(path: Path, to: Path) -> None:
    """The file at `path` under another name, without a copy."""
    to.parent.mkdir(parents=True, exist_ok=True)
    to.symlink_to(path.resolve())


def fold_scores(folder: Path) -> pd.DataFrame:
    """Notebook 05's results on the data in `folder`: a line for each phase."""
    os.environ["COURSE_DATA"] = str(folder)
    (path,) = find_notebooks(["05"])
    run = execute(path)
    if run.error:
        raise SystemExit(f"notebook 05 failed on {folder.name} {run.error}")
    runs = runs_folder()
    content = read_results(runs / "panoramas" / "metrics.json")
    shutil.rmtree(runs)  # of this fold's folder, which is about to go
    rows = [row for row in content["rows"] if row["experiment"] == "two phases"]
    return pd.DataFrame(rows).pivot_table(
        index="phase", columns="metric", values="value", sort=False
    )


def main() -> int:
    """The command; returns the exit status."""
    setup()
    form, folds = data_form(), {}
    with tempfile.TemporaryDirectory() as scratch:
        photos = labelled_photos(data_folder("panoramas"), Path(scratch))
        groups = np.random.default_rng(SEED).permutation(len(photos))[copy_groups(photos)]
        parts = GroupKFold(FOLDS).split(groups, groups=groups)
        for number, (_, test) in enumerate(parts, start=1):
            folder = Path(scratch) / f"fold{number}"
            write_fold(photos, test, folder)
            folds[f"fold {number}"] = fold_scores(folder)
            print(folds[f"fold {number}"].round(4).to_string(), flush=True)
    mean = sum(folds.values()) / len(folds)
    print(f"mean of {FOLDS} folds\n{mean.round(4).to_string()}")
    content = json.loads(OUTPUT.read_text()) if OUTPUT.exists() else {}
    content[form] = {
        "backbone": resolve_backbone(backbone_name()),
        "processors": os.cpu_count(),
        "images": len(photos),
        "mean": mean.T.round(4).to_dict(),
        **{name: scores.T.round(4).to_dict() for name, scores in folds.items()},
    }
    OUTPUT.write_text(json.dumps(content, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
