import numpy as np
import pytest

from helpers.explain.pointing import (
    center_maps,
    energy_inside,
    noise_maps,
    pointing_game,
    rank_correlation,
    scale_boxes,
)


def _peak(row: int, column: int, size=(224, 224)) -> np.ndarray:
    found = np.zeros(size, np.float32)
    found[row, column] = 1
    return found


def test_a_maximum_in_the_box_or_near_it_is_a_hit():
    """15 pixels of 224 beside it; boxes begin with the left side, maps are indexed by row."""
    box = [100, 20, 150, 60]  # left, top, right, bottom
    places = [(30, 120), (120, 30), (30, 86), (30, 80), (8, 90), (4, 85), (74, 163), (75, 30)]
    maps = np.stack([_peak(*place) for place in places])
    hits = pointing_game(maps, np.tile(box, (len(maps), 1)))
    assert hits.tolist() == [True, False, True, False, True, False, False, False]
    assert pointing_game(maps[[0, 2]], [box, box], tolerance=0).tolist() == [True, False]


def test_the_tolerance_grows_with_the_image():
    maps = [_peak(50, 74, (448, 500)), _peak(50, 74, (224, 250))]
    assert pointing_game(maps, [[100, 20, 150, 60]] * 2).tolist() == [True, False]


def test_a_map_that_is_the_same_everywhere_points_nowhere():
    whole = [[0, 0, 8, 8]] * 2
    flat = np.stack([np.zeros((8, 8)), np.ones((8, 8))])
    assert pointing_game(flat, whole).tolist() == [False, False]
    assert energy_inside(flat, whole).tolist() == [0, 1]


def test_energy_is_the_share_of_the_sum():
    maps = [np.ones((10, 20)), np.ones((10, 20)), _peak(3, 15, (10, 20))]
    boxes = [[0, 0, 20, 5], [5, 0, 10, 10], [15, 3, 16, 4]]
    assert energy_inside(maps, boxes) == pytest.approx([0.5, 0.25, 1])


def test_boxes_follow_the_image_to_its_new_size():
    boxes = np.array([[10, 20, 30, 40], [0, 0, 100, 50]])
    assert scale_boxes(boxes, [(50, 100), (50, 100)], (100, 100)).tolist() == [
        [10, 40, 30, 80],
        [0, 0, 100, 100],
    ]
    scaled = scale_boxes(boxes, [(50, 100), (100, 200)], [(25, 100), (100, 100)])
    assert scaled.tolist() == [[10, 10, 30, 20], [0, 0, 50, 50]]


@pytest.mark.parametrize(
    ("boxes", "words"),
    [
        ([[0, 0, 4, 4]], r"boxes have shape \(1, 4\) for 2 maps"),
        ([[0, 0, 4, 4], [4, 0, 2, 4]], r"box \[4.0, 0.0, 2.0, 4.0\] is empty"),
    ],
)
@pytest.mark.parametrize("measure", [pointing_game, energy_inside])
def test_boxes_that_do_not_fit_are_told(measure, boxes, words):
    with pytest.raises(ValueError, match=words):
        measure(np.ones((2, 8, 8)), boxes)


def test_the_baselines_are_maps():
    middle = center_maps(3, (33, 65))
    assert middle.shape == (3, 33, 65) and middle.dtype == np.float32 and middle.max() == 1
    assert np.unravel_index(middle[1].argmax(), (33, 65)) == (16, 32)
    noise = noise_maps(40, (33, 65), seed=1)
    assert noise.shape == (40, 33, 65) and noise.min() >= 0 and noise.max() <= 1
    assert np.array_equal(noise, noise_maps(40, (33, 65), seed=1))
    assert not np.array_equal(noise, noise_maps(40, (33, 65), seed=2))
    assert abs(rank_correlation(noise[:20], noise[20:]).mean()) < 0.1  # no two alike
    left = energy_inside(noise, [[0, 0, 32.5, 33]] * 40)
    assert left.mean() == pytest.approx(0.5, abs=0.05) and left.std() > 0.01


def test_rank_correlation_compares_orders():
    rising = np.arange(12.0).reshape(3, 4)
    maps, others = [rising, rising, rising], [rising**3, -rising, np.ones((3, 4))]
    assert rank_correlation(maps, others) == pytest.approx([1, -1, 0])
