"""Batches of images of any size: each image gets a shape near its own, a batch holds one shape.

Nothing here knows of the rest of the course; copy the module into any project with this question.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

# On a CPU oneDNN prepares kernels for every shape of a batch and keeps 1024 of them, those of a few
# shapes; the rest it would prepare again in every step. It reads this at the first convolution.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "20000")

PIXEL_BUDGET = 16 * 224 * 224  # of one batch: as many as 16 images of 224 x 224


@dataclass(frozen=True)
class ShapeRule:
    """The shape that an image is resized to: near its own, and one of few, so that batches fill.

    Sides are rungs of a ladder: multiples of `multiple`, each at most a quarter longer than the
    one before (from `4 * multiple` on). The shorter side goes to the rung nearest to its length,
    the longer one to the rung that keeps the aspect ratio best, so the ratio is off by at most
    √1.25, or 12 %, and usually by much less (`distortion` measures it).

    Images are not padded to a common size: a border of zeros costs time like image does, max
    pooling and batch norm see it, and the network was never shown one.

    Args:
        min_side: pixels; smaller images are scaled up until their shorter side has it, so that the
            feature map does not shrink to a cell. An image so elongated that the caps below forbid
            it may have a shorter side than this, down to `multiple`.
        max_side, max_pixels: caps on the longer side and on height times width; what is larger is
            scaled down. Beyond an aspect ratio of `max_side / multiple` the ratio can't be kept.
        multiple: of both sides, the backbone's stride.

    Raises: ValueError where the limits contradict each other.
    """

    min_side: int = 128
    max_side: int = 1024
    max_pixels: int = 512 * 512
    multiple: int = 32

    def __post_init__(self):
        smallest = 4 * self.multiple
        if self.min_side < smallest:
            raise ValueError(f"min_side is {self.min_side}; {smallest} is the least.")
        if self.max_side < self.min_side or self.max_pixels < self.min_side**2:
            raise ValueError(
                f"max_side {self.max_side} and max_pixels {self.max_pixels} leave no room for "
                f"min_side {self.min_side}; raise them or lower it."
            )

    @property
    def rungs(self) -> tuple[int, ...]:
        """The sides that a shape may have, ascending."""
        return _ladder(self.multiple, self.max_side)

    def __call__(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of an image in pixels to the shape it is resized to."""
        return _shape(self, height, width)

    def shapes(self, sizes: np.ndarray) -> np.ndarray:
        """Sizes (N, 2) of images to shapes (N, 2); height first in both."""
        return np.array([self(int(h), int(w)) for h, w in sizes], dtype=np.int32).reshape(-1, 2)


def distortion(sizes: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """By which factor the aspect ratios (N,) change from sizes to shapes: 1 not at all, always ≥ 1.

    Both are (N, 2) with the height first.
    """
    sizes, shapes = np.asarray(sizes, float), np.asarray(shapes, float)
    change = np.log(shapes[:, 0] / shapes[:, 1]) - np.log(sizes[:, 0] / sizes[:, 1])
    return np.exp(np.abs(change))


class SizeBucketBatchSampler(Sampler[list[int]]):
    """Batches of indices whose images share one shape; each image once an epoch.

    How many images a batch holds follows from a budget of pixels, so that every batch costs about
    the same, in memory and in time. A bucket (all images of one shape) is cut into batches of
    nearly equal length: a rest of one would count as much in training as a full batch.

    Args:
        shapes: (N, 2), height and width that each image is resized to (see ShapeRule).
        pixel_budget: most pixels in a batch.
        shuffle: put images and batches in a new order each epoch, decided by (seed, epoch) alone.
        seed: see `shuffle`.
        num_replicas, rank: how many processes share the epoch, and which one this is. Together
            they see every image once, in equally many steps of about equal cost; where fewer
            batches than needed can be cut (each holds one image), some have a step less.

    Raises: ValueError where one image alone is over the budget, or for a rank that is none.
    """

    def __init__(
        self,
        shapes: np.ndarray,
        pixel_budget: int = PIXEL_BUDGET,
        shuffle: bool = False,
        seed: int = 0,
        num_replicas: int = 1,
        rank: int = 0,
    ):
        shapes = np.asarray(shapes, dtype=np.int64).reshape(-1, 2)
        self.kinds, self.kind_of = np.unique(shapes, axis=0, return_inverse=True)
        self.kind_of = self.kind_of.reshape(-1).astype(np.int32)
        self.pixel_budget, self.shuffle, self.seed, self.epoch = pixel_budget, shuffle, seed, 0
        over = self.kinds[self.kinds.prod(axis=1) > pixel_budget]
        if len(over):
            height, width = over[over.prod(axis=1).argmax()]
            raise ValueError(
                f"pixel_budget is {pixel_budget}, but one image of {height} x {width} has "
                f"{height * width} pixels; raise the budget or lower the rule's max_pixels."
            )
        self.share(num_replicas, rank)

    def share(self, num_replicas: int, rank: int) -> None:
        """Take the part of process `rank` among `num_replicas`."""
        if not 0 <= rank < num_replicas:
            raise ValueError(f"rank is {rank}, but there are {num_replicas} processes.")
        self.num_replicas, self.rank = num_replicas, rank
        # Neither epoch nor order changes it, and schedules ask for it in every step.
        self._length = len(self._steps(rank, np.random.default_rng(0)))

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[list[int]]:
        yield from (batch.tolist() for batch in self.batches(self.rank))

    def batches(self, rank: int) -> list[np.ndarray]:
        """This epoch's batches of one process, in its order."""
        return self._steps(rank, np.random.default_rng([self.seed, self.epoch]))

    @property
    def order(self) -> np.ndarray:
        """This epoch's indices (N,), process after process, as their batches give them."""
        return np.concatenate(
            [batch for rank in range(self.num_replicas) for batch in self.batches(rank)]
        )

    def _steps(self, rank: int, rng: np.random.Generator) -> list[np.ndarray]:
        batches = self._cut(rng)
        # Neighbours in cost share a step, so that no process waits long for another.
        cost = [len(batch) * self.kinds[self.kind_of[batch[0]]].prod() for batch in batches]
        order = np.argsort(cost, kind="stable")[::-1]
        steps = [order[i : i + self.num_replicas] for i in range(0, len(order), self.num_replicas)]
        if self.shuffle:
            whole = len(batches) // self.num_replicas
            steps[:whole] = [steps[i] for i in rng.permutation(whole)]
        return [batches[step[rank]] for step in steps if rank < len(step)]

    def _cut(self, rng: np.random.Generator) -> list[np.ndarray]:
        batches: list[np.ndarray] = []
        by_kind = np.argsort(self.kind_of, kind="stable")
        ends = np.cumsum(np.bincount(self.kind_of, minlength=len(self.kinds)))[:-1]
        for kind, members in zip(self.kinds, np.split(by_kind, ends), strict=True):
            if self.shuffle:
                members = rng.permutation(members)
            most = self.pixel_budget // int(kind.prod())
            batches += np.array_split(members, -(-len(members) // most))
        while len(batches) % self.num_replicas:  # equally many for each: halve the longest
            longest = max(range(len(batches)), key=lambda i: len(batches[i]))
            if len(batches[longest]) < 2:
                break
            batches[longest : longest + 1] = np.array_split(batches[longest], 2)
        return batches


def make_bucket_loader(
    dataset: Dataset,
    pixel_budget: int = PIXEL_BUDGET,
    shuffle: bool = False,
    seed: int = 0,
    workers: int = 0,
) -> DataLoader:
    """A DataLoader of size buckets over a data set whose `shapes` (N, 2) says what it resizes to.

    Batches are `(images (n, 3, h, w), labels)`, with n, h and w changing from batch to batch.
    """
    return DataLoader(
        dataset,
        batch_sampler=SizeBucketBatchSampler(dataset.shapes, pixel_budget, shuffle, seed),
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
    )


@lru_cache(maxsize=64)
def _ladder(multiple: int, longest: int) -> tuple[int, ...]:
    last = longest // multiple * multiple
    rungs = [multiple]
    while rungs[-1] < last:
        quarter_more = rungs[-1] * 5 // 4 // multiple * multiple
        rungs.append(min(last, max(rungs[-1] + multiple, quarter_more)))
    return tuple(rungs)


@lru_cache(maxsize=65536)
def _shape(rule: ShapeRule, height: int, width: int) -> tuple[int, int]:
    if height < 1 or width < 1:
        raise ValueError(f"an image of {height} x {width} pixels has no shape.")
    short, long = min(height, width), max(height, width)
    shrink = min(1.0, rule.max_side / long, (rule.max_pixels / (short * long)) ** 0.5)
    rungs = np.array(rule.rungs)
    least = min(int((rungs < rule.min_side).sum()), len(rungs) - 1)
    nearest = int(np.abs(np.log(rungs / (shrink * short))).argmin())
    for index in range(max(nearest, least), -1, -1):
        side = int(rungs[index])
        other = side * long / short
        match = int(rungs[np.abs(np.log(rungs / other)).argmin()])
        if side * match <= rule.max_pixels and other <= rungs[-1] * 1.25**0.5:
            break
    else:  # more elongated than the caps allow
        side = int(rungs[0])
        match = int(max(r for r in rule.rungs if side * r <= rule.max_pixels))
    return (side, match) if height <= width else (match, side)
