"""Land as a height map, seen from where one stands: every column marched from near to far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from data_scripts.drawing.noise import tile

MAP_SIDE = 256  # pixels of a height map's side; it repeats


@dataclass(frozen=True)
class Eye:
    """A camera that looks level along z, x to its right, heights up; lengths in metres.

    shape: (height, width) of the picture; horizon: its row, in pixels; focal: in pixels; height:
    of the camera over 0.
    """

    shape: tuple[int, int]
    horizon: float
    focal: float
    height: float

    @property
    def nearest(self) -> float:
        """Distance of level ground at the picture's lower edge, metres."""
        return self.height * self.focal / max(self.shape[0] - self.horizon, 0.1 * self.shape[0])

    def row(self, height: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Picture rows of points at a height and distance."""
        return self.horizon + (self.height - height) * self.focal / z


@dataclass(frozen=True)
class Seen:
    """Where each pixel's ray meets the land: arrays (R, W) for the picture's rows from `top` on.

    x, z, up: metres; cover: 0..1, below 1 at the skyline.
    """

    top: int
    x: np.ndarray
    z: np.ndarray
    up: np.ndarray
    cover: np.ndarray


def tileable(
    rng: np.random.Generator,
    cells: int,
    octaves: int,
    gain: float = 0.5,
    ridged: bool = False,
    size: int = MAP_SIDE,
) -> np.ndarray:
    """A map (size, size) float32, 0 to about 1, that repeats seamlessly; size is a power of two.

    cells: lumps along a side in the first octave, a power of two; ridged: sharp crests, rougher
    where they are high, as in mountains.
    """
    total = np.zeros((size, size), np.float32)
    weight, above = np.float32(1), np.float32(1)
    for octave in range(octaves):
        count = cells * 2**octave
        if 2 * count > size:
            break
        step = size // count
        grid = np.pad(rng.random((count, count), np.float32), 2, mode="wrap")
        side = size + 4 * step
        method = cv2.INTER_CUBIC if step > 4 else cv2.INTER_LINEAR  # fine ones look the same
        layer = cv2.resize(grid, (side, side), interpolation=method)
        layer = layer[2 * step : -2 * step, 2 * step : -2 * step]
        if ridged:
            layer = 1 - np.abs(2 * layer - 1)
            layer = layer * layer * above
            above = np.clip(layer * 1.6, 0, 1)
        total += weight * layer
        weight *= np.float32(gain)
    low, high = np.percentile(total[::4, ::4], (1, 99)).astype(np.float32)
    values = np.maximum((total - low) / (high - low), 0)
    return values if ridged else np.minimum(values, 1)  # peaks are not cut off


def sampled(values: np.ndarray, x: np.ndarray, z: np.ndarray, span: float) -> np.ndarray:
    """A map that repeats every `span` metres, at x and z in metres; any array shape (R, W)."""
    side = len(values)
    u, v = x * np.float32(1 / span), z * np.float32(1 / span)
    u = (u - np.floor(u)) * np.float32(side)
    v = (v - np.floor(v)) * np.float32(side)
    return cv2.remap(values, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def sunlit(heights: np.ndarray, span: float, sun: np.ndarray, shadows: int = 0) -> np.ndarray:
    """How much sun a height map (S, S) in metres gets, 0 to about 1.

    sun: unit vector (x, up, z) towards it; shadows: steps in which land casts shadows on land.
    """
    pixel = span / len(heights)
    scale = 1 / (8 * pixel)
    bordered = cv2.copyMakeBorder(heights, 1, 1, 1, 1, cv2.BORDER_WRAP)
    across = cv2.Sobel(bordered, cv2.CV_32F, 1, 0, scale=scale)[1:-1, 1:-1]
    along = cv2.Sobel(bordered, cv2.CV_32F, 0, 1, scale=scale)[1:-1, 1:-1]
    sun = sun.astype(np.float32)
    lit = (sun[1] - across * sun[0] - along * sun[2]) / np.sqrt(1 + across**2 + along**2)
    lit = np.clip(lit, 0, None)
    flat = float(np.hypot(sun[0], sun[2])) + 1e-6
    for step in range(1, shadows + 1):
        reach = 1.6**step
        shift = (-round(reach * sun[2] / flat), -round(reach * sun[0] / flat))
        blocking = np.roll(heights, shift, (0, 1)) - np.float32(reach * pixel * sun[1] / flat)
        lit *= 1 - np.clip((blocking - heights) / np.float32(2 * pixel), 0, 0.85)
    return lit


def march(
    eye: Eye,
    heights: Callable[[np.ndarray, np.ndarray], np.ndarray],
    near: float,
    far: float,
    slices: int = 160,
    bottom: int | None = None,
) -> Seen | None:
    """What is seen of land between two distances; None where nothing is.

    heights: of points x and z (slices, W), metres; -inf where there is no land. bottom: the row
    below which something else will lie, so that nothing is drawn there.
    """
    height, width = eye.shape
    height = height if bottom is None else int(np.clip(bottom, 1, height))
    z = np.geomspace(near, far, slices, dtype=np.float32)[:, None]
    directions = ((np.arange(width) + 0.5 - width / 2) / eye.focal).astype(np.float32)[None]
    rows = eye.row(heights(z * directions, np.repeat(z, width, axis=1)), z).astype(np.float32)
    rows = np.minimum(rows, np.float32(4 * height))
    skyline = rows.min(axis=0)
    top = int(np.clip(np.floor(skyline.min()), 0, height))
    if top >= height:
        return None
    # of all slices that reach up to a pixel's row, the nearest is seen: far ones are written first
    nearness = np.zeros((height - top + 1, width), np.int16)
    target = np.clip(np.floor(rows[::-1]) - top, 0, height - top).astype(np.int32)
    flat = (target * width + np.arange(width, dtype=np.int32)).ravel()
    nearness.ravel()[flat] = np.repeat(np.arange(1, slices + 1, dtype=np.int16), width)
    nearness = np.maximum.accumulate(nearness[:-1], axis=0)
    number = np.clip(slices - nearness, 0, slices - 1).astype(np.int32)
    before = np.maximum(number - 1, 0)
    column = np.arange(width, dtype=np.int32)[None]
    upper, lower = rows.ravel()[number * width + column], rows.ravel()[before * width + column]
    at = np.arange(top, height, dtype=np.float32)[:, None]
    share = np.clip((at + 0.5 - upper) / np.maximum(lower - upper, 1e-3), 0, 1)
    depth = z.ravel()[number]
    depth = depth + share * (z.ravel()[before] - depth)
    cover = np.clip(at + 1 - skyline[None], 0, 1) * (nearness > 0)
    up = np.float32(eye.height) - (at + 0.5 - np.float32(eye.horizon)) * depth / eye.focal
    return Seen(top, depth * directions, depth, up.astype(np.float32), cover.astype(np.float32))


def mottled(rng: np.random.Generator, eye: Eye, seen: Seen, spans: tuple[float, ...]) -> np.ndarray:
    """Texture of the ground, about -0.5..0.5, of several sizes (metres); fine ones fade far off."""
    total = np.zeros_like(seen.z)
    texture = tile(rng, MAP_SIDE, 0.9)
    for span in spans:
        shift = np.float32(rng.uniform(0, span))
        layer = sampled(texture, seen.x + shift, seen.z, span) - np.float32(0.5)
        pixels = np.float32(span / 40 * eye.focal * eye.height) / (seen.z * seen.z)
        total += layer * np.clip(pixels, 0, 1)
    return total * np.float32(2.2 / np.sqrt(len(spans)))


def ended(eye: Eye, seen: Seen, shore: Callable[[np.ndarray], np.ndarray] | None) -> Seen:
    """What is seen of land that ends at a shore, z in metres for x in metres, with a soft edge."""
    if shore is None:
        return seen
    pixel = np.maximum(seen.z * seen.z / np.float32(eye.focal * eye.height), 1e-3)
    inside = np.clip(0.5 + (shore(seen.x) - seen.z) / pixel, 0, 1)
    return replace(seen, cover=(seen.cover * inside).astype(np.float32))


def hazed(colour: np.ndarray, z: np.ndarray, haze: np.ndarray, reach: float) -> np.ndarray:
    """Colours (R, W, 3) that fade into haze; reach: metres at which 63 % are gone."""
    left = np.exp(z * np.float32(-1 / reach))[..., None]
    haze = np.asarray(haze, np.float32)
    return haze + (colour - haze) * left


def lay(image: np.ndarray, seen: Seen, colour: np.ndarray) -> None:
    """Put land, colours (R, W, 3), into the picture (H, W, 3), in place."""
    target = image[seen.top : seen.top + len(seen.cover)]
    target += (colour - target) * seen.cover[..., None]
