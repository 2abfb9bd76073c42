"""Figures are looked at by people; here only what a reader would miss: words, colours, files."""

import numpy as np
import pytest
from PIL import Image
from toys import loaders, make_trainer

from helpers import plots
from helpers.evaluation import multiclass_metrics
from helpers.plots.style import WRONG
from helpers.training.history import History

IMAGES = [np.full((40, 60, 3), shade, np.uint8) for shade in (0, 120, 250)]


@pytest.fixture(scope="module")
def history() -> History:
    return make_trainer(metrics=multiclass_metrics(2)).fit(*loaders(), max_epochs=3)


def texts(figure):
    return [text.get_text() for axis in figure.axes for text in axis.texts]


def title_of(figure):
    return figure._suptitle.get_window_extent()


def test_wrong_predictions_are_red_and_say_so():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    figure = plots.prediction_grid(IMAGES, [0, 1, 1], probabilities, ["bird", "drone"], "Title")
    assert texts(figure) == [
        "given bird\npredicted bird\n90% ✓",
        "given drone\npredicted bird\n80% ✗",
        "given drone\npredicted drone\n70% ✓",
    ]
    colours = [axis.texts[0].get_color() for axis in figure.axes if axis.texts]
    assert colours == ["black", WRONG, "black"]


@pytest.mark.parametrize("columns", [1, 3])
def test_captions_neither_overlap_images_nor_are_cut_off(columns):
    """Whatever the images' shapes, the lines, and what looks like a formula."""
    shapes = ((40, 60), (90, 30), (20, 120), (50, 50))
    images = [np.zeros((*shape, 3), np.uint8) for shape in shapes]
    captions = ["a", "two\nlines", "$x$ and a caption that is much wider than its image", "$"]
    figure = plots.image_grid(images, captions, "Title", columns)
    figure.draw_without_rendering()
    axes = [axis for axis in figure.axes if axis.images]
    words = [axis.texts[0].get_window_extent() for axis in axes]
    pictures = [axis.images[0].get_window_extent() for axis in axes]
    assert [axis.texts[0].get_text() for axis in axes] == captions
    for number, extent in enumerate(words):
        others = pictures + words[:number] + words[number + 1 :] + [title_of(figure)]
        assert not any(extent.overlaps(other) for other in others)
        assert extent.x0 >= 0 and extent.x1 <= figure.bbox.x1 and extent.y0 >= 0


def test_a_figure_is_saved_only_when_asked(tmp_path):
    plots.image_grid(IMAGES, ["a", "b", "c"], "Title")
    assert not list(tmp_path.iterdir())
    plots.image_grid(IMAGES, ["a", "b", "c"], "Title", path=tmp_path / "new" / "Sample.jpg")
    with Image.open(tmp_path / "new" / "Sample.jpg") as file:
        assert file.width > 300


def test_a_grid_without_images_says_so():
    with pytest.raises(ValueError, match="no images .*'Title'"):
        plots.prediction_grid([], [], np.zeros((0, 2)), ["a", "b"], "Title")


def test_curves_show_the_history(history):
    (axis,) = plots.loss_curves(history, "Loss", boundary=2).axes
    lines = {line.get_label(): line for line in axis.lines}
    assert lines["validation"].get_ydata().tolist() == [row["val_loss"] for row in history.epochs]
    assert len(lines["train, each batch"].get_xdata()) == len(history.batches)
    assert texts(axis.figure) == [" phase 2"]
    (axis,) = plots.accuracy_curves(history, "Accuracy", 2).axes
    assert axis.lines[1].get_ydata().tolist() == [row["val_accuracy"] for row in history.epochs]
    (axis,) = plots.epoch_curves(
        {"slow": history, "fast": history}, "val_loss", "Both", "loss", ("start", 0.7)
    ).axes
    assert [t.get_text() for t in axis.get_legend().get_texts()] == ["slow", "fast", "start"]
    (axis,) = plots.learning_rate_curve(history, 2).axes
    assert axis.lines[0].get_ydata().tolist() == [row["lr"] for row in history.batches]


def test_confusion_keeps_the_counts():
    figure = plots.confusion([0] * 6 + [1] * 7, [0] * 5 + [1] * 8, ["a", "b", "never"], "Confusion")
    (axis,) = figure.axes
    assert texts(figure) == ["5", "1", "0", "0", "7", "0", "0", "0", "0"]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("predicted", "given")
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "b", "never"]
