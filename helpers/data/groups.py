"""Which images of a data set belong together: copies, and scenes that were taken twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from helpers.data.datasets import ImageFolderDataset
from helpers.data.duplicates import linked, near_duplicates
from helpers.data.image_dataset import ImageDataset
from helpers.data.images import original_of

CLOSEST_SHOWN = 3  # pairs that a warning names
COPY_BITS, COPY_LIKENESS = 4, 0.97  # within these it is one picture, not just a like scene


def copy_groups(dataset: ImageDataset) -> list[int]:
    """A number for each image, the same for images of one original or one scene.

    They are files of one class (of one folder where an image has several labels) with the same
    original (see `original_of`), files with the same content, and near-duplicates (see
    `near_duplicates`); copies of copies count too.
    """
    homes = dataset.labels
    if not isinstance(dataset, ImageFolderDataset):
        homes = [report.path.parent for report in dataset.reports]
    originals = [
        f"{home}/{original_of(report.path)}"
        for home, report in zip(homes, dataset.reports, strict=True)
    ]
    pairs = near_duplicates([report.fingerprint for report in dataset.reports])
    first, second = list(pairs["first"]), list(pairs["second"])
    for marks in (originals, [report.sha256 for report in dataset.reports]):
        earlier: dict[str, int] = {}
        for index, mark in enumerate(marks):
            first.append(earlier.setdefault(mark, index))
            second.append(index)
    return linked(len(dataset), first, second).tolist()


def twins_across(splits: Mapping[str, ImageDataset]) -> pd.DataFrame:
    """Near-duplicates in two different splits, the closest first.

    Returns: columns split, file, other_split, other_file (paths relative to the splits' folder; the
        other one lies in the split that is named later), bits and likeness as in `near_duplicates`.
    """
    return _twins(splits, _all_pairs(splits))


def _all_pairs(splits: Mapping[str, ImageDataset]) -> pd.DataFrame:
    """`near_duplicates` of all images of the splits, one split after the other."""
    return near_duplicates([r.fingerprint for part in splits.values() for r in part.reports])


def _twins(splits: Mapping[str, ImageDataset], pairs: pd.DataFrame) -> pd.DataFrame:
    images = [(name, report) for name, part in splits.items() for report in part.reports]
    rows = []
    for pair in pairs.itertuples():
        (one, first), (other, second) = images[pair.first], images[pair.second]
        if one != other:
            files = [
                report.path.relative_to(splits[name].folder.parent).as_posix()
                for name, report in ((one, first), (other, second))
            ]
            rows.append((one, files[0], other, files[1], pair.bits, pair.likeness))
    columns = ["split", "file", "other_split", "other_file", "bits", "likeness"]
    return pd.DataFrame(rows, columns=columns)


def _contradictions(splits: Mapping[str, ImageDataset], pairs: pd.DataFrame) -> pd.DataFrame:
    """Copies of one picture under different labels, the closest first: one of each must be wrong.

    Copies are near-duplicates within COPY_BITS and COPY_LIKENESS: of two like scenes, such as
    neighbouring frames, each may well have labels of its own.
    """
    images = [
        (part, index, report)
        for part in splits.values()
        for index, report in enumerate(part.reports)
    ]
    copies = pairs[(pairs["bits"] <= COPY_BITS) & (pairs["likeness"] >= COPY_LIKENESS)]
    rows = []
    for pair in copies.itertuples():
        row = []
        for part, index, report in (images[pair.first], images[pair.second]):
            label = part.labels[index]
            held = [label] if isinstance(label, int) else np.flatnonzero(label)
            row += [
                report.path.relative_to(part.folder.parent).as_posix(),
                " + ".join(part.classes[at] for at in held) or "none",
            ]
        if row[1] != row[3]:
            rows.append(row)
    return pd.DataFrame(rows, columns=["file", "labels", "other_file", "other_labels"])


def copy_warning(splits: Mapping[str, ImageDataset]) -> str:
    """How many images are in two splits, or under two labels, with the closest pairs; "" if none.

    One scene in two splits makes scores too good, one under two labels teaches both.
    """
    lines, pairs = [], _all_pairs(splits)
    twins = _twins(splits, pairs)
    if len(twins):
        lines.append("one scene in two splits makes scores too good; move one of each pair:")
        for (one, other), between in twins.groupby(["split", "other_split"], sort=False):
            count, total = between["other_file"].nunique(), len(splits[other])
            lines.append(f"  {count} of {total} images in {other} have a twin in {one}")
        closest = twins.head(CLOSEST_SHOWN)
        lines += map("  {} and {}".format, closest["file"], closest["other_file"])
    doubts = _contradictions(splits, pairs)
    if len(doubts):
        lines.append(
            f"one scene under different labels, {len(doubts)} times; correct or remove one of each "
            "pair:"
        )
        lines += [
            f"  {row.file} ({row.labels}) and {row.other_file} ({row.other_labels})"
            for row in doubts.head(CLOSEST_SHOWN).itertuples()
        ]
    return "\n".join(lines)


def warn_of_copies(splits: Mapping[str, ImageDataset], log: Callable[[str], None] = print) -> None:
    """Tell `log` the `copy_warning` of these splits, if there is one."""
    warning = copy_warning(splits)
    if warning:
        log(warning)
