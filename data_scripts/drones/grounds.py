"""Ground seen in perspective: lawns, yards, fields from the air, water. Each a Backdrop."""

from __future__ import annotations

import cv2
import numpy as np

from data_scripts.drawing.noise import fractal, mix, ridge, smoothstep, tile
from data_scripts.drones.places import buildings, foliage, hills, tree_line
from data_scripts.drones.skies import Backdrop, blue_sky, daylight

GRASSES = [(0.30, 0.42, 0.14), (0.42, 0.52, 0.20), (0.46, 0.44, 0.24), (0.22, 0.33, 0.12),
           (0.52, 0.47, 0.30)]  # fmt: skip
SOILS = [(0.62, 0.55, 0.44), (0.52, 0.50, 0.47), (0.42, 0.40, 0.38), (0.72, 0.66, 0.55),
         (0.58, 0.58, 0.57)]  # fmt: skip


def carpet(
    rng: np.random.Generator,
    shape: tuple[int, int],
    horizon: float,
    colours: tuple[np.ndarray, np.ndarray],
    grain: float,
    flat: float = 1.0,
    crests: bool = False,
) -> np.ndarray:
    """Ground in perspective, rows above the horizon (pixels) included but meaningless.

    grain: size of a texture tile in image widths near the camera; flat > 1 stretches lumps
    sideways, as waves are; crests draws their sharp tops.
    """
    height, width = shape
    rows = np.arange(height, dtype=np.float32)
    below = np.maximum((rows - horizon) / max(height - min(horizon, 0.9 * height), 1), 0.02)
    depth = (1 / below)[:, None]
    x = (np.arange(width, dtype=np.float32)[None] / width - 0.5) * depth / np.float32(grain)
    away = max(1.1, (0.5 * height - horizon) / width)  # steep views foreshorten less
    y = np.repeat((depth * (away * flat / grain)).astype(np.float32), width, axis=1)
    total = np.zeros(shape, np.float32)
    texture = tile(rng, 256, 0.8)
    for scale, weight in ((0.11, 0.45), (0.47, 0.7), (1.63, 0.8)):
        turn = rng.uniform(-0.4, 0.4) / flat**2  # so that repeats don't line up
        u = (x * np.float32(np.cos(turn)) + y * np.float32(np.sin(turn))) * np.float32(256 * scale)
        v = (y * np.float32(np.cos(turn)) - x * np.float32(np.sin(turn))) * np.float32(256 * scale)
        u += rng.uniform(0, 256)
        layer = cv2.remap(texture, u % 256, v % 256, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        layer = 1.0 - 2.4 * np.abs(layer - 0.5) if crests else layer
        fade = np.clip(3 * below / scale, 0, 1)[:, None]  # fine grain averages out far away
        total += np.float32(weight) * (layer - 0.5) * fade
    return mix(colours[0], colours[1], np.clip(0.5 + 0.9 * total, 0, 1))


def lawn(rng: np.random.Generator, shape: tuple[int, int], horizon: float) -> np.ndarray:
    """Grass, or bare ground, sand, gravel or paving, below a horizon in pixels."""
    if rng.random() < 0.55:
        base = np.array(GRASSES[rng.integers(len(GRASSES))]) * rng.uniform(0.85, 1.2)
        grain = rng.uniform(0.3, 0.8)
        ground = carpet(rng, shape, horizon, (base * 0.4, base * 1.55), grain, 0.75)
        dry = fractal(rng, shape, max(shape) * 0.4, 3)
        return mix(ground, ground * [1.25, 1.1, 0.9], smoothstep(0.45, 0.8, dry))
    base = np.array(SOILS[rng.integers(len(SOILS))]) * rng.uniform(0.8, 1.15)
    contrast = rng.uniform(0.08, 0.45)
    grain = rng.uniform(0.3, 1.0)
    return carpet(rng, shape, horizon, (base * (1 - contrast), base * (1 + contrast)), grain)


def open_ground(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """A lawn, field or yard: up to a horizon, or filling the picture."""
    height, width = shape
    if rng.random() < 0.45:
        ground = lawn(rng, shape, -rng.uniform(0.6, 3.0) * height)
        light = daylight(rng, np.array([0.75, 0.78, 0.8]), rng.choice([0.0, 0.3, 0.9]))
        return Backdrop(ground, light, (0.45, 1.0), -0.5)
    place = [tree_line, hills, buildings, foliage][rng.integers(4)](rng, shape)
    share = rng.uniform(0.35, 0.62)
    edge = share * height + 0.012 * height * ridge(rng, width, width * 0.3)
    rows = np.arange(height, dtype=np.float32)[:, None]
    ground = lawn(rng, shape, share * height - 2)
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


def water(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """A lake or the sea, up to a shore or filling the picture."""
    height, width = shape
    blue, pale = blue_sky(rng, shape)
    tint = np.array([(0.20, 0.34, 0.44), (0.30, 0.40, 0.38), (0.18, 0.24, 0.30), (0.42, 0.46, 0.48),
                     (0.22, 0.30, 0.18)][rng.integers(5)]) * rng.uniform(0.8, 1.2)  # fmt: skip
    full = rng.random() < 0.5
    share = -rng.uniform(0.3, 1.5) if full else rng.uniform(0.25, 0.55)
    waves = carpet(
        rng,
        shape,
        share * height,
        (tint * 0.66, mix(tint * 1.15, pale, 0.4).ravel()),
        rng.uniform(0.35, 0.9),
        rng.uniform(2, 3.5),
        True,
    )
    if full:
        light = daylight(rng, pale, rng.choice([0.0, 0.5, 0.9]))
        return Backdrop(waves, light, (0.2, 0.6), share)
    shore = hills(rng, shape) if rng.random() < 0.5 else tree_line(rng, shape)
    lift = int((1 - share) * height * rng.uniform(0.8, 1.0))
    beyond = np.roll(shore.image, -lift, axis=0) if rng.random() < 0.75 else blue
    rows = np.arange(height, dtype=np.float32)[:, None]
    mirrored = np.clip(2 * share * height - rows, 0, height - 1).astype(int).ravel()
    mirror = cv2.blur(beyond[mirrored].astype(np.float32), (5, max(3, height // 24)))
    waves = mix(
        waves,
        mirror * 0.9,
        np.clip(0.75 - (rows / height - share) * 1.2, 0.15, 0.75) + np.zeros(shape),
    )
    shown = np.clip(rows - share * height, 0, 1)
    image = beyond + (waves - beyond) * shown[..., None]
    return Backdrop(image, shore.light, (0.05, 0.22), share)
