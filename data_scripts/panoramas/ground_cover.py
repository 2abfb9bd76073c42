"""What covers the ground in front: grass, flowers, pebbles; too small for shapes of their own."""

from __future__ import annotations

import numpy as np

from data_scripts.panoramas.terrain import Eye, Seen

STEPS = 9  # points along a blade


def feet_in_front(
    rng: np.random.Generator, eye: Eye, land: Seen, count: int, power: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns and distances of up to `count` points on land, far ones first.

    power: above 1, more of them in front.
    """
    height, width = eye.shape
    row = land.top + ((height - land.top) * rng.random(count) ** (1 / power)).astype(np.int32)
    row = np.sort(np.clip(row, land.top, land.top + len(land.cover) - 1))
    column = rng.integers(0, width, count)
    solid = land.cover[row - land.top, column] > 0.9
    row, column = row[solid], column[solid]
    return row, column, land.z[row - land.top, column]


def grass(
    rng: np.random.Generator, eye: Eye, image: np.ndarray, land: Seen, tall: float, blooms: bool
) -> None:
    """Blades that take the ground's colour, in place, where they are wide enough to be seen.

    tall: of a blade in camera heights; blooms: flowers among them.
    """
    height, width = eye.shape
    row, column, z = feet_in_front(rng, eye, land, int(0.035 * height * width), 1.5)
    long = np.minimum(tall * eye.height * eye.focal / z, 0.13 * height)
    long = long * rng.uniform(0.4, 1.2, len(z)).astype(np.float32)
    shown = long > 1.2
    row, column, long = row[shown], column[shown], long[shown]
    ground = image[row, column]
    lean = rng.normal(rng.normal(0, 0.2), 0.32, len(row)).astype(np.float32)
    along = np.linspace(0, 1, STEPS, dtype=np.float32)[None]
    y = (row[:, None] - along * long[:, None]).astype(np.int32)
    x = (column[:, None] + lean[:, None] * along**1.8 * long[:, None]).astype(np.int32)
    y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
    tone = rng.uniform(0.82, 1.18, (len(row), 1)).astype(np.float32) * (0.66 + 0.55 * along)
    image[y, x] = ground[:, None] * tone[..., None]
    if blooms:
        heads = rng.random(len(row)) < rng.uniform(0.04, 0.15)
        bright = np.array([(0.92, 0.90, 0.86), (0.90, 0.76, 0.20), (0.80, 0.24, 0.22),
                           (0.58, 0.42, 0.74)])[rng.integers(4)]  # fmt: skip
        light = ground[heads].mean(axis=1, keepdims=True) * 2.4 + 0.08
        colour = np.clip(bright * light, 0, 0.95).astype(np.float32)
        for down in (0, 1):
            for right in (0, 1):
                y2 = np.clip(y[heads, -1] + down, 0, height - 1)
                x2 = np.clip(x[heads, -1] + right, 0, width - 1)
                image[y2, x2] = colour


def pebbles(
    rng: np.random.Generator, eye: Eye, image: np.ndarray, land: Seen, count: int, size: float
) -> None:
    """Small stones with a lit upper and a dark lower edge, in place; size: in camera heights."""
    height, width = eye.shape
    row, column, z = feet_in_front(rng, eye, land, count, 1.2)
    radius = np.minimum(size * eye.height * eye.focal / z, 0.012 * height)
    radius = radius * rng.lognormal(-0.4, 0.5, len(z))
    for reach in (1, 2, 3, 5):
        some = (np.round(radius) >= 1) & (np.minimum(np.round(radius), 5) == reach)
        dy, dx = np.mgrid[-reach : reach + 1, -2 * reach : 2 * reach + 1].reshape(2, -1)
        inside = (dx / 1.6) ** 2 + dy**2 <= reach * reach + 0.3
        dy, dx = dy[inside], dx[inside]
        y = np.clip(row[some, None] + dy, 0, height - 1)
        x = np.clip(column[some, None] + dx, 0, width - 1)
        tone = rng.uniform(0.62, 1.0, (some.sum(), 1)) - 0.28 * dy / reach
        ground = image[row[some], column[some]]
        image[y, x] = ground[:, None] * tone[..., None].astype(np.float32)
