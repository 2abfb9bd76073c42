"""What a landscape is seen through: a window, the mouth of a cave, the edge of an old print."""

from __future__ import annotations

import numpy as np

from data_scripts.drawing.noise import fractal, mix, ridge
from data_scripts.panoramas.weather import Mood

FRAMES = ("window", "cave", "print")
PAPERS = [(0.92, 0.91, 0.88), (0.10, 0.10, 0.11), (0.84, 0.80, 0.72)]


def framed(rng: np.random.Generator, mood: Mood, image: np.ndarray, kind: str) -> np.ndarray:
    """Draw one of FRAMES around the picture, in place; returns where it is, (H, W) 0..1."""
    height, width = image.shape[:2]
    cover = np.zeros((height, width), np.float32)
    edge = round(rng.uniform(0.04, 0.10) * height)
    if kind == "print":
        colour = np.full(image.shape, PAPERS[rng.integers(len(PAPERS))], np.float32)
        bars = rng.random() < 0.4  # above and below only
        cover[:edge] = cover[height - edge :] = 1
        if not bars:
            cover[:, :edge] = cover[:, width - edge :] = 1
    elif kind == "window":
        wall = np.array(
            [(0.16, 0.14, 0.13), (0.50, 0.48, 0.46), (0.30, 0.22, 0.16)][rng.integers(3)]
        )
        colour = np.full(image.shape, wall * (0.4 + 0.6 * mood.ambient.mean()), np.float32)
        sides = rng.uniform(0.5, 2.0) * edge
        cover[:edge] = cover[height - round(1.3 * edge) :] = 1
        cover[:, : round(sides)] = cover[:, width - round(sides) :] = 1
        bar, panes = max(2, round(0.25 * edge)), max(2, round(width / height * rng.uniform(1, 2)))
        for x in np.linspace(sides, width - sides, panes + 1)[1:-1].round().astype(int):
            cover[:, x - bar // 2 : x - bar // 2 + bar] = 1
        if rng.random() < 0.5:
            y = round(rng.uniform(0.25, 0.4) * height)
            cover[y : y + bar] = 1
    else:
        x = np.linspace(-1, 1, width, dtype=np.float32)[None]
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        rough = 0.16 * ridge(rng, width, 0.3 * width)[None]
        rough = rough + 0.14 * ridge(rng, height, 0.4 * height)[:, None]
        far = (np.abs(x - rng.uniform(-0.15, 0.15)) ** 3 + np.abs(y + 0.1) ** 3) ** (1 / 3) + rough
        cover = np.clip((far - rng.uniform(0.84, 0.95)) * 0.35 * height, 0, 1)
        stone = fractal(rng, (height, width), 0.2 * height, 5, 0.6)
        light = 0.10 + 0.25 * np.exp(-6 * np.maximum(far - 0.9, 0))
        colour = (stone * light)[..., None] * (0.5 + mood.ambient).astype(np.float32)
    image[:] = mix(image, colour, cover)
    return cover
