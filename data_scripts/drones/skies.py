"""Skies: clear, broken cloud, overcast, sunset. Each returns a Backdrop."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from data_scripts.drawing.noise import fractal, mix, smoothstep
from data_scripts.drawing.shading import Light


@dataclass(frozen=True)
class Backdrop:
    """What stands behind the object.

    image: (H, W, 3) float32 sRGB in 0..1; light: how objects in it are lit; elevation: the range
    (radians) of the camera's height over the object, negative when it looks up; horizon: the row
    where ground begins, as a share of the height, or None where there is no ground to stand on.
    World axes behind the camera: x to the right of the image, y away from the camera, z up.
    """

    image: np.ndarray
    light: Light
    elevation: tuple[float, float]
    horizon: float | None = None


def sun_at(azimuth: float, height: float) -> np.ndarray:
    """Unit vector to the sun; azimuth 0 is behind the scene, pi behind the camera."""
    flat = np.cos(height)
    return np.array([np.sin(azimuth) * flat, np.cos(azimuth) * flat, np.sin(height)])


def daylight(rng: np.random.Generator, haze: np.ndarray, soft: float = 0.0) -> Light:
    """Sun and blue sky; soft is 1 under full cloud."""
    sun = sun_at(rng.uniform(-np.pi, np.pi), rng.uniform(0.35, 1.25))
    strength = (1 - soft) * rng.uniform(0.9, 1.4) + 0.08
    warm = np.array([1.06, 1.0, 0.88]) ** rng.uniform(0.4, 2.0)
    sky = mix(np.array([0.36, 0.45, 0.62]), np.array([0.78, 0.8, 0.83]), soft) * rng.uniform(
        0.8, 1.1
    )
    bounce = np.array([0.24, 0.23, 0.19]) * rng.uniform(0.5, 1.3)
    return Light(sun, strength * warm, sky.ravel()[:3], bounce, np.asarray(haze, float))


def gradient(
    shape: tuple[int, int], top: np.ndarray, bottom: np.ndarray, bend: float
) -> np.ndarray:
    """Colours from top to bottom, (H, W, 3) float32."""
    along = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None] ** bend
    return np.repeat(mix(top, bottom, along), shape[1], axis=1)


def blue_sky(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A cloudless gradient (H, W, 3) and the colour near its lower edge."""
    deep = np.array([[0.16, 0.36, 0.68], [0.28, 0.50, 0.80], [0.42, 0.60, 0.80], [0.10, 0.26, 0.58],
                     [0.52, 0.64, 0.74], [0.60, 0.68, 0.74]])[rng.integers(6)]  # fmt: skip
    deep = np.clip(deep + rng.normal(0, 0.04, 3), 0, 1)
    pale = mix(deep, np.array([0.86, 0.90, 0.93]), rng.uniform(0.25, 0.9)).ravel()
    image = gradient(shape, deep, pale, rng.uniform(0.7, 1.8))
    side = np.linspace(-0.5, 0.5, shape[1], dtype=np.float32)[None, :, None]
    return image * (1 + side * rng.uniform(-0.16, 0.16)), pale


def clear_sky(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    image, pale = blue_sky(rng, shape)
    if rng.random() < 0.5:  # thin high cloud
        veil = fractal(rng, shape, max(shape) * 0.7, 5, 0.6, rng.uniform(1, 5))
        image = mix(image, np.array([0.93, 0.94, 0.95]), 0.55 * smoothstep(0.4, 0.95, veil))
    return Backdrop(image, daylight(rng, pale), (-0.9, 0.05))


def broken_cloud(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """Heaps of cloud, bright towards the sun and grey below."""
    image, pale = blue_sky(rng, shape)
    light = daylight(rng, pale, rng.uniform(0, 0.4))
    heaps = fractal(rng, shape, max(shape) * rng.uniform(0.3, 0.9), 7, 0.56, rng.uniform(1, 2.6))
    cover = rng.uniform(0.36, 0.58)
    density = smoothstep(cover, cover + rng.uniform(0.14, 0.4), heaps)
    reach = 0.035 * max(shape)
    thick = cv2.GaussianBlur(heaps, (0, 0), max(1.0, reach * 0.45))
    shift = np.float32([[1, 0, -reach * light.sun[0]], [0, 1, reach * light.sun[2]]])
    towards = cv2.warpAffine(
        thick, shift, shape[::-1], borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_LINEAR
    )
    lit = np.clip(0.72 + 3.0 * (heaps - towards) - 0.9 * np.clip(thick - cover - 0.1, 0, 1), 0, 1)
    dark = np.array([0.47, 0.52, 0.58]) * rng.uniform(0.8, 1.25)
    cloud = mix(dark, np.array([0.99, 0.98, 0.96]), lit)
    return Backdrop(image + (cloud - image) * density[..., None], light, (-0.85, 0.05))


def overcast(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    tone = rng.uniform(0.55, 0.93)
    tint = np.array([0.97, 1.0, 1.04]) ** rng.uniform(-0.5, 1.5)
    image = gradient(shape, tone * 0.92 * tint, min(1, tone * 1.05) * tint, 1.0)
    lumps = fractal(rng, shape, max(shape) * 0.6, 6, 0.55, rng.uniform(1.2, 3))
    image = image * (1 + rng.uniform(0.05, 0.5) * (lumps[..., None] - 0.5))
    return Backdrop(image, daylight(rng, tone * tint, 0.95), (-0.85, 0.05))


def sunset(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """A low sun, its glow, and streaks of cloud lit from below."""
    height, width = shape
    palette = [
        ((0.16, 0.17, 0.34), (0.72, 0.38, 0.34), (0.98, 0.70, 0.36)),
        ((0.33, 0.40, 0.56), (0.86, 0.62, 0.52), (0.99, 0.86, 0.62)),
        ((0.30, 0.10, 0.08), (0.80, 0.30, 0.10), (0.99, 0.62, 0.18)),
        ((0.10, 0.12, 0.22), (0.34, 0.30, 0.42), (0.90, 0.56, 0.36)),
    ]
    top, middle, low = (np.array(c) for c in palette[rng.integers(len(palette))])
    horizon = rng.uniform(0.7, 1.15)
    rows = np.clip(np.linspace(0, 1 / horizon, height, dtype=np.float32), 0, 1)[:, None]
    image = mix(mix(top, middle, smoothstep(0.05, 0.75, rows)), low, smoothstep(0.55, 1.0, rows))
    image = np.repeat(image, width, axis=1)
    sun_x, sun_y = rng.uniform(0.05, 0.95) * width, rng.uniform(0.55, 0.95) * horizon * height
    x = np.arange(width, dtype=np.float32)[None] - sun_x
    y = np.arange(height, dtype=np.float32)[:, None] - sun_y
    distance = np.hypot(x, y * 1.3) / max(shape)
    streaks = fractal(rng, shape, max(shape) * 0.6, 6, 0.55, rng.uniform(3, 9))
    veil = smoothstep(0.45, 0.8, streaks)
    glow = np.exp(-distance * 4)
    under = mix(top * 0.8, low * 1.02, np.clip(0.25 + glow * 1.3 - 0.25 * (1 - rows), 0, 1))
    image += (under - image) * (0.75 * veil)[..., None]
    image += (np.exp(-distance * 6) * 0.55)[..., None] * (low - 0.25)
    radius = rng.uniform(0.012, 0.04)
    image = mix(image, np.array([1, 0.97, 0.85]), smoothstep(radius * 1.35, radius * 0.8, distance))
    if horizon < 1:  # the land below is nearly a silhouette
        edge = (horizon + 0.025 * (fractal(rng, (1, width), width * 0.3, 6, 0.5)[0] - 0.5)) * height
        land = np.clip(np.arange(height)[:, None] - edge[None], 0, 1)
        image = mix(image, top * 0.35 + 0.02, land)
    sun = sun_at((sun_x / width - 0.5) * 1.2, rng.uniform(0.06, 0.3))
    if rng.random() < 0.25:
        sun[1] *= -1  # the sun is behind the camera: the scene is lit warmly
    light = Light(sun, np.array([1.0, 0.6, 0.34]) * rng.uniform(0.5, 1.1), middle * 0.38 + 0.04,
                  middle * 0.12 + 0.01, middle)  # fmt: skip
    return Backdrop(image, light, (-0.55, 0.02), horizon if horizon < 0.95 else None)
