"""Water in perspective, with waves that mirror what stands behind. Each a Backdrop."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from data_scripts.drawing.noise import fractal, mix, smoothstep, tile
from data_scripts.drones.places import hills, some_sky, tree_line
from data_scripts.drones.skies import Backdrop
from data_scripts.drones.surfaces import Plane, ground_plane, laid, visible

DEEPS = [(0.07, 0.17, 0.24), (0.12, 0.20, 0.19), (0.08, 0.12, 0.17), (0.20, 0.25, 0.26),
         (0.10, 0.15, 0.08), (0.04, 0.24, 0.30), (0.22, 0.20, 0.14)]  # fmt: skip


def slopes(rng: np.random.Generator, plane: Plane, size: float) -> np.ndarray:
    """How waves of up to `size` camera heights lean to the camera, about -1..1, (H, W)."""
    swell = tile(rng, 256, 1.5)
    lean = swell - np.roll(swell, 5, axis=0)
    lean = (lean / (2.2 * lean.std())).astype(np.float32)
    total = np.zeros(plane.across.shape, np.float32)
    for part, weight in ((1.0, 0.5), (0.31, 0.6), (0.09, 0.6)):
        wave = laid(lean, plane, 7 * part * size, tuple(rng.random(2)))
        total += np.float32(weight) * wave * visible(plane, 0.5 * part * size) ** 0.6
    return total


def water(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """A lake or the sea, up to a shore or the horizon, or seen from above and filling the view."""
    height, width = shape
    deep = np.array(DEEPS[rng.integers(len(DEEPS))]) * rng.uniform(0.7, 1.6)
    full = rng.random() < 0.35
    share = -rng.uniform(0.15, 1.5) if full else rng.uniform(0.2, 0.6)
    plane = ground_plane(shape, share * height, rng.uniform(1.0, 2.0) * max(shape))
    lean = slopes(rng, plane, np.exp(rng.uniform(np.log(0.1), np.log(0.9))))
    rough = rng.uniform(0.15, 1.0)
    gusts = fractal(rng, shape, max(shape) * 0.35, 4, 0.6, rng.uniform(2, 6))
    rows = np.arange(height, dtype=np.float32)[:, None]
    if full:
        sky = some_sky(rng, shape)
        above = sky.image.mean(axis=(0, 1))
        glance = 0.34 + 0.5 * np.linspace(0.25, -0.25, height, dtype=np.float32)[:, None]
        share_of_sky = np.clip(
            glance + (0.25 + 0.45 * rough) * lean + 0.15 * (gusts - 0.5), 0.03, 0.9
        )
        image = mix(deep, above, share_of_sky)
        return Backdrop(foam(rng, image, lean, rough), sky.light, (0.3, 0.9), share)
    shore = [hills, tree_line, some_sky][rng.choice(3, p=[0.35, 0.3, 0.35])](rng, shape)
    base = 0.97 if shore.elevation[0] > -0.5 else 1.0  # land meets the water where it is solid
    beyond = lowered(shore.image, share / base)
    nearness = np.clip((rows / height - share) / (1 - share), 0, 1)
    shift = lean * (0.02 + 0.3 * rough * nearness) * height
    mirror_rows = np.minimum(np.abs(2 * share * height - rows + shift), share * height - 1)
    columns = np.arange(width, dtype=np.float32)[None] + 0.15 * shift
    mirror = cv2.remap(beyond, columns, mirror_rows.astype(np.float32), cv2.INTER_LINEAR,
                       borderMode=cv2.BORDER_REFLECT)  # fmt: skip
    # At a glance water mirrors; from above, and where a wave leans to the camera, one sees into it.
    share_of_sky = 0.92 - 0.55 * nearness**0.7 + 0.4 * rough * lean * (0.3 + nearness)
    waves = mix(deep, mirror, np.clip(share_of_sky + 0.2 * (gusts - 0.5), 0.04, 0.95))
    edge = 0.004 * height * (fractal(rng, (1, width), width * 0.2, 4)[0] - 0.5)
    image = mix(beyond, foam(rng, waves, lean, rough), np.clip(rows - share * height - edge, 0, 1))
    return replace(shore, image=image, elevation=(0.02, 0.25), horizon=share)


def lowered(image: np.ndarray, share: float) -> np.ndarray:
    """The picture with its lower edge at a share of the height: the upper part of a scene."""
    height, width = image.shape[:2]
    shrunk = cv2.resize(image.astype(np.float32), (width, max(8, int(np.ceil(share * height)))))
    return np.concatenate([shrunk, np.repeat(shrunk[-1:], height, axis=0)])[:height]


def foam(rng: np.random.Generator, image: np.ndarray, lean: np.ndarray, rough: float) -> np.ndarray:
    """The water with white caps or glitter on the steepest waves, now and then."""
    if rng.random() < 0.6:
        return image
    caps = smoothstep(0.75, 1.25, lean) * rough
    return mix(image, np.array([0.9, 0.92, 0.93]), caps * rng.uniform(0.3, 0.9))
