"""Land that bears no label: meadows, steppe, crops, heath, snow, low rolling hills."""

from __future__ import annotations

from collections.abc import Callable

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

PLAINS = ("meadow", "pasture", "hay", "fields", "snow", "heath", "blossom")
GREENS = [(0.36, 0.47, 0.17), (0.42, 0.52, 0.20), (0.30, 0.42, 0.16), (0.44, 0.50, 0.22),
          (0.37, 0.45, 0.24)]  # fmt: skip
STRAWS = [(0.68, 0.60, 0.32), (0.62, 0.56, 0.32), (0.72, 0.64, 0.36)]
SOILS = [(0.44, 0.35, 0.26), (0.38, 0.31, 0.25)]
HEATHERS = [(0.50, 0.36, 0.46), (0.46, 0.36, 0.40), (0.52, 0.40, 0.52)]
BLOOMS = [(0.58, 0.40, 0.66), (0.84, 0.74, 0.20), (0.78, 0.28, 0.28), (0.84, 0.62, 0.72),
          (0.86, 0.36, 0.20)]  # fmt: skip
SPAN = 900.0


def choose(rng: np.random.Generator, colours: list) -> np.ndarray:
    """One of the colours, a little lighter or darker."""
    return np.array(colours[rng.integers(len(colours))]) * rng.uniform(0.85, 1.15)


def plot_colours(rng: np.random.Generator, seen: Seen) -> np.ndarray:
    """A patchwork of fields (R, W, 3), hedged by darker lines."""
    palette = np.float32([choose(rng, GREENS + GREENS + STRAWS + SOILS[:1] + BLOOMS[1:2])
                          for _ in range(48)])  # fmt: skip
    turn = rng.uniform(-0.7, 0.7)
    wide, deep = rng.uniform(60, 150), rng.uniform(90, 260)
    bend = sampled(tileable(rng, 2, 2), seen.x, seen.z, 700.0) * 90
    u = (seen.x + turn * seen.z + bend) / np.float32(wide)
    v = (seen.z - turn * seen.x + bend) / np.float32(deep)
    row = np.floor(v)
    u = u + 0.37 * row
    number = (np.floor(u) * 7 + row * 13).astype(np.int32) % len(palette)
    edge = np.minimum(np.abs(u - np.round(u)) * wide, np.abs(v - np.round(v)) * deep)
    dark = np.clip(1.3 - edge / (1.2 + seen.z * np.float32(0.003)), 0, 1)
    return mix(palette[number], np.array([0.16, 0.22, 0.10]), 0.75 * dark)


def with_path(rng: np.random.Generator, eye: Eye, seen: Seen, colour: np.ndarray) -> np.ndarray:
    """The ground with a winding path of two wheel tracks."""
    wide = eye.height * rng.uniform(0.3, 0.55)
    bends = tileable(rng, 4, 3)[:1]
    far = float(rng.uniform(25, 70) * eye.height)
    bend = sampled(bends, seen.z, np.zeros_like(seen.z), far) - np.float32(0.5)
    turn = rng.uniform(-0.4, 0.4) + 0.55 * bend * seen.z / (seen.z + np.float32(0.2 * far))
    aside = np.abs(seen.x - rng.uniform(-0.5, 0.5) * eye.nearest - turn * seen.z)
    soft = seen.z / np.float32(eye.focal) + np.float32(0.2 * wide)
    track = np.clip((wide - aside) / soft, 0, 1) - 0.55 * np.clip((0.3 * wide - aside) / soft, 0, 1)
    return mix(colour, choose(rng, [(0.58, 0.50, 0.40), (0.52, 0.48, 0.42)]), 0.85 * track)


def plain_colours(rng: np.random.Generator, eye: Eye, seen: Seen, kind: str) -> np.ndarray:
    """The ground's own colour (R, W, 3)."""
    rough = mottled(rng, eye, seen, (0.7 * eye.height, 4 * eye.height, 70.0, 400.0))
    if kind == "fields":
        return plot_colours(rng, seen) * (1 + 0.16 * rough)[..., None]
    if kind == "snow":
        return mix(np.array([0.76, 0.82, 0.90]), np.array([0.90, 0.93, 0.96]), 0.5 + 0.4 * rough)
    base = {"meadow": GREENS, "pasture": GREENS, "hay": STRAWS, "heath": HEATHERS,
            "blossom": BLOOMS}[kind]  # fmt: skip
    first, second = choose(rng, base), choose(rng, GREENS)
    if kind == "meadow":
        second = choose(rng, GREENS + STRAWS[:2])
    colour = mix(first * 0.82, first * 1.18, 0.5 + 0.5 * np.tanh(0.9 * rough))
    patches = sampled(tileable(rng, 4, 5, 0.6), seen.x, seen.z, 45 * eye.height)
    amount = {"meadow": 0.7, "pasture": 0.6, "hay": 0.75, "heath": 0.9, "blossom": 0.85}[kind]
    patches = amount * smoothstep(0.42, 0.74, patches)
    colour = mix(colour, second * (1 + 0.25 * rough)[..., None], patches)
    return with_path(rng, eye, seen, colour) if rng.random() < 0.3 else colour


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
    tall = eye.height * 0.7 if hills == 0 else eye.height + hills * eye.shape[0] * 700 / eye.focal
    tall = 0.35 * eye.height if shore else tall
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
        colour *= (1 - 0.35 * smoothstep(0.5, 0.66, drift))[..., None]
    lay(image, seen, hazed(colour, seen.z, mood.haze, 3500 * mood.reach))
    return seen
