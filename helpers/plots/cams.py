"""Figures of class activation maps: on their images, and side by side.

Images are uint8 (H, W, 3) of any sizes. A map is (h, w) in [0, 1], of any size too: it is enlarged
to its image, so that a map of a squashed copy fits the picture as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from PIL import Image

from helpers.plots.images import Boxes, Caption, answers, gallery, mark
from helpers.plots.style import save

COLOUR_MAP = "inferno"  # dark to bright evenly, for colour-blind readers and in print too
OPACITY = 0.6


def overlay(image: np.ndarray, cam: np.ndarray, opacity: float = OPACITY) -> np.ndarray:
    """The image in grey under its map in colour: what is coloured is the map's, not the picture's.

    Args:
        image: uint8 (H, W, 3).
        cam: the map, (h, w) in [0, 1].
        opacity: of the map, 0 to 1.

    Returns: uint8 (H, W, 3).
    Raises: ValueError for an image or a map of another form.
    """
    image, cam = np.asarray(image), np.asarray(cam, np.float32)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(
            f"the image is {image.dtype} of shape {image.shape}; give uint8 (H, W, 3)."
        )
    if cam.ndim != 2:
        raise ValueError(f"the map has shape {cam.shape}; give one map (h, w).")
    height, width = image.shape[:2]
    if cam.shape != (height, width):
        cam = np.asarray(Image.fromarray(cam).resize((width, height), Image.Resampling.BILINEAR))
    grey = (image @ np.array([0.299, 0.587, 0.114]))[..., None]
    colour = 255 * mpl.colormaps[COLOUR_MAP](np.clip(cam, 0, 1))[..., :3]
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

    A cross marks each map's brightest point.

    Args:
        images, maps: as many.
        labels: given classes (N,).
        probabilities: (N, C).
        classes: C names.
        boxes: objects (N, 4) in pixels of the images, (left, top, right, bottom), outlined.

    Raises: ValueError for no images, or another number of maps.
    """
    overlays = _overlays(images, maps)
    captions = [[caption] for caption in answers(labels, probabilities, classes, name_given=True)]
    figure = gallery(overlays, captions, title, columns, 2.6, boxes)
    _mark_brightest(figure.axes, images, maps)
    return _with_key(figure, path)


def map_rows(
    images: Sequence[np.ndarray],
    maps: Mapping[str, Sequence[np.ndarray]],
    title: str,
    captions: Sequence[str] | None = None,
    map_captions: Mapping[str, Sequence[Caption]] | None = None,
    boxes: Boxes = None,
    path: str | Path | None = None,
) -> Figure:
    """One row per image: the image, then a map of it per method, model or label, side by side.

    A cross marks each map's brightest point.

    Args:
        images: N.
        maps: name of the column to N maps.
        captions: below the images (N).
        map_captions: name of a column to what stands below its maps, N times (words, whether
            wrong), as `answers` makes them; what is wrong stands in red.
        boxes: objects (N, 4) in pixels of the images, (left, top, right, bottom), outlined.

    Raises: ValueError for no images, or a column with another number of maps.
    """
    columns = [images] + [_overlays(images, column) for column in maps.values()]
    below = [[[(caption, False)] for caption in captions] if captions else [[] for _ in images]]
    for name in maps:
        lines = (map_captions or {}).get(name)
        below.append([[line] for line in lines] if lines else [[] for _ in images])
    figure = gallery(
        [column[row] for row in range(len(images)) for column in columns],
        [column[row] for row in range(len(images)) for column in below],
        title,
        len(columns),
        np.clip(8 / len(columns), 1.7, 2.6),
        None if boxes is None else np.repeat(np.asarray(boxes), len(columns), axis=0),
    )
    for place, column in enumerate(maps.values(), start=1):
        _mark_brightest(figure.axes[place :: len(columns)], images, column)
    for axis, name in zip(figure.axes, ("image", *maps), strict=False):
        axis.set_title(name, fontsize=12)
    figure.suptitle(f"{title}\n")  # room above the columns' names
    return _with_key(figure, path)


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

    Below each map stands the predicted answer for the label, in red where it is wrong.

    Args:
        images: N.
        maps: N times (L, h, w), as `explain.label_maps` makes them.
        names: L labels.
        probabilities, labels: (N, L), of the same labels.
        thresholds: of probability, one or (L,).

    Raises: ValueError for no images, or where the numbers of images and maps differ.
    """
    probabilities = np.asarray(probabilities)
    predicted, given = probabilities >= np.asarray(thresholds), np.asarray(labels) > 0.5
    columns = {name: [cams[at] for cams in maps] for at, name in enumerate(names)}
    captions = {
        name: [
            (
                f"{'yes' if yes else 'no'}, {probability:.0%} {mark(yes == truth)}",
                bool(yes != truth),
            )
            for yes, truth, probability in zip(
                predicted[:, at], given[:, at], probabilities[:, at], strict=True
            )
        ]
        for at, name in enumerate(names)
    }
    return map_rows(images, columns, title, map_captions=captions, path=path)


def _overlays(images: Sequence[np.ndarray], maps: Sequence[np.ndarray]) -> list[np.ndarray]:
    if len(images) != len(maps):
        raise ValueError(f"{len(maps)} maps for {len(images)} images; give one of each.")
    return [overlay(image, cam) for image, cam in zip(images, maps, strict=True)]


def _mark_brightest(
    axes: Sequence[Axes], images: Sequence[np.ndarray], maps: Sequence[np.ndarray]
) -> None:
    """A cross at the brightest point of each map; none where a map is the same everywhere."""
    for axis, image, cam in zip(axes, images, maps, strict=False):
        cam = np.asarray(cam)
        if cam.max() > cam.min():
            place = np.argwhere(cam == cam.max()).mean(axis=0) + 0.5  # a cell has many pixels
            y, x = place * image.shape[:2] / cam.shape - 0.5
            axis.plot(x, y, "P", color="white", markeredgecolor="black", markersize=8)


def _with_key(figure: Figure, path: str | Path | None) -> Figure:
    """The figure with a colour bar below, saved where asked."""
    figure.set_figheight(figure.get_figheight() + 0.6)
    bar = figure.colorbar(
        ScalarMappable(cmap=COLOUR_MAP), ax=figure.axes, location="bottom", shrink=0.35, aspect=25,
        ticks=[0, 1], pad=0.03,
    )  # fmt: skip
    bar.ax.set_xticklabels(["least", "most evidence"], fontsize=10)
    bar.outline.set_visible(False)
    return save(figure, path)
