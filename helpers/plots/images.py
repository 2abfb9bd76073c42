"""Figures of images with words below them, and of a classifier's results on them.

Images are uint8 (H, W, 3) of any sizes, in one figure too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from sklearn.metrics import ConfusionMatrixDisplay

from helpers.plots.style import MARK, TRAIN, WRONG, save

Caption = tuple[str, bool]  # words below an image, and whether they are red: something is wrong
Boxes = np.ndarray | Sequence[Sequence[float]] | None


def draw_image(
    axis: Axes,
    image: np.ndarray,
    captions: Sequence[Caption] = (),
    box: Sequence[float] | None = None,
) -> None:
    """An image, its captions one below the other under it, and an outlined box.

    box: (left, top, right, bottom) in pixels of the image.
    """
    axis.imshow(image)
    axis.set_axis_off()
    axis.set_anchor("S")  # images of a row stand on one line, and so their captions do
    lines = 0
    for words, wrong in captions:
        axis.annotate(
            words, (0.5, 0), (0, -4 - 13 * lines), xycoords="axes fraction",
            textcoords="offset points", ha="center", va="top", fontsize=10,
            color=WRONG if wrong else "black", parse_math=False,
        )  # fmt: skip
        lines += 1 + words.count("\n")
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


def gallery(
    images: Sequence[np.ndarray],
    captions: Sequence[Sequence[Caption]],
    title: str,
    columns: int,
    width: float = 1.8,
    boxes: Boxes = None,
) -> Figure:
    """Images in rows with captions below them; `figure.axes` has one place after the other.

    Args:
        images: N.
        captions: of each image, as `draw_image` takes them.
        title: of the figure.
        columns: images in a row.
        width: of a column in inches; long captions widen it.
        boxes: of each image, as `draw_image` takes them (N, 4).

    Raises: ValueError for no images.
    """
    if not len(images):
        raise ValueError(f"no images to show under the title {title!r}.")
    columns = min(columns, len(images))
    lines = [[line for words, _ in one for line in words.split("\n")] for one in captions]
    width = max([width] + [0.09 * len(line) for one in lines for line in one])
    # A row is as high as its highest image, and none higher than wide; a line of words takes 0.18.
    starts = range(0, len(images), columns)
    ratios = [image.shape[0] / image.shape[1] for image in images]
    heights = [min(width, 2.6) * min(max(ratios[i : i + columns]), 1) for i in starts]
    below = [0.18 * max(map(len, lines[i : i + columns])) + 0.1 for i in starts]
    figure, axes = plt.subplots(
        len(heights), columns, squeeze=False, height_ratios=heights, layout="constrained",
        figsize=(width * columns, sum(heights) + sum(below) + 0.35),
    )  # fmt: skip
    for axis in axes.flat:
        axis.set_axis_off()
    for row, (axis, image) in enumerate(zip(axes.flat, images, strict=False)):
        draw_image(axis, image, captions[row], None if boxes is None else boxes[row])
    figure.suptitle(title)
    return figure


def image_grid(
    images: Sequence[np.ndarray],
    captions: Sequence[str],
    title: str,
    columns: int = 4,
    wrong: Sequence[bool] | None = None,
    path: str | Path | None = None,
) -> Figure:
    """Images with captions below; captions of `wrong` ones are red."""
    wrong = [False] * len(captions) if wrong is None else wrong
    lines = [[caption] for caption in zip(captions, wrong, strict=True)]
    return save(gallery(images, lines, title, columns), path)


def prediction_grid(
    images: Sequence[np.ndarray],
    labels: Sequence[int],
    probabilities: np.ndarray,
    classes: Sequence[str],
    title: str,
    columns: int = 4,
    path: str | Path | None = None,
) -> Figure:
    """Images with given class, predicted class and its probability; wrong ones in red.

    probabilities: (N, C), one row per image.
    """
    captions = [[caption] for caption in answers(labels, probabilities, classes, name_given=True)]
    return save(gallery(images, captions, title, columns), path)


def neighbours(
    queries: Sequence[np.ndarray],
    found: Sequence[Sequence[np.ndarray]],
    captions: Sequence[Sequence[Caption]],
    title: str,
    path: str | Path | None = None,
) -> Figure:
    """One row for each query: the image itself, then its nearest neighbours.

    captions: below the query and each neighbour, row by row; red where the class differs.
    """
    images = [image for query, row in zip(queries, found, strict=True) for image in (query, *row)]
    lines = [[caption] for row in captions for caption in row]
    return save(gallery(images, lines, title, len(images) // len(queries), 1.5), path)


def answers(
    labels: Sequence[int],
    probabilities: np.ndarray,
    classes: Sequence[str],
    name_given: bool = False,
) -> list[Caption]:
    """A caption for each image: the answer with its probability, and whether it is wrong.

    Args:
        labels: given classes (N,).
        probabilities: (N, C).
        classes: C names.
        name_given: whether the given class stands above the answer.
    """
    return [
        (
            f"given {classes[label]}\n" * name_given
            + f"predicted {classes[row.argmax()]}\n{row.max():.0%} {mark(row.argmax() == label)}",
            bool(row.argmax() != label),
        )
        for label, row in zip(labels, np.asarray(probabilities), strict=True)
    ]


def mark(right: bool) -> str:
    """A tick or a cross, so that nothing is told by colour alone."""
    return "✓" if right else "✗"


def result_figure(
    accuracies: Mapping[str, tuple[float, float, float]],
    images: Sequence[np.ndarray],
    captions: Sequence[str],
    title: str,
    images_title: str,
    path: str | Path | None = None,
) -> Figure:
    """Bars of accuracy with their intervals, and up to six images below.

    accuracies: name to (value, low, high), all in [0, 1].
    """
    figure = plt.figure(figsize=(7.2, 7.6), layout="constrained")
    (upper,), (lower,) = figure.subfigures(2, 1, squeeze=False, height_ratios=(1, 1.5))
    axis = upper.subplots()
    values = np.array(list(accuracies.values()))
    errors = np.abs(values[:, 1:] - values[:, :1]).T
    bars = axis.bar(
        list(accuracies), values[:, 0], yerr=errors, capsize=4, color=["0.55", TRAIN, MARK]
    )
    axis.bar_label(bars, [f"{v:.1%}" for v in values[:, 0]], label_type="center", color="white")
    axis.set(ylim=(0, 1), ylabel="test accuracy")
    sns.despine(ax=axis)
    upper.suptitle(title)
    for place in lower.subplots(2, 3).flat:
        place.set_axis_off()
    for place, image, caption in zip(lower.axes, images, captions, strict=False):
        draw_image(place, image, [(caption, False)])
    lower.suptitle(images_title if images else "")
    return save(figure, path)


def confusion(
    labels: Sequence[int],
    predicted: Sequence[int],
    classes: Sequence[str],
    title: str,
    path: str | Path | None = None,
) -> Figure:
    """A confusion matrix: given classes in rows, predicted ones in columns.

    Args:
        labels, predicted: numbers of classes (N,).
        classes: C names.
    """
    figure, axis = plt.subplots(figsize=(1.1 * len(classes) + 2, 0.8 * len(classes) + 1.4))
    ConfusionMatrixDisplay.from_predictions(
        np.asarray(labels), np.asarray(predicted), labels=range(len(classes)),
        display_labels=classes, cmap="Blues", colorbar=False, ax=axis,
    )  # fmt: skip
    axis.set(title=title, xlabel="predicted", ylabel="given")
    plt.setp(axis.get_xticklabels(), rotation=25, ha="right")
    return save(figure, path)
