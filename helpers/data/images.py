"""Opening image files safely: RGB, uint8, upright, or one sentence that says what is wrong."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from tqdm import tqdm

from helpers.data.duplicates import THUMBNAIL, Fingerprint, fingerprint
from helpers.data.formats import what_it_is

# Pillow knows dozens of formats, and hands PostScript to another program: these, and no others.
FORMATS = ("JPEG", "PNG", "BMP", "DIB", "GIF", "TIFF", "WEBP", "AVIF", "JPEG2000")
PATIENCE = 10  # seconds
MOST_PIXELS = 50_000_000  # of a file that can only be decoded as a whole: 150 MB as RGB


class ImageError(ValueError):
    """A file that cannot be used as an image; the message names the file and the reason."""


@dataclass(frozen=True)
class ImageReport:
    """What one look at a file tells. `width`, `height` are pixels as shown (EXIF-upright).

    seen: False where the file was not even opened, since its row in a table is wrong.
    """

    path: Path
    width: int = 0
    height: int = 0
    mode: str = ""
    bytes: int = 0
    sha256: str = ""
    problem: str = ""
    seen: bool = True
    fingerprint: Fingerprint = field(default=b"", repr=False)


def original_of(path: str | Path) -> str:
    """The name that copies of one photo share: `<original>.rf.<hash>.jpg` names its original."""
    return re.sub(r"\.rf\.[^.]+$", "", Path(path).stem)


def read_image(path: str | Path, at_least: tuple[int, int] | None = None) -> np.ndarray:
    """Read an image file as it is meant to be seen.

    Palette, grey, CMYK and 16-bit images become 8-bit RGB, transparency becomes white, and the
    EXIF orientation is applied. Of an animation the first frame is read. Only FORMATS are opened,
    and, but for JPEGs, nothing of more than MOST_PIXELS.

    Args:
        path: the file.
        at_least: (height, width) in pixels that the caller will shrink the image to. A JPEG is
            then decoded at 1/2, 1/4 or 1/8 of its size where that is still a quarter larger than
            this: many times faster. After shrinking, pixels differ from a full decode's by less
            than 3 of 255 on average, usually by less than 1.

    Returns: uint8 array of shape (height, width, 3), channels in RGB order.
    Raises: ImageError, naming the file, where it is missing, empty, truncated or no image.
    """
    with _opened(Path(path)) as file:
        if at_least is not None:
            height, width = (side * 5 // 4 for side in at_least)
            file.draft(None, (height, width) if _lies_on_its_side(file) else (width, height))
        return np.ascontiguousarray(_upright_rgb(file))


def inspect_image(path: str | Path) -> ImageReport:
    """Look at one file without raising: size, colour mode, hashes, and what is wrong if anything.

    The whole file is read, so a truncated image is found. JPEGs are decoded at down to an eighth of
    their size, which reads every byte at a fraction of the cost.
    """
    path, digest = Path(path), hashlib.sha256()
    try:
        with _opened(path) as file:
            mode, (height, width) = file.mode, _upright_size(file)
            file.draft(None, (THUMBNAIL, THUMBNAIL))
            look = fingerprint(_upright_rgb(file))
            with path.open("rb") as content:
                while block := content.read(1 << 20):
                    digest.update(block)
                size = content.tell()
    except ImageError as error:
        return ImageReport(path, problem=str(error))
    return ImageReport(path, width, height, mode, size, digest.hexdigest(), fingerprint=look)


def inspect_images(paths: Iterable[str | Path], threads: int = 4) -> list[ImageReport]:
    """`inspect_image` for many files, in order; decoding releases the GIL, so threads help.

    Where it takes longer than PATIENCE a bar shows how far it is.
    """
    paths = list(paths)
    with ThreadPoolExecutor(threads) as pool:
        seen = pool.map(inspect_image, paths)
        return list(tqdm(seen, "looking at images", len(paths), leave=False, delay=PATIENCE))


def as_rgb(photo: np.ndarray | Image.Image, name: str = "the photo") -> np.ndarray:
    """A picture in memory as uint8 RGB (H, W, 3), scaled by its kind.

    Args:
        photo: a Pillow image, which is turned upright, or an array: (H, W) grey, (H, W, 1), RGB
            (H, W, 3) or RGBA (H, W, 4); uint8, uint16 up to 65,535, bool, or floats from 0 to 1.
        name: for the message.

    Raises: ImageError for anything else.
    """
    if isinstance(photo, Image.Image):
        upright = ImageOps.exif_transpose(photo)
        upright.format = photo.format
        return to_rgb(upright, name)
    values = np.asarray(photo)
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or values.shape[2] not in (1, 3, 4) or not values.size:
        raise ImageError(
            f"{name} has the shape {np.shape(photo)}; give (height, width, 3), RGB, as in "
            "photo.transpose(1, 2, 0) where the channels come first."
        )
    if values.dtype == bool:
        values = values * np.uint8(255)
    elif values.dtype == np.uint16:
        values = np.rint(values * (255 / 65535)).astype(np.uint8)
    elif values.dtype.kind == "f" and (values >= 0).all() and (values <= 1).all():
        values = np.rint(values * 255.0).astype(np.uint8)
    elif values.dtype != np.uint8:
        raise ImageError(
            f"{name} is {values.dtype}, from {values.min():g} to {values.max():g}; give uint8, "
            "uint16, or floats from 0 to 1."
        )
    if values.shape[2] == 4:
        return to_rgb(Image.fromarray(values), name)
    return np.ascontiguousarray(np.broadcast_to(values, (*values.shape[:2], 3)))


def to_rgb(image: Image.Image, path: str | Path = "the image") -> np.ndarray:
    """A Pillow image as uint8 RGB (H, W, 3), as `read_image` reads a file; `path` names it.

    Of numbers the kind says the range: 16 bits run to 65,535, floats from 0 to 1.

    Raises: ImageError for numbers of a range that nobody knows.
    """
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        return _grey(np.asarray(image, np.float64) * (255 / 65535))
    if image.mode == "F":
        values = np.asarray(image)
        if not (values >= 0).all() or not (values <= 1).all():  # a NaN is neither
            raise ImageError(
                f"{path}: its floats do not lie between 0 and 1, so nobody knows which is white; "
                "save it with 8 or 16 bits."
            )
        return _grey(values * 255)
    if image.mode.startswith("I"):
        raise ImageError(
            f"{path}: its whole numbers have 32 bits, so nobody knows which is white; save it with "
            "8 or 16 bits."
        )
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    return np.array(image.convert("RGB"))  # a copy: what Pillow lends may not be written to


def _grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(np.rint(values).astype(np.uint8)[..., None], 3, axis=2)


def _upright_rgb(file: Image.Image) -> np.ndarray:
    file.load()
    upright = ImageOps.exif_transpose(file)
    upright.format = file.format  # a turned copy has forgotten it
    return to_rgb(upright, getattr(file, "filename", "the image"))


def _lies_on_its_side(file: Image.Image) -> bool:
    # Pillow turns a TIFF itself, and gives the size that it will have.
    return file.format != "TIFF" and file.getexif().get(0x0112, 1) in (5, 6, 7, 8)


def _upright_size(file: Image.Image) -> tuple[int, int]:
    return file.size if _lies_on_its_side(file) else file.size[::-1]


@lru_cache
def _known_formats() -> tuple[str, ...]:
    """FORMATS without those that this Pillow was built without."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The opened file; whatever a decoder raises becomes an ImageError that names it."""
    try:
        if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
            raise ImageError(f"{path}: this is a pipe or a device, not a file; remove it.")
        with Image.open(path, formats=_known_formats()) as file:
            pixels = file.width * file.height
            if pixels > MOST_PIXELS and file.format not in ("JPEG", "MPO"):
                raise ImageError(
                    f"{path}: {file.width:,} × {file.height:,} pixels are too large to open safely "
                    f"in this format; scale it down to {MOST_PIXELS / 1e6:.0f} million, or save it "
                    "as JPEG."
                )
            yield file
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(f"{path}: {_reason(path, error)}") from None


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file."
    if isinstance(error, IsADirectoryError):
        return "this is a folder, not an image."
    if isinstance(error, PermissionError):
        return "this file may not be read; check its permissions."
    if os.path.exists(path) and os.path.getsize(path) == 0:
        return "the file is empty; fetch it again or delete it."
    if isinstance(error, Image.DecompressionBombError):
        return f"the image is too large to open safely ({error}); scale it down first."
    if isinstance(error, UnidentifiedImageError):
        unknown = "not an image, whatever its name says; delete it or replace it."
        return f"this is {what_it_is(path) or unknown}"
    if "truncated" in str(error).lower() or isinstance(error, EOFError):
        return "the image is truncated (its end is missing); fetch it again or delete it."
    return f"the image cannot be decoded ({error}); fetch it again or delete it."
