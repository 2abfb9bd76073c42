"""Figures of training: a History or a frame in, a Figure out, saved only when asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.plots.style import MARK, TRAIN, VAL, WRONG, save
from helpers.training.callbacks import Callback
from helpers.training.history import History


def lr_range(test: pd.DataFrame, chosen: float, path: str | Path | None = None) -> Figure:
    """Loss against learning rate of a range test, with the rate that was chosen."""
    figure, axis = plt.subplots(figsize=(6, 3.4))
    axis.plot(test["lr"], test["loss"], color=TRAIN, alpha=0.3, label="loss of each batch")
    axis.plot(test["lr"], test["smoothed"], color=TRAIN, label="smoothed")
    axis.axvline(chosen, color=MARK, linestyle="--", label=f"chosen: {chosen:.1e}")
    low, high = test["smoothed"].min(), test["smoothed"].iloc[0]
    axis.set_ylim(max(0, low - 0.5 * (high - low)), high + 1.0 * (high - low))
    axis.set(
        xscale="log", xlabel="learning rate", ylabel="loss",
        title="Range test: the loss while the rate grows",
    )  # fmt: skip
    axis.legend(edgecolor="none", framealpha=1)
    sns.despine(figure)
    return save(figure, path)


def learning_rate_curve(
    history: History, boundary: int | None = None, path: str | Path | None = None
) -> Figure:
    """Learning rate at every step, on a logarithmic axis; `boundary`: last epoch of phase 1."""
    batches = history.batch_frame()
    figure, axis = plt.subplots(figsize=(7, 3))
    axis.plot(batches["step"], batches["lr"], color=TRAIN)
    if boundary is not None:
        _mark_boundary(axis, batches.groupby("epoch")["step"].max().loc[boundary])
    axis.set(
        title="Learning rate of every step", xlabel="step (batch)", ylabel="learning rate",
        yscale="log",
    )  # fmt: skip
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
    axis.legend(edgecolor="none", framealpha=1)
    sns.despine(figure)
    return save(figure, path)


def accuracy_curves(
    history: History, title: str, boundary: int | None = None, path: str | Path | None = None
) -> Figure:
    """Training and validation accuracy of every epoch; `boundary`: last epoch of phase 1."""
    epochs = history.epoch_frame()
    figure, axis = plt.subplots(figsize=(7, 3.4))
    axis.plot(
        epochs["epoch"], epochs["train_accuracy"], "o-", color=TRAIN, ms=4,
        label="train (augmented, dropout)",
    )  # fmt: skip
    axis.plot(epochs["epoch"], epochs["val_accuracy"], "s-", color=VAL, ms=4, label="validation")
    if boundary is not None:
        _mark_boundary(axis, boundary + 0.5)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set(title=title, xlabel="epoch", ylabel="accuracy")
    axis.legend(edgecolor="none", framealpha=1)
    sns.despine(figure)
    return save(figure, path)


def epoch_curves(
    histories: Mapping[str, History],
    column: str,
    title: str,
    ylabel: str,
    reference: tuple[str, float] | None = None,
    path: str | Path | None = None,
) -> Figure:
    """One column of the epochs' rows ("val_accuracy"), one line per history.

    reference: name and value of a level to compare with.
    """
    figure, axis = plt.subplots(figsize=(7, 3.4))
    styles = (("o-", MARK), ("s-", WRONG), ("^-", TRAIN), ("d-", VAL))
    for (name, history), (style, colour) in zip(histories.items(), styles, strict=False):
        epochs = history.epoch_frame()
        axis.plot(epochs["epoch"], epochs[column], style, color=colour, ms=5, label=name)
    if reference is not None:
        axis.axhline(reference[1], color="0.5", linestyle=":", label=reference[0])
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set(title=title, xlabel="epoch", ylabel=ylabel)
    axis.legend(edgecolor="none", framealpha=1)
    sns.despine(figure)
    return save(figure, path)


def block_bars(values: pd.DataFrame, title: str, ylabel: str) -> Figure:
    """One group of bars per block of the backbone (rows, input first), one bar per column."""
    figure, axis = plt.subplots(figsize=(7, 3))
    values.set_axis(range(1, len(values) + 1)).plot.bar(
        ax=axis, rot=0, width=0.8, color=[MARK, WRONG, TRAIN, VAL][: values.shape[1]]
    )
    axis.set(title=title, xlabel="block, from the input to the head", ylabel=ylabel, yscale="log")
    axis.legend(edgecolor="none", framealpha=1)
    sns.despine(figure)
    return save(figure, None)


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
