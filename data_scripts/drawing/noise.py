"""Fractal noise: clouds, ridges, grain and other irregular things."""

from __future__ import annotations

import cv2
import numpy as np


def fractal(
    rng: np.random.Generator,
    shape: tuple[int, int],
    cell: float,
    octaves: int = 5,
    gain: float = 0.5,
    stretch: float = 1.0,
) -> np.ndarray:
    """Noise (height, width) float32, in about 0..1, whose largest lumps are `cell` pixels wide.

    Each octave is half as large and `gain` as strong; `stretch` makes lumps wider than high.
    """
    height, width = shape
    total = np.zeros(shape, np.float32)
    weight, weights = 1.0, 0.0
    for octave in range(octaves):
        size = cell / 2**octave
        if size < 1 and octave:
            break
        columns = int(np.clip(width / size, 1, width)) + 3
        rows = int(np.clip(height * stretch / size, 1, height)) + 3
        grid = rng.random((rows, columns), np.float32)
        total += np.float32(weight) * cv2.resize(
            grid, (width, height), interpolation=cv2.INTER_CUBIC
        )
        weights += weight**2
        weight *= gain
    mean = sum(gain**k for k in range(octaves)) * 0.5 if octaves == 1 else float(total.mean())
    return np.clip(0.5 + (total - mean) / np.float32(1.1 * np.sqrt(weights)), 0, 1)


def tile(rng: np.random.Generator, size: int = 256, slope: float = 1.1) -> np.ndarray:
    """A tileable texture (size, size) in 0..1, amplitudes falling as frequency ** -slope."""
    spectrum = np.fft.rfft2(rng.standard_normal((size, size), np.float32))
    fy, fx = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]
    frequency = np.hypot(fx, fy)
    frequency[0, 0] = 1
    texture = np.fft.irfft2(spectrum * frequency**-slope, (size, size)).astype(np.float32)
    texture = (texture - texture.mean()) / texture.std()
    return np.clip(0.5 + texture * 0.22, 0, 1).astype(np.float32)


def ridge(rng: np.random.Generator, width: int, cell: float, octaves: int = 6) -> np.ndarray:
    """A skyline (width,) in about -1..1."""
    return fractal(rng, (1, width), cell, octaves, 0.5)[0] * 2 - 1


def smoothstep(low: float, high: float, values: np.ndarray) -> np.ndarray:
    """0 below low, 1 above high, smooth in between."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) or (3,) mixed by weight (H, W) in 0..1; returns (H, W, 3) float32."""
    weight = np.asarray(weight, np.float32)[..., None]
    first, second = np.asarray(first, np.float32), np.asarray(second, np.float32)
    return first + (second - first) * weight
