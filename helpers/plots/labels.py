"""Figures of several labels at once: what a model says of them, how surely, and which are wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.calibration import calibration_curve
from sklearn.metrics import PrecisionRecallDisplay, precision_score, recall_score

from helpers.plots.images import gallery
from helpers.plots.style import LABEL_COLOURS, MARK, TRAIN, VAL, chart, finish, save


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
    """Images with their predicted labels: right ones in black, wrong ones in red.

    A label that is predicted and not given stands in red as "+ sea 80%", one that is given and not
    predicted as "− sea 20%".

    Args:
        images: uint8 (H, W, 3), any sizes.
        labels, probabilities: (N, L).
        classes: the L labels' names.
        title: of the figure.
        thresholds: of probability, one or (L,).
    """
    probabilities = np.asarray(probabilities)
    predicted, given = probabilities >= np.asarray(thresholds), np.asarray(labels) > 0.5
    signs = np.where(predicted == given, "", np.where(predicted, "+ ", "− "))
    captions = [
        [
            (f"{signs[row, at]}{name} {probabilities[row, at]:.0%}", signs[row, at] != "")
            for at, name in enumerate(classes)
            if predicted[row, at] or given[row, at]
        ]
        or [("none", False)]
        for row in range(len(images))
    ]
    return save(gallery(images, captions, title, columns, 2.6), path)


def precision_recall(
    probabilities: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[str],
    title: str,
    path: str | Path | None = None,
) -> Figure:
    """A curve for each label that occurs, with its average precision; a dot at threshold 0.5.

    Both axes begin a little below the lowest dot, so that good models can be told apart.

    probabilities, labels: (N, L).
    """
    axis, least = chart((5.6, 4), LABEL_COLOURS), 1.0
    for name, truth, scores in zip(
        classes, np.asarray(labels).T > 0.5, np.asarray(probabilities).T, strict=True
    ):
        if not truth.any():
            continue
        curve = PrecisionRecallDisplay.from_predictions(truth, scores, ax=axis)
        axis.lines[-1].set_label(f"{name}: AP {curve.average_precision:.3f}")
        colour, predicted = axis.lines[-1].get_color(), scores >= 0.5
        if predicted.any():
            dot = recall_score(truth, predicted), precision_score(truth, predicted)
            axis.plot(*dot, "o", color=colour)
            least = min(least, *dot)
    start = max(0, np.floor(10 * least - 2) / 10)
    axis.grid(alpha=0.3)
    axis.set(xlim=(start, 1.01), ylim=(start, 1.02), aspect="auto", title=title)
    axis.set(
        xlabel="recall: share of the labelled that is found",
        ylabel="precision: share of the found that is right",
    )
    return finish(axis, path)


def reliability_curves(
    predictions: Mapping[str, tuple[np.ndarray, np.ndarray]],
    title: str,
    path: str | Path | None = None,
) -> Figure:
    """When the model says 80 %, is it right 80 % of the time? Then the curve is the diagonal.

    predictions: name to (probabilities, labels), of any one shape; all their cells count alike.
        They are put into ten bins of equal width; a bin that holds none has no point. How many a
        bin holds is drawn below: few may be off the diagonal by chance.
    """
    figure, (axis, below) = plt.subplots(
        2, 1, figsize=(4.8, 6), sharex=True, height_ratios=(4, 1), layout="constrained"
    )
    edges = np.linspace(0, 1, 11)
    axis.plot([0, 1], [0, 1], color="0.7", linewidth=1, zorder=0)
    for (name, (probabilities, labels)), colour in zip(
        predictions.items(), cycle((VAL, TRAIN, MARK)), strict=False
    ):
        happened, predicted = calibration_curve(
            np.ravel(labels), np.ravel(probabilities), n_bins=10
        )
        axis.plot(predicted, happened, "o-", color=colour, label=name)
        counts, _ = np.histogram(np.ravel(probabilities), edges)
        below.stairs(counts, edges, color=colour, linewidth=1.5, baseline=None)
    axis.set(xlim=(0, 1), ylim=(0, 1), title=title, ylabel="share that is true")
    below.set(yscale="log", xlabel="predicted probability", ylabel="answers\nin the bin")
    figure.legend(frameon=False, loc="outside lower center")
    return finish(axis, path, legend=None)


def label_error_curves(
    wrong: Mapping[str, np.ndarray], title: str, path: str | Path | None = None
) -> Figure:
    """Wrong labels met against labels looked at, for several rankings, and for chance.

    wrong: ranking to (N·L,) booleans in its order, all of the same cells.
    """
    axis = chart((5.6, 3.8))
    rankings = list(wrong.values())
    total, cells = int(rankings[0].sum()), len(rankings[0])
    shown = 4 * max(total, 1)
    for name, order in wrong.items():
        axis.plot(np.cumsum(order[:shown]), label=name)
    axis.plot([0, shown], [0, shown * total / cells], color="0.5", linestyle=":", label="chance")
    axis.axvline(total, color="0.8", linewidth=1, zorder=0)
    axis.axhline(total, color="0.8", linewidth=1, zorder=0)
    axis.set(xlim=(0, shown), ylim=(0, None), title=title)
    axis.set(xlabel="labels checked, most suspicious first", ylabel="wrong labels found")
    return finish(axis, path)


def suspect_gallery(
    images: Sequence[np.ndarray],
    suspects: pd.DataFrame,
    title: str,
    columns: int = 3,
    path: str | Path | None = None,
) -> Figure:
    """Images whose label is doubted: the label as given, what a model says, and who was right.

    images: uint8 (H, W, 3), any sizes, one for each row of `suspects` (see
        `label_audit.rank_label_issues`; who was right stands there if the rows come from
        `label_audit.with_second_labels`).
    """
    captions = []
    for row in suspects[: len(images)].itertuples():
        lines = [
            (f"{row.label}: labelled {'yes' if row.given else 'no'}", False),
            (f"model: {row.probability:.0%} yes", False),
        ]
        if hasattr(row, "wrong"):
            lines.append(
                ("✗ the label is wrong", True) if row.wrong else ("✓ the label is right", False)
            )
        captions.append(lines)
    return save(gallery(images, captions, title, columns, 2.6), path)
