"""Figures of several labels: what a reader would miss if it were not there."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from helpers import plots
from helpers.plots.style import WRONG

CLASSES = ["sea", "sunset", "trees"]


def images(count):
    return [np.full((40 + index, 90, 3), 120, np.uint8) for index in range(count)]


def words(axis):
    return {text.get_text(): to_hex(text.get_color()) for text in axis.texts}


def captions(figure):
    """Of each image, the words below it and their colours."""
    return [words(axis) for axis in figure.axes if axis.texts]


def test_co_occurrence_counts_pairs_and_compares_them_with_chance():
    labels = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 0, 1]])
    axis = plots.co_occurrence(labels, CLASSES, "Title").axes[0]
    pairs, alone = axis.texts[:6], axis.texts[6:]
    assert [text.get_text() for text in pairs] == ["2", "0", "2", "0", "0", "0"]
    assert [text.get_text() for text in alone] == ["3", "2", "1"]
    ratio = axis.collections[0].get_array().reshape(3, 3)
    assert ratio[0, 1] == pytest.approx(2 / (3 * 2 / 4)) and ratio[0, 2] == 0  # of 4 images
    assert ratio.mask.diagonal().all()


def test_gallery_puts_what_is_wrong_in_red(tmp_path):
    labels = np.array([[1, 0, 0], [0, 0, 0], [0, 1, 1]])
    probabilities = np.array([[0.9, 0.6, 0.1], [0.2, 0.1, 0.3], [0.1, 0.8, 0.4]])
    figure = plots.label_gallery(
        images(3), labels, probabilities, CLASSES, "Title", path=tmp_path / "a.png"
    )
    assert captions(figure)[0] == {"sea 90%": "#000000", "+ sunset 60%": to_hex(WRONG)}
    assert captions(figure)[1] == {"none": "#000000"}
    assert captions(figure)[2] == {"sunset 80%": "#000000", "− trees 40%": to_hex(WRONG)}
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_gallery_listens_to_each_labels_threshold():
    figure = plots.label_gallery(
        images(1), np.array([[1, 1, 0]]), np.array([[0.4, 0.6, 0.1]]), CLASSES, "T",
        np.array([0.3, 0.7, 0.5]),
    )  # fmt: skip
    assert list(captions(figure)[0]) == ["sea 40%", "− sunset 60%"]


def test_precision_recall_marks_the_threshold_and_leaves_out_what_never_occurs():
    labels = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]])
    probabilities = np.array([[0.9, 0.6, 0.2], [0.3, 0.8, 0.2], [0.2, 0.7, 0.1], [0.6, 0.1, 0.1]])
    (axis,) = plots.precision_recall(probabilities, labels, CLASSES, "Title").axes
    named = [text.get_text() for text in axis.get_legend().get_texts()]
    assert named == ["sea: AP 0.833", "sunset: AP 1.000"]
    dots = [line.get_xydata()[0].tolist() for line in axis.lines if line.get_marker() == "o"]
    assert dots == [[0.5, 0.5], [1.0, pytest.approx(2 / 3)]]
    assert 0.2 <= axis.get_xlim()[0] == axis.get_ylim()[0] < 0.5  # near the lowest dot


def test_reliability_is_drawn_against_the_diagonal():
    """Probabilities and labels of all cells, in bins: an empty bin has no point."""
    cells = np.array([[0.12, 0.18], [0.95, 0.91]]), np.array([[0, 1], [1, 1]])
    figure = plots.reliability_curves({"as trained": cells}, "Title")
    axis, below = figure.axes
    diagonal, curve = axis.lines
    assert list(diagonal.get_ydata()) == [0, 1] and list(curve.get_ydata()) == [0.5, 1]
    assert list(curve.get_xdata()) == pytest.approx([0.15, 0.93])
    (counts,) = (patch.get_data().values.tolist() for patch in below.patches)
    assert counts == [0, 2, 0, 0, 0, 0, 0, 0, 0, 2]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["as trained"]


def test_label_error_curves_count_and_compare_with_chance():
    wrong = {"cleanlab": np.array([1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], bool)}
    (axis,) = plots.label_error_curves(wrong, "Title").axes
    errors, chance = axis.lines[:2]
    assert list(errors.get_ydata()[:5]) == [1, 2, 2, 2, 3] and len(errors.get_ydata()) == 12
    assert list(chance.get_ydata()) == [0, pytest.approx(12 * 3 / 15)]


def test_suspects_say_what_was_given_and_who_was_right():
    suspects = pd.DataFrame(
        {"label": ["sea", "trees"], "given": [0, 1], "probability": [0.97, 0.02]}
    )
    figure = plots.suspect_gallery(images(2), suspects, "Title")
    assert list(captions(figure)[0]) == ["sea: labelled no", "model: 97% yes"]
    assert list(captions(figure)[1]) == ["trees: labelled yes", "model: 2% yes"]
    figure = plots.suspect_gallery(images(2), suspects.assign(wrong=[True, False]), "Title")
    assert captions(figure)[0]["✗ the label is wrong"] == to_hex(WRONG)
    assert captions(figure)[1]["✓ the label is right"] == "#000000"
