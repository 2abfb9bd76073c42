"""Figures of images, data sets and results: plain data in, a Figure out, saved only when asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

# Colour-blind readers can tell these apart (Paul Tol's schemes).
TRAIN, VAL, MARK, WRONG = "#4477aa", "#ee7733", "#228833", "#cc3311"


def save(figure: Figure, path: str | Path | None) -> Figure:
    """Write the figure where a path is given, and return it without a second copy in a notebook."""
    if path is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=130, bbox_inches="tight")
    plt.close(figure)
    return figure


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


def augmentation_rows(
    gallery: Mapping[str, Sequence[np.ndarray]], title: str, path: str | Path | None = None
) -> Figure:
    """One row per augmentation, one column per view."""
    columns = max(len(views) for views in gallery.values())
    size = (1.15 * columns + 1.6, 1.2 * len(gallery) + 0.4)
    figure, axes = plt.subplots(len(gallery), columns, figsize=size, squeeze=False)
    for row, (name, views) in zip(axes, gallery.items(), strict=True):
        for axis in row:
            axis.set_axis_off()
        for axis, view in zip(row, views, strict=False):
            axis.imshow(view)
        row[0].text(
            -0.08, 0.5, name.replace(", ", ",\n"), transform=row[0].transAxes, ha="right",
            va="center",
        )  # fmt: skip
    figure.suptitle(title)
    figure.tight_layout()
    return save(figure, path)


def class_counts(counts: pd.DataFrame, title: str) -> Figure:
    """Bars of images per class (rows) and split (columns)."""
    figure, axis = plt.subplots(figsize=(7, 2.8))
    counts.plot.barh(ax=axis, width=0.75, color=[TRAIN, VAL, MARK][: counts.shape[1]])
    for bars in axis.containers:
        axis.bar_label(bars, padding=2, fontsize=8)
    axis.invert_yaxis()
    axis.set(title=title, xlabel="images", ylabel="")
    axis.margins(x=0.08)
    axis.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    sns.despine(figure)
    return save(figure, None)


def size_scatter(files: pd.DataFrame, title: str) -> Figure:
    """Width against height of every image; `files` has columns width, height, class."""
    figure, axis = plt.subplots(figsize=(5.6, 4.6))
    sns.scatterplot(
        files, x="width", y="height", hue="class", s=16, alpha=0.6, ax=axis, palette="colorblind"
    )
    limit = 1.05 * max(files["width"].max(), files["height"].max())
    for ratio, label in ((1, "1:1"), (2, "2:1"), (0.5, "1:2")):
        axis.axline((0, 0), slope=1 / ratio, color="0.6", linewidth=0.8, linestyle=":")
        side = 0.97 * limit
        end = (min(side, side * ratio), min(side, side / ratio))
        axis.annotate(label, end, fontsize=8, color="0.4", ha="right", va="bottom")
    axis.set(
        title=title, xlabel="width (px)", ylabel="height (px)", xlim=(0, limit), ylim=(0, limit)
    )
    axis.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    sns.despine(figure)
    return save(figure, None)


def channel_statistics(
    sources: Mapping[str, tuple[Sequence[float], Sequence[float]]], title: str
) -> Figure:
    """Mean and standard deviation of red, green and blue, in [0, 1], for each named source."""
    figure, axis = plt.subplots(figsize=(6, 2.8))
    shifts = np.linspace(-0.12, 0.12, len(sources))
    for shift, (source, (mean, std)) in zip(shifts, sources.items(), strict=True):
        axis.errorbar(
            np.arange(3) + shift, mean, yerr=std, fmt="o", capsize=4,
            label=source,
        )  # fmt: skip
    axis.set_xticks(range(3), ["red", "green", "blue"])
    axis.set(title=title, ylabel="mean ± standard deviation", ylim=(0, 1))
    axis.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    sns.despine(figure)
    return save(figure, None)


def confusion_heatmap(counts: pd.DataFrame, title: str, path: str | Path | None = None) -> Figure:
    """A confusion matrix: given classes in rows, predicted ones in columns."""
    figure, axis = plt.subplots(figsize=(1.1 * len(counts) + 2, 0.8 * len(counts) + 1.4))
    sns.heatmap(counts, annot=True, fmt="d", cmap="Blues", cbar=False, ax=axis, square=False)
    axis.set(title=title, xlabel="predicted", ylabel="given")
    axis.tick_params(axis="x", rotation=25)
    axis.tick_params(axis="y", rotation=0)
    return save(figure, path)
