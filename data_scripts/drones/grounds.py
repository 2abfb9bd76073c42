"""Ground to stand on or hover over: lawns, yards, fields from the air. Each a Backdrop."""

from __future__ import annotations

import numpy as np

from data_scripts.drawing.noise import fractal, mix, ridge, smoothstep
from data_scripts.drones.cities import city
from data_scripts.drones.places import foliage, hills, tree_line
from data_scripts.drones.skies import Backdrop, daylight
from data_scripts.drones.surfaces import GRASSES, SOILS, bare_ground, ground_plane, lawn


def open_ground(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """A lawn, field or yard: up to a horizon, or seen from above and filling the picture."""
    height, width = shape
    cover = lawn if rng.random() < 0.58 else bare_ground
    focal = rng.uniform(1.0, 2.2) * max(shape)
    if rng.random() < 0.45:
        horizon = -np.exp(rng.uniform(np.log(0.25), np.log(6))) * height
        ground = cover(rng, shape, horizon, ground_plane(shape, horizon, focal))
        light = daylight(rng, np.array([0.75, 0.78, 0.8]), rng.choice([0.0, 0.3, 0.9]))
        steep = float(np.arctan((height / 2 - horizon) / focal))
        return Backdrop(ground, light, (steep - 0.1, min(steep + 0.1, 1.45)), horizon / height)
    place = [tree_line, hills, city, foliage][rng.choice(4, p=[0.35, 0.25, 0.25, 0.15])](rng, shape)
    share = rng.uniform(0.3, 0.6)
    edge = share * height + 0.012 * height * ridge(rng, width, width * 0.3)
    rows = np.arange(height, dtype=np.float32)[:, None]
    horizon = (share - 0.01) * height - 2
    ground = cover(rng, shape, horizon, ground_plane(shape, horizon, focal))
    far = np.exp(-np.maximum(rows - horizon, 0) / (0.12 * height))  # haze takes the distance
    ground = mix(ground, place.light.haze, rng.uniform(0, 0.35) * far + np.zeros(shape))
    shown = smoothstep(-1.0, 2.5, rows - edge[None])
    image = place.image + (ground - place.image) * shown[..., None]
    return Backdrop(image, place.light, (0.06, 0.3), share)


def field_above(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """Fields and tracks seen from the air, straight down or nearly."""
    height, width = shape
    count = int(rng.integers(3, 11))
    seeds = rng.random((count, 2)) * [1.2, 1.2] - 0.1
    turn = rng.uniform(0, np.pi)
    x = np.linspace(0, 1, width, dtype=np.float32)[None]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    wobble = 0.05 * (fractal(rng, shape, max(shape) * 0.5, 3) - 0.5)
    u, v = (
        x * np.cos(turn) + y * np.sin(turn) + wobble,
        y * np.cos(turn) - x * np.sin(turn) - wobble,
    )
    nearest, second = np.full(shape, 9.0, np.float32), np.full(shape, 9.0, np.float32)
    owner = np.zeros(shape, np.int64)
    for number, (a, b) in enumerate(seeds):
        su, sv = a * np.cos(turn) + b * np.sin(turn), b * np.cos(turn) - a * np.sin(turn)
        distance = np.maximum(np.abs(u - su), np.abs(v - sv) * 0.7)
        closer = distance < nearest
        second = np.where(closer, nearest, np.minimum(second, distance))
        nearest, owner = np.where(closer, distance, nearest), np.where(closer, number, owner)
    crops = np.array(GRASSES + SOILS[:3])[rng.integers(0, 8, count)] * rng.uniform(
        0.75, 1.15, (count, 1)
    )
    image = crops[owner].astype(np.float32)
    rows = rng.uniform(60, 260, count).astype(np.float32)[owner]
    image *= (1 + 0.09 * np.sin(np.where(owner % 2, u, v) * rows) * (owner % 3 > 0))[..., None]
    lumps = fractal(rng, shape, max(shape) * 0.35, 7, 0.7)
    image *= (0.65 + 0.7 * lumps)[..., None]
    hedge = smoothstep(0.02, 0.004, second - nearest) * (
        fractal(rng, shape, max(shape) * 0.04, 3) > 0.42
    )
    image = mix(image, np.array([0.15, 0.2, 0.1]), 0.85 * hedge)
    light = daylight(rng, np.array([0.7, 0.75, 0.8]), rng.choice([0.0, 0.4, 0.9]))
    return Backdrop(image, light, (0.45, 1.1))
