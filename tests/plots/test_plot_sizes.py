"""Figures are looked at by people; here only what a reader would miss: numbers, words, shapes."""

import numpy as np
import pandas as pd

from helpers import plots


def image(height, width):
    return np.full((height, width, 3), 120, np.uint8)


def texts(axis):
    return [text.get_text() for text in axis.texts]


def test_versions_of_an_image_are_named_with_their_sizes(tmp_path):
    rows = [{"the image": image(40, 90), "squashed": image(50, 50)}] * 2
    figure = plots.side_by_side(rows, "Title", path=tmp_path / "a.png")
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == ["the image\n90 × 40", "squashed\n50 × 50"] * 2
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_pyramid_shows_every_bin_of_every_level():
    values = {2: np.array([[0.0, 6.0], [1.0, 2.5]]), 1: np.array([[6.0]])}
    figure = plots.pyramid(image(60, 90), values, "Title")
    two, one, below_two, below_one = figure.axes
    assert (len(two.lines), len(one.lines)) == (2, 0)  # one cut each way, then none
    assert texts(below_two) == ["0.0", "6.0", "1.0", "2.5"] and texts(below_one) == ["6.0"]


def test_batches_are_drawn_to_one_scale():
    batches = {"3 wide": [image(32, 96)] * 3, "9 small": [image(64, 32)] * 9}
    wide, small = plots.batch_rows(batches, "Title", shown=4).axes
    assert wide.get_title(loc="left") == "3 wide" and wide.get_xlim() == small.get_xlim()
    assert small.images[0].get_array().shape[:2] == (64, 4 * (32 + 8))


def test_strategies_show_each_seed_and_the_mean():
    frame = pd.DataFrame({"strategy": ["a", "a", "b", "b"], "score": [0.5, 0.7, 0.9, 0.8]})
    (axis,) = plots.strategies(frame, "Title").axes
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "b"]
    dots, mean = axis.lines[:2]
    assert list(dots.get_xdata()) == [0.5, 0.7] and np.allclose(mean.get_xdata(), 0.6)
    assert [list(line.get_xdata()) for line in axis.lines[4:]] == [[0.5, 0.9], [0.7, 0.8]]


def test_groups_hold_the_accuracy_of_a_quarter_of_the_images():
    right = {"a": np.array([[1, 0, 1, 1, 0, 0, 1, 1], [1, 1, 1, 1, 0, 0, 1, 0]], bool)}
    sizes = np.arange(10.0, 18)
    (axis,) = plots.by_group(right, {"pixels": sizes}, "Title").axes
    assert list(axis.lines[0].get_ydata()) == [0.75, 1.0, 0.0, 0.75]
    assert axis.get_xticklabels()[0].get_text().startswith("10 to")


def test_memory_draws_the_budget_and_every_batch():
    costs = pd.DataFrame({"pixels": [1e5, 4e5], "megabytes": [100.0, 400.0]})
    (axis,) = plots.memory(costs, 500_000, "Title").axes
    batches, proportion, budget = axis.lines
    assert list(batches.get_ydata()) == [100, 400] and list(budget.get_xdata()) == [0.5, 0.5]
    assert np.allclose(proportion.get_ydata(), [0, 500])


def test_lines_are_named(tmp_path):
    frame = pd.DataFrame({"average": [0.1, 0.2], "pyramid": [0.3, 0.1]}, index=[160, 224])
    (axis,) = plots.lines(frame, "side", "accuracy", "Title").axes
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["average", "pyramid"]
    assert list(axis.get_xticks()) == [160, 224]
