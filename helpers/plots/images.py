"""Figures of images and results: plain data in, a Figure out, saved only when asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from helpers.plots.style import MARK, TRAIN, WRONG, save


def image_grid(
    images: Sequence[np.ndarray],
    captions: Sequence[str],
    title: str,
    columns: int = 4,
    wrong: Sequence[bool] | None = None,
    path: str | Path | None = None,
) -> Figure:
    """Images (uint8, any sizes) with captions below; captions of `wrong` ones are red."""
    if not len(images):
        raise ValueError(f"no images to show under the title {title!r}.")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    lines = [caption.split("\n") for caption in captions]
    wide = max(1.8, 0.09 * max(len(line) for told in lines for line in told))  # inches
    high = min(wide, 2) + 0.2 * max(map(len, lines))
    figure, axes = plt.subplots(
        rows, columns, figsize=(wide * columns, high * rows + 0.4), squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for axis in axes.flat:
        axis.set_axis_off()
    for index, (axis, image, caption) in enumerate(zip(axes.flat, images, captions, strict=False)):
        axis.imshow(image)
        colour = WRONG if wrong is not None and wrong[index] else "black"
        axis.text(
            0.5, -0.04, caption, transform=axis.transAxes, ha="center", va="top",
            fontsize=10, color=colour, parse_math=False,
        )  # fmt: skip
    figure.suptitle(title)
    return save(figure, path)


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
    probabilities = np.asarray(probabilities)
    predicted = probabilities.argmax(axis=1)
    captions = [
        f"given {classes[given]}\nsays {classes[said]} {row[said]:.0%}"
        for given, said, row in zip(labels, predicted, probabilities, strict=True)
    ]
    wrong = [given != said for given, said in zip(labels, predicted, strict=True)]
    return image_grid(images, captions, title, columns, wrong, path)


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
    upper, lower = figure.subfigures(2, 1, height_ratios=(1, 1.5))
    axis = upper.subplots()
    values = np.array(list(accuracies.values()))
    errors = np.abs(values[:, 1:] - values[:, :1]).T
    bars = axis.bar(
        list(accuracies), values[:, 0], yerr=errors, capsize=4, color=["0.55", TRAIN, MARK]
    )
    axis.bar_label(bars, [f"{v:.1%}" for v in values[:, 0]], label_type="center", color="white")
    axis.set(ylim=(0, 1), ylabel="test accuracy")
    upper.suptitle(title)
    for cell, image, caption in zip(lower.subplots(2, 3).flat, images, captions, strict=False):
        cell.imshow(image)
        cell.set_xlabel(caption, fontsize=10, parse_math=False)
    for cell in lower.axes:
        cell.set(xticks=[], yticks=[])
        cell.spines[:].set_visible(False)
    lower.suptitle(images_title if images else "")
    sns.despine(ax=axis)
    return save(figure, path)


def confusion_heatmap(counts: pd.DataFrame, title: str, path: str | Path | None = None) -> Figure:
    """A confusion matrix: given classes in rows, predicted ones in columns."""
    figure, axis = plt.subplots(figsize=(1.1 * len(counts) + 2, 0.8 * len(counts) + 1.4))
    sns.heatmap(counts, annot=True, fmt="d", cmap="Blues", cbar=False, ax=axis, square=False)
    axis.set(title=title, xlabel="predicted", ylabel="given")
    axis.tick_params(axis="x", rotation=25)
    axis.tick_params(axis="y", rotation=0)
    return save(figure, path)
