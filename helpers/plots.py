"""Every figure of the course: plain data in, a matplotlib Figure out, saved only when asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.callbacks import Callback
from helpers.history import History

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
    columns: int = 6,
    wrong: Sequence[bool] | None = None,
    path: str | Path | None = None,
) -> Figure:
    """Images (uint8, any sizes) with captions below; captions of `wrong` ones are red."""
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(1.75 * columns, 2.0 * rows + 0.4), squeeze=False
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for index, (axis, image, caption) in enumerate(zip(axes.flat, images, captions, strict=False)):
        axis.imshow(image)
        colour = WRONG if wrong is not None and wrong[index] else "black"
        axis.text(
            0.5, -0.04, caption, transform=axis.transAxes, ha="center", va="top",
            fontsize=8, color=colour,
        )  # fmt: skip
    figure.suptitle(title)
    figure.tight_layout()
    return save(figure, path)


def augmentation_rows(gallery: Mapping[str, Sequence[np.ndarray]], title: str) -> Figure:
    """One row per augmentation, one column per view."""
    columns = max(len(views) for views in gallery.values())
    figure, axes = plt.subplots(
        len(gallery), columns, figsize=(1.5 * columns + 1.6, 1.55 * len(gallery)), squeeze=False
    )
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
    return save(figure, None)


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


def lr_range(test: pd.DataFrame, suggestion: float, path: str | Path | None = None) -> Figure:
    """Loss against learning rate of a range test, with the rate that was chosen."""
    figure, axis = plt.subplots(figsize=(6, 3.4))
    axis.plot(test["lr"], test["loss"], color=TRAIN, alpha=0.3, label="loss of each batch")
    axis.plot(test["lr"], test["smoothed"], color=TRAIN, label="smoothed")
    axis.axvline(suggestion, color=MARK, linestyle="--", label=f"chosen: {suggestion:.1e}")
    low, high = test["smoothed"].min(), test["smoothed"].iloc[0]
    axis.set_ylim(max(0, low - 0.5 * (high - low)), high + 1.0 * (high - low))
    axis.set(
        xscale="log", xlabel="learning rate", ylabel="loss",
        title="Range test: the loss falls, flattens, then blows up",
    )  # fmt: skip
    axis.legend(frameon=False)
    sns.despine(figure)
    return save(figure, path)


def learning_rate_curve(history: History, path: str | Path | None = None) -> Figure:
    """Learning rate at every step."""
    batches = history.batch_frame()
    figure, axis = plt.subplots(figsize=(6, 3))
    axis.plot(batches["step"], batches["lr"], color=TRAIN)
    axis.set(title="Learning rate of every step", xlabel="step (batch)", ylabel="learning rate")
    axis.set_ylim(bottom=0)
    sns.despine(figure)
    return save(figure, path)


def loss_curves(
    history: History, title: str, boundary: int | None = None, path: str | Path | None = None
) -> Figure:
    """Loss of every batch, mean training loss and validation loss of every epoch, over steps."""
    batches, epochs = history.batch_frame(), history.epoch_frame()
    ends = batches.groupby("epoch")["step"].max()
    figure, axis = plt.subplots(figsize=(7, 3.6))
    axis.plot(
        batches["step"], batches["loss"], color=TRAIN, alpha=0.25, linewidth=0.8,
        label="train, each batch",
    )  # fmt: skip
    axis.plot(ends, epochs["train_loss"], "o-", color=TRAIN, ms=4, label="train, each epoch")
    axis.plot(ends, epochs["val_loss"], "s-", color=VAL, ms=4, label="validation")
    if boundary is not None:
        _mark_boundary(axis, ends.loc[boundary])
    top = max(epochs["train_loss"].max(), epochs["val_loss"].max(), batches["loss"].quantile(0.98))
    axis.set(title=title, xlabel="step (batch)", ylabel="loss", ylim=(0, 1.1 * top))
    axis.legend(frameon=False)
    sns.despine(figure)
    return save(figure, path)


def epoch_curves(
    histories: Mapping[str, History],
    column: str,
    title: str,
    ylabel: str,
    boundary: float | None = None,
    path: str | Path | None = None,
) -> Figure:
    """One column of the epochs' rows ("val_accuracy"), one line per history."""
    figure, axis = plt.subplots(figsize=(7, 3.4))
    for (name, history), style in zip(histories.items(), ("o-", "s-", "^-", "d-"), strict=False):
        epochs = history.epoch_frame()
        axis.plot(epochs["epoch"], epochs[column], style, markersize=5, label=name)
    if boundary is not None:
        _mark_boundary(axis, boundary)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set(title=title, xlabel="epoch", ylabel=ylabel)
    axis.legend(frameon=False)
    sns.despine(figure)
    return save(figure, path)


def confusion_heatmap(counts: pd.DataFrame, title: str, path: str | Path | None = None) -> Figure:
    """A confusion matrix: given classes in rows, predicted ones in columns."""
    figure, axis = plt.subplots(figsize=(1.1 * len(counts) + 2, 0.8 * len(counts) + 1.4))
    sns.heatmap(counts, annot=True, fmt="d", cmap="Blues", cbar=False, ax=axis, square=False)
    axis.set(title=title, xlabel="predicted", ylabel="given")
    axis.tick_params(axis="x", rotation=25)
    axis.tick_params(axis="y", rotation=0)
    return save(figure, path)


class LivePlot(Callback):
    """Redraws one figure after each epoch; a kept notebook holds the last state only."""

    def __init__(self, title: str = "Loss while training"):
        self.title, self._handle = title, None

    def on_fit_start(self, trainer) -> None:
        self._handle = None

    def on_epoch_end(self, trainer, row: dict) -> None:
        if "val_loss" not in row or not trainer.accelerator.is_main_process:
            return
        figure = loss_curves(trainer.history, self.title)
        if self._handle is None:
            self._handle = display(figure, display_id=True)
        else:
            self._handle.update(figure)


def _mark_boundary(axis: plt.Axes, position: float) -> None:
    axis.axvline(position, color="0.5", linestyle="--", linewidth=1)
    top = axis.get_xaxis_transform()
    axis.text(position, 1.0, " phase 2", transform=top, va="top", color="0.4")
