"""Opening image files safely: RGB, uint8, upright, or one sentence that says what is wrong."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from helpers.data.duplicates import THUMBNAIL, Fingerprint, fingerprint

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"})


class ImageError(ValueError):
    """A file that cannot be used as an image; the message names the file and the reason."""


@dataclass(frozen=True)
class ImageReport:
    """What one look at a file tells. `width`, `height` are pixels as shown (EXIF-upright)."""

    path: Path
    width: int = 0
    height: int = 0
    mode: str = ""
    bytes: int = 0
    sha256: str = ""
    problem: str = ""
    fingerprint: Fingerprint = field(default=b"", repr=False)


def is_image_name(path: str | Path) -> bool:
    """True for names that end like an image; hidden files (`._photo.jpg` of macOS) do not count."""
    path = Path(path)
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def original_of(path: str | Path) -> str:
    """The name that copies of one photo share: `<original>.rf.<hash>.jpg` names its original."""
    return re.sub(r"\.rf\.[^.]+$", "", Path(path).stem)


def read_image(path: str | Path, at_least: tuple[int, int] | None = None) -> np.ndarray:
    """Read an image file as it is meant to be seen.

    Palette, grey, CMYK and 16-bit images become 8-bit RGB, transparency becomes white, and the
    EXIF orientation is applied. Of an animation the first frame is read.

    Args:
        path: the file.
        at_least: (height, width) in pixels that the caller will shrink the image to. A JPEG is
            then decoded at 1/2, 1/4 or 1/8 of its size where that is still a quarter larger than
            this: many times faster. After shrinking, pixels differ from a full decode's by less
            than 3 of 255 on average, usually by less than 1.

    Returns: uint8 array of shape (height, width, 3), channels in RGB order.
    Raises: ImageError, naming the file, where it is missing, empty, truncated or no image.
    """
    path = Path(path)
    with _explained(path), Image.open(path) as file:
        if at_least is not None:
            height, width = (side * 5 // 4 for side in at_least)
            file.draft(None, (height, width) if _lies_on_its_side(file) else (width, height))
        file.load()
        return np.ascontiguousarray(_to_rgb(ImageOps.exif_transpose(file)))


def inspect_image(path: str | Path) -> ImageReport:
    """Look at one file without raising: size, colour mode, hashes, and what is wrong if anything.

    The whole file is read, so a truncated image is found. JPEGs are decoded at down to an eighth of
    their size, which reads every byte at a fraction of the cost.
    """
    path = Path(path)
    try:
        with _explained(path), Image.open(path) as file:
            mode, (height, width) = file.mode, _upright_size(file)
            file.draft(None, (THUMBNAIL, THUMBNAIL))
            file.load()
            look = fingerprint(_to_rgb(ImageOps.exif_transpose(file)))
            content = path.read_bytes()
    except ImageError as error:
        return ImageReport(path, problem=str(error))
    digest = hashlib.sha256(content).hexdigest()
    return ImageReport(path, width, height, mode, len(content), digest, fingerprint=look)


def inspect_images(paths: Iterable[str | Path], threads: int = 4) -> list[ImageReport]:
    """`inspect_image` for many files, in order; decoding releases the GIL, so threads help."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(inspect_image, paths))


def _lies_on_its_side(file: Image.Image) -> bool:
    return file.getexif().get(0x0112, 1) in (5, 6, 7, 8)


def _upright_size(file: Image.Image) -> tuple[int, int]:
    return file.size if _lies_on_its_side(file) else file.size[::-1]


class _explained:
    """Context that turns whatever a decoder raises into an ImageError naming the file."""

    def __init__(self, path: Path):
        self.path = path

    def __enter__(self) -> _explained:
        return self

    def __exit__(self, kind, error, traceback) -> None:
        if kind is None or isinstance(error, ImageError) or not issubclass(kind, Exception):
            return
        raise ImageError(f"{self.path}: {_reason(self.path, error)}") from None


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file."
    if isinstance(error, IsADirectoryError):
        return "this is a folder, not an image."
    if isinstance(error, PermissionError):
        return "this file may not be read; check its permissions."
    if path.exists() and path.stat().st_size == 0:
        return "the file is empty; fetch it again or delete it."
    if isinstance(error, UnidentifiedImageError):
        return "this is not an image, whatever its name says; delete it or replace it."
    if isinstance(error, Image.DecompressionBombError):
        return f"the image is too large to open safely ({error}); scale it down first."
    if "truncated" in str(error).lower() or isinstance(error, EOFError):
        return "the image is truncated (its end is missing); fetch it again or delete it."
    return f"the image cannot be decoded ({error}); fetch it again or delete it."


def _to_rgb(image: Image.Image) -> np.ndarray:
    if image.mode.startswith(("I", "F")):  # 16- and 32-bit grey: keep the range, not the low byte
        values = np.asarray(image, dtype=np.float32)
        scale = 255.0 / 65535.0 if values.max() > 255 else 1.0
        grey = np.clip(np.rint(values * scale), 0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    return np.array(image.convert("RGB"))  # a copy: what Pillow lends may not be written to
