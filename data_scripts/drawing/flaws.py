"""Flaws as a crawl of the web brings them, planted beside the good pictures of a data set."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

NOT_AN_IMAGE = "<html><head><title>404 Not Found</title></head><body>Not Found</body></html>\n"


def recoded(path: Path, mode: str) -> bytes:
    """The picture as a JPEG file in another colour mode."""
    buffer = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert(mode).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def plant_flaws(folder: Path, classes: tuple[str, ...], seed: int) -> dict[str, dict[str, str]]:
    """Add five flawed files to folder/train, under the next free names, and say which is what.

    Returns {path in the folder: {"flaw": ..., "made_from": path}}, in order of planting.
    """
    rng = np.random.default_rng([seed, len(classes)])
    planted: dict[str, dict[str, str]] = {}
    for flaw in ("text", "truncated", "copy", "cmyk", "grey"):
        name = classes[rng.integers(len(classes))]
        good = sorted((folder / "train" / name).glob("*.jpg"))
        good = [path for path in good if path.relative_to(folder).as_posix() not in planted]
        source = good[rng.integers(len(good))]
        if flaw == "text":
            data = NOT_AN_IMAGE.encode()
        elif flaw == "truncated":
            whole = source.read_bytes()
            data = whole[: int(len(whole) * 0.6)]
        elif flaw == "copy":
            data = source.read_bytes()
        else:
            data = recoded(source, "CMYK" if flaw == "cmyk" else "L")
        taken = len(list((folder / "train" / name).glob("*.jpg")))
        target = folder / "train" / name / f"{name}_{taken + 1:04d}.jpg"
        target.write_bytes(data)
        entry = {"flaw": flaw}
        if flaw != "text":
            entry["made_from"] = source.relative_to(folder).as_posix()
        planted[target.relative_to(folder).as_posix()] = entry
    return planted
