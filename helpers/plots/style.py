"""What all figures share: colours, one chart's beginning and end, and saving."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.files import write_file
from helpers.plots.fonts import make_readable

# Colour-blind readers can tell these apart (Paul Tol's schemes, with a grey).
TRAIN, VAL, MARK, WRONG = "#4477aa", "#ee7733", "#228833", "#cc3311"
PURPLE, GREY, CYAN, YELLOW = "#aa3377", "0.45", "#66ccee", "#bbbb33"
COLOURS = (TRAIN, VAL, MARK, PURPLE, GREY, CYAN, YELLOW)
# Of labels in their order; with the course's five, sand is orange, the sea blue, trees green.
LABEL_COLOURS = (VAL, GREY, TRAIN, PURPLE, MARK, CYAN, YELLOW)


def chart(size: tuple[float, float], colours: Sequence[str] = COLOURS) -> Axes:
    """One pair of axes in a figure of its own, (width, height) in inches, drawing in `colours`."""
    _, axis = plt.subplots(figsize=size)
    axis.set_prop_cycle(color=colours)
    return axis


def finish(
    axis: Axes, path: str | Path | None = None, legend: str | None = "inside", **names: Any
) -> Figure:
    """The last touches to a figure of one chart: its words and legend, no frame; then `save`.

    Args:
        axis: the chart.
        path: where the figure is saved, if anywhere.
        legend: "inside" the chart, to its "right", or None.
        names: title, xlabel, ylabel and whatever else `Axes.set` takes.
    """
    axis.set(**names)
    if legend == "inside":
        axis.legend(edgecolor="none", framealpha=1)
    elif legend == "right":
        axis.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    figure = cast(Figure, axis.figure)
    sns.despine(figure)
    return save(figure, path)


def save(figure: Figure, path: str | Path | None = None) -> Figure:
    """Write the figure where a path is given, and return it without a second copy in a notebook."""
    make_readable(figure)
    if path is not None:
        content = io.BytesIO()
        kind = Path(path).suffix.removeprefix(".") or None
        figure.savefig(content, format=kind, dpi=130, bbox_inches="tight")
        write_file(path, content.getvalue())
    plt.close(figure)
    return figure
