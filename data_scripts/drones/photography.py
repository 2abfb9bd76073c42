"""From a class name and a random generator to one photograph: framing, light, lens, sensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from data_scripts.drawing.camera import View, look_from, paint, rasterise
from data_scripts.drawing.chance import pick
from data_scripts.drawing.lens import blurred, defocused, developed, motion_kernel
from data_scripts.drawing.meshes import turn
from data_scripts.drawing.noise import tile
from data_scripts.drawing.shading import film, shade
from data_scripts.drones.rotors import blur_discs
from data_scripts.drones.skies import Backdrop
from data_scripts.drones.staging import SETTINGS, Staged, backdrop_for, object_points, stage

LONGEST = 1200  # pixels of a picture's longer side
RASTER_BUDGET = 330_000  # pixels that the object is drawn in, then scaled to its window
BACKDROP_SIDE = 576  # larger pictures get an enlarged backdrop: most are out of focus
SMALLEST_OBJECT = 60  # pixels across: fewer show no shape


@dataclass(frozen=True)
class Rendered:
    """image (H, W, 3) uint8 RGB; mask (H, W) bool: the object, with what its propellers sweep;
    box: (left, top, right, bottom) around the mask, in pixels; quality: of its JPEG file."""

    image: np.ndarray
    mask: np.ndarray
    box: tuple[int, int, int, int]
    quality: int


def picture_size(rng: np.random.Generator, longest: int = LONGEST) -> tuple[int, int]:
    """(height, width) of a photograph from the web: sides 130 to `longest`, aspect 1:2 to 2:1."""
    longer = np.exp(np.log(165) + np.log(longest / 165) * rng.beta(1.5, 1.9))
    aspect = float(np.clip(np.exp(rng.normal(0.18, 0.32)), 0.52, 1.92))
    width, height = (longer, longer / aspect) if aspect > 1 else (longer * aspect, longer)
    grow = max(1.0, 130 / min(width, height))
    return int(np.ceil(height * grow)), int(np.ceil(width * grow))


def framed(
    rng: np.random.Generator,
    view: View,
    points: np.ndarray,
    shape: tuple[int, int],
    horizon: float | None,
    grounded: bool,
    nearness: float = 1.0,
) -> tuple[View, float]:
    """Choose the object's size and place; returns the view and the share of the width."""
    height, width = shape
    flat = view.project(points)
    low, high = flat.min(axis=0), flat.max(axis=0)
    share = 0.08 + 0.61 * rng.beta(3.0, 0.9)  # few are small: at 224 px those are guesswork
    share = max(share * nearness, SMALLEST_OBJECT / width)
    scale = share * width / (high - low)[0]
    tall = (high - low)[1] * scale
    if tall > 0.95 * height:
        scale *= max(0.95 * height / tall, 0.1 / share)
    wide, tall = (high - low) * scale
    cut = wide / width > 0.22 and rng.random() < 0.05
    slack = 0.25 if cut else -0.03
    spans = [
        (-slack * wide, width - (1 - slack) * wide),
        (-slack * tall, height - (1 - slack) * tall),
    ]
    left, top = (rng.uniform(min(a, b), max(a, b)) for a, b in spans)
    if cut and rng.random() < 0.5:
        left = rng.choice([-0.2 * wide, width - 0.8 * wide])
    if left < 0 or left + wide > width:  # cut off at one side only: a corner may hold nothing of it
        top = float(np.clip(top, *sorted((0.0, height - tall))))
    if grounded and horizon is not None and horizon >= 0:
        lowest = max(horizon * height + 0.03 * height - tall, 0.0)
        top = max(top, min(lowest + rng.uniform(0, 0.3) * height, height - 0.85 * tall))
    centre = (left - low[0] * scale, top - low[1] * scale)
    return replace(view, scale=scale, centre=centre), wide / width


def layer(
    staged: Staged,
    view: View,
    window: tuple[int, int, int, int],
    zoom: float,
    backdrop: Backdrop,
    grain: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The staged object in a window (left, top, right, bottom) of the picture.

    Returns premultiplied sRGB and alpha (h, w, 4) float32, and the object's own coverage (h, w).
    """
    left, top, right, bottom = window
    shape = (round((bottom - top) * zoom), round((right - left) * zoom))
    close = view.zoomed(zoom, left, top)
    samples = rasterise(staged.mesh, close, shape, backdrop.light.sun)
    picture = np.zeros((shape[0] * shape[1], 4), np.float32)
    picture[samples.position, :3] = shade(samples, backdrop.light, grain)
    picture[samples.position, 3] = 1
    own = np.zeros(shape[0] * shape[1], np.float32)
    own[samples.position] = ~samples.prop
    nearest = np.full(shape[0] * shape[1], np.inf, np.float32)
    nearest[samples.position] = samples.depth
    picture, own = picture.reshape(*shape, 4), own.reshape(shape)
    light = backdrop.light
    for rows, opacity, swept in blur_discs(staged.rotors, close, nearest.reshape(shape)):
        tint = staged.rotors[0].colour * (0.6 * light.sun_colour + light.sky_colour)
        tint = film(tint + 0.02)
        target = picture[rows]
        target *= 1 - opacity[..., None]
        target[..., :3] += opacity[..., None] * tint
        target[..., 3] += opacity
        own[rows] = np.maximum(own[rows], swept)
    size = (right - left, bottom - top)
    method = cv2.INTER_AREA if zoom > 1 else cv2.INTER_LINEAR
    return cv2.resize(picture, size, interpolation=method), cv2.resize(
        own, size, interpolation=method
    )


def cast_shadow(
    image: np.ndarray, staged: Staged, view: View, light_from: np.ndarray, depth: float
) -> np.ndarray:
    """Darken the ground where the object, standing on it, blocks the sun."""
    points = staged.mesh.vertices.copy()
    floor = points[:, 2].min()
    points[:, :2] -= (points[:, 2:] - floor) * light_from[:2] / max(float(light_from[2]), 0.25)
    points[:, 2] = floor
    flat = view.project(points)[staged.mesh.triangles]
    shade_map = np.zeros(image.shape[:2], np.float32)
    paint(shade_map, flat, np.ones(len(flat)))
    shade_map = blurred(shade_map, 0.006 * max(image.shape[:2]))
    return image * (1 - np.float32(depth) * shade_map)[..., None]


def reflection(staged: Staged) -> Staged:
    """The object upside down below the water line."""
    flip = np.diag([1.0, 1.0, -1.0])
    mesh = staged.mesh
    low = mesh.vertices[:, 2].min()
    mirrored = replace(
        mesh,
        vertices=turn(mesh.vertices - [0, 0, low], flip) + np.float32([0, 0, low]),
        normals=turn(mesh.normals, flip),
        triangles=mesh.triangles[:, ::-1],
    )
    return replace(staged, mesh=mirrored)


def separation(behind: np.ndarray, drawn: np.ndarray, own: np.ndarray) -> tuple[float, float]:
    """Gain and lift of the backdrop that make the object stand out: nobody keeps a photo of
    something that can't be seen. (1, 0) where it does already."""
    solid = (own > 0.5) & (drawn[..., 3] > 0.6)
    if not solid.any():
        return 1.0, 0.0
    apart = drawn[solid][:, :3] / drawn[solid][:, 3:] - behind[solid]
    contrast, tone = float(np.abs(apart).mean()), float(apart.mean())
    lack = max(0.0, 0.32 - contrast)
    if tone > 0 and behind.mean() > 0.3:
        return 1 - 1.6 * lack, 0.0
    return 1 + 1.2 * lack, 0.4 * lack


def window_of(
    points: np.ndarray, shape: tuple[int, int], margin: float
) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of the picture's part that holds the points and a margin."""
    height, width = shape
    low = np.clip(np.floor(points.min(axis=0) - margin), 0, [width - 2, height - 2]).astype(int)
    high = np.clip(np.ceil(points.max(axis=0) + margin), low + 2, [width, height]).astype(int)
    return (*low.tolist(), *high.tolist())


def photograph(
    rng: np.random.Generator,
    class_name: str,
    sky: Callable[[np.random.Generator, tuple[int, int]], Backdrop] | None = None,
    longest: int = LONGEST,
    nearness: float = 1.0,
) -> Rendered:
    """One photograph of an object of the class, anywhere, or in the air before a given sky.

    sky: a function of the random numbers and a shape (height, width); its colours are kept, while
    of other pictures a few turn grey. longest: of the sides, in pixels. nearness: what the object's
    width is multiplied by, down to the least that shows a shape.
    """
    height, width = picture_size(rng, longest)
    setting = "free" if sky else pick(rng, SETTINGS)
    reduced = min(1.0, BACKDROP_SIDE / max(height, width))
    small = (max(32, round(height * reduced)), max(32, round(width * reduced)))
    backdrop = sky(rng, small) if sky else backdrop_for(rng, setting, small)
    staged = stage(rng, class_name, setting)
    low, high = backdrop.elevation
    elevation = low + (high - low) * rng.beta(1.5, 1.5)
    if setting in ("branch", "rock", "wire"):  # from the side, and rocks a little from above
        elevation = np.clip(elevation, 0.04 if setting == "rock" else -0.35, 0.35)
    view = look_from(-np.pi / 2, elevation, rng.normal(0, 0.05), rng.uniform(1.6, 5))
    points = object_points(staged)
    grounded = staged.shadow or staged.afloat
    view, share = framed(rng, view, points, (height, width), backdrop.horizon, grounded, nearness)

    image = cv2.resize(
        backdrop.image.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR
    )
    depth_of_field = rng.uniform(0, 0.03) * share * (rng.random() < 0.65)
    if not grounded:
        image = defocused(image, depth_of_field * width)
    elif rng.random() < 0.5:
        image = defocused(image, 0.25 * depth_of_field * width)
    soft = float(backdrop.light.sun_colour.max() / (backdrop.light.sky_colour.max() + 1e-3))
    if staged.shadow:
        image = cast_shadow(image, staged, view, backdrop.light.sun, min(0.6, 0.25 * soft + 0.1))

    extent = view.project(staged.mesh.vertices)
    window = window_of(np.concatenate([extent, view.project(points)]), (height, width), 12)
    area = (window[2] - window[0]) * (window[3] - window[1])
    zoom = float(min(1.7, np.sqrt(RASTER_BUDGET / area)))
    grain = tile(rng)
    rows, columns = slice(window[1], window[3]), slice(window[0], window[2])
    if staged.afloat:
        below, _ = layer(reflection(staged), view, window, 0.5 * zoom, backdrop, grain)
        below = blurred(below, 0.004 * width) * np.float32(rng.uniform(0.25, 0.55))
        image[rows, columns] = image[rows, columns] * (1 - below[..., 3:]) + below[..., :3] * 0.8
    drawn, own = layer(staged, view, window, zoom, backdrop, grain)
    haze = np.float32(rng.uniform(0, 0.2) * (1 - share) ** 2)
    drawn[..., :3] += haze * (
        drawn[..., 3:] * backdrop.light.haze.astype(np.float32) - drawn[..., :3]
    )
    drawn = blurred(
        drawn, rng.uniform(0.35, 0.8) + (rng.random() < 0.12) * rng.uniform(0, 0.003) * width
    )
    if rng.random() < 0.12:
        length = rng.uniform(0.003, 0.01) * width
        if length > 2:
            drawn = cv2.filter2D(drawn, -1, motion_kernel(length, rng.uniform(0, np.pi)))
    gain, lift = separation(image[rows, columns], drawn, own)
    image = image * np.float32(gain) + np.float32(lift)
    image[rows, columns] = image[rows, columns] * (1 - drawn[..., 3:]) + drawn[..., :3]
    mask = np.zeros((height, width), bool)
    mask[rows, columns] = own > 0.4
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (int(xs[0]), int(ys[0]), int(xs[-1]) + 1, int(ys[-1]) + 1)
    picture = developed(rng, image, grey_share=0) if sky else developed(rng, image)
    return Rendered(picture, mask, box, int(rng.integers(50, 96)))
