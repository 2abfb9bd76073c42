"""Opening large photos: at the scale that is needed, against all of their pixels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from helpers.batching import ShapeRule

from helpers.data.images import read_image
from tests.benchmarks.timing import Outcome, details, take_turns

PHOTO = (3000, 4000)  # height, width: 12 megapixels


def write_photo(path: Path, size: tuple[int, int], seed: int) -> Path:
    """A JPEG (quality 90) of `size` (height, width) that is as hard to decode as a photo.

    Texture of every scale whose strength falls with its frequency, as in nature, and the noise of
    a sensor: two to three bits a pixel, as phones write.
    """
    rng = np.random.default_rng(seed)
    height, width = size
    image = np.full((height, width, 3), 120, np.float32)
    cells = 4
    while cells <= max(size):
        small = (max(1, cells * width // max(size)), max(1, cells * height // max(size)))
        grain = rng.normal(0, 40 / cells**0.35, (small[1], small[0], 3)).astype(np.float32)
        image += cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)
        cells *= 4
    image += rng.normal(0, 6, image.shape[:2]).astype(np.float32)[..., None]
    cv2.imwrite(str(path), image.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])
    return path


def decoding(
    folder: Path, rule: ShapeRule, rounds: int, count: int = 4, size: tuple[int, int] = PHOTO
) -> Outcome:
    """Decode `count` photos of `size` (height, width), made in `folder`, both ways."""
    photos = [write_photo(folder / f"photo_{i}.jpg", size, seed=i) for i in range(count)]
    shape = rule(*size)
    runs = take_turns(
        {
            "reduced": lambda number: [read_image(photo, at_least=shape) for photo in photos],
            "full": lambda number: [read_image(photo) for photo in photos],
        },
        rounds,
    )
    pixels = size[0] * size[1]
    bits = 8 * np.mean([photo.stat().st_size for photo in photos]) / pixels
    return Outcome(
        f"decoding {pixels / 1e6:.0f} megapixels, reduced / full",
        "photos per second from file to array: read_image(path, at_least=shape) over "
        "read_image(path); the resizing that follows is left out, though the full array's costs "
        "more",
        2.0,
        [r["full"].seconds / r["reduced"].seconds for r in runs],
        details={
            **details(runs),
            "photos": count,
            "size": list(size),
            "shape": list(shape),
            "decoded": list(read_image(photos[0], at_least=shape).shape[:2]),
            "bits_per_pixel": round(float(bits), 2),
        },
    )
