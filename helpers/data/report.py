"""What the course makes of a folder: every file used, unusable, or left out for a reason."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.data.datasets import ImageFolderDataset, MultilabelDataset
from helpers.data.groups import copy_warning
from helpers.data.image_dataset import ImageDataset
from helpers.data.images import ImageReport
from helpers.data.listing import BAD_ROW, BESIDE, counted, list_files
from helpers.data.splits import (
    SPLITS,
    label_table,
    split_folders,
    split_multilabel,
    split_off,
)
from helpers.errors import DataError

UNSEEN = "images not looked at, because of the problems above"


@dataclass
class FolderReport:
    """What `inspect_folder` has seen.

    layout: "a folder per class", "tables of labels", or "" where it could not be told.
    used: split ("all" for class folders without splits) to class to number of images, with "none"
        for images for which no label holds.
    unusable: file to what is wrong with it; rows: what is wrong with rows that have no file.
    ignored: reason to files that were not looked at; problems: why the course would stop.
    warning: of one scene in two splits or under two labels.
    seen: split to what was seen of each file that was opened; places: split to its folder.
    """

    folder: Path
    layout: str = ""
    used: dict[str, dict[str, int]] = field(default_factory=dict)
    images: dict[str, int] = field(default_factory=dict)
    unusable: dict[Path, str] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)
    ignored: dict[str, list[Path]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warning: str = ""
    seen: dict[str, list[ImageReport]] = field(default_factory=dict, repr=False)
    places: dict[str, Path] = field(default_factory=dict, repr=False)

    def table(self) -> pd.DataFrame:
        """A row for each file that was opened, of folders per class.

        Columns: split, class, file (relative to its class folder), width, height (pixels), mode (as
        stored: "RGB", "CMYK", "L", ...), bytes, problem ("" for a usable file) and copy_of (the
        file with the same content that came first, or "").
        """
        rows, first_with = [], {}
        for split, reports in self.seen.items():
            home = self.folder if split == "all" else self.places[split]
            for report in sorted(reports, key=lambda report: report.path):
                label, *rest = report.path.relative_to(home).parts
                file = "/".join(rest)
                where = f"{split}/{label}/{file}"
                first = first_with.setdefault(report.sha256 or where, where)
                rows.append(
                    {
                        "split": split,
                        "class": label,
                        "file": file,
                        "width": report.width,
                        "height": report.height,
                        "mode": report.mode,
                        "bytes": report.bytes,
                        "problem": report.problem,
                        "copy_of": "" if first == where else first,
                    }
                )
        return pd.DataFrame(rows)

    @property
    def files(self) -> int:
        """All files; a folder that cannot be read counts as one."""
        left_out = sum(len(paths) for paths in self.ignored.values())
        return sum(self.images.values()) + len(self.unusable) + left_out

    @property
    def all_usable(self) -> bool:
        return not (self.problems or self.unusable or self.rows)

    def as_dict(self) -> dict:
        """The report as JSON can keep it; paths relative to the folder."""
        return {
            "folder": str(self.folder),
            "layout": self.layout,
            "files": self.files,
            "images": self.images,
            "used": self.used,
            "unusable": {self._short(path): words for path, words in self.unusable.items()},
            "rows": self.rows,
            "left_out": {r: [self._short(p) for p in paths] for r, paths in self.ignored.items()},
            "problems": self.problems,
            "warning": self.warning,
        }

    def _short(self, path: Path) -> str:
        return os.path.relpath(path, self.folder)

    def __str__(self) -> str:
        name = self.folder.resolve().name
        lines = [f"{name}: {self.layout or 'no data that the course can use'}"]
        for split, classes in self.used.items():
            counts = ", ".join(f"{name} {count:,}" for name, count in classes.items())
            lines.append(f"  {split}: {self.images[split]:,} images ({counts})")
        lines += [f"problem: {problem}" for problem in self.problems]
        bad = [f"  {words}" for words in (*self.unusable.values(), *self.rows)]
        if bad:
            told = [counted(len(self.unusable), "files")] if self.unusable else []
            told += [f"{len(self.rows):,} row{'s' * (len(self.rows) > 1)}"] if self.rows else []
            lines += [f"unusable: {', '.join(told)}", *bad]
        if self.ignored:
            lines.append("left out:")
            lines += [f"  {counted(len(paths), why)}" for why, paths in self.ignored.items()]
        lines += [self.warning] if self.warning else []
        lines.append(f"{self.files:,} files in all")
        beginning = rf"(?<![^\s(]){re.escape(str(self.folder))}/"  # of a path
        text = re.sub(beginning, "", "\n".join(lines))
        return text.encode("utf-8", "backslashreplace").decode()  # names of any bytes


def inspect_folder(folder: str | Path) -> FolderReport:
    """Look at every file of a folder as `load_splits` or `load_multilabel_splits` would.

    Nothing is raised: why the course would stop is among the report's problems.
    """
    folder = Path(folder)
    report, parts = FolderReport(folder), {}
    if not folder.is_dir():
        report.problems.append(f"{folder}: there is no such folder.")
        return report
    tables = [split for split in SPLITS if label_table(folder, split).is_file()]
    try:
        report.places = places = split_folders(folder)
        report.layout = "tables of labels" if tables else "a folder per class"
        for split in tables or places or {"all": folder}:
            try:
                first = parts[next(iter(parts))].classes if parts else None
                parts[split] = _dataset(folder, split, places, bool(tables), first)
            except DataError as error:
                report.problems.append(str(error))
        report.warning = copy_warning(parts)
        for split in ("train", "test") if tables else ():
            if split not in tables:
                report.problems.append(
                    f"{label_table(folder, split)}: there is no such table; add it."
                )
        train = parts.get("train", parts.get("all"))
        if isinstance(train, ImageFolderDataset):
            split_off(folder, train, list(parts))
        elif isinstance(train, MultilabelDataset) and "val" not in parts:
            split_multilabel(train)
    except DataError as error:
        report.problems.append(str(error))
    if not parts:
        report.layout = ""
    _account(report, parts)
    return report


def _dataset(
    folder: Path, split: str, places: dict[str, Path], labelled: bool, classes: list[str] | None
) -> ImageDataset:
    def quiet(text: str) -> None: ...

    if labelled:
        table, images = label_table(folder, split), places.get(split, folder / split)
        return MultilabelDataset(table, images, classes=classes, strict=False, log=quiet)
    return ImageFolderDataset(places.get(split, folder), classes=classes, log=quiet)


def _account(report: FolderReport, parts: dict[str, ImageDataset]) -> None:
    """Put each file of the folder into one place of the report."""
    seen, reasons = set(), {}
    for split, part in parts.items():
        labels = np.asarray(part.labels)
        if isinstance(part, ImageFolderDataset):
            counts = Counter(labels.tolist())
            report.used[split] = {name: counts[at] for at, name in enumerate(part.classes)}
        else:
            sums = labels.sum(axis=0).astype(int).tolist()
            report.used[split] = dict(zip(part.classes, sums, strict=True))
            report.used[split]["none"] = int((labels.sum(axis=1) == 0).sum())
        report.images[split] = len(part)
        report.seen[split] = [*part.reports, *(each for each in part.skipped if each.seen)]
        seen.update(part.paths)
        for skipped in part.skipped:
            if skipped.seen:
                report.unusable[skipped.path] = skipped.problem
                seen.add(skipped.path)
                continue
            report.rows.append(skipped.problem)
            if os.path.lexists(skipped.path) and not skipped.path.is_dir():
                reasons[skipped.path] = BAD_ROW  # without a name it is the folder's path
        for reason, paths in part.ignored.items():
            reasons.update(dict.fromkeys(paths, reason))
    everything = list_files(report.folder)
    refused = {place for split, place in report.places.items() if split not in parts}
    for path in everything.images:
        unseen = not parts or not refused.isdisjoint(path.parents)
        everything.ignore(UNSEEN if unseen else BESIDE, [path])
    used_through = {parent for path in seen for parent in path.parents}
    for reason, paths in everything.ignored.items():
        for path in paths:
            if path not in used_through:  # else a linked class, whose images count
                reasons.setdefault(path, reason)
    for path in sorted(reasons.keys() - seen):
        report.ignored.setdefault(reasons[path], []).append(path)
