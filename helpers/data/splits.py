"""Train, val and test: found in a folder or split off, with near-duplicates on one side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from helpers.data.datasets import (
    DataError,
    ImageFolderDataset,
    MultilabelDataset,
    tell_ignored,
)
from helpers.data.dealing import split_by_group, split_by_labels
from helpers.data.groups import copy_groups, warn_of_copies
from helpers.data.listing import BESIDE, UNLABELLED, Listing, is_hidden, list_files

SPLITS = ("train", "val", "test")
SPLIT_NAMES = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}


def split_folders(folder: str | Path) -> dict[str, Path]:
    """The split folders in `folder` by their names here; {} where it holds class folders itself.

    The usual other names (SPLIT_NAMES) count too, in upper and lower case, but for a class that is
    called so: a folder of images among classes. Raises DataError for two folders of one split, and
    for val or test without train.
    """
    folder, folders = Path(folder), {}
    names = sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    names = [name for name in names if not is_hidden(name)]
    usual_names = {name for usual in SPLIT_NAMES.values() for name in usual}
    no_classes = all(name.lower() in usual_names for name in names)
    for split, usual in SPLIT_NAMES.items():
        found = [name for name in names if name.lower() in usual]
        if not no_classes:
            found = [n for n in found if n in usual or _is_split(folder / n, split)]
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


def _is_split(folder: Path, split: str) -> bool:
    """Whether a folder holds folders, or has a table of labels beside it: a class has neither."""
    has_table = label_table(folder.parent, split).is_file()
    return has_table or any(path.is_dir() for path in folder.iterdir())


def label_table(folder: str | Path, split: str) -> Path:
    """Where the table of labels of a split lies: `train_label.csv`, in upper and lower case."""
    exact = Path(folder) / f"{split}_label.csv"
    if exact.exists() or not exact.parent.is_dir():
        return exact
    alike = (path for path in sorted(exact.parent.iterdir()) if path.name.lower() == exact.name)
    return next(alike, exact)


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
