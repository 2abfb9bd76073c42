"""Train, val and test: found in a folder or split off, with near-duplicates on one side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from helpers.data.datasets import (
    DataError,
    ImageFolderDataset,
    MultilabelDataset,
    class_files,
    tell_ignored,
)
from helpers.data.groups import copy_groups, warn_of_copies
from helpers.data.images import inspect_images
from helpers.data.listing import BESIDE, UNLABELLED, Listing, is_hidden, list_files

SPLITS = ("train", "val", "test")
SPLIT_NAMES = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
Group = TypeVar("Group")


def file_table(folder: str | Path) -> pd.DataFrame:
    """What lies in a data folder, one row per file, before anything is skipped.

    Columns: split ("all" for class folders without splits), class, file (relative to its class
    folder), width, height (pixels), mode (as stored: "RGB", "CMYK", "L", ...), bytes, problem (""
    for a usable file) and copy_of (the file with the same content that came first, or "").
    """
    folder = Path(folder)
    rows, first_with = [], {}
    for split, part in (split_folders(folder) or {"all": folder}).items():
        for name, paths in class_files(part)[0].items():
            for report in inspect_images(paths):
                file = report.path.relative_to(part / name).as_posix()
                where = f"{split}/{name}/{file}"
                first = first_with.setdefault(report.sha256 or where, where)
                rows.append(
                    {
                        "split": split,
                        "class": name,
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


def split_folders(folder: str | Path) -> dict[str, Path]:
    """The split folders in `folder` by their names here; {} where it holds class folders itself.

    The usual other names (SPLIT_NAMES) count too, in upper and lower case, but for a class that is
    called so: a folder of images among classes. Raises DataError for two folders of one split, and
    for val or test without train.
    """
    folder, folders = Path(folder), {}
    names = sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    names = [name for name in names if not is_hidden(name)]
    every = {name for usual in SPLIT_NAMES.values() for name in usual}
    all_usual = all(name.lower() in every for name in names)
    for split, usual in SPLIT_NAMES.items():
        found = [
            name
            for name in names
            if name.lower() in usual
            and (
                all_usual
                or name in usual
                or label_table(folder, split).is_file()
                or any(path.is_dir() for path in (folder / name).iterdir())
            )
        ]
        if len(found) > 1:
            raise DataError(
                f"{folder}: {found[0]!r} and {found[1]!r} are both a {split} folder; keep one, or "
                "put its images into the other."
            )
        if found:
            folders[split] = folder / found[0]
    if folders and "train" not in folders:
        raise DataError(f"{folder}: there is {', '.join(folders)} but no train folder; add one.")
    return folders


def label_table(folder: str | Path, split: str) -> Path:
    """Where the table of labels of a split lies: `train_label.csv`, in upper and lower case."""
    folder, name = Path(folder), f"{split}_label.csv"
    names = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
    return folder / next((n for n in (name, *names) if n in names and n.lower() == name), name)


def files_beside(folder: str | Path, inside: Sequence[Path]) -> Listing:
    """What lies in `folder` but in none of the folders `inside`: every file is left out."""
    folder = Path(folder)
    names = {path.name for path in inside}
    listing = list_files(folder, into=lambda name: name not in names)
    listing.ignore(BESIDE, listing.images)
    return Listing(ignored=listing.ignored)


def load_splits(
    folder: str | Path, seed: int = 0, log: Callable[[str], None] = print
) -> dict[str, ImageFolderDataset]:
    """Train, validation and test sets of a folder, as plain arrays (give transforms afterwards).

    `folder` holds either `train/` (and perhaps `val/`, `test/`), each with one folder per class, or
    the class folders themselves. What is missing is split off the training images: 15 % for val,
    25 % for test, with near-duplicates on one side (see `copy_groups`). Splits that are given are
    taken as they are; `log` receives a warning where one scene is in two of them.

    Returns: {"train": ..., "val": ..., "test": ...}; all share the training set's classes.
    Raises: DataError, as ImageFolderDataset; also when a class is too small to be split.
    """
    folder = Path(folder)
    given = split_folders(folder)
    train = ImageFolderDataset(given.get("train", folder), seed=seed, log=log)
    splits = {"train": train}
    for name in [name for name in given if name != "train"]:
        splits[name] = ImageFolderDataset(given[name], classes=train.classes, seed=seed, log=log)
    if given:
        tell_ignored(folder, files_beside(folder, list(given.values())).ignored, log)
    warn_of_copies(splits, log)
    splits.update(split_off(folder, train, list(splits), seed))
    return {name: splits[name] for name in SPLITS}


def split_off(
    folder: Path, train: ImageFolderDataset, given: Sequence[str] = (), seed: int = 0
) -> dict[str, ImageFolderDataset]:
    """What the training images become where val, test or both are not `given`: see `load_splits`.

    Raises: DataError where a class has too few images for that.
    """
    missing = {name: share for name, share in (("val", 0.15), ("test", 0.25)) if name not in given}
    if not missing:
        return {}
    shares = {"train": 1 - sum(missing.values()), **missing}
    try:
        parts = split_by_group(copy_groups(train), train.labels, shares, seed)
    except ValueError as error:
        label, _, count = str(error).partition(": ")
        raise DataError(
            f"{folder / train.classes[int(label)]}: {count} different images are too few to "
            f"split off {' and '.join(missing)}; add some, better 20 or more."
        ) from None
    return {name: train.subset(indices) for name, indices in parts.items()}


def load_multilabel_splits(
    folder: str | Path, seed: int = 0, log: Callable[[str], None] = print
) -> dict[str, MultilabelDataset]:
    """Train, validation and test sets of a folder with label tables, as plain arrays.

    `folder` holds `train/` and `test/` with the images, and beside them `train_label.csv` and
    `test_label.csv` (see MultilabelDataset); perhaps `val/` and `val_label.csv` too, else 15 % are
    split off the training images (see `split_multilabel`). `log` receives a warning where one scene
    is in two splits that are given.

    Returns: {"train": ..., "val": ..., "test": ...}; all share the training table's labels.
    Raises: DataError, as MultilabelDataset.
    """
    folder = Path(folder)
    places = split_folders(folder)
    given: dict[str, MultilabelDataset] = {}
    for split in SPLITS:
        table = label_table(folder, split)
        if split != "val" or table.exists():
            classes = given["train"].classes if given else None
            images = places.get(split, folder / split)
            given[split] = MultilabelDataset(table, images, classes=classes, seed=seed, log=log)
    train = given["train"]
    parts = [part.folder for part in given.values()]
    left_out = files_beside(folder, parts)
    for part in given.values():
        left_out.ignore(UNLABELLED, part.ignored.get(UNLABELLED, []))
    tell_ignored(folder, left_out.ignored, log)
    warn_of_copies(given, log)
    splits = given if "val" in given else {**given, **split_multilabel(train, seed=seed)}
    return {name: splits[name] for name in SPLITS}


def split_multilabel(
    train: MultilabelDataset, share: float = 0.15, seed: int = 0
) -> dict[str, MultilabelDataset]:
    """{"train": ..., "val": ...}: `share` of the images go to val, and about as much of each label.

    Copies of one original stay on one side (see `copy_groups`). Raises DataError where there are
    too few images for that.
    """
    shares = {"train": 1 - share, "val": share}
    parts = split_by_labels(copy_groups(train), train.labels, shares, seed)
    for name, indices in parts.items():
        if not indices:
            raise DataError(
                f"{train.csv}: {len(train)} images are too few to split off {share:.0%} for val, "
                f"{name} would be empty; add some, better 100 or more."
            )
    return {name: train.subset(indices) for name, indices in parts.items()}


def split_by_group(
    groups: Sequence[int], labels: Sequence[int], shares: dict[str, float], seed: int = 0
) -> dict[str, list[int]]:
    """Split each class at random, with all items of one group in one part.

    Args:
        groups: one number per item; items with the same one stay together.
        labels: one int per item; the shares hold in every class, as nearly as groups allow, with at
            least one group a part. A group of several labels counts as of the first.
        shares: part name to its share; they add up to 1. The first takes what rounding leaves.

    Returns: part name to sorted indices; every index in exactly one part.
    Raises: ValueError "label: groups" for a class with fewer groups than parts.
    """
    if abs(sum(shares.values()) - 1) > 1e-6:
        raise ValueError(f"shares add up to {sum(shares.values())}, not to 1.")
    rng = np.random.default_rng(seed)
    label_of: dict[int, int] = {}
    for group, label in zip(groups, labels, strict=True):
        label_of.setdefault(group, label)
    sizes, part_of = Counter(groups), dict.fromkeys(groups, next(iter(shares)))
    for label in sorted(set(labels)):
        members = sorted(group for group, where in label_of.items() if where == label)
        if len(members) < len(shares):
            raise ValueError(f"{label}: {len(members)}")
        left = [members[i] for i in rng.permutation(len(members))]
        total = sum(sizes[group] for group in members)
        for name, share in list(shares.items())[1:]:
            taken = take_share(left, sizes, share * total)
            part_of.update(dict.fromkeys(taken, name))
            left = [group for group in left if group not in taken]
    return {name: [i for i, g in enumerate(groups) if part_of[g] == name] for name in shares}


def take_share(groups: Sequence[Group], sizes: Mapping[Group, int], wanted: float) -> set[Group]:
    """Groups, in their order, that together hold about `wanted` items; at least one group.

    One that is too large for what is still missing is passed over, so a long video does not fill a
    small test set.
    """
    taken: set[Group] = set()
    missing = wanted
    for group in groups:
        if missing > sizes[group] / 2:
            taken.add(group)
            missing -= sizes[group]
    return taken or {min(groups, key=lambda group: sizes[group])}


def split_by_labels(
    groups: Sequence[int], labels: np.ndarray, shares: dict[str, float], seed: int = 0
) -> dict[str, list[int]]:
    """Split items of several labels each, with all items of one group in one part.

    In the order of iterative stratification (Sechidis, Tsoumakas & Vlahavas 2011), the label that
    is left on the fewest items first, so that rare labels come out right; a label that a single
    group has goes to the part with the largest share. They choose the part that lacks most of that
    one label. Here it is the part whose counts of all the group's labels it brings nearest to what
    they should be (in squares, relative to that), which errs half as much where labels abound.

    Args:
        groups: one number per item; items with the same one stay together.
        labels: 0/1 (N, L).
        shares: part name to its share of the items and of each label; they add up to 1.

    Returns: part name to sorted indices; every index in exactly one part.
    """
    if abs(sum(shares.values()) - 1) > 1e-6:
        raise ValueError(f"shares add up to {sum(shares.values())}, not to 1.")
    rng = np.random.default_rng(seed)
    _, group_of = np.unique(np.asarray(groups), return_inverse=True)
    # the items themselves count as one more label, which every item has
    counts = np.zeros((group_of.max(initial=-1) + 1, labels.shape[1] + 1))
    np.add.at(counts, group_of, np.column_stack([labels, np.ones(len(labels))]))
    targets = np.outer(list(shares.values()), counts.sum(axis=0))
    missing, scale = targets.copy(), np.maximum(targets, 1e-9)
    part_of = np.full(len(counts), -1)
    order = rng.permutation(len(counts))
    while (unplaced := order[part_of[order] < 0]).size:
        left = counts[unplaced].sum(axis=0)
        label = np.where(left > 0, left, np.inf).argmin()
        for group in unplaced[counts[unplaced, label] > 0]:
            nearer = counts[group] * (2 * missing - counts[group]) / scale
            part = nearer.sum(axis=1).argmax()
            part_of[group] = part
            missing[part] -= counts[group]
    return {
        name: np.flatnonzero(part_of[group_of] == part).tolist() for part, name in enumerate(shares)
    }
