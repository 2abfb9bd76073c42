"""Shapes for images of any size: each gets one near its own, out of few, so that batches fill."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


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
