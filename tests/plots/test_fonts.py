import warnings

import numpy as np
import pandas as pd
import pytest

from helpers import plots
from helpers.plots import fonts

NAMES = ["猫", "🐦 bird", "кошка", "café"]


def draw(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a warning
        figure = make()
        figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(fonts.Text)]


@pytest.fixture(params=[True, False], ids=["fonts of this machine", "no other font"])
def _fonts(request, monkeypatch):
    fonts._families.cache_clear()
    fonts._characters.cache_clear()
    if not request.param:
        monkeypatch.setattr(fonts, "OTHERS", ())
    yield
    fonts._families.cache_clear()
    fonts._characters.cache_clear()


@pytest.mark.usefixtures("_fonts")
def test_class_names_of_any_script_are_drawn_without_boxes_and_warnings():
    image = np.zeros((20, 30, 3), np.uint8)
    counts = pd.DataFrame({"train": [1, 2, 3, 4]}, index=NAMES)
    labels = np.eye(4)
    for make in (
        lambda: plots.class_counts(counts, "images of 猫 and 🐦"),
        lambda: plots.image_grid([image] * 4, NAMES, "images of 猫"),
        lambda: plots.confusion([0, 1, 2, 3], [0, 1, 2, 2], NAMES, "mistakes"),
        lambda: plots.co_occurrence(labels, NAMES, "together"),
    ):
        words = draw(make)
        assert any("café" in word for word in words) and any("кошка" in word for word in words)
        assert any("bird" in word for word in words)


def test_what_no_font_has_is_spelt(monkeypatch):
    fonts._characters.cache_clear()
    fonts._families.cache_clear()
    monkeypatch.setattr(fonts, "OTHERS", ())
    assert fonts.readable("猫 and 🐦, café") == "Mao and :bird:, café"
    fonts._characters.cache_clear()
    fonts._families.cache_clear()
