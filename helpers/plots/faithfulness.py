"""Figures of how good maps are: bars, curves, and the mean map around an object."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.container import BarContainer
from matplotlib.figure import Figure

from helpers.explain.faithfulness import area_under
from helpers.plots.style import COLOURS, chart, finish, save


def measure_bars(
    table: pd.DataFrame,
    title: str,
    measure: str,
    lines: Mapping[str, float] | None = None,
    path: str | Path | None = None,
) -> Figure:
    """A group of bars per row, a colour per column; shares in [0, 1], written in per cent.

    lines: baselines by name, drawn across. Cells that are missing have no bar.
    """
    wide = 0.5 * table.shape[0] * (table.shape[1] + 1) + 1.5
    axis = chart((max(6.4, wide), 3.8))
    table.plot.bar(ax=axis, width=0.8, color=COLOURS[: table.shape[1]], rot=0, legend=False)
    for bars in cast(list[BarContainer], axis.containers):
        values = table[bars.get_label()]
        axis.bar_label(bars, ["" if np.isnan(v) else f"{100 * v:.1f}" for v in values], padding=2)
    for (name, value), style in zip((lines or {}).items(), ("--", ":", "-."), strict=False):
        axis.axhline(value, color="0.4", linestyle=style, zorder=0, label=f"{name} ({value:.0%})")
    axis.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    axis.set(xlabel="", ylim=(0, 1.1), yticks=np.linspace(0, 1, 6))
    legend = "right" if lines or table.shape[1] > 1 else None
    return finish(axis, path, legend=legend, title=title, ylabel=measure)


def removal_curves(
    panels: Mapping[str, Mapping[str, np.ndarray]],
    title: str,
    path: str | Path | None = None,
) -> Figure:
    """Mean curves of deletion and insertion side by side, with the areas under them.

    panels: name of the panel ("deletion: lower is better") to name of the map to (N, steps + 1).
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(3.9 * len(panels), 3.8), sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for axis, (name, curves) in zip(axes[0], panels.items(), strict=True):
        for (of, values), colour in zip(curves.items(), COLOURS, strict=False):
            shares, mean = np.linspace(0, 1, np.shape(values)[1]), np.mean(values, axis=0)
            area = area_under(values).mean()
            axis.plot(shares, mean, "o-", color=colour, label=f"{of}: area {area:.2f}")
        axis.set_title(name, fontsize=10)
        axis.set(xlabel="share of the pixels", ylim=(0, 1.02))
        axis.legend(frameon=False, loc="best")
    axes[0, 0].set_ylabel("mean probability of the class")
    figure.suptitle(title)
    sns.despine(figure)
    return save(figure, path)


def cascade_curves(table: pd.DataFrame, title: str, path: str | Path | None = None) -> Figure:
    """Likeness of the maps to the trained model's (columns: methods) as ever more is random (rows).

    table: rank correlations in [-1, 1]; its first row is the trained model.
    """
    axis = chart((5.6, 3.6))
    for name, marker in zip(table, "os^Dvx", strict=False):
        axis.plot(range(len(table)), table[name], f"{marker}-", label=name)
    axis.axhline(0, color="0.7", linewidth=1, zorder=0)
    axis.set_xticks(range(len(table)), table.index, rotation=30, ha="right")
    axis.set(title=title, ylim=(min(-0.25, table.to_numpy().min() - 0.05), 1.05))
    axis.set_ylabel("rank correlation with the\nmaps of the trained model")
    return finish(axis, path, legend="right")
