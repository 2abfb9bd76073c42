"""Which images of a data set belong together: copies, and scenes that were taken twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from helpers.data.datasets import ImageFolderDataset
from helpers.data.duplicates import linked, near_duplicates
from helpers.data.image_dataset import ImageDataset
from helpers.data.images import original_of

CLOSEST_SHOWN = 3  # pairs that a warning names


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
    images = [(name, report) for name, part in splits.items() for report in part.reports]
    pairs = near_duplicates([report.fingerprint for _, report in images])
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


def warn_of_leaks(splits: Mapping[str, ImageDataset], log: Callable[[str], None] = print) -> None:
    """Tell `log` how many images are in two splits, and which are the most alike, if any are."""
    twins = twins_across(splits)
    if twins.empty:
        return
    lines = ["one scene in two splits makes scores too good; move one of each pair:"]
    for (one, other), pairs in twins.groupby(["split", "other_split"], sort=False):
        count, total = pairs["other_file"].nunique(), len(splits[other])
        lines.append(f"{count} of {total} images in {other} have a twin in {one}")
    closest = twins.head(CLOSEST_SHOWN)
    lines += map("{} and {}".format, closest["file"], closest["other_file"])
    log("\n  ".join(lines))
