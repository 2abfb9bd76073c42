"""Figures of notebook 04: images and batches of any size, and what pooling makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from helpers.plots.style import COLOURS, TRAIN, WRONG, chart, finish, save


def side_by_side(
    rows: Sequence[Mapping[str, np.ndarray]], title: str, path: str | Path | None = None
) -> Figure:
    """Versions of an image in a row, all of one height, with name, width and height above.

    rows: for each image, name of the version to (H, W, 3); the same names in each row.
    """
    widest = [max(row[name].shape[1] / row[name].shape[0] for row in rows) for name in rows[0]]
    figure, axes = plt.subplots(
        len(rows), len(widest), figsize=(1.35 * sum(widest), 1.75 * len(rows) + 0.3),
        width_ratios=widest, squeeze=False,
    )  # fmt: skip
    for line, row in zip(axes, rows, strict=True):
        for axis, (name, image) in zip(line, row.items(), strict=True):
            axis.imshow(image)
            axis.set_axis_off()
            axis.set_title(f"{name}\n{image.shape[1]} × {image.shape[0]}", fontsize=9)
    figure.suptitle(title)
    figure.tight_layout()
    return save(figure, path)


def pyramid(
    image: np.ndarray,
    pooled: Mapping[int, np.ndarray],
    title: str,
    path: str | Path | None = None,
) -> Figure:
    """The image cut into each level's bins, with what is kept of one channel below.

    pooled: level to its numbers (level, level), of a channel worth looking at.
    """
    figure, axes = plt.subplots(2, len(pooled), figsize=(2.6 * len(pooled), 4.2), squeeze=False)
    top = max(values.max() for values in pooled.values())
    height, width = image.shape[:2]
    for (level, values), upper, lower in zip(pooled.items(), *axes, strict=True):
        upper.imshow(image)
        for cut in range(1, level):
            upper.axvline(width * cut / level - 0.5, color="white", linewidth=1.5)
            upper.axhline(height * cut / level - 0.5, color="white", linewidth=1.5)
        upper.set_title(f"level {level}: {level * level} bin{'s' * (level > 1)}", fontsize=11)
        lower.imshow(values, vmin=0, vmax=top, cmap="viridis")
        for (row, column), value in np.ndenumerate(values):
            lower.text(
                column, row, f"{value:.1f}", ha="center", va="center", fontsize=9,
                color="black" if value > 0.6 * top else "white",
            )  # fmt: skip
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
    figure.suptitle(title)
    figure.tight_layout()
    return save(figure, path)


def batch_rows(
    batches: Mapping[str, Sequence[np.ndarray]],
    title: str,
    shown: int = 7,
    path: str | Path | None = None,
) -> Figure:
    """The first images of each batch as a strip, all strips to one scale; captions are the keys.

    The images of a batch, (H, W, 3), have one shape.
    """
    gap, strips = 8, []
    for images in batches.values():
        spaced = [
            np.pad(i, ((0, 0), (0, gap), (0, 0)), constant_values=255) for i in images[:shown]
        ]
        strips.append(np.hstack(spaced))
    width = max(strip.shape[1] for strip in strips)
    heights = [strip.shape[0] for strip in strips]
    figure, axes = plt.subplots(
        len(strips), figsize=(9, 9 * sum(heights) / width + 0.5 * len(strips)),
        height_ratios=heights, squeeze=False,
    )  # fmt: skip
    for axis, strip, caption in zip(axes[:, 0], strips, batches, strict=True):
        axis.imshow(strip)
        axis.set(xlim=(0, width), anchor="W")
        axis.set_axis_off()
        axis.set_title(caption, loc="left", fontsize=10)
    figure.suptitle(title)
    figure.tight_layout()
    return save(figure, path)


def strategies(
    frame: pd.DataFrame,
    title: str,
    measure: str = "test accuracy",
    each: str = "seed",
    path: str | Path | None = None,
) -> Figure:
    """One dot for `each` seed, or fold, and a line at the mean; columns strategy and score.

    Where all strategies have as many scores, a thin line joins those of one seed or fold.
    """
    names = list(dict.fromkeys(frame["strategy"]))
    axis = chart((7, 0.6 * len(names) + 1.3))
    scores = [frame.loc[frame["strategy"] == name, "score"] for name in names]
    for row, values in enumerate(scores):
        axis.plot(values, [row] * len(values), "o", alpha=0.7)
        axis.plot([values.mean()] * 2, [row - 0.3, row + 0.3], color="black", linewidth=2)
    if len(set(map(len, scores))) == 1:
        axis.plot(np.array(scores), range(len(names)), color="0.8", linewidth=0.8, zorder=0)
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    axis.grid(axis="x", alpha=0.3)
    axis.set(title=title, xlabel=f"{measure}: a dot for each {each}, a line at the mean")
    return finish(axis, path, legend=None)


def by_group(
    right: Mapping[str, np.ndarray],
    groups: Mapping[str, np.ndarray],
    title: str,
    path: str | Path | None = None,
) -> Figure:
    """Accuracy of each strategy in quarters of the images, one panel per quantity.

    right: strategy to whether an image was classified correctly, (seeds, N).
    groups: name of a quantity to its value for each image (N,); it is cut at its quartiles.
    """
    figure, axes = plt.subplots(
        1, len(groups), figsize=(4.3 * len(groups), 3.6), sharey=True, squeeze=False
    )
    for axis, (name, values) in zip(axes[0], groups.items(), strict=True):
        axis.set_prop_cycle(color=COLOURS)
        quarters = pd.qcut(values, 4, duplicates="drop")
        least = np.nanmin(values)
        marks = [f"{max(q.left, least):.3g} to\n{q.right:.3g}" for q in quarters.categories]
        for place, (strategy, hits) in enumerate(right.items()):
            shares = [hits[:, quarters.codes == q].mean() for q in range(len(marks))]
            shift = 0.06 * (place - (len(right) - 1) / 2)
            places = np.arange(len(marks)) + shift
            axis.plot(places, shares, "o-", label=strategy, markersize=5, linewidth=1.2)
        axis.set(xticks=range(len(marks)), xticklabels=marks, xlabel=name)
        axis.grid(axis="y", alpha=0.3)
    axes[0, 0].set_ylabel("accuracy")
    axes[0, -1].legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.suptitle(title)
    sns.despine(figure)
    figure.tight_layout()
    return save(figure, path)


def lines(
    frame: pd.DataFrame, x: str, y: str, title: str, path: str | Path | None = None
) -> Figure:
    """A line per column of `frame` over its index, named `x` and `y` on the axes."""
    axis = chart((6.5, 3.4), COLOURS[2:])
    axis.plot(frame.index, frame, "o-", label=list(frame.columns))
    axis.grid(alpha=0.3)
    return finish(axis, path, title=title, xlabel=x, ylabel=y, xticks=frame.index)


def memory(costs: pd.DataFrame, budget: int, title: str, path: str | Path | None = None) -> Figure:
    """Memory of each batch against its pixels; columns pixels and megabytes, `budget` in pixels."""
    axis = chart((6.5, 3.6))
    axis.plot(costs["pixels"] / 1e6, costs["megabytes"], "o", color=TRAIN, label="each batch")
    slope = (costs["megabytes"] / costs["pixels"]).median()
    ends = np.array([0, budget])
    axis.plot(ends / 1e6, slope * ends, color="0.6", linewidth=1, zorder=0, label="in proportion")
    axis.axvline(budget / 1e6, color=WRONG, linestyle="--", label="pixel budget")
    axis.grid(alpha=0.3)
    axis.set(xlim=(0, None), ylim=(0, None), xlabel="megapixels in the batch")
    return finish(axis, path, title=title, ylabel="kept for the gradients, MB")
