"""The sea: waves in perspective, the sky mirrored in them, glitter, surf along a shore."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from data_scripts.drawing.noise import mix, smoothstep, tile
from data_scripts.panoramas.skies import sun_place
from data_scripts.panoramas.terrain import MAP_SIDE, Eye, Seen, lay, mottled, sampled, tileable
from data_scripts.panoramas.weather import Mood

WATERS = [
    (0.10, 0.30, 0.42),
    (0.06, 0.22, 0.38),
    (0.14, 0.42, 0.48),
    (0.22, 0.36, 0.36),
    (0.26, 0.32, 0.36),
    (0.16, 0.26, 0.28),
    (0.12, 0.48, 0.56),
    (0.3, 0.36, 0.32),
]
BEACHES = [(0.78, 0.70, 0.56), (0.66, 0.58, 0.46), (0.84, 0.78, 0.66), (0.46, 0.44, 0.42),
           (0.58, 0.54, 0.50)]  # fmt: skip

Shore = Callable[[np.ndarray], np.ndarray]


def shoreline(rng: np.random.Generator, eye: Eye, share: float) -> Shore:
    """Where land in front ends: z in metres for x in metres.

    share: of the picture height that the sea takes below the horizon, about.
    """
    ahead = eye.height * eye.focal / (share * eye.shape[0])
    lean = rng.normal(0, 1.0)
    bays = tileable(rng, 4, 4)[:1]
    wide = ahead * rng.uniform(2, 5)

    def shore(x: np.ndarray) -> np.ndarray:
        bay = sampled(bays, x, np.zeros_like(x), wide) - np.float32(0.5)
        return ahead * (1 + 0.35 * bay) + np.float32(lean) * x

    return shore


def level_water(eye: Eye) -> Seen:
    """The plane at height 0 below the horizon."""
    height, width = eye.shape
    top = int(np.clip(np.floor(eye.horizon), 0, height - 1))
    rows = np.arange(top, height, dtype=np.float32)[:, None] + 0.5
    z = eye.height * eye.focal / np.maximum(rows - np.float32(eye.horizon), 0.3)
    directions = ((np.arange(width) + 0.5 - width / 2) / eye.focal).astype(np.float32)
    z = np.repeat(z.astype(np.float32), width, axis=1)
    cover = np.repeat(np.clip(rows + 0.5 - np.float32(eye.horizon), 0, 1), width, axis=1)
    return Seen(top, z * directions, z, np.zeros_like(z), cover.astype(np.float32))


def waves(rng: np.random.Generator, eye: Eye, seen: Seen, rough: float) -> np.ndarray:
    """Slope of the surface, about -1..1, crests bright; (R, W)."""
    texture = tile(rng, MAP_SIDE, 1.0)
    turn = rng.uniform(-0.25, 0.25)
    total = np.zeros_like(seen.z)
    for size, weight in ((2.2, 0.35), (7.0, 0.5), (26.0, 0.6), (110.0, 0.35)):
        span = np.float32(size * eye.height * (0.6 + 0.8 * rough))
        u = (seen.x + turn * seen.z) * np.float32(0.35)
        layer = sampled(texture, u + np.float32(rng.uniform(0, 500)), seen.z, span)
        crest = 1 - 3.0 * np.abs(layer - np.float32(0.5))
        pixels = np.float32(0.05 * span * eye.focal * eye.height) / (seen.z * seen.z)
        total += np.float32(weight) * (crest - np.float32(0.5)) * np.clip(pixels + 0.15, 0, 1)
    return np.clip(total, -1, 1)


def sea(
    rng: np.random.Generator, eye: Eye, mood: Mood, image: np.ndarray, shore: Shore | None
) -> Seen:
    """Draw the sea below the horizon, in place; land in front of the shore comes later."""
    height, width = eye.shape
    seen = level_water(eye)
    rough = float(rng.beta(1.5, 2.5))
    slope = waves(rng, eye, seen, rough)
    water = np.array(WATERS[rng.integers(len(WATERS))]) * rng.uniform(0.8, 1.2)
    glow = mood.ambient * 1.15 + mood.direct * max(float(mood.sun[1]), 0.05) * 0.9
    deep = water * glow
    # mirrored sky: rows above the horizon, upside down, smeared by the waves
    mirrored = np.clip(2 * seen.top - np.arange(seen.top, height), 0, height - 1)
    mirror = cv2.blur(image[mirrored], (max(3, width // 40), max(3, height // 16)))
    below = (np.arange(seen.top, height) - eye.horizon) / height
    fresnel = (0.2 + 0.62 * np.exp(-below * rng.uniform(3, 9)))[:, None].astype(np.float32)
    fresnel = np.clip(fresnel + (0.16 + 0.25 * rough) * slope, 0.03, 0.92)
    colour = mix(deep.astype(np.float32), mirror * np.float32(0.94), fresnel)
    colour *= (1 + (0.10 + 0.22 * rough) * slope)[..., None]
    if mood.name == "fog":
        fade = np.exp(-below * 9)[:, None, None].astype(np.float32)
        colour += (mood.haze.astype(np.float32) - colour) * fade
    shine = mood.sun[2] > 0 and (mood.disc > 0 or mood.is_sunset or mood.direct.mean() > 0.5)
    if shine and rng.random() < 0.85:
        glitter(rng, eye, mood, seen, colour, slope)
    if rough > 0.35:
        caps = smoothstep(0.5, 0.75, slope) * np.clip(60 * eye.height / seen.z, 0, 1)
        colour = mix(colour, foam_colour(mood), 0.75 * caps)
    if shore is not None and rng.random() < 0.85:
        white = surf(rng, eye, seen, shore)
        colour = mix(colour, foam_colour(mood), white)
    lay(image, seen, colour)
    return seen


def foam_colour(mood: Mood) -> np.ndarray:
    return np.clip(mood.ambient * 1.5 + mood.direct * 0.45, 0, 0.97).astype(np.float32)


def glitter(
    rng: np.random.Generator,
    eye: Eye,
    mood: Mood,
    seen: Seen,
    colour: np.ndarray,
    slope: np.ndarray,
) -> None:
    """The sun's path on the water, in place."""
    height, width = eye.shape
    sun_x, _ = sun_place(eye, mood)
    below = (np.arange(seen.top, height, dtype=np.float32)[:, None] - eye.horizon) / height
    wide = height * (rng.uniform(0.015, 0.05) + rng.uniform(0.05, 0.25) * np.maximum(below, 0))
    aside = (np.arange(width, dtype=np.float32)[None] - np.float32(sun_x)) / wide
    path = np.exp(-aside * aside)
    sparkle = np.clip(0.35 + smoothstep(-0.1, 0.35, slope), 0, 1)
    bright = np.clip(mood.low * 0.7 + 0.35, 0, 1.08).astype(np.float32)
    colour += (bright - colour) * (path * sparkle * np.float32(rng.uniform(0.5, 0.95)))[..., None]


def surf(rng: np.random.Generator, eye: Eye, seen: Seen, shore: Shore) -> np.ndarray:
    """How white the water is, 0..1: lines of breaking waves, the swash at the edge."""
    out = (seen.z - shore(seen.x)) / np.float32(eye.height)
    torn = mottled(rng, eye, seen, (3 * eye.height, 9 * eye.height, 30 * eye.height))
    apart = rng.uniform(2.0, 7.0)
    phase = out / apart + 1.1 * torn
    lines = smoothstep(0.72, 0.95, 0.5 + 0.5 * np.sin(2 * np.pi * phase))
    lines = lines * np.exp(-np.maximum(out, 0) / (rng.uniform(0.8, 2.5) * apart))
    lace = np.clip(0.55 + 1.3 * torn, 0, 1)
    swash = smoothstep(1.1, 0.1, out + 0.8 * torn)
    return np.clip(0.9 * lines * lace + 0.8 * swash * lace, 0, 1)


def beach_colours(rng: np.random.Generator, eye: Eye, seen: Seen, shore: Shore) -> np.ndarray:
    """Sand or shingle (R, W, 3), wet along the water."""
    sand = np.array(BEACHES[rng.integers(len(BEACHES))]) * rng.uniform(0.85, 1.1)
    rough = mottled(rng, eye, seen, (0.6 * eye.height, 4 * eye.height, 40 * eye.height))
    shingle = rng.choice([0.08, 0.14, 0.3])
    colour = mix(sand * (1 - 0.7 * shingle), sand * (1 + 0.5 * shingle), 0.5 + rough)
    wet = smoothstep(3.0, 0.3, (shore(seen.x) - seen.z) / np.float32(eye.height) + 1.5 * rough)
    return colour * (1 - 0.38 * wet)[..., None]
