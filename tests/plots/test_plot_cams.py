"""Figures of maps: what a reader would misread if it were not so."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from helpers import plots
from helpers.plots.style import WRONG

CLASSES = ["bird", "drone"]


def images(count):
    return [np.full((60 + 10 * index, 90, 3), 120, np.uint8) for index in range(count)]


def left_half(size=(7, 7)):
    """A map that says: on the left."""
    cam = np.zeros(size, np.float32)
    cam[:, : size[1] // 2] = 1
    return cam


def words(axis):
    return {text.get_text(): to_hex(text.get_color()) for text in axis.texts if text.get_text()}


def shown(figure):
    """Of each picture in the figure, its pixels; the colour bar is no picture."""
    return [np.asarray(axis.images[0].get_array()) for axis in figure.axes if axis.images]


def outlines(axis):
    return {patch.get_bbox().bounds for patch in axis.patches}


def test_an_overlay_is_bright_where_the_map_is_and_as_large_as_the_image():
    """A coarse map is enlarged to an image of any size, rows to rows and columns to columns."""
    image = np.full((80, 120, 3), 100, np.uint8)
    made = plots.overlay(image, left_half((7, 8))).astype(int)
    assert made.shape == image.shape
    assert made[:, :50].mean() > made[:, 70:].mean() + 60
    assert np.abs(made[:20] - made[-20:]).max() == 0  # the same above and below


def test_an_overlays_colour_is_the_maps_alone():
    """Else a red sky would look like evidence."""
    image = np.zeros((20, 20, 3), np.uint8)
    image[:10], image[10:] = (255, 0, 0), (76, 76, 76)  # equally bright
    made = plots.overlay(image, np.full((20, 20), 0.5)).astype(int)
    assert np.abs(made[:10] - made[10:]).max() <= 1
    plain = plots.overlay(image, np.zeros((20, 20)), opacity=0)
    assert np.ptp(plain.astype(int), axis=2).max() == 0


def test_more_evidence_is_always_brighter():
    """Also in print, and for colour-blind readers."""
    ramp = np.linspace(0, 1, 64, dtype=np.float32)[None].repeat(4, axis=0)
    made = plots.overlay(np.full((4, 64, 3), 128, np.uint8), ramp)
    assert (np.diff(made[0] @ [0.299, 0.587, 0.114]) > -0.6).all()


@pytest.mark.parametrize(
    ("image", "cam", "message"),
    [
        (np.zeros((8, 8, 3)), np.zeros((8, 8)), "image is float64"),
        (np.zeros((8, 8), np.uint8), np.zeros((8, 8)), r"shape \(8, 8\)"),
        (np.zeros((8, 8, 3), np.uint8), np.zeros((2, 8, 8)), r"map has shape \(2, 8, 8\)"),
    ],
)
def test_an_overlay_names_what_does_not_fit(image, cam, message):
    with pytest.raises(ValueError, match=message):
        plots.overlay(image, cam)


def test_gallery_says_what_was_given_and_marks_mistakes(tmp_path):
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    figure = plots.map_gallery(
        images(3), [left_half()] * 3, [0, 0, 1], probabilities, CLASSES, "Title",
        boxes=[(1, 2, 30, 40)] * 3, path=tmp_path / "gallery of maps.png",
    )  # fmt: skip
    below = [words(axis) for axis in figure.axes if axis.images]
    assert below[0] == {"given bird\npredicted bird\n90% ✓": "#000000"}
    assert below[1] == {"given bird\npredicted drone\n80% ✗": to_hex(WRONG)}
    assert below[2] == {"given drone\npredicted drone\n70% ✓": "#000000"}
    assert [picture.shape[:2] for picture in shown(figure)] == [(60, 90), (70, 90), (80, 90)]
    assert all(outlines(axis) == {(1, 2, 29, 38)} for axis in figure.axes if axis.images)
    assert (tmp_path / "gallery of maps.png").stat().st_size > 1000


def test_rows_put_each_map_beside_its_image():
    """The image itself comes first, in colour and as it was."""
    pictures = images(2)
    pictures[1][:] = (200, 10, 10)
    maps = {"one": [left_half(), 1 - left_half()], "other": [left_half((5, 5))] * 2}
    below = {"other": [("says bird", True), ("says drone", False)]}
    figure = plots.map_rows(pictures, maps, "Title", ["first", "second"], below)
    axes = [axis for axis in figure.axes if axis.images]
    assert [axis.get_title() for axis in axes[:3]] == ["image", "one", "other"]
    drawn = shown(figure)
    assert len(drawn) == 6 and all(
        (a == b).all() for a, b in zip(drawn[::3], pictures, strict=True)
    )
    sides = [(picture[:, :30].mean(), picture[:, -30:].mean()) for picture in drawn]
    assert sides[1][0] > sides[1][1] and sides[4][0] < sides[4][1]
    assert [words(axis) for axis in axes[::3]] == [{"first": "#000000"}, {"second": "#000000"}]
    assert words(axes[2]) == {"says bird": to_hex(WRONG)}
    assert words(axes[5]) == {"says drone": "#000000"}


def test_a_cross_marks_each_maps_brightest_point():
    peak = np.zeros((6, 9))
    peak[1, 7] = 1
    maps = {"peak": [peak, peak], "flat": [np.ones((6, 9))] * 2}
    figure = plots.map_rows(images(2), maps, "Title")
    axes = [axis for axis in figure.axes if axis.images]
    assert [len(axis.lines) for axis in axes] == [0, 1, 0] * 2
    height, width = images(2)[1].shape[:2]
    (cross,) = axes[4].lines
    assert cross.get_xydata().tolist() == [[7.5 / 9 * width - 0.5, 1.5 / 6 * height - 0.5]]


def test_label_rows_listen_to_thresholds_and_mark_what_is_wrong():
    maps = [np.stack([left_half(), 1 - left_half(), left_half()])] * 2
    probabilities = np.array([[0.9, 0.4, 0.6], [0.1, 0.2, 0.3]])
    labels = np.array([[1, 1, 0], [0, 0, 1]])
    figure = plots.label_rows(
        images(2), maps, ["sea", "sunset", "trees"], probabilities, labels, "Title",
        np.array([0.5, 0.35, 0.5]),
    )  # fmt: skip
    axes = [axis for axis in figure.axes if axis.images]
    assert [axis.get_title() for axis in axes[:4]] == ["image", "sea", "sunset", "trees"]
    red = to_hex(WRONG)
    assert [words(axis) for axis in axes[1:4]] == [
        {"yes, 90% ✓": "#000000"}, {"yes, 40% ✓": "#000000"}, {"yes, 60% ✗": red},
    ]  # fmt: skip
    assert words(axes[7]) == {"no, 30% ✗": red}
    left, right = (shown(figure)[place][:, :30].mean() for place in (1, 2))
    assert left > right  # the map of the label, not its neighbour's


def test_figures_without_images_or_with_too_few_maps_say_so():
    with pytest.raises(ValueError, match="no images .*'Title'"):
        plots.map_rows([], {"one": []}, "Title")
    with pytest.raises(ValueError, match="1 maps for 2 images"):
        plots.map_rows(images(2), {"one": [left_half()]}, "Title")
    with pytest.raises(ValueError, match="1 maps for 2 images"):
        plots.map_gallery(images(2), [left_half()], [0, 0], np.eye(2), CLASSES, "Title")


def test_answers_name_the_likeliest_class_and_say_if_it_is_wrong():
    probabilities = np.array([[0.25, 0.75], [0.9, 0.1]])
    assert plots.answers([1, 1], probabilities, CLASSES) == [
        ("predicted drone\n75% ✓", False),
        ("predicted bird\n90% ✗", True),
    ]
