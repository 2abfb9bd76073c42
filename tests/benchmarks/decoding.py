"""Opening large photos: at the scale that is needed, against all of their pixels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from helpers.data import read_image
from tests.benchmarks.timing import Outcome, speeds, take_turns
from tests.benchmarks.training import RULE

PHOTO = (3000, 4000)  # height, width: 12 megapixels


def decoding(
    folder: Path, pictures: list[Path], rounds: int, size: tuple[int, int] = PHOTO
) -> Outcome:
    """Decode `pictures`, enlarged to `size` (height, width) in `folder`, both ways."""
    photos = [write_photo(folder / f"{path.stem}.jpg", path, size) for path in pictures]
    shape, pixels = RULE(*size), size[0] * size[1]
    seconds = take_turns(
        {
            "reduced": lambda _: [read_image(photo, at_least=shape) for photo in photos],
            "full": lambda _: [read_image(photo) for photo in photos],
        },
        rounds,
    )
    return Outcome(
        f"decoding {pixels / 1e6:.0f} megapixels, reduced / full",
        "photos per second from file to array: read_image(path, at_least=shape) over "
        "read_image(path); the resizing that follows is left out, though the full array's costs "
        "more",
        2.0,
        (seconds["full"] / seconds["reduced"]).tolist(),
        details={
            **speeds(seconds, len(photos)),
            "photos": len(photos),
            "size": list(size),
            "shape": list(shape),
            "decoded": list(read_image(photos[0], at_least=shape).shape[:2]),
            "bits_per_pixel": round(8 * photos[0].stat().st_size / pixels, 2),
        },
    )


def write_photo(path: Path, picture: Path, size: tuple[int, int]) -> Path:
    """A JPEG of `size` (height, width) that is as hard to decode as a phone's.

    A picture enlarged, and the noise of a sensor: two to three bits a pixel.
    """
    image = cv2.resize(cv2.imread(str(picture)), size[::-1]).astype(np.float32)
    image += np.random.default_rng(0).normal(0, 6, (*size, 1)).astype(np.float32)
    cv2.imwrite(str(path), image.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])
    return path
