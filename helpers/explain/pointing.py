"""Does a map lie on the object? Measures and baselines on arrays, and how alike two maps are.

Maps are (N, H, W), or a list of (H, W), as `explain.cam_maps` makes them or anything else does.
Boxes are (left, top, right, bottom) in pixels of the map; `scale_boxes` brings them there. Whether
the model really looks there is another question: see `faithfulness`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from scipy.stats import spearmanr

Maps = np.ndarray | Sequence[np.ndarray]  # (N, H, W), or N times (H, W) of any size
TOLERANCE = 15 / 224  # of the shorter side: 15 pixels of 224


def pointing_game(maps: Maps, boxes: np.ndarray, tolerance: float = TOLERANCE) -> np.ndarray:
    """Whether each map's maximum lies in the object's box, or near it (Zhang et al. 2018).

    A map that is the same everywhere points nowhere: False. Of equal maxima the first one counts.

    Args:
        maps: (N, H, W), or N of any size.
        boxes: (N, 4).
        tolerance: how far outside still counts, as a share of the map's shorter side.

    Returns: booleans (N,); their mean is the game's score.
    Raises: ValueError for boxes that do not fit the maps.
    """
    hits = []
    for one_map, (left, top, right, bottom) in _with_boxes(maps, boxes):
        row, column = np.unravel_index(np.argmax(one_map), one_map.shape)
        x, y = column + 0.5, row + 0.5
        distance = np.hypot(max(left - x, 0, x - right), max(top - y, 0, y - bottom))
        hits.append(np.ptp(one_map) > 0 and distance <= tolerance * min(one_map.shape))
    return np.array(hits, bool)


def energy_inside(maps: Maps, boxes: np.ndarray) -> np.ndarray:
    """Share of each map's sum that lies inside the object's box (Wang et al. 2020, Score-CAM).

    To be read beside the box's share of the image, which a map without any idea would reach. A map
    of zeros has 0.

    Args:
        maps: (N, H, W), or N of any size; not negative.
        boxes: (N, 4).

    Returns: (N,) in [0, 1].
    Raises: ValueError for boxes that do not fit the maps.
    """
    shares = []
    for one_map, (left, top, right, bottom) in _with_boxes(maps, boxes):
        y, x = (np.arange(side) + 0.5 for side in one_map.shape)
        rows, columns = (y >= top) & (y <= bottom), (x >= left) & (x <= right)
        total = one_map.sum(dtype=float)
        shares.append(one_map[np.ix_(rows, columns)].sum(dtype=float) / total if total > 0 else 0)
    return np.array(shares, float)


def scale_boxes(boxes: np.ndarray, sizes: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) of images of these sizes after resizing to these shapes.

    sizes, shapes: (height, width) of all, or (N, 2) of each.
    """
    factors = np.asarray(shapes, float) / np.asarray(sizes, float)
    return np.asarray(boxes, float) * np.tile(factors[..., ::-1], 2)


def center_maps(count: int, size: tuple[int, int], spread: float = 0.25) -> np.ndarray:
    """Baseline: a blob in the middle, where photographers put their object.

    Args:
        count: N.
        size: (height, width) in pixels.
        spread: standard deviation of the Gaussian, as a share of each side.

    Returns: float32 (N, H, W) in [0, 1].
    """
    y, x = (((np.arange(side) + 0.5) / side - 0.5) / spread for side in size)
    blob = np.exp(-(y[:, None] ** 2 + x[None] ** 2) / 2)
    return np.repeat((blob / blob.max()).astype(np.float32)[None], count, axis=0)


def noise_maps(count: int, size: tuple[int, int], cells: int = 7, seed: int = 0) -> np.ndarray:
    """Baseline: random cells, enlarged as the cells of a real map are.

    Args:
        count: N.
        size: (height, width) in pixels.
        cells: per side; 7 as a backbone of stride 32 gives for 224 pixels.
        seed: of the noise.

    Returns: float32 (N, H, W) in [0, 1].
    """
    noise = np.random.default_rng(seed).random((count, 1, cells, cells), np.float32)
    enlarged = torch.nn.functional.interpolate(torch.from_numpy(noise), size, mode="bilinear")
    return enlarged[:, 0].numpy()


def rank_correlation(maps: Maps, others: Maps) -> np.ndarray:
    """Spearman's correlation between two maps of each image: (N,) in [-1, 1].

    A map that is the same everywhere ranks nothing, so it has 0 with any other.
    """
    correlations = []
    for one, other in zip(maps, others, strict=True):
        flat = np.ptp(one) == 0 or np.ptp(other) == 0
        correlations.append(0.0 if flat else spearmanr(np.ravel(one), np.ravel(other)).statistic)
    return np.array(correlations, float)


def _with_boxes(maps: Maps, boxes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    boxes = np.asarray(boxes, float)
    if boxes.shape != (len(maps), 4):
        raise ValueError(f"boxes have shape {boxes.shape} for {len(maps)} maps; give one of each.")
    empty = boxes[(boxes[:, 0] >= boxes[:, 2]) | (boxes[:, 1] >= boxes[:, 3])]
    if len(empty):
        raise ValueError(f"box {empty[0].tolist()} is empty; give (left, top, right, bottom).")
    yield from zip(maps, boxes, strict=True)
