"""Figures are looked at by people; here only what a reader would miss: words, colours, files."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from toys import loaders, make_trainer

from helpers.evaluation.metrics import multiclass_metrics
from helpers.plots import images as plots
from helpers.plots import training as curves
from helpers.plots.style import WRONG
from helpers.training.callbacks import Progress
from helpers.training.history import History

IMAGES = [np.full((40, 60, 3), shade, np.uint8) for shade in (0, 120, 250)]


@pytest.fixture(scope="module")
def history() -> History:
    return make_trainer(metrics=multiclass_metrics(2)).fit(*loaders(), max_epochs=3)


def texts(figure):
    return [text.get_text() for axis in figure.axes for text in axis.texts]


def test_wrong_predictions_are_red_and_say_so():
    chances = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    figure = plots.prediction_grid(IMAGES, [0, 1, 1], chances, ["bird", "drone"], "Title")
    assert texts(figure) == [
        "given bird\nsays bird 90%",
        "given drone\nsays bird 80%",
        "given drone\nsays drone 70%",
    ]
    colours = [axis.texts[0].get_color() for axis in figure.axes if axis.texts]
    assert colours == ["black", WRONG, "black"]


def test_a_figure_is_saved_only_when_asked(tmp_path):
    plots.image_grid(IMAGES, ["a", "b", "c"], "Title")
    assert not list(tmp_path.iterdir())
    plots.image_grid(IMAGES, ["a", "b", "c"], "Title", path=tmp_path / "new" / "Sample.jpg")
    with Image.open(tmp_path / "new" / "Sample.jpg") as file:
        assert file.width > 300


def test_curves_show_the_history(history):
    (axis,) = curves.loss_curves(history, "Loss", boundary=2).axes
    lines = {line.get_label(): line for line in axis.lines}
    assert lines["validation"].get_ydata().tolist() == [row["val_loss"] for row in history.epochs]
    assert len(lines["train, each batch"].get_xdata()) == len(history.batches)
    assert texts(axis.figure) == [" phase 2"]
    (axis,) = curves.accuracy_curves(history, "Accuracy", 2).axes
    assert axis.lines[1].get_ydata().tolist() == [row["val_accuracy"] for row in history.epochs]
    (axis,) = curves.epoch_curves(
        {"slow": history, "fast": history}, "val_loss", "Both", "loss", ("start", 0.7)
    ).axes
    assert [t.get_text() for t in axis.get_legend().get_texts()] == ["slow", "fast", "start"]
    (axis,) = curves.learning_rate_curve(history, 2).axes
    assert axis.lines[0].get_ydata().tolist() == [row["lr"] for row in history.batches]


def test_confusion_keeps_the_counts():
    counts = pd.DataFrame([[5, 1], [0, 7]], index=["a", "b"], columns=["a", "b"])
    (axis,) = plots.confusion_heatmap(counts, "Confusion").axes
    assert texts(axis.figure) == ["5", "1", "0", "7"]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("predicted", "given")


def test_live_plot_redraws_one_figure(monkeypatch):
    shown, updated = [], []

    class Handle:
        def update(self, figure):
            updated.append(figure)

    monkeypatch.setattr(curves, "display", lambda figure, display_id: shown.append(1) or Handle())
    make_trainer([curves.LivePlot(), Progress()]).fit(*loaders(), max_epochs=3)
    assert len(shown) == 1 and len(updated) == 2
