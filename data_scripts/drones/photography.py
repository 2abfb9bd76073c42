"""From a class name and a random generator to one photograph: framing, light, lens, sensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from data_scripts.drawing.chance import pick
from data_scripts.drawing.lens import blurred, defocused, developed, motion_kernel
from data_scripts.drawing.noise import smoothstep, tile
from data_scripts.drones.framing import LONGEST, chosen_view, picture_size, window_of
from data_scripts.drones.layers import (
    branch_aside,
    cast_shadow,
    clear_box,
    lay_mat,
    layer,
    reflection,
)
from data_scripts.drones.skies import Backdrop
from data_scripts.drones.staging import (
    PERCHED,
    PERCHES,
    SETTINGS,
    backdrop_for,
    object_points,
    perched_on,
    stage,
)

RASTER_BUDGET = 330_000  # pixels that the object is drawn in, then scaled to its window
BACKDROP_SIDE = 576  # larger pictures get an enlarged backdrop: most are out of focus


@dataclass(frozen=True)
class Rendered:
    """image (H, W, 3) uint8 RGB; mask (H, W) bool: the object, with what its propellers sweep;
    box: (left, top, right, bottom) around the mask, in pixels; quality: of its JPEG file."""

    image: np.ndarray
    mask: np.ndarray
    box: tuple[int, int, int, int]
    quality: int


def separation(behind: np.ndarray, drawn: np.ndarray, own: np.ndarray) -> tuple[float, float]:
    """How much darker (a factor), or paler (0..1), the backdrop must be for the object to stand
    out: nobody keeps a photo of something that can't be seen. (1, 0) where it does already."""
    solid = (own > 0.5) & (drawn[..., 3] > 0.6)
    if not solid.any():
        return 1.0, 0.0
    apart = drawn[solid][:, :3] / drawn[solid][:, 3:] - behind[solid]
    contrast, tone = float(np.abs(apart).mean()), float(apart.mean())
    lack = max(0.0, 0.32 - contrast)
    if tone > 0 and behind.mean() > 0.3:
        return 1 - 1.3 * lack, 0.0
    return 1.0, 1.6 * lack


def sharp_near(image: np.ndarray, horizon: float, row: float, radius: float) -> np.ndarray:
    """Ground in focus where something stands on it at a row, ever less so nearer and farther."""
    if radius < 0.7:
        return image
    rows = np.arange(len(image), dtype=np.float32)
    away = np.abs(1 - np.maximum(rows - horizon, 0) / max(row - horizon, 1))
    soft = smoothstep(0.12, 0.9, away)[:, None, None]
    return image + (defocused(image, radius) - image) * soft


def photograph(
    rng: np.random.Generator,
    class_name: str,
    sky: Callable[[np.random.Generator, tuple[int, int]], Backdrop] | None = None,
    longest: int = LONGEST,
    nearness: float = 1.0,
    perched: float = PERCHED,
) -> Rendered:
    """One photograph of an object of the class, anywhere, or in the air before a given sky.

    sky: a function of the random numbers and a shape (height, width); its colours are kept, while
    of other pictures a few turn grey. longest: of the sides, in pixels. nearness: what the object's
    width is multiplied by, down to the least that shows a shape. perched: the share of
    the birds that sit, stand or swim; the others are the same whatever it is.
    """
    height, width = picture_size(rng, longest)
    rests = rng.random() < perched and class_name == "flying_bird" and sky is None
    setting = "free" if sky else pick(rng, PERCHES if rests else SETTINGS)
    reduced = min(1.0, BACKDROP_SIDE / max(height, width))
    small = (max(32, round(height * reduced)), max(32, round(width * reduced)))
    backdrop = sky(rng, small) if sky else backdrop_for(rng, setting, small)
    backdrop = replace(backdrop, horizon=None) if sky else backdrop  # no sky may tell the pose
    light, grain = backdrop.light, tile(rng)
    staged = perched_on(rng, setting) if rests else stage(rng, class_name, setting)
    view, framing = chosen_view(rng, staged, backdrop, (height, width), nearness)
    points = view.project(object_points(staged))
    horizon = -np.inf if backdrop.horizon is None else backdrop.horizon * height

    image = backdrop.image.astype(np.float32)
    depth_of_field = rng.uniform(0, 0.03) * framing.share * (rng.random() < 0.65) * width * reduced
    if staged.floor is None and not staged.afloat:
        image = defocused(image, depth_of_field)
    elif np.isfinite(horizon):
        row = float(points[:, 1].max())
        image = sharp_near(image, horizon * reduced, row * reduced, 0.8 * depth_of_field)
    image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    if staged.floor is not None and not staged.afloat:
        if staged.stands and not rests and rng.random() < 0.25:
            image = lay_mat(rng, image, staged, view, light)
        image = cast_shadow(image, staged, view, light, horizon)
    if setting == "branch" and not rests:
        aside = branch_aside(rng, view, (height, width), clear_box(points, (height, width)), light,
                             grain)  # fmt: skip
        if aside is not None:
            image = image * (1 - aside[..., 3:]) + aside[..., :3]

    extent = view.project(staged.mesh.vertices)
    window = window_of(np.concatenate([extent, points]), (height, width), 12)
    area = (window[2] - window[0]) * (window[3] - window[1])
    zoom = float(min(1.7, np.sqrt(RASTER_BUDGET / area)))
    rows, columns = slice(window[1], window[3]), slice(window[0], window[2])
    if staged.afloat:
        below, _ = layer(reflection(staged), view, window, 0.5 * zoom, light, grain)
        below = blurred(below, 0.004 * width) * np.float32(rng.uniform(0.25, 0.55))
        image[rows, columns] = image[rows, columns] * (1 - below[..., 3:]) + below[..., :3] * 0.8
    drawn, own = layer(staged, view, window, zoom, light, grain)
    haze = np.float32(rng.uniform(0, 0.2) * (1 - framing.share) ** 2)
    drawn[..., :3] += haze * (drawn[..., 3:] * light.haze.astype(np.float32) - drawn[..., :3])
    drawn = blurred(
        drawn, rng.uniform(0.35, 0.8) + (rng.random() < 0.12) * rng.uniform(0, 0.003) * width
    )
    if rng.random() < 0.12:
        length = rng.uniform(0.003, 0.01) * width
        if length > 2:
            drawn = cv2.filter2D(drawn, -1, motion_kernel(length, rng.uniform(0, np.pi)))
    gain, pale = separation(image[rows, columns], drawn, own)
    image = image * np.float32(gain * (1 - pale)) + np.float32(0.9 * pale)
    image[rows, columns] = image[rows, columns] * (1 - drawn[..., 3:]) + drawn[..., :3]
    mask = np.zeros((height, width), bool)
    mask[rows, columns] = own > 0.4
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (int(xs[0]), int(ys[0]), int(xs[-1]) + 1, int(ys[-1]) + 1)
    picture = developed(rng, image, grey_share=0) if sky else developed(rng, image)
    return Rendered(picture, mask, box, int(rng.integers(50, 96)))
