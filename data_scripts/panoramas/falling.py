"""What falls from the sky in front of a landscape: rain and snow."""

from __future__ import annotations

import cv2
import numpy as np

from data_scripts.panoramas.weather import Mood


def rain(rng: np.random.Generator, mood: Mood, image: np.ndarray) -> None:
    """Slanting streaks and the grey veil behind them, in place."""
    height, width = image.shape[:2]
    seeds = (rng.random((height, width), np.float32) > 0.99).astype(np.float32)
    long = max(5, round(rng.uniform(0.03, 0.09) * height)) | 1
    kernel, lean = np.zeros((long, long), np.float32), rng.uniform(-0.3, 0.3)
    start = (round((0.5 - lean / 2) * (long - 1)), 0)
    cv2.line(kernel, start, (round((0.5 + lean / 2) * (long - 1)), long - 1), 1.0, 1)
    streaks = np.clip(cv2.filter2D(seeds, -1, kernel), 0, 1) * np.float32(rng.uniform(0.12, 0.28))
    veil = np.float32(rng.uniform(0.05, 0.25))
    image += (mood.haze.astype(np.float32) - image) * veil
    image += (np.float32(0.9) * mood.lit.astype(np.float32) - image) * streaks[..., None]


def snowfall(rng: np.random.Generator, mood: Mood, image: np.ndarray) -> None:
    """Flakes near and far, and the white air behind them, in place."""
    height, width = image.shape[:2]
    image += (mood.haze.astype(np.float32) - image) * np.float32(rng.uniform(0.1, 0.35))
    white = np.clip(mood.ambient * 1.35, 0, 0.97).tolist()
    for share, radius in ((0.006, 0), (0.0012, 1), (0.0002, 2)):
        count = int(share * height * width * rng.uniform(0.5, 1.5))
        rows, columns = rng.integers(0, height, count), rng.integers(0, width, count)
        image[rows, columns] = white
        for x, y in zip(columns.tolist(), rows.tolist(), strict=True):
            if radius:
                cv2.circle(image, (x, y), radius, white, -1)
