"""Figures of data sets: how many images, of which sizes and colours, and with which labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.container import BarContainer
from matplotlib.figure import Figure

from helpers.plots.style import COLOURS, chart, finish, save


def class_counts(counts: pd.DataFrame, title: str) -> Figure:
    """Bars of files per class (rows) and split (columns)."""
    axis = chart((7, 2.8))
    counts.plot.barh(ax=axis, width=0.75, color=COLOURS[: counts.shape[1]])
    for bars in cast(list[BarContainer], axis.containers):
        axis.bar_label(bars, padding=2, fontsize=8)
    axis.invert_yaxis()
    axis.margins(x=0.08)
    return finish(axis, legend="right", title=title, xlabel="files", ylabel="")


def size_scatter(files: pd.DataFrame, title: str) -> Figure:
    """Width against height of every image; `files` has columns width, height, class."""
    axis, count = chart((5.6, 4.6)), files["class"].nunique()
    colours = COLOURS[:count] if count <= len(COLOURS) else "husl"
    sns.scatterplot(
        files, x="width", y="height", hue="class", style="class", s=22, alpha=0.7, ax=axis,
        palette=colours,
    )  # fmt: skip
    limit = 1.05 * max(files["width"].max(), files["height"].max())
    for ratio, label in ((1, "1:1"), (1.5, "1.5:1"), (1 / 1.5, "1:1.5")):
        axis.axline((0, 0), slope=1 / ratio, color="0.6", linewidth=0.8, linestyle=":")
        side = 0.97 * limit
        end = (min(side, side * ratio), min(side, side / ratio))
        axis.annotate(label, end, fontsize=8, color="0.4", ha="right", va="bottom")
    axis.set(xlim=(0, limit), ylim=(0, limit))
    return finish(axis, legend="right", title=title, xlabel="width (px)", ylabel="height (px)")


def channel_statistics(
    sources: Mapping[str, tuple[Sequence[float], Sequence[float]]], title: str
) -> Figure:
    """Mean and standard deviation of red, green and blue, in [0, 1], for each named source."""
    axis = chart((6, 2.8))
    shifts = np.linspace(-0.12, 0.12, len(sources))
    for shift, (source, (mean, std)) in zip(shifts, sources.items(), strict=True):
        axis.errorbar(np.arange(3) + shift, mean, yerr=std, fmt="o", capsize=4, label=source)
    axis.set_xticks(range(3), ["red", "green", "blue"])
    axis.set(title=title, ylabel="mean ± standard deviation", ylim=(0, 1))
    return finish(axis, legend="right")


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


def co_occurrence(
    labels: np.ndarray, classes: Sequence[str], title: str, path: str | Path | None = None
) -> Figure:
    """How many images have both labels; on the diagonal, in grey, how many have the label at all.

    labels: (N, L) of 0 and 1. Colours show how many times as many images have both as would if
        labels were dealt out by chance: the product of both labels' shares.
    """
    given = (np.asarray(labels) > 0.5).astype(int)
    counts = given.T @ given
    chance = np.outer(np.diag(counts), np.diag(counts)) / max(len(given), 1)
    ratio = np.divide(counts, chance, out=np.ones_like(chance), where=chance > 0)
    alone = np.eye(len(classes), dtype=bool)
    figure, axis = plt.subplots(figsize=(0.9 * len(classes) + 1.6, 0.75 * len(classes) + 1))
    sns.heatmap(
        ratio, annot=counts, fmt=",d", cmap="PuOr_r", vmin=0, vmax=2, mask=alone, square=True,
        xticklabels=False, yticklabels=False, ax=axis,
        cbar_kws={"label": "times as often as by chance", "extend": "max"},
    )  # fmt: skip
    axis.set_facecolor("0.88")
    for place, count in enumerate(np.diag(counts)):
        axis.text(place + 0.5, place + 0.5, f"{count:,}", ha="center", va="center")
    axis.set_title(title)
    # Names of any script: seaborn would draw them at once, in a font that may not have them.
    axis.set_xticks(np.arange(len(classes)) + 0.5, classes)
    axis.set_yticks(np.arange(len(classes)) + 0.5, classes)
    axis.tick_params(length=0)
    if max(map(len, classes)) > 10:
        plt.setp(axis.get_xticklabels(), rotation=30, ha="right")
    return save(figure, path)
