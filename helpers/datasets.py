"""Folders of images as PyTorch datasets, and splits that keep copies of one original together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch.utils.data import DataLoader, Dataset, Sampler

from helpers.images import (
    ImageError,
    ImageReport,
    inspect_images,
    is_image_name,
    original_of,
    read_image,
)

SPLITS = ("train", "val", "test")


class DataError(ValueError):
    """A folder or table that cannot be used as a data set; the message says what to do."""


class ImageFolderDataset(Dataset):
    """One sub-folder per class: `folder/<class>/<any name>.jpg`.

    Every file is checked once, when the data set is made: unusable ones are named and skipped
    (`strict=True`: raise instead). `reports` holds what was seen of each usable file, `skipped` of
    the others.

    Args:
        folder: the folder with one sub-folder per class.
        transform: called as `transform(image, seed=...)` with a uint8 (H, W, 3) array; None keeps
            the array.
        classes: class names in the order of the labels; by default the sub-folders in sorted order.
            Give the training set's classes to its validation and test sets.
        seed: with the epoch and the index it seeds each image's augmentation, so that an epoch
            can be repeated exactly, whatever the number of workers.
        strict: raise DataError at the first unusable file.
        say: receives one text that names all files that were skipped, if any.

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
        say: Callable[[str], None] = print,
    ):
        self.folder, self.transform, self.seed, self.epoch = Path(folder), transform, seed, 0
        found = class_folders(self.folder)
        if classes is None and len(found) == 1:
            raise DataError(
                f"{self.folder}: holds one class folder, {next(iter(found))!r}; a classifier needs "
                "two. Is the data one level down?"
            )
        self.classes = list(found) if classes is None else list(classes)
        unknown = sorted(set(found) - set(self.classes))
        if unknown:
            raise DataError(
                f"{self.folder}: the folder {unknown[0]!r} is none of the classes "
                f"{', '.join(self.classes)}; rename or remove it."
            )
        pairs = [
            (path, self.classes.index(name)) for name, paths in found.items() for path in paths
        ]
        reports = inspect_images([path for path, _ in pairs])
        self.skipped: list[ImageReport] = [r for r in reports if r.problem]
        self.reports: list[ImageReport] = [r for r in reports if not r.problem]
        self.labels = [label for (_, label), r in zip(pairs, reports, strict=True) if not r.problem]
        if self.skipped and strict:
            raise DataError(self.skipped[0].problem)
        for name in found:
            if self.classes.index(name) not in self.labels:
                raise DataError(
                    f"{self.folder / name}: no usable image; add some or remove the folder."
                )
        if self.skipped:
            shown = [r.problem.replace(f"{self.folder.parent}/", "", 1) for r in self.skipped]
            say("\n  ".join([f"skipped {len(shown)} of {len(pairs)} files:", *shown]))

    @property
    def paths(self) -> list[Path]:
        return [report.path for report in self.reports]

    @property
    def digest(self) -> str:
        """Names the content: equal for the same images under the same labels in the same order."""
        told = [(r.sha256, label) for r, label in zip(self.reports, self.labels, strict=True)]
        return hashlib.sha256(repr((self.classes, told)).encode()).hexdigest()[:16]

    def set_epoch(self, epoch: int) -> None:
        """Choose the augmented view: the same epoch gives the same views again."""
        self.epoch = epoch

    def with_transform(self, transform: Callable | None) -> ImageFolderDataset:
        """The same files behind another transform, without checking them again."""
        return self._copy(range(len(self)), transform)

    def subset(self, indices: Sequence[int]) -> ImageFolderDataset:
        """A data set of the items at `indices`, in that order."""
        return self._copy(indices, self.transform)

    def _copy(self, indices: Sequence[int], transform: Callable | None) -> ImageFolderDataset:
        other = object.__new__(ImageFolderDataset)
        other.__dict__.update(self.__dict__, transform=transform, epoch=0)
        other.reports = [self.reports[i] for i in indices]
        other.labels = [self.labels[i] for i in indices]
        return other

    def __len__(self) -> int:
        return len(self.reports)

    def __getitem__(self, index: int):
        try:
            image = read_image(self.reports[index].path)
        except ImageError as error:
            raise DataError(f"{error} It was readable when the data set was made.") from None
        if self.transform is not None:
            image = self.transform(image, seed=(self.seed, self.epoch, index))
        return image, self.labels[index]


class EpochShuffle(Sampler[int]):
    """A new order each epoch, decided by (seed, epoch) alone: a resumed run sees the same order."""

    def __init__(self, length: int, seed: int = 0):
        self.length, self.seed, self.epoch = length, seed, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[int]:
        yield from np.random.default_rng([self.seed, self.epoch]).permutation(self.length).tolist()


def make_loader(
    dataset: Dataset,
    batch_size: int = 16,
    shuffle: bool = False,
    seed: int = 0,
    workers: int = 0,
) -> DataLoader:
    """A DataLoader whose shuffled order depends on seed and epoch only (see EpochShuffle)."""
    return DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=EpochShuffle(len(dataset), seed) if shuffle else None,
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
    )


def class_folders(folder: str | Path) -> dict[str, list[Path]]:
    """Class name to its image files, both sorted; files are searched for in deeper folders too."""
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder.")
    names = sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not names:
        raise DataError(f"{folder}: holds no class folders; put each class's images in one folder.")
    found = {
        name: sorted(p for p in (folder / name).rglob("*") if p.is_file() and is_image_name(p))
        for name in names
    }
    for name, paths in found.items():
        if not paths:
            raise DataError(f"{folder / name}: holds no image; add some or remove the folder.")
    return found


def file_table(folder: str | Path) -> pd.DataFrame:
    """What lies in a data folder, one row per file, before anything is skipped.

    Columns: split ("all" for class folders without splits), class, file (relative to its class
    folder), width, height (pixels), mode (as stored: "RGB", "CMYK", "L", ...), bytes, problem (""
    for a usable file) and copy_of (the file with the same content that came first, or "").
    """
    folder = Path(folder)
    rows, first_with = [], {}
    for split, part in (split_folders(folder) or {"all": folder}).items():
        for name, paths in class_folders(part).items():
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

    `valid` and `validation` count as val. Raises DataError for val or test without train.
    """
    names = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
    found = {names[n]: Path(folder) / n for n in names if (Path(folder) / n).is_dir()}
    if found and "train" not in found:
        raise DataError(f"{folder}: there is {', '.join(found)} but no train folder; add one.")
    return {name: found[name] for name in SPLITS if name in found}


def load_splits(folder: str | Path, seed: int = 0) -> dict[str, ImageFolderDataset]:
    """Train, validation and test sets of a folder, as plain arrays (give transforms afterwards).

    `folder` holds either `train/` (and perhaps `val/`, `test/`), each with one folder per class, or
    the class folders themselves. What is missing is split off the training images: 15 % for val,
    25 % for test, with copies of one original on one side (see `copy_groups`). Splits that are
    given are taken as they are.

    Returns: {"train": ..., "val": ..., "test": ...}; all share the training set's classes.
    Raises: DataError, as ImageFolderDataset; also when a class is too small to be split.
    """
    folder = Path(folder)
    given = split_folders(folder)
    train = ImageFolderDataset(given.get("train", folder), seed=seed)
    splits = {"train": train}
    for name in given.keys() - {"train"}:
        splits[name] = ImageFolderDataset(given[name], classes=train.classes, seed=seed)
    missing = {name: share for name, share in (("val", 0.15), ("test", 0.25)) if name not in splits}
    if missing:
        shares = {"train": 1 - sum(missing.values()), **missing}
        try:
            parts = split_by_group(copy_groups(train), train.labels, shares, seed)
        except ValueError as error:
            label, _, count = str(error).partition(": ")
            raise DataError(
                f"{folder / train.classes[int(label)]}: {count} different images are too few to "
                f"split off {' and '.join(missing)}; add some, better 20 or more."
            ) from None
        splits.update({name: train.subset(indices) for name, indices in parts.items()})
    return {name: splits[name] for name in SPLITS}


def copy_groups(dataset: ImageFolderDataset) -> list[int]:
    """A number for each image, the same for copies of one original.

    Copies are files of one class with the same original (see `original_of`), and files with the
    same content wherever they lie; copies of copies count too.
    """
    count = len(dataset)
    originals = [
        f"{label}/{original_of(report.path)}"
        for label, report in zip(dataset.labels, dataset.reports, strict=True)
    ]
    _, marks = np.unique(originals + [r.sha256 for r in dataset.reports], return_inverse=True)
    ends = (np.tile(np.arange(count), 2), count + marks)  # each image is linked to its two marks
    links = coo_array((np.ones(2 * count), ends), shape=(3 * count, 3 * count))
    return connected_components(links, directed=False)[1][:count].tolist()


def split_by_group(
    groups: Sequence[int], labels: Sequence[int], shares: dict[str, float], seed: int = 0
) -> dict[str, list[int]]:
    """Split each class at random, with all items of one group in one part.

    Args:
        groups: one number per item; items with the same one stay together.
        labels: one int per item; the shares hold in every class (counted in groups, at least one
            a part). A group of several labels counts as of the first.
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
    part_of: dict[int, str] = {}
    for label in sorted(set(labels)):
        members = sorted(group for group, where in label_of.items() if where == label)
        if len(members) < len(shares):
            raise ValueError(f"{label}: {len(members)}")
        order = iter([members[i] for i in rng.permutation(len(members))])
        for name, share in list(shares.items())[1:]:
            take = max(1, round(share * len(members)))
            part_of.update(dict.fromkeys(islice(order, take), name))
        part_of.update(dict.fromkeys(order, next(iter(shares))))
    return {name: [i for i, g in enumerate(groups) if part_of[g] == name] for name in shares}
