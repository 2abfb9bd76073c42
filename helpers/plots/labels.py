"""Figures of several labels at once: how they occur, what is said of them, and how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from sklearn.metrics import average_precision_score, precision_recall_curve

from helpers.plots.style import MARK, TRAIN, VAL, WRONG, save

COLOURS = (VAL, "0.45", TRAIN, "#aa3377", MARK, "#66ccee", "#bbbb33")  # Paul Tol's, with a grey


def label_gallery(
    images: Sequence[np.ndarray],
    labels: np.ndarray,
    probabilities: np.ndarray,
    classes: Sequence[str],
    title: str,
    thresholds: np.ndarray | float = 0.5,
    columns: int = 3,
    path: str | Path | None = None,
) -> Figure:
    """Images with what is said of them: right labels in black, wrong ones in red.

    A label that is said and not given stands in red as "+ sea 80%", one that is given and not said
    as "− sea 20%".

    Args:
        images: uint8 (H, W, 3), any sizes.
        labels, probabilities: (N, L).
        thresholds: of probability, one or (L,).
    """
    said = np.asarray(probabilities) >= np.asarray(thresholds)
    given = np.asarray(labels) > 0.5
    lines = [
        [
            (f"{'' if t and g else '+ ' if t else '− '}{name} {chance:.0%}", t != g)
            for name, t, g, chance in zip(classes, told, true, chances, strict=True)
            if t or g
        ]
        or [("none", False)]
        for told, true, chances in zip(said, given, probabilities, strict=True)
    ]
    return save(_gallery(images, lines, title, columns), path)


def precision_recall(
    probabilities: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[str],
    title: str,
    path: str | Path | None = None,
) -> Figure:
    """A curve for each label; a dot where the threshold is 0.5. Both arguments are (N, L)."""
    figure, axis = plt.subplots(figsize=(5.6, 4))
    for column, name in enumerate(classes):
        truth, chances = np.asarray(labels)[:, column] > 0.5, np.asarray(probabilities)[:, column]
        if not truth.any():
            continue
        precision, recall, _ = precision_recall_curve(truth, chances)
        area = average_precision_score(truth, chances)
        colour = COLOURS[column % len(COLOURS)]
        axis.plot(recall, precision, color=colour, label=f"{name} ({area:.2f})")
        said = chances >= 0.5
        if said.any():
            hits = (said & truth).sum()
            axis.plot(hits / truth.sum(), hits / said.sum(), "o", color=colour)
    axis.set(xlabel="recall: found, of those there are", ylabel="precision: right, of those found")
    axis.set(title=title, xlim=(0, 1.02), ylim=(0, 1.04))
    axis.legend(title="average precision", frameon=False, loc="lower left")
    axis.grid(alpha=0.3)
    sns.despine(figure)
    return save(figure, path)


def reliability_curves(
    tables: Mapping[str, pd.DataFrame], title: str, path: str | Path | None = None
) -> Figure:
    """Said against happened (see `multilabel.reliability`); the diagonal is honest."""
    figure, axis = plt.subplots(figsize=(4.8, 5))
    axis.plot([0, 1], [0, 1], color="0.7", linewidth=1, zorder=0)
    for (name, table), colour in zip(tables.items(), (VAL, TRAIN, MARK), strict=False):
        axis.plot(table["said"], table["happened"], "o-", color=colour, label=name)
    axis.set(xlabel="probability that was said", ylabel="share that happened", title=title)
    axis.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axis.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.14))
    sns.despine(figure)
    return save(figure, path)


def found_curves(
    wrong: Mapping[str, np.ndarray], title: str, path: str | Path | None = None
) -> Figure:
    """Wrong labels found against cells looked at, for several rankings, and for chance.

    wrong: ranking to (N·L,) booleans in its order, all of the same cells.
    """
    figure, axis = plt.subplots(figsize=(5.6, 3.8))
    total = int(next(iter(wrong.values())).sum())
    shown = 4 * max(total, 1)
    for (name, order), colour in zip(wrong.items(), (TRAIN, VAL, MARK), strict=False):
        axis.plot(np.cumsum(order[:shown]), color=colour, label=name)
        cells = len(order)
    axis.plot([0, shown], [0, shown * total / cells], color="0.5", linestyle=":", label="chance")
    axis.axvline(total, color="0.8", linewidth=1, zorder=0)
    axis.axhline(total, color="0.8", linewidth=1, zorder=0)
    axis.set(xlabel="labels looked at, most suspicious first", ylabel="wrong ones among them")
    axis.set(title=title, xlim=(0, shown), ylim=(0, None))
    axis.legend(frameon=False)
    sns.despine(figure)
    return save(figure, path)


def suspect_gallery(
    images: Sequence[np.ndarray],
    suspects: pd.DataFrame,
    title: str,
    columns: int = 3,
    path: str | Path | None = None,
) -> Figure:
    """Images whose label is doubted: the label as given, what a model says, and what was found out.

    images: uint8 (H, W, 3), any sizes, one for each row of `suspects` (see
        `label_audit.rank_suspects`; the truth is told where it has the columns of `compared`).
    """
    lines = []
    for row in suspects[: len(images)].itertuples():
        told = [
            (f"{row.label}: given as {'yes' if row.given else 'no'}", False),
            (f"the model says {row.probability:.0%}", False),
        ]
        if hasattr(row, "wrong"):
            told.append(("wrongly given", True) if row.wrong else ("rightly given", False))
        lines.append(told)
    return save(_gallery(images, lines, title, columns), path)


def _gallery(
    images: Sequence[np.ndarray],
    lines: Sequence[Sequence[tuple[str, bool]]],
    title: str,
    columns: int,
) -> Figure:
    """Images with lines of text below, those marked as wrong in red."""
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    taken = 0.19 * max(len(told) for told in lines) + 0.1  # inches of text below each image
    figure, axes = plt.subplots(
        2 * rows, columns, figsize=(2.6 * columns, rows * (1.8 + taken) + 0.4), squeeze=False,
        height_ratios=[1.8, taken] * rows, layout="constrained",
    )  # fmt: skip
    figure.get_layout_engine().set(h_pad=0.01, hspace=0)
    for axis in axes.flat:
        axis.set_axis_off()
    for number, (image, told) in enumerate(zip(images, lines, strict=True)):
        upper, lower = axes[2 * (number // columns) : 2 * (number // columns) + 2, number % columns]
        upper.imshow(image)
        upper.set_anchor("S")
        for place, (line, wrong) in enumerate(told):
            lower.annotate(
                line, (0.5, 1), (0, -12 * place), xycoords="axes fraction",
                textcoords="offset points", ha="center", va="top", fontsize=10,
                color=WRONG if wrong else "black",
            )  # fmt: skip
    figure.suptitle(title)
    return figure
