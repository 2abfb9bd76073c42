"""Which photos of the drones' archive show one scene: writes the manifest's column `group`.

    python -m data_scripts.fetch_drones       # the photos, first
    python -m data_scripts.group_drones       # half a minute

Many are frames of a few videos under names that do not say so. Two photos of one class belong
together if their names have one original, or if `near_duplicates` finds them alike by their hashes
and by the features of a frozen EfficientNet-Lite0; so do chains of such pairs. That may join scenes
that merely look much the same, which costs a split nothing.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data_scripts.archives import FetchError, read_manifest
from data_scripts.fetch_drones import DRONES, PHOTOS
from helpers.course import setup
from helpers.data import DataError, ImageFolderDataset, eval_transform, near_duplicates
from helpers.data.duplicates import linked
from helpers.data.images import original_of
from helpers.models import TransferModel, compute_features, load_backbone

BACKBONE, SIZE = "efficientnet_lite0", (224, 224)


def photos_of(folder: Path) -> tuple[list[ImageFolderDataset], list[str]]:
    """The data sets of the task's splits, and `class/name` of each photo in their order."""
    splits = [ImageFolderDataset(folder / split) for split in ("train", "val", "test")]
    names = [path.relative_to(data.folder).as_posix() for data in splits for path in data.paths]
    return splits, names


def scene_groups(names: Sequence[str], pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """A number for each photo (N,), by the originals in their names `class/name` and by pairs of
    photos that are alike; pairs of two classes do not count."""
    originals: dict[tuple[str, str], int] = {}
    links = [(i, j) for i, j in pairs if names[i].split("/")[0] == names[j].split("/")[0]]
    for index, name in enumerate(names):
        label, _, file = name.partition("/")
        links.append((originals.setdefault((label, original_of(file)), index), index))
    first, second = zip(*links, strict=True)
    return linked(len(names), first, second)


def write_groups(manifest: Path, group_of: dict[str, int]) -> int:
    """Writes the manifest anew with the column; groups are numbered in the order of its rows."""
    members = read_manifest(manifest)
    numbers: dict[int, int] = {}
    rows = []
    for member in members:
        key = group_of[member.path.partition("/")[2]]
        group = numbers.setdefault(key, len(numbers) + 1)
        rows.append([member.path, member.size, member.sha256, group])
    with manifest.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["path", "size", "sha256", "group"])
        table.writerows(rows)
    return len(numbers)


def main() -> int:
    """The command; returns the exit status."""
    setup()
    try:
        splits, names = photos_of(PHOTOS.folder)
        known = {member.path.partition("/")[2] for member in read_manifest(DRONES.manifest)}
        if known != set(names):
            raise FetchError(f"{PHOTOS.folder} does not hold what the manifest lists; fetch it.")
        model = TransferModel(load_backbone(BACKBONE), 2).freeze()
        plain = eval_transform(SIZE)
        parts = [compute_features(model, data.with_transform(plain)) for data in splits]
    except (DataError, FetchError) as error:
        print(error, file=sys.stderr)
        return 1
    features = np.concatenate([part.features[0].numpy() for part in parts])
    prints = [report.fingerprint for data in splits for report in data.reports]
    pairs = near_duplicates(prints, features)
    groups = scene_groups(names, list(zip(pairs["first"], pairs["second"], strict=True)))
    count = write_groups(DRONES.manifest, dict(zip(names, groups.tolist(), strict=True)))
    sizes = defaultdict(Counter)
    for name, group in zip(names, groups.tolist(), strict=True):
        sizes[name.partition("/")[0]][group] += 1
    print(f"{len(names):,} photos in {count:,} groups")
    for label, counter in sizes.items():
        largest = ", ".join(str(size) for _, size in counter.most_common(5))
        print(f"{label}: {counter.total():,} photos, {len(counter):,} groups, largest {largest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
