"""Wide skies over a horizon: gradient, sun, clouds in perspective, stars and moon."""

from __future__ import annotations

import cv2
import numpy as np

from data_scripts.drawing.noise import mix, smoothstep, tile
from data_scripts.panoramas.terrain import Eye, sampled
from data_scripts.panoramas.weather import Mood

REDUCED = 2  # skies are soft: they are drawn at half the size


def sun_place(eye: Eye, mood: Mood) -> tuple[float, float]:
    """Where the sun stands, (x, y) in pixels, outside the picture too."""
    x, up, z = mood.sun
    ahead = max(float(z), 0.05)
    turn = float(np.clip(x / ahead, -3, 3))
    middle = eye.shape[1] / 2
    # wide pictures hold the sun anywhere along their width
    x = middle + turn * max(eye.focal, 0.75 * eye.shape[1])
    return x, eye.horizon - float(up) / ahead * eye.focal


def cloud_density(
    rng: np.random.Generator, eye: Eye, mood: Mood, x: np.ndarray, up: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Density 0..1 and how sunlit the clouds are 0..1, (h, w) both.

    x (1, w), up (h, 1): directions right and up of the horizon, in focal lengths.
    """
    shape = (up.shape[0], x.shape[1])
    lean = rng.uniform(-0.6, 0.6)
    if mood.clouds == "heaps":  # they stand up, so that distance makes them small but not flat
        depth = np.maximum(up, 0) + np.float32(0.10)
        u = x / (depth + np.float32(0.25)) + np.float32(rng.uniform(0, 9))
        v = np.repeat(np.log(depth) * np.float32(rng.uniform(1.1, 1.6)), shape[1], axis=1)
        u, v, span = u.astype(np.float32), v.astype(np.float32), rng.uniform(2.2, 4.0)
        lumps = 0.66 * sampled(tile(rng, 256, 1.75), u, v, span)
        lumps += 0.34 * sampled(tile(rng, 256, 1.3), u, v, span * 0.45)
        shift = max(1, round(0.035 * max(shape)))
    else:
        far = 1 / (np.maximum(up, 0) + 0.06)
        span = rng.uniform(2.5, 6.0)
        wide = {"deck": 1.0, "streaks": rng.uniform(3, 7), "veil": 2.0}[mood.clouds]
        u, v = (x * far + lean * far).astype(np.float32), np.repeat(far, shape[1], axis=1)
        v = v.astype(np.float32)
        first, second = tile(rng, 256, 1.5), tile(rng, 256, 1.2)
        lumps = 0.68 * sampled(first, u / np.float32(wide), v, span)
        lumps += 0.32 * sampled(second, u / np.float32(0.5 * wide + 0.5), v, span * 0.31)
        shift = max(1, round(0.02 * max(shape)))
    threshold = (0.68 if mood.clouds == "heaps" else 0.72) - (
        0.3 if mood.clouds == "heaps" else 0.45
    ) * mood.cover
    soft = {"heaps": 0.14, "deck": 0.22, "streaks": 0.3, "veil": 0.5}[mood.clouds]
    density = smoothstep(threshold, threshold + soft, lumps)
    thick = cv2.GaussianBlur(lumps, (0, 0), shift * 0.7 + 0.5)
    away = np.float32([[1, 0, -shift * np.sign(mood.sun[0]) * 0.6], [0, 1, shift]])
    towards = cv2.warpAffine(thick, away, shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    lit = np.clip(0.62 + 3.2 * (lumps - towards) - 0.8 * (thick - threshold - 0.1), 0, 1)
    return density, lit


def paint_sky(rng: np.random.Generator, eye: Eye, mood: Mood) -> np.ndarray:
    """The sky as (H, W, 3) float32; below the horizon it goes on as its lowest row."""
    height, width = eye.shape
    rows = int(np.clip(np.ceil(eye.horizon) + 2, 8, height))
    small = (max(4, rows // REDUCED), max(8, width // REDUCED))
    y = np.linspace(0, rows, small[0], dtype=np.float32)[:, None]
    x_pixels = np.linspace(0, width, small[1], dtype=np.float32)[None]
    up = (eye.horizon - y) / np.float32(eye.focal)
    side = (x_pixels - width / 2) / np.float32(eye.focal)
    share = np.clip((eye.horizon - y) / np.float32(max(0.75 * height, eye.horizon)), 0, 1)
    knee = rng.uniform(0.25, 0.5) * (0.5 if mood.name == "strip" else 1)
    image = mix(mix(mood.low, mood.middle, smoothstep(0, knee, share)), mood.top,
                smoothstep(0.6 * knee, 1.0, share))  # fmt: skip
    image = np.repeat(image, small[1], axis=1)
    sun_x, sun_y = sun_place(eye, mood)
    if mood.sun[2] > 0:
        spread = np.float32(1 / (height * rng.uniform(0.5, 1.0)))
        distance = np.hypot((x_pixels - sun_x) * 0.7, (y - sun_y) * 1.4) * spread
        image += np.exp(-2.2 * distance)[..., None] * mood.glow.astype(np.float32) * 0.6
    if mood.name == "night":
        stars(rng, image, mood, small)
    if mood.clouds != "none":
        density, lit = cloud_density(rng, eye, mood, side, up)
        lit_colour, shade = mood.lit.astype(np.float32), mood.shade.astype(np.float32)
        if mood.is_sunset:  # lit from below: bright near the sun, grey far from it
            away = np.abs(x_pixels - sun_x) / np.float32(1.3 * max(height, 0.6 * width))
            lit = np.clip(lit * 0.9 + 0.35 - 0.55 * away - 0.4 * density * share, 0, 1)
        cloud = mix(shade, lit_colour, lit)
        fade = smoothstep(0.0, 0.16, share) * 0.6 + 0.4  # far clouds sink into the haze
        image += (cloud - image) * (density * fade * 0.96)[..., None]
    sky = np.empty((height, width, 3), np.float32)
    sky[:rows] = cv2.resize(image, (width, rows), interpolation=cv2.INTER_LINEAR)
    sky[rows:] = sky[rows - 1]
    if mood.disc and mood.sun[2] > 0:
        sun_disc(sky, (sun_x, sun_y), mood.disc * height, mood)
    return sky


def sun_disc(sky: np.ndarray, place: tuple[float, float], radius: float, mood: Mood) -> None:
    """The sun itself with its bloom, in place."""
    x = np.arange(sky.shape[1], dtype=np.float32)[None] - place[0]
    y = np.arange(sky.shape[0], dtype=np.float32)[:, None] - place[1]
    distance = np.sqrt(x * x + y * y) / np.float32(radius)
    bright = (mood.low * 0.3 + 1.0).astype(np.float32)
    weight = smoothstep(1.2, 0.8, distance) + 0.55 * np.exp(-0.5 * distance)
    sky += (bright - sky) * np.clip(weight, 0, 1)[..., None]


def stars(rng: np.random.Generator, image: np.ndarray, mood: Mood, shape: tuple[int, int]) -> None:
    """Stars, and a moon in some skies, in place."""
    count = int(rng.integers(60, 400))
    row, column = rng.integers(0, shape[0], count), rng.integers(0, shape[1], count)
    image[row, column] += (rng.random(count) ** 3 * 0.8).astype(np.float32)[:, None]
    if rng.random() < 0.6:
        radius = max(3.0, 0.016 * (shape[0] + shape[1]) * rng.uniform(0.4, 1.0))
        column, row = rng.uniform(0.1, 0.9) * shape[1], rng.uniform(0.15, 0.6) * shape[0]
        x = np.arange(shape[1], dtype=np.float32)[None] - np.float32(column)
        distance = np.hypot(x, np.arange(shape[0], dtype=np.float32)[:, None] - np.float32(row))
        risen = rng.random()  # a low moon is yellow
        colour = np.array([0.93, 0.94, 0.90]) * (1 - risen * np.array([0.0, 0.14, 0.4]))
        halo = 0.30 * np.exp(-distance / np.float32(2.5 * radius))
        disc = np.clip(np.float32(radius + 0.5) - distance, 0, 1)
        weight = np.maximum(halo, disc)[..., None]
        image += (colour.astype(np.float32) - image) * weight
