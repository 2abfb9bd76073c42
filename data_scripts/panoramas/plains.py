"""Land that bears no label: meadows, steppe, crops, heath, snow, low rolling hills."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from data_scripts.drawing.noise import mix, smoothstep
from data_scripts.panoramas.terrain import (
    Eye,
    Seen,
    ended,
    hazed,
    lay,
    march,
    mottled,
    sampled,
    sunlit,
    tileable,
)
from data_scripts.panoramas.weather import Mood

PLAINS = ("meadow", "steppe", "rows", "fields", "snow", "heath", "moor", "blossom")
GREENS = [(0.34, 0.46, 0.16), (0.42, 0.52, 0.20), (0.28, 0.40, 0.16), (0.46, 0.50, 0.24),
          (0.36, 0.44, 0.26)]  # fmt: skip
STRAWS = [(0.72, 0.60, 0.34), (0.66, 0.56, 0.36), (0.78, 0.66, 0.40), (0.60, 0.50, 0.32),
          (0.70, 0.54, 0.30)]  # fmt: skip
SOILS = [(0.44, 0.34, 0.26), (0.52, 0.42, 0.32), (0.36, 0.30, 0.26), (0.58, 0.44, 0.32)]
BLOOMS = [(0.48, 0.40, 0.66), (0.86, 0.74, 0.16), (0.78, 0.26, 0.26),
          (0.86, 0.62, 0.72), (0.88, 0.86, 0.80)]  # fmt: skip
SPAN = 900.0


def choose(rng: np.random.Generator, colours: list) -> np.ndarray:
    """One of the colours, a little lighter or darker."""
    return np.array(colours[rng.integers(len(colours))]) * rng.uniform(0.85, 1.15)


def plot_colours(rng: np.random.Generator, seen: Seen) -> np.ndarray:
    """A patchwork of fields (R, W, 3), hedged by darker lines."""
    palette = np.float32([choose(rng, GREENS + STRAWS[:3] + SOILS[:2] + BLOOMS[1:2])
                          for _ in range(48)])  # fmt: skip
    turn = rng.uniform(-0.7, 0.7)
    wide, deep = rng.uniform(50, 130), rng.uniform(90, 260)
    bend = sampled(tileable(rng, 2, 2), seen.x, seen.z, 700.0) * 60
    u = (seen.x + turn * seen.z + bend) / np.float32(wide)
    v = (seen.z - turn * seen.x + bend) / np.float32(deep)
    row = np.floor(v)
    u = u + 0.37 * row
    number = (np.floor(u) * 7 + row * 13).astype(np.int32) % len(palette)
    edge = np.minimum(np.abs(u - np.round(u)) * wide, np.abs(v - np.round(v)) * deep)
    dark = np.clip(1 - edge / (1.0 + seen.z * np.float32(0.002)), 0, 1)
    lines = 1 + 0.07 * np.sin(u * np.float32(wide * 1.3)) * (number % 3 > 0)
    fade = np.clip(250 / seen.z, 0, 1)
    return palette[number] * (1 - 0.3 * dark + (lines - 1) * fade)[..., None]


def crop_rows(rng: np.random.Generator, eye: Eye, seen: Seen) -> np.ndarray:
    """Rows of a crop, or furrows, that run towards a vanishing point (R, W, 3)."""
    turn = rng.uniform(-1.1, 1.1)
    wide = eye.height * rng.uniform(0.25, 0.8)
    u = (seen.x + turn * seen.z) / np.float32(wide)
    fade = np.clip(wide * eye.focal / (6 * seen.z) - 0.4, 0, 1)
    steps = abs(turn) * seen.z * seen.z / np.float32(eye.focal * eye.height * wide)
    fade = fade * np.clip(2 - 5 * steps, 0, 1)  # finer than pixels, rows would shimmer
    ridge = 0.5 + 0.5 * np.sin(2 * np.pi * u) * fade
    kind = rng.integers(4)
    soil = choose(rng, SOILS)
    if kind == 0:
        return mix(soil * 0.7, soil * 1.25, ridge)
    if kind == 1:
        return mix(choose(rng, STRAWS) * 0.8, choose(rng, STRAWS) * 1.1, ridge)
    plant = choose(rng, GREENS if kind == 2 else BLOOMS)
    return mix(soil * 0.85, plant, smoothstep(0.25, 0.6, ridge))


def plain_colours(rng: np.random.Generator, eye: Eye, seen: Seen, kind: str) -> np.ndarray:
    """The ground's own colour (R, W, 3)."""
    rough = mottled(rng, eye, seen, (0.5 * eye.height, 3 * eye.height, 60.0, 400.0))
    if kind == "rows":
        return crop_rows(rng, eye, seen) * (1 + 0.45 * rough)[..., None]
    if kind == "fields":
        return plot_colours(rng, seen) * (1 + 0.3 * rough)[..., None]
    if kind == "snow":
        return mix(np.array([0.82, 0.85, 0.89]), np.array([0.94, 0.94, 0.93]), 0.5 + 0.5 * rough)
    base = {
        "meadow": GREENS,
        "steppe": STRAWS,
        "moor": SOILS,
        "blossom": BLOOMS,
        "heath": [(0.46, 0.32, 0.36), (0.40, 0.34, 0.26), (0.52, 0.36, 0.28)],
    }[kind]
    first = choose(rng, base)
    second = choose(rng, GREENS if kind == "blossom" else base + GREENS)
    colour = mix(first * 0.55, first * 1.4, 0.5 + 0.5 * np.tanh(1.1 * rough))
    patches = sampled(tileable(rng, 4, 4, 0.6), seen.x, seen.z, 60 * eye.height)
    patches = 0.75 * smoothstep(0.5, 0.8, patches)
    colour = mix(colour, second * (1 + 0.6 * rough)[..., None], patches)
    if kind == "meadow" and rng.random() < 0.45:
        specks = sampled(tileable(rng, 32, 3, 0.9), seen.x, seen.z, 4 * eye.height)
        near = np.clip(18 * eye.height / seen.z, 0, 1)
        colour = mix(colour, choose(rng, BLOOMS), smoothstep(0.74, 0.84, specks) * near * 0.8)
    return colour


def rolling(
    rng: np.random.Generator, eye: Eye, tall: float
) -> tuple[Callable[[np.ndarray, np.ndarray], np.ndarray], np.ndarray]:
    """Smooth heights up to `tall` metres that are low near the camera, and their map (S, S)."""
    level = tileable(rng, 4, 3, 0.35) * np.float32(tall)
    start = np.float32(eye.nearest)

    def heights(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        return sampled(level, x, z, SPAN) * smoothstep(2 * start, 30 * start + 150, z)

    return heights, level


def plain(
    rng: np.random.Generator,
    eye: Eye,
    mood: Mood,
    image: np.ndarray,
    kind: str,
    hills: float = 0.0,
    shore: Callable[[np.ndarray], np.ndarray] | None = None,
    colours: Callable[[Seen], np.ndarray] | None = None,
) -> Seen | None:
    """Draw one of PLAINS in place; returns what is seen of it.

    hills: how high they rise over the horizon, in picture heights; shore: where the land ends,
    z in metres for x in metres; colours: of another ground than those of PLAINS.
    """
    far = 5000.0
    tall = eye.height * 0.6 if hills == 0 else eye.height + hills * eye.shape[0] * 700 / eye.focal
    tall = 0.3 * eye.height if shore else tall
    heights, level = rolling(rng, eye, tall)
    seen = march(eye, heights, 0.6 * eye.nearest, far, 150)
    if seen is None:
        return None
    seen = ended(eye, seen, shore)
    colour = plain_colours(rng, eye, seen, kind) if colours is None else colours(seen)
    colour = colour.astype(np.float32)
    lit = sampled(sunlit(level * 1.6, SPAN, mood.sun, 3), seen.x, seen.z, SPAN)
    colour *= mood.ambient.astype(np.float32) + mood.direct.astype(np.float32) * lit[..., None]
    if mood.clouds in ("heaps", "deck") and mood.direct.mean() > 0.4:
        drift = sampled(tileable(rng, 2, 3), seen.x, seen.z, 1500.0)
        colour *= (1 - 0.4 * smoothstep(0.5, 0.62, drift))[..., None]
    lay(image, seen, hazed(colour, seen.z, mood.haze, 3500 * mood.reach))
    return seen


def tufts(
    rng: np.random.Generator, eye: Eye, image: np.ndarray, colour: np.ndarray, count: int
) -> None:
    """Blades of grass in front, in place: strokes that start near the lower edge."""
    height, width = image.shape[:2]
    colours = colour * rng.uniform(0.5, 1.5, (count, 1))
    row = height * (1.02 - 0.16 * rng.beta(1, 2.5, count))
    column = rng.uniform(-5, width + 5, count)
    long = height * rng.uniform(0.02, 0.07) * rng.uniform(0.4, 1.2, count)
    lean = rng.normal(0, 0.35, count) * long
    for x, y, up, aside, paint in zip(column, row, long, lean, colours, strict=True):
        cv2.line(image, (int(x), int(y)), (int(x + aside), int(y - up)), paint.tolist(), 1)
