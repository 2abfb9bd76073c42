"""Labelled images as PyTorch data sets: a folder per class, or a table of labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from helpers.data.image_dataset import ImageDataset
from helpers.data.images import ImageReport, inspect_images
from helpers.data.labels import find_images, read_label_table
from helpers.data.listing import (
    STRAY,
    UNLABELLED,
    Listing,
    describe_ignored,
    is_hidden,
    list_files,
)
from helpers.errors import DataError


class ImageFolderDataset(ImageDataset):
    """One sub-folder per class: `folder/<class>/<any name>.jpg`.

    Every file is checked once, when the data set is made: unusable ones are named and skipped
    (`strict=True`: raise instead). `reports` holds what was seen of each usable file, `skipped` of
    the others.

    Args:
        folder: the folder with one sub-folder per class.
        transform, seed: see ImageDataset.
        classes: class names in the order of the labels; by default the sub-folders in sorted order.
            Give the training set's classes to its validation and test sets.
        strict: raise DataError at the first unusable file.
        log: receives one text that names all files that were skipped, if any.

    Items are `(image, label)`, the label an int.

    Raises:
        DataError: no such folder, fewer than two class folders, a class without images, an
            unknown class.
    """

    def __init__(
        self,
        folder: str | Path,
        transform: Callable | None = None,
        classes: Sequence[str] | None = None,
        seed: int = 0,
        strict: bool = False,
        log: Callable[[str], None] = print,
    ):
        super().__init__(folder, transform, seed)
        folders, self.ignored = class_files(self.folder)
        if classes is None and len(folders) == 1:
            raise DataError(
                f"{self.folder}: holds one class folder, {next(iter(folders))!r}; a classifier "
                "needs two. Is the data one level down?"
            )
        self.classes = list(folders) if classes is None else list(classes)
        unknown = sorted(set(folders) - set(self.classes))
        if unknown:
            raise DataError(
                f"{self.folder}: the folder {unknown[0]!r} is none of the classes "
                f"{', '.join(self.classes)}; rename or remove it."
            )
        pairs = [
            (path, self.classes.index(name)) for name, paths in folders.items() for path in paths
        ]
        reports = inspect_images([path for path, _ in pairs])
        self.skipped = [r for r in reports if r.problem]
        self.reports = [r for r in reports if not r.problem]
        self.labels = [label for (_, label), r in zip(pairs, reports, strict=True) if not r.problem]
        if self.skipped and strict:
            raise DataError(self.skipped[0].problem)
        for name in folders:
            if self.classes.index(name) not in self.labels:
                raise DataError(
                    f"{self.folder / name}: no usable image; add some or remove the folder."
                )
        if self.skipped:
            shown = [r.problem.replace(f"{self.folder.parent}/", "", 1) for r in self.skipped]
            log("\n  ".join([f"skipped {len(shown)} of {len(pairs)} files:", *shown]))
        tell_ignored(self.folder, self.ignored, log)


class MultilabelDataset(ImageDataset):
    """Images of one folder and a table that says which labels hold for each.

    The table is a CSV file as people have it (see `helpers.data.labels`): the first column names
    the image files, inside `folder` or its sub-folders, and each further column is a label, 0 or 1.
    Every row and every file is checked once, when the data set is made. Images without a row are
    left out; an image for which no label holds is as good as any.

    Args:
        csv: the table.
        folder: the folder that the file names start from.
        transform, seed: see ImageDataset.
        classes: label names in the order wanted; by default the table's own. Give the training
            set's classes to its validation and test sets: the columns may come in any order.
        strict: raise DataError at the first bad row. Otherwise bad rows are skipped and named, and
            `skipped` holds a report with the `problem` of each.
        log: receives one text that names all rows that were skipped, if any, and one on labels
            that no image of a validation or test set has.

    `labels` is a float32 array (N, L), `classes` are the L label names. Items are
    `(image, labels)`, the labels a float32 tensor (L,).

    Raises:
        DataError: a bad row if `strict`; a table that cannot be read as one or has other labels
            than `classes`; no usable row; without `classes`, a label that no usable row has.
    """

    def __init__(
        self,
        csv: str | Path,
        folder: str | Path,
        transform: Callable | None = None,
        classes: Sequence[str] | None = None,
        seed: int = 0,
        strict: bool = True,
        log: Callable[[str], None] = print,
    ):
        super().__init__(folder, transform, seed)
        self.csv = Path(csv)
        self.classes, rows = read_label_table(self.csv, classes)
        rows = find_images(self.csv, rows, self.folder)
        if strict:  # before thousands of files are read
            _raise_first([row.problem for row in rows])
        seen = iter(inspect_images([self.folder / r.file for r in rows if not r.problem]))
        self.reports, self.skipped, labels = [], [], []
        for row in rows:
            report = ImageReport(self.folder / row.file, problem=row.problem, seen=False)
            if not row.problem:
                report = next(seen)
                if report.problem:
                    problem = f"{self.csv}, row {row.number}: {report.problem}"
                    report = replace(report, problem=problem)
            if report.problem:
                self.skipped.append(report)
            else:
                self.reports.append(report)
                labels.append(row.labels)
        if strict or not labels:
            _raise_first([report.problem for report in self.skipped])
        self.labels = np.array(labels, np.float32)
        if self.skipped:
            shown = [r.problem.removeprefix(f"{self.csv}, ") for r in self.skipped]
            what = f"skipped {len(shown)} of {len(rows)} rows of {self.csv}:"
            log("\n  ".join([what, *shown]))
        listing = list_files(self.folder)
        named = {report.path for report in (*self.reports, *self.skipped)}
        listing.ignore(UNLABELLED, listing.images)
        self.ignored = {
            reason: left
            for reason, paths in listing.ignored.items()
            if (left := [path for path in paths if path not in named])
        }
        tell_ignored(self.folder, {r: p for r, p in self.ignored.items() if r != UNLABELLED}, log)
        unused = [name for at, name in enumerate(self.classes) if not self.labels[:, at].any()]
        if unused and classes is None:
            raise DataError(
                f"{self.csv}, column {unused[0]!r}: no usable row has a 1; add images with this "
                "label or remove the column."
            )
        if unused:
            log(f"{self.csv}: no image has {', '.join(unused)}, so no score counts it here.")

    def _labels_at(self, indices: Sequence[int]) -> np.ndarray:
        return self.labels[np.asarray(indices, int)]

    def __getitem__(self, index: int):
        image, labels = super().__getitem__(index)
        return image, torch.tensor(labels)


def class_files(folder: str | Path) -> tuple[dict[str, list[Path]], dict[str, list[Path]]]:
    """Class name to its image files, and what else lies there: reason to files (see `listing`).

    A class's images lie in its folder, and perhaps in deeper ones too.

    Raises: DataError for no folder, no class folders, a class without images, or one whose images
        all lie in folders of its own, which then are probably the classes.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder.")
    names = sorted(p.name for p in folder.iterdir() if p.is_dir() and not is_hidden(p.name))
    if not names:
        raise DataError(f"{folder}: holds no class folders; put each class's images in one folder.")
    around, files = Listing(), {}
    for name in names:
        inside = list_files(folder / name)
        files[name], inside.images = inside.images, []
        around.add(inside)
        if not files[name]:
            told = describe_ignored(inside.ignored)
            raise DataError(
                f"{folder / name}: holds no image{f' ({told})' if told else ''}; add some or "
                "remove the folder."
            )
        if all(path.parent != folder / name for path in files[name]):
            inner = files[name][0].relative_to(folder / name).parts[0]
            raise DataError(
                f"{folder / name}: holds folders such as {inner!r}, but no image of its own; if "
                "these are the classes, give this folder, else move the images up."
            )
    beside = list_files(folder, into=is_hidden)
    beside.ignore(STRAY, beside.images)
    around.add(Listing(ignored=beside.ignored))
    return files, around.ignored


def tell_ignored(folder: Path, ignored: dict[str, list[Path]], log: Callable[[str], None]) -> None:
    """Tell `log` how many files a person may miss, and why, in one line; nothing for none."""
    told = describe_ignored(ignored)
    if told:
        log(f"{folder}: left out {told}.")


def _raise_first(problems: Sequence[str]) -> None:
    problem = next(filter(None, problems), "")
    if problem:
        raise DataError(problem)
