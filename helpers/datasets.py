"""Folders of images as PyTorch datasets, and loaders whose order a seed decides."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from helpers.images import (
    ImageError,
    ImageReport,
    inspect_images,
    is_image_name,
    read_image,
)


class DataError(ValueError):
    """A folder or table that cannot be used as a data set; the message says what to do."""


class ImageFolderDataset(Dataset):
    """One sub-folder per class: `folder/<class>/<any name>.jpg`.

    Every file is checked once, when the data set is made: unusable ones are named and skipped
    (`strict=True`: raise instead). `reports` holds what was seen of each usable file, `skipped` of
    the others.

    Args:
        folder: the folder with one sub-folder per class.
        transform: from `helpers.transforms`, or any function called as `transform(image, seed=...)`
            with a uint8 (H, W, 3) array; None keeps the array.
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

    @property
    def sizes(self) -> np.ndarray:
        """Heights and widths (N, 2) of the images in pixels."""
        return np.array([(r.height, r.width) for r in self.reports], np.int32).reshape(-1, 2)

    @property
    def any_size(self) -> bool:
        """Whether the transform leaves images of different shapes, for `make_bucket_loader`."""
        return callable(getattr(self.transform, "size", None))

    @property
    def shapes(self) -> np.ndarray:
        """Heights and widths (N, 2) that the transform resizes the images to."""
        if not hasattr(self.transform, "shape_for"):
            raise DataError(
                "the data set's transform does not say what shapes it makes; give it one from "
                "helpers.transforms, as in data.with_transform(eval_transform(ShapeRule()))."
            )
        shapes = [self.transform.shape_for(r.height, r.width) for r in self.reports]
        return np.array(shapes, np.int32).reshape(-1, 2)

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
        report, options, least = self.reports[index], {}, None
        if hasattr(self.transform, "least_size"):
            least = self.transform.least_size(report.height, report.width)
        if self.any_size:
            options["shape"] = self.transform.shape_for(report.height, report.width)
        try:
            image = read_image(report.path, at_least=least)
        except ImageError as error:
            raise DataError(f"{error} It was readable when the data set was made.") from None
        if self.transform is not None:
            image = self.transform(image, seed=(self.seed, self.epoch, index), **options)
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
