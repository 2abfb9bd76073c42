"""What all figures share: colours, and saving."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

# Colour-blind readers can tell these apart (Paul Tol's schemes).
TRAIN, VAL, MARK, WRONG = "#4477aa", "#ee7733", "#228833", "#cc3311"


def save(figure: Figure, path: str | Path | None) -> Figure:
    """Write the figure where a path is given, and return it without a second copy in a notebook."""
    if path is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=130, bbox_inches="tight")
    plt.close(figure)
    return figure
