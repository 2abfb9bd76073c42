"""What every data set of image files can do, whatever its labels look like."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import Dataset

from helpers.errors import DataError

if TYPE_CHECKING:
    from typing_extensions import Self

from helpers.data.images import ImageError, ImageReport, read_image


class ImageDataset(Dataset):
    """Image files behind a transform; a sub-class finds the files and knows their labels.

    A sub-class sets `classes` (names), `reports` (what was seen of each usable file), `labels` (one
    for each report), `skipped` (reports of what could not be used) and `ignored` (why files were
    not even looked at, to these files: see `helpers.data.listing`).

    Args:
        folder: where the files are.
        transform: see `helpers.data.transforms`, or any function called as `transform(image,
            seed=...)` with a uint8 (H, W, 3) array; None keeps the array.
        seed: with the epoch and the index it seeds each image's augmentation, so that an epoch
            can be repeated exactly, whatever the number of workers.

    Items are `(image, label)`.
    """

    classes: list[str]
    reports: list[ImageReport]
    skipped: list[ImageReport]
    ignored: dict[str, list[Path]]
    labels: Any  # a list of numbers, or an array (N, L)

    def __init__(self, folder: str | Path, transform: Callable | None = None, seed: int = 0):
        self.folder, self.transform, self.seed = Path(folder), transform, seed
        self.shared_epoch = _shared_number()

    @property
    def epoch(self) -> int:
        """Which augmented view is shown; processes that load images see a change at once."""
        return int(self.shared_epoch)

    @property
    def paths(self) -> list[Path]:
        return [report.path for report in self.reports]

    @property
    def digest(self) -> str:
        """Names the content: equal for the same images under the same labels in the same order."""
        labels = np.asarray(self.labels).tolist()
        content = [(r.sha256, label) for r, label in zip(self.reports, labels, strict=True)]
        return hashlib.sha256(repr((self.classes, content)).encode()).hexdigest()[:16]

    @property
    def sizes(self) -> np.ndarray:
        """Heights and widths (N, 2) of the images in pixels."""
        return np.array([(r.height, r.width) for r in self.reports], np.int32).reshape(-1, 2)

    @property
    def any_size(self) -> bool:
        """Whether the transform leaves images of different shapes, as one with a rule does."""
        return callable(getattr(self.transform, "size", None))

    @property
    def shapes(self) -> np.ndarray:
        """Heights and widths (N, 2) that the transform resizes the images to."""
        transform: Any = self.transform
        if not hasattr(transform, "shape_for"):
            raise DataError(
                "the data set's transform does not say what shapes it makes; give it one from "
                "helpers.data.transforms, as in data.with_transform(eval_transform(ShapeRule()))."
            )
        shapes = [transform.shape_for(r.height, r.width) for r in self.reports]
        return np.array(shapes, np.int32).reshape(-1, 2)

    def set_epoch(self, epoch: int) -> None:
        """Choose the augmented view: the same epoch gives the same views again."""
        self.shared_epoch.fill_(epoch)

    def with_transform(self, transform: Callable | None) -> Self:
        """The same files behind another transform, without checking them again."""
        return self._copy(range(len(self)), transform)

    def subset(self, indices: Sequence[int]) -> Self:
        """A data set of the items at `indices`, in that order."""
        return self._copy(indices, self.transform)

    def joined(self, other: Self) -> Self:
        """A data set of this one's items and then the other's, behind this one's transform."""
        both = self._copy(range(len(self)), self.transform)
        both.reports = [*self.reports, *other.reports]
        both.labels = np.concatenate([self.labels, other.labels])
        if isinstance(self.labels, list):
            both.labels = both.labels.tolist()
        return both

    def _copy(self, indices: Sequence[int], transform: Callable | None) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, transform=transform, shared_epoch=_shared_number())
        other.reports = [self.reports[i] for i in indices]
        other.labels = self._labels_at(indices)
        return other

    def _labels_at(self, indices: Sequence[int]) -> Any:
        return [self.labels[i] for i in indices]

    def __len__(self) -> int:
        return len(self.reports)

    def __getitem__(self, index: int):
        report, options, least = self.reports[index], {}, None
        transform: Any = self.transform
        # What is shrunk anyway need not be decoded at its full size.
        if hasattr(transform, "least_size"):
            least = transform.least_size(report.height, report.width)
        if self.any_size:
            options["shape"] = transform.shape_for(report.height, report.width)
        try:
            image = read_image(report.path, at_least=least)
        except ImageError as error:
            raise DataError(f"{error} It was readable when the data set was made.") from None
        if transform is not None:
            image = transform(image, seed=(self.seed, self.epoch, index), **options)
        return image, self.labels[index]


def _shared_number() -> torch.Tensor:
    """A number that worker processes share: they live for many epochs, each with a copy."""
    return torch.zeros((), dtype=torch.int64).share_memory_()
