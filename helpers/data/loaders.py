"""Loaders: which images share a batch, in which order, and who brings them.

Squares of one size come in batches of one number; images of any size share a batch with others of
their shape. Either way the order follows from a seed and the epoch alone.
"""

from __future__ import annotations

import os
import signal
import sys
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from helpers.errors import DataError

PIXEL_BUDGET = 16 * 224 * 224  # of one batch: as many as 16 images of 224 x 224
MOST_WORKERS = 8


class EpochBatchSampler(Sampler[list[int]]):
    """Batches of indices, each index once an epoch; several processes can share them.

    Args:
        shuffle: a new order each epoch, decided by (seed, epoch) alone, so that a resumed run sees
            the order that it would have seen.
        seed: see `shuffle`.
    """

    def __init__(self, shuffle: bool, seed: int):
        self.shuffle, self.seed, self.epoch = shuffle, seed, 0
        self.share(1, 0)

    @abstractmethod
    def _batches(self, rng: np.random.Generator) -> list[np.ndarray]:
        """All batches of an epoch; those that are taken in one step follow each other."""

    def share(self, num_replicas: int, rank: int) -> None:
        """Take the part of process `rank` among `num_replicas`.

        Together they see every item once, in equally many steps; where fewer batches than needed
        can be cut (each holds one item), some have a step less.

        Raises: ValueError for a rank that is none.
        """
        if not 0 <= rank < num_replicas:
            raise ValueError(f"rank is {rank}, but there are {num_replicas} processes.")
        self.num_replicas, self.rank = num_replicas, rank
        # Neither epoch nor order changes it, and schedules ask for it in every step.
        self._length = len(self._batches(np.random.default_rng(0))[rank::num_replicas])

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[list[int]]:
        yield from (batch.tolist() for batch in self.batches(self.rank))

    def batches(self, rank: int) -> list[np.ndarray]:
        """This epoch's batches of one process, in its order."""
        rng = np.random.default_rng([self.seed, self.epoch])
        return self._batches(rng)[rank :: self.num_replicas]

    @property
    def is_even(self) -> bool:
        """Whether each process has as many batches: training waits for all in every step."""
        return len(self._batches(np.random.default_rng(0))) % self.num_replicas == 0

    @property
    def order(self) -> np.ndarray:
        """This epoch's indices (N,), process after process, as their batches give them."""
        parts = [batch for rank in range(self.num_replicas) for batch in self.batches(rank)]
        return np.concatenate(parts) if parts else np.zeros(0, int)

    def _one_for_each(self, batches: list[np.ndarray]) -> list[np.ndarray]:
        """Halve the longest batches until each process has as many."""
        while len(batches) % self.num_replicas:
            longest = max(range(len(batches)), key=lambda i: len(batches[i]))
            if len(batches[longest]) < 2:
                break
            batches[longest : longest + 1] = np.array_split(batches[longest], 2)
        return batches


class FixedSizeBatchSampler(EpochBatchSampler):
    """Batches of `batch_size` items, but for the last, which holds the rest.

    Args:
        length: number of items.
        batch_size: items in a batch.
        shuffle, seed: see EpochBatchSampler.
    """

    def __init__(self, length: int, batch_size: int, shuffle: bool = False, seed: int = 0):
        self.length, self.batch_size = length, batch_size
        super().__init__(shuffle, seed)

    def _batches(self, rng: np.random.Generator) -> list[np.ndarray]:
        order = rng.permutation(self.length) if self.shuffle else np.arange(self.length)
        starts = range(0, self.length, self.batch_size)
        return self._one_for_each([order[i : i + self.batch_size] for i in starts])


class SizeBucketBatchSampler(EpochBatchSampler):
    """Batches of indices whose images share one shape.

    How many images a batch holds follows from a budget of pixels, so that every batch costs about
    the same, in memory and in time. A bucket (all images of one shape) is cut into batches of
    nearly equal length: a rest of one would count as much in training as a full batch.

    Args:
        shapes: (N, 2), height and width that each image is resized to (see ShapeRule).
        pixel_budget: most pixels in a batch.
        shuffle, seed: see EpochBatchSampler.

    Raises: ValueError where one image alone is over the budget.
    """

    def __init__(
        self,
        shapes: np.ndarray,
        pixel_budget: int = PIXEL_BUDGET,
        shuffle: bool = False,
        seed: int = 0,
    ):
        shapes = np.asarray(shapes, dtype=np.int64).reshape(-1, 2)
        self.buckets, self.bucket_of = np.unique(shapes, axis=0, return_inverse=True)
        self.bucket_of, self.pixel_budget = self.bucket_of.reshape(-1), pixel_budget
        over = self.buckets[self.buckets.prod(axis=1) > pixel_budget]
        if len(over):
            height, width = over[over.prod(axis=1).argmax()]
            raise ValueError(
                f"pixel_budget is {pixel_budget}, but one image of {height} x {width} has "
                f"{height * width} pixels; raise the budget or lower the rule's max_pixels."
            )
        super().__init__(shuffle, seed)

    def _batches(self, rng: np.random.Generator) -> list[np.ndarray]:
        # Cut each bucket into batches.
        batches: list[np.ndarray] = []
        by_bucket = np.argsort(self.bucket_of, kind="stable")
        ends = np.cumsum(np.bincount(self.bucket_of, minlength=len(self.buckets)))[:-1]
        for shape, members in zip(self.buckets, np.split(by_bucket, ends), strict=True):
            if self.shuffle:
                members = rng.permutation(members)
            most = self.pixel_budget // int(shape.prod())
            batches += np.array_split(members, -(-len(members) // most))
        batches = self._one_for_each(batches)
        # Neighbours in cost share a step, so that no process waits long for another.
        cost = [len(batch) * self.buckets[self.bucket_of[batch[0]]].prod() for batch in batches]
        order = np.argsort(cost, kind="stable")[::-1]
        steps = np.split(order, range(self.num_replicas, len(order), self.num_replicas))
        if self.shuffle:
            whole = len(batches) // self.num_replicas
            steps[:whole] = [steps[i] for i in rng.permutation(whole)]
        return [batches[i] for step in steps for i in step]


def make_loader(
    dataset: Any,
    batch_size: int = 16,
    shuffle: bool = False,
    seed: int = 0,
    pixel_budget: int | None = None,
    workers: int | None = None,
) -> DataLoader:
    """A loader of batches (inputs, targets), whatever the data set's transform makes of images.

    Args:
        dataset: images of one size, images of any size (it has `any_size` and `shapes`, as an
            ImageDataset with a rule has), or any other data set with a length.
        batch_size: items in a batch; where images are of any size, as many of 224 x 224.
        shuffle, seed: see EpochBatchSampler.
        pixel_budget: most pixels in a batch of images of any size, in place of `batch_size`.
        workers: processes that load images; by default `default_workers`. Batches are the same
            whatever their number.

    Raises: DataError for images without a transform, which have no common shape; ValueError for a
        batch size or a seed that is none.
    """
    if batch_size < 1 or seed < 0:
        raise ValueError(f"batch_size is {batch_size} and seed {seed}; give at least 1 and 0.")
    if hasattr(dataset, "transform") and dataset.transform is None:
        raise DataError(
            "the data set's images have no transform that gives them a shape; give it one, as in "
            "data.with_transform(eval_transform((224, 224)))."
        )
    if getattr(dataset, "any_size", False):
        budget = pixel_budget or batch_size * 224 * 224
        sampler = SizeBucketBatchSampler(dataset.shapes, budget, shuffle, seed)
    else:
        sampler = FixedSizeBatchSampler(len(dataset), batch_size, shuffle, seed)
    workers = default_workers(dataset) if workers is None else workers
    return DataLoader(
        dataset,
        batch_sampler=sampler,
        num_workers=workers,
        persistent_workers=workers > 0 and _workers_see_epochs(dataset),
        worker_init_fn=_leave_interrupts_to_the_trainer,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # or each epoch would draw from everybody's random numbers
    )


def default_workers(dataset: Dataset) -> int:
    """Processes that load images, where they pay.

    They do beside a GPU, which would wait for images. Where the CPU trains as well they take its
    time away; tensors in memory need nobody; and notebooks on Windows and macOS can't hand them
    what they need.
    """
    reads_files = hasattr(dataset, "paths")
    if not reads_files or not torch.cuda.is_available() or not sys.platform.startswith("linux"):
        return 0
    return min(MOST_WORKERS, (os.cpu_count() or 1) - 1)


def set_epoch(loader: DataLoader, epoch: int) -> None:
    """Tell a loader's sampler and data set which epoch it is, if they want to know."""
    for part in (loader.batch_sampler, loader.sampler, loader.dataset):
        if hasattr(part, "set_epoch"):
            part.set_epoch(epoch)


def _workers_see_epochs(dataset: Any) -> bool:
    """Whether workers that live on learn of a new epoch, or need not: see ImageDataset.epoch."""
    return hasattr(dataset, "shared_epoch") or not hasattr(dataset, "set_epoch")


def _leave_interrupts_to_the_trainer(worker: int) -> None:
    """Ctrl-C reaches all processes of a terminal; workers that it ended could not go on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
