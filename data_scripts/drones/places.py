"""Places: hills, trees, buildings, foliage, rooms, studios. Each a Backdrop."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from data_scripts.drawing.lens import defocused
from data_scripts.drawing.noise import fractal, mix, ridge, smoothstep
from data_scripts.drawing.shading import Light
from data_scripts.drones.skies import (
    Backdrop,
    broken_cloud,
    clear_sky,
    daylight,
    overcast,
    sun_at,
)

LEAFAGE = [(0.30, 0.42, 0.14), (0.20, 0.30, 0.14), (0.46, 0.44, 0.22), (0.35, 0.30, 0.20),
           (0.16, 0.20, 0.12), (0.50, 0.52, 0.42)]  # fmt: skip


def some_sky(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    makers = [clear_sky, broken_cloud, overcast]
    return makers[rng.choice(3, p=[0.4, 0.35, 0.25])](rng, shape)


def canopy(rng: np.random.Generator, shape: tuple[int, int], colour: np.ndarray) -> np.ndarray:
    """Leaves seen from afar, lit from above, (H, W, 3)."""
    lumps = fractal(rng, shape, max(shape) * 0.12, 3, 0.7)
    leaves = fractal(rng, shape, max(shape) * 0.03, 4, 0.95)
    light = np.clip(0.22 + 1.0 * lumps * (0.2 + 1.5 * leaves), 0.1, 1.8)
    warm = 1 + 0.25 * (fractal(rng, shape, max(shape) * 0.3, 2) - 0.5)
    return colour * light[..., None] * np.stack([warm, np.ones_like(warm), 2 - warm], axis=2)


def hills(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """Ridges fading into haze under a sky."""
    height, width = shape
    sky = some_sky(rng, shape)
    image, haze = sky.image, sky.image[int(0.6 * height)].mean(axis=0)
    rows = np.arange(height, dtype=np.float32)[:, None]
    near = np.array(
        [(0.20, 0.27, 0.15), (0.30, 0.29, 0.18), (0.22, 0.26, 0.30), (0.36, 0.30, 0.24)][
            rng.integers(4)
        ]
    )
    count = int(rng.integers(2, 6))
    base, drop = rng.uniform(0.55, 0.8), rng.uniform(0.05, 0.09)
    rough = rng.uniform(0.04, 0.16)
    for number in range(count):
        share = (number + 1) / count
        line = (
            base
            + drop * number
            - rough * (1.2 - 0.6 * share) * ridge(rng, width, width * rng.uniform(0.3, 0.8))
        )
        cover = np.clip(rows - line[None] * height, 0, 1)
        relief = fractal(rng, shape, max(shape) * 0.2 * share + 4, 5, 0.65)
        ground = mix(haze, near, 0.15 + 0.85 * share**1.4).ravel()
        shaded = ground * (1 + (relief[..., None] - 0.5) * share * 1.1)
        image = image + (shaded - image) * cover[..., None]
    return replace(sky, image=image, elevation=(-0.25, 0.2), horizon=None)


def tree_line(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """A row of trees against the sky, near or far."""
    height, width = shape
    sky = some_sky(rng, shape)
    tall = rng.uniform(0.25, 0.85)
    cell = width * rng.uniform(0.12, 0.4)
    top = 1 - tall * (
        0.75 + 0.3 * ridge(rng, width, cell, 3) + 0.08 * ridge(rng, width, width * 0.03, 4)
    )
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    ragged = 0.09 * tall * (fractal(rng, shape, max(shape) * 0.06, 5, 0.75) - 0.5)
    cover = smoothstep(-0.008, 0.008, rows - top[None] + ragged)
    gaps = fractal(rng, shape, max(shape) * 0.03, 3, 0.7)
    cover = cover * (
        1 - smoothstep(0.68, 0.85, gaps) * np.clip(1 - (rows - top[None]) * 6 / tall, 0, 1)
    )
    leaf = np.array([(0.22, 0.30, 0.12), (0.32, 0.38, 0.15), (0.16, 0.22, 0.12), (0.45, 0.33, 0.14),
                     (0.34, 0.30, 0.24)][rng.integers(5)]) * rng.uniform(0.8, 1.3)  # fmt: skip
    trees = canopy(rng, shape, leaf)
    haze = rng.uniform(0, 0.35)
    trees = trees * (1 - haze) + sky.light.haze * haze
    image = sky.image + (trees - sky.image) * cover[..., None]
    return replace(sky, image=image, elevation=(-0.4, 0.1), horizon=None)


def foliage(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """Leaves out of focus, light between them."""
    leaf = np.array(LEAFAGE[rng.integers(len(LEAFAGE))]) * rng.uniform(0.8, 1.3)
    image = canopy(rng, shape, leaf) * rng.uniform(0.7, 1.2)
    tones = fractal(rng, shape, max(shape) * rng.uniform(0.3, 0.8), 3, 0.5)
    image = mix(
        image, leaf * [1.5, 1.6, 1.5] + 0.1, smoothstep(0.4, 0.85, tones) * rng.uniform(0, 0.9)
    )
    gaps = fractal(rng, shape, max(shape) * 0.05, 2, 0.7) * smoothstep(0.45, 0.8, tones)
    image += (rng.uniform(0, 0.8) * smoothstep(0.4, 0.8, gaps))[..., None] * np.float32(
        [0.9, 1, 0.85]
    )
    image = defocused(np.clip(image, 0, 1.6), max(shape) * rng.choice([0.008, 0.02, 0.035, 0.06]))
    image = np.clip(image, 0, 1)
    return Backdrop(image, daylight(rng, leaf, rng.uniform(0.2, 0.9)), (-0.4, 0.4))


def indoor(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """A room out of focus: walls, furniture, windows, lamps."""
    height, width = shape
    warm = np.array([1.0, 0.93, 0.82]) ** rng.uniform(0, 1.5)
    wall = warm * rng.uniform(0.4, 0.9)
    image = gradient_wall(shape, wall)
    floor = int(height * rng.uniform(0.5, 1.1))
    image[floor:] *= np.float32(rng.uniform(0.4, 0.9)) * (warm**1.5).astype(np.float32)
    for number in range(int(rng.integers(5, 14))):  # cupboards, frames, chairs, things on tables
        w, h = rng.uniform(0.03, 0.35, 2) ** [1, 1.0] * [width, height]
        x = rng.uniform(-0.1, 1) * width
        y = floor - h * rng.uniform(0.6, 1.0) if number % 2 else rng.uniform(-0.1, 0.5) * height
        colour = wall * rng.uniform(0.15, 1.1) * (1 + rng.normal(0, 0.1, 3))
        cv2.rectangle(image, (int(x), int(y)), (int(x + w), int(y + h)), colour.tolist(), -1)
    if rng.random() < 0.6:
        x, w, h = (
            rng.uniform(-0.1, 0.9) * width,
            rng.uniform(0.1, 0.3) * width,
            rng.uniform(0.2, 0.6),
        )
        window = (int(x), int(0.05 * height)), (int(x + w), int((0.05 + h) * height))
        cv2.rectangle(image, *window, (0.95, 0.98, 1.0), -1)
    image *= (0.85 + 0.3 * fractal(rng, shape, max(shape) * 0.4, 4))[..., None]
    image = defocused(image, max(shape) * rng.uniform(0.02, 0.06))
    image = np.clip(cv2.GaussianBlur(image, (0, 0), max(1.0, 0.008 * max(shape))), 0, 1)
    sun = sun_at(rng.uniform(1.5, 4.7), rng.uniform(0.5, 1.2))
    light = Light(sun, warm * rng.uniform(0.4, 0.8), warm * 0.55, warm * 0.28, warm * 0.6)
    return Backdrop(image, light, (-0.2, 0.6))


def gradient_wall(shape: tuple[int, int], colour: np.ndarray) -> np.ndarray:
    fall = np.linspace(1.1, 0.8, shape[0], dtype=np.float32)[:, None, None]
    return np.ascontiguousarray(np.broadcast_to(fall * colour, (*shape, 3)), dtype=np.float32)


def studio(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """A white, grey or tinted sweep of paper, as product photos have."""
    tone = rng.choice([1.0, 1.0, 0.97, 0.9, 0.75, 0.5, 0.12])
    tint = 1 + rng.normal(0, 0.012, 3)
    image = np.full((*shape, 3), tone, np.float32) * tint.astype(np.float32)
    if tone < 1:
        x = np.linspace(-1, 1, shape[1], dtype=np.float32)[None] - rng.uniform(-0.4, 0.4)
        y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None] - rng.uniform(-0.4, 0.4)
        image *= (1.05 - rng.uniform(0.03, 0.2) * (x * x + y * y))[..., None]
    sun = sun_at(rng.uniform(1.9, 4.4), rng.uniform(0.5, 1.3))
    light = Light(
        sun, np.full(3, rng.uniform(0.5, 0.95)), np.full(3, 0.6), np.full(3, 0.38), np.full(3, tone)
    )
    return Backdrop(image, light, (-0.15, 0.9))
