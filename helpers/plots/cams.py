"""Figures of class activation maps: on their images, and side by side.

Images are uint8 (H, W, 3) of any sizes. A map is (h, w) in [0, 1], of any size too: it is enlarged
to its image, so that a map of a squashed copy fits the picture as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from helpers.plots.style import WRONG, save

COLOUR_MAP = "inferno"  # dark to bright evenly, for colour-blind readers and in print too
OPACITY = 0.6
Boxes = np.ndarray | Sequence[Sequence[float]] | None


def overlay(image: np.ndarray, found: np.ndarray, opacity: float = OPACITY) -> np.ndarray:
    """The image in grey under its map in colour: what is coloured is the map's, not the picture's.

    Args:
        image: uint8 (H, W, 3).
        found: (h, w) in [0, 1].
        opacity: of the map, 0 to 1.

    Returns: uint8 (H, W, 3).
    Raises: ValueError for an image or a map of another form.
    """
    image, found = np.asarray(image), np.asarray(found, np.float32)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(
            f"the image is {image.dtype} of shape {image.shape}; give uint8 (H, W, 3)."
        )
    if found.ndim != 2:
        raise ValueError(f"the map has shape {found.shape}; give one map (h, w).")
    height, width = image.shape[:2]
    if found.shape != (height, width):
        found = np.asarray(
            Image.fromarray(found).resize((width, height), Image.Resampling.BILINEAR)
        )
    grey = (image @ np.array([0.299, 0.587, 0.114]))[..., None]
    colour = 255 * mpl.colormaps[COLOUR_MAP](np.clip(found, 0, 1))[..., :3]
    return ((1 - opacity) * grey + opacity * colour).round().astype(np.uint8)


def map_gallery(
    images: Sequence[np.ndarray],
    maps: Sequence[np.ndarray],
    labels: Sequence[int],
    probabilities: np.ndarray,
    classes: Sequence[str],
    title: str,
    boxes: Boxes = None,
    columns: int = 3,
    path: str | Path | None = None,
) -> Figure:
    """Images under their maps with given and predicted class and its probability; wrong ones red.

    Args:
        images, maps: as many.
        labels: given classes (N,).
        probabilities: (N, C).
        classes: C names.
        boxes: objects (N, 4) in pixels of the images, (left, top, right, bottom), outlined.

    Raises: ValueError for no images, or another number of maps.
    """
    _check_counts(images, maps, title)
    probabilities = np.asarray(probabilities)
    said = probabilities.argmax(axis=1)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.6 * columns, 2.75 * rows + 0.9), squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for axis in axes.flat:
        axis.set_axis_off()
    for row, axis in zip(range(len(images)), axes.flat, strict=False):
        _draw(axis, overlay(images[row], maps[row]), None if boxes is None else boxes[row])
        text = f"given {classes[labels[row]]}\nsays {classes[said[row]]} "
        _below(axis, f"{text}{probabilities[row, said[row]]:.0%}", said[row] != labels[row])
    figure.suptitle(title)
    _key(figure, axes)
    return save(figure, path)


def map_rows(
    images: Sequence[np.ndarray],
    maps: Mapping[str, Sequence[np.ndarray]],
    title: str,
    captions: Sequence[str] | None = None,
    told: Mapping[str, Sequence[tuple[str, bool]]] | None = None,
    boxes: Boxes = None,
    path: str | Path | None = None,
) -> Figure:
    """One row per image: the image, then a map of it per method, model or label, side by side.

    Args:
        images: N.
        maps: name of the column to N maps.
        captions: below the images (N).
        told: name of a column to what is said below its maps, N times (words, whether wrong);
            what is wrong stands in red.
        boxes: objects (N, 4) in pixels of the images, (left, top, right, bottom), outlined.

    Raises: ValueError for no images, or a column with another number of maps.
    """
    for found in maps.values():
        _check_counts(images, found, title)
    # Columns are equally wide, rows as high as their image; a line of words is 0.2 inches.
    width = np.clip(8 / (len(maps) + 1), 1.7, 2.6)
    ratios = [min(image.shape[0] / image.shape[1], 1.5) for image in images]
    lines = [line.count("\n") + 1 for line in captions or [""]]
    words = 0.22 * max(lines) + 0.06
    heights = [width * ratio + words for ratio in ratios]
    figure, axes = plt.subplots(
        len(images), len(maps) + 1, figsize=(width * (len(maps) + 1), sum(heights) + 1.2),
        height_ratios=heights, squeeze=False, layout="constrained",
    )  # fmt: skip
    for row, (image, line) in enumerate(zip(images, axes, strict=True)):
        box = None if boxes is None else boxes[row]
        _draw(line[0], image, box)
        _below(line[0], captions[row] if captions else "", False)
        for axis, (name, found) in zip(line[1:], maps.items(), strict=True):
            _draw(axis, overlay(image, found[row]), box)
            if told is not None and name in told:
                _below(axis, *told[name][row])
    for axis, name in zip(axes[0], ("image", *maps), strict=True):
        axis.set_title(name, fontsize=12)
    figure.suptitle(f"{title}\n", linespacing=0.6)  # room above the columns' names
    _key(figure, axes)
    return save(figure, path)


def label_rows(
    images: Sequence[np.ndarray],
    maps: Sequence[np.ndarray],
    names: Sequence[str],
    probabilities: np.ndarray,
    labels: np.ndarray,
    title: str,
    thresholds: np.ndarray | float = 0.5,
    path: str | Path | None = None,
) -> Figure:
    """One row per image and one column per label: where each label's evidence lies.

    Below each map stands what is said of the label, in red where it is wrong.

    Args:
        images: N.
        maps: N times (L, h, w), as `explain.label_maps` makes them.
        names: L labels.
        probabilities, labels: (N, L), of the same labels.
        thresholds: of probability, one or (L,).

    Raises: ValueError for no images, or where the numbers of images and maps differ.
    """
    _check_counts(images, maps, title)
    chances = np.asarray(probabilities)
    said, given = chances >= np.asarray(thresholds), np.asarray(labels) > 0.5
    columns = {name: [found[place] for found in maps] for place, name in enumerate(names)}
    told = {
        name: [
            (f"{'yes' if says else 'no'}, {chance:.0%}", bool(says != true))
            for says, true, chance in zip(said[:, at], given[:, at], chances[:, at], strict=True)
        ]
        for at, name in enumerate(names)
    }
    return map_rows(images, columns, title, told=told, path=path)


def answers(
    labels: Sequence[int], probabilities: np.ndarray, classes: Sequence[str]
) -> list[tuple[str, bool]]:
    """What stands below maps: the answer with its probability, and whether it is wrong.

    Args:
        labels: given classes (N,).
        probabilities: (N, C).
        classes: C names.
    """
    return [
        (f"says {classes[row.argmax()]} {row.max():.0%}", bool(row.argmax() != label))
        for label, row in zip(labels, np.asarray(probabilities), strict=True)
    ]


def _check_counts(images: Sequence, maps: Sequence, title: str) -> None:
    if not len(images):
        raise ValueError(f"no images to show under the title {title!r}.")
    if len(images) != len(maps):
        raise ValueError(f"{len(maps)} maps for {len(images)} images; give one of each.")


def _draw(axis: Axes, image: np.ndarray, box: Sequence[float] | None) -> None:
    axis.imshow(image)
    axis.set_axis_off()
    if box is not None:
        left, top, right, bottom = box
        for colour, width in (("black", 3.5), ("white", 1.5)):  # one of them shows on any ground
            axis.add_patch(
                Rectangle(
                    (left, top),
                    right - left,
                    bottom - top,
                    fill=False,
                    edgecolor=colour,
                    linewidth=width,
                )  # fmt: skip
            )


def _below(axis: Axes, words: str, wrong: bool) -> None:
    axis.text(
        0.5, -0.03, words, transform=axis.transAxes, ha="center", va="top", fontsize=10,
        color=WRONG if wrong else "black", parse_math=False,
    )  # fmt: skip


def _key(figure: Figure, axes: np.ndarray) -> None:
    bar = figure.colorbar(
        ScalarMappable(cmap=COLOUR_MAP), ax=axes, location="bottom", shrink=0.35, aspect=25,
        ticks=[0, 1], pad=0.03,
    )  # fmt: skip
    bar.ax.set_xticklabels(["least", "most evidence"], fontsize=10)
    bar.outline.set_visible(False)
