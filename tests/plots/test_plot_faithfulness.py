"""Charts of how good maps are: the numbers that a reader takes from them."""

import numpy as np
import pandas as pd
import pytest

from helpers import plots


def legend(axis):
    return [text.get_text() for text in axis.get_legend().get_texts()]


def test_bars_are_labelled_in_per_cent_beside_their_baselines():
    table = pd.DataFrame({"phase 1": [0.78, np.nan], "phase 2": [0.9, 1.0]}, index=["A", "B"])
    (axis,) = plots.measure_bars(table, "T", "hits", {"centre": 0.72}).axes
    assert [text.get_text() for text in axis.texts] == ["78.0", "", "90.0", "100.0"]
    assert legend(axis) == ["centre (72%)", "phase 1", "phase 2"]
    assert axis.lines[0].get_ydata()[0] == 0.72 and axis.get_ylim()[0] == 0


def test_removal_curves_show_means_and_the_area_under_them():
    falls = np.array([[1, 0.5, 0], [1, 0.1, 0]])
    figure = plots.removal_curves({"deletion": {"ours": falls}}, "T")
    axis = figure.axes[0]
    assert axis.get_title() == "deletion" and legend(axis) == ["ours: area 0.40"]
    assert axis.lines[0].get_ydata().tolist() == pytest.approx([1, 0.3, 0])


def test_cascade_starts_at_the_trained_model():
    table = pd.DataFrame({"GradCAM": [1, 0.5, -0.4]}, index=["trained", "random head", "+ block 2"])
    (axis,) = plots.cascade_curves(table, "T").axes
    assert [label.get_text() for label in axis.get_xticklabels()] == list(table.index)
    assert axis.lines[0].get_ydata().tolist() == [1, 0.5, -0.4]
    assert axis.get_ylim()[0] < -0.4  # nothing is cut off
