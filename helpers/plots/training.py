"""Figures of training: losses, accuracies and rates over steps and epochs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.plots.style import COLOURS, MARK, TRAIN, VAL, chart, finish
from helpers.training.history import History
from helpers.training.lr_range import suggest_rate

RUNS = COLOURS[2:]  # of several trainings: blue and orange are training and validation


def lr_range(test: pd.DataFrame, chosen: float, path: str | Path | None = None) -> Figure:
    """Loss against learning rate of a range test, with its ceiling and the rate that was chosen."""
    axis = chart((6, 3.4))
    axis.plot(test["lr"], test["loss"], color=TRAIN, alpha=0.3, label="loss of each batch")
    axis.plot(test["lr"], test["smoothed"], color=TRAIN, label="smoothed")
    ceiling = suggest_rate(test)
    axis.axvline(ceiling, color=VAL, linestyle=":", label=f"a tenth of the lowest: {ceiling:.0e}")
    axis.axvline(chosen, color=MARK, linestyle="--", label=f"chosen: {chosen:.0e}")
    lowest = test["smoothed"].idxmin()
    axis.plot(test["lr"][lowest], test["smoothed"][lowest], "o", color=TRAIN)
    high = test["smoothed"].iloc[0]
    axis.set_ylim(0.95 * test["loss"].min(), high + 1.0 * (high - test["smoothed"].min()))
    title = "Range test: the loss while the rate grows"
    names = {"title": title, "xscale": "log", "xlabel": "learning rate", "ylabel": "loss"}
    return finish(axis, path, "right", **names)


def learning_rate_curve(
    history: History, boundary: int | None = None, path: str | Path | None = None
) -> Figure:
    """Learning rate at every step, on a logarithmic axis; `boundary`: last epoch of phase 1."""
    batches = history.batch_frame()
    axis = chart((7, 3))
    axis.plot(batches["step"], batches["lr"])
    if boundary is not None:
        _mark_boundary(axis, batches.groupby("epoch")["step"].max().loc[boundary])
    axis.set(title="Learning rate of every step", yscale="log")
    return finish(axis, path, legend=None, xlabel="step (batch)", ylabel="learning rate")


def loss_curves(
    history: History, title: str, boundary: int | None = None, path: str | Path | None = None
) -> Figure:
    """Loss of every batch, mean training loss and validation loss of every epoch, over steps."""
    batches, epochs = history.batch_frame(), history.epoch_frame()
    ends = batches.groupby("epoch")["step"].max()
    axis = chart((7, 3.6))
    axis.plot(
        batches["step"], batches["loss"], color=TRAIN, alpha=0.25, linewidth=0.8,
        label="train, each batch",
    )  # fmt: skip
    axis.plot(ends, epochs["train_loss"], "o-", color=TRAIN, ms=4, label="train, each epoch")
    axis.plot(ends, epochs["val_loss"], "s-", color=VAL, ms=4, label="validation")
    if boundary is not None:
        _mark_boundary(axis, ends.loc[boundary])
    top = max(epochs["train_loss"].max(), epochs["val_loss"].max(), batches["loss"].quantile(0.98))
    axis.set_ylim(0, 1.1 * top)
    return finish(axis, path, title=title, xlabel="step (batch)", ylabel="loss")


def accuracy_curves(
    history: History, title: str, boundary: int | None = None, path: str | Path | None = None
) -> Figure:
    """Training and validation accuracy of every epoch; `boundary`: last epoch of phase 1."""
    epochs = history.epoch_frame().set_index("epoch")
    axis = chart((7, 3.4))
    axis.plot(epochs["train_accuracy"], "o-", ms=4, label="train (augmented, dropout)")
    axis.plot(epochs["val_accuracy"], "s-", ms=4, label="validation")
    if boundary is not None:
        _mark_boundary(axis, boundary + 0.5)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    return finish(axis, path, title=title, xlabel="epoch", ylabel="accuracy")


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
    axis = chart((7, 3.4), RUNS)
    for (name, history), marker in zip(histories.items(), "os^dv", strict=False):
        epochs = history.epoch_frame().set_index("epoch")
        axis.plot(epochs[column], f"{marker}-", ms=5, label=name)
    if reference is not None:
        axis.axhline(reference[1], color="0.5", linestyle=":", label=reference[0])
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    return finish(axis, path, title=title, xlabel="epoch", ylabel=ylabel)


def _mark_boundary(axis: Axes, position: float) -> None:
    axis.axvline(position, color="0.5", linestyle="--", linewidth=1)
    top = axis.get_xaxis_transform()
    axis.text(position, 1.0, " phase 2", transform=top, va="top", color="0.4")
