"""Figures of networks: ImageNet's competition, a block of MobileNetV2, and ReLU6."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from helpers.plots.style import COLOURS, GREY, MARK, TRAIN, VAL, WRONG, save


def imagenet_history(
    winners: Mapping[int, tuple[str, float]],
    human: float,
    networks: pd.DataFrame,
    title: str,
    path: str | Path | None = None,
) -> Figure:
    """Above: the winners' top-5 errors by year. Below: top-1 error and size of known networks.

    Args:
        winners: year to (name, error in per cent).
        human: a person's error in per cent.
        networks: as `models.imagenet_networks` gives them.
    """
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(6.4, 7), layout="constrained")
    years, errors = list(winners), [error for _, error in winners.values()]
    deep = [year >= 2012 for year in years]
    bars = upper.bar(years, errors, color=[TRAIN if network else "0.7" for network in deep])
    upper.bar_label(
        bars, [f"{error:g}" for error in errors], padding=2,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
    )  # fmt: skip
    upper.axhline(human, color=WRONG, linestyle="--", linewidth=1)
    upper.text(2017.5, human + 1.2, f"one person: {human} %", color=WRONG, ha="right")
    upper.set_xticks(years, [f"{name}\n{year}" for year, (name, _) in winners.items()], fontsize=9)
    upper.set(ylabel="top-5 error, %", ylim=(0, 32))
    upper.set_title("ImageNet's competition: grey without, blue with a deep network", fontsize=11)
    sizes, tops = networks["million parameters"], networks["top-1 error, %"]
    for (name, row), colour in zip(networks.iterrows(), COLOURS, strict=False):
        x, y = row["million parameters"], row["top-1 error, %"]
        lower.plot(x, y, "o", color=colour, ms=8)
        lower.annotate(
            f"{name}, {row['year']:.0f}", (x, y), (8, 0), textcoords="offset points", va="center"
        )
    lower.set(xscale="log", xlabel="million parameters", ylabel="top-1 error, %")
    lower.set(xlim=(sizes.min() / 1.6, sizes.max() * 4), ylim=(tops.min() - 3, tops.max() + 4))
    lower.set_xticks([3, 10, 30, 100], ["3", "10", "30", "100"])
    lower.set_title("Low and to the left is good: few mistakes, few parameters", fontsize=11)
    lower.minorticks_off()
    figure.suptitle(title)
    sns.despine(figure)
    return save(figure, path)


def inverted_residual(
    channels: int, expansion: int, title: str, path: str | Path | None = None
) -> Figure:
    """A block of MobileNetV2 that keeps its map's size, from left to right.

    Each box is a map, higher where it has more channels (not to scale). Arrows are convolutions.
    """
    figure, axis = plt.subplots(figsize=(7.2, 3.4), layout="constrained")
    wide = channels * expansion
    heights = (1, expansion / 2, expansion / 2, 1)
    names = (channels, wide, wide, channels)
    steps = (
        ("1 × 1", "widen, ReLU6"),
        ("3 × 3, each channel\nby itself", "depthwise, ReLU6"),
        ("1 × 1", "narrow, no ReLU"),
    )
    for place, (height, count) in enumerate(zip(heights, names, strict=True)):
        colour = TRAIN if height == 1 else VAL
        axis.add_patch(
            Rectangle((2.4 * place, -height / 2), 0.5, height, facecolor=colour, edgecolor="black")
        )
        axis.text(2.4 * place + 0.25, -height / 2 - 0.15, f"{count}", ha="center", va="top")
    for place, (above, below) in enumerate(steps):
        start, end = 2.4 * place + 0.6, 2.4 * place + 2.3
        axis.add_patch(FancyArrowPatch((start, 0), (end, 0), arrowstyle="->", mutation_scale=14))
        middle = (start + end) / 2
        axis.text(middle, 0.12, above, ha="center", va="bottom", fontsize=9)
        axis.text(middle, -0.12, below, ha="center", va="top", fontsize=9)
    top = expansion / 4 + 0.45
    axis.plot([0.25, 0.25, 7.45, 7.45], [0.55, top, top, 0.6], color=MARK, linewidth=2)
    axis.plot(7.45, 0.62, "v", color=MARK)
    axis.text(3.85, top + 0.08, "the input is added to the output", color=MARK, ha="center")
    axis.set(xlim=(-0.4, 8.1), ylim=(-expansion / 4 - 0.7, top + 0.5))
    axis.set_axis_off()
    figure.suptitle(title)
    return save(figure, path)


def relu6(inputs: np.ndarray, title: str, path: str | Path | None = None) -> Figure:
    """Left: ReLU and ReLU6. Right: how often a layer's inputs have which value, and the ceiling.

    inputs: numbers in a row (M,), before the ReLU6.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4), layout="constrained")
    x = np.linspace(-4, 12, 200)
    left.plot(x, np.maximum(x, 0), color=GREY, linestyle="--", label="ReLU: max(x, 0)")
    left.plot(x, np.clip(x, 0, 6), color=TRAIN, linewidth=2, label="ReLU6: min(max(x, 0), 6)")
    left.set(xlabel="in", ylabel="out", ylim=(-1, 14))
    left.legend(frameon=False, loc="upper left", fontsize=9)
    _histogram(right, inputs[inputs > 0])
    figure.suptitle(title)
    sns.despine(figure)
    return save(figure, path)


def _histogram(axis: Axes, positive: np.ndarray) -> None:
    axis.hist(positive, bins=60, color=GREY)
    axis.axvline(6, color=TRAIN, linewidth=2)
    axis.text(6.5, 0.92, "ceiling of ReLU6", color=TRAIN, transform=axis.get_xaxis_transform())
    axis.set(yscale="log", xlabel="inputs above 0", ylabel="how many (log)")
