"""What a photograph is put together from: the object, its shadow, its mirror image, a mat to land
on, a branch out of focus."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from data_scripts.drawing.camera import View, paint, rasterise
from data_scripts.drawing.lens import blurred, defocused
from data_scripts.drawing.meshes import turn
from data_scripts.drawing.shading import Light, film, shade
from data_scripts.drones.framing import window_of
from data_scripts.drones.props import branch
from data_scripts.drones.rotors import blur_discs
from data_scripts.drones.staging import Staged

MATS = [(0.85, 0.38, 0.10), (0.12, 0.32, 0.66), (0.12, 0.12, 0.13), (0.30, 0.42, 0.25),
        (0.70, 0.70, 0.68), (0.58, 0.44, 0.30)]  # fmt: skip


def layer(
    staged: Staged,
    view: View,
    window: tuple[int, int, int, int],
    zoom: float,
    light: Light,
    grain: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The staged object in a window (left, top, right, bottom) of the picture.

    Returns premultiplied sRGB and alpha (h, w, 4) float32, and the object's own coverage (h, w).
    """
    left, top, right, bottom = window
    shape = (round((bottom - top) * zoom), round((right - left) * zoom))
    close = view.zoomed(zoom, left, top)
    samples = rasterise(staged.mesh, close, shape, light.sun)
    picture = np.zeros((shape[0] * shape[1], 4), np.float32)
    picture[samples.position, :3] = shade(samples, light, grain)
    picture[samples.position, 3] = 1
    own = np.zeros(shape[0] * shape[1], np.float32)
    own[samples.position] = ~samples.prop
    nearest = np.full(shape[0] * shape[1], np.inf, np.float32)
    nearest[samples.position] = samples.depth
    picture, own = picture.reshape(*shape, 4), own.reshape(shape)
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
    image: np.ndarray, staged: Staged, view: View, light: Light, horizon: float
) -> np.ndarray:
    """Darken the ground where the object blocks the sun and, close to it, the sky.

    horizon: the row where the ground begins.
    """
    height, width = image.shape[:2]
    reduced = min(1.0, 480 / max(height, width))  # a shadow is soft
    small = (round(height * reduced), round(width * reduced))
    above = staged.mesh.vertices - np.float32([0, 0, staged.floor])
    hover = float(above[:, 2].min())
    soft = float(light.sky_colour.max() / (light.sun_colour.max() + light.sky_colour.max()))
    dark = np.zeros(small, np.float32)
    parts = [(light.sun, 0.62 * (1 - soft), 0.006 + 0.01 * hover)]
    parts.append((np.array([0.0, 0, 1]), 0.5 * soft + 0.25, 0.012 + 0.05 * hover))
    for source, strength, spread in parts:
        points = above.copy()
        points[:, :2] -= points[:, 2:] * source[:2] / max(float(source[2]), 0.25)
        points[:, 2] = staged.floor
        flat = view.project(points)[staged.mesh.triangles] * reduced
        blocked = np.zeros(small, np.float32)
        paint(blocked, flat, np.ones(len(flat)))
        reach = spread * view.scale * reduced
        fade = 1 / (1 + hover) if source[2] == 1 else 1.0
        dark = np.maximum(dark, strength * fade * blurred(blocked, max(0.6, reach)))
    dark = cv2.resize(dark, (width, height), interpolation=cv2.INTER_LINEAR)
    dark[: round(max(0, horizon))] = 0
    return image * (1 - dark)[..., None]


def lay_mat(
    rng: np.random.Generator, image: np.ndarray, staged: Staged, view: View, light: Light
) -> np.ndarray:
    """A mat to land on, or a low platform, under an object that stands."""
    colour = np.array(MATS[rng.integers(len(MATS))])
    lit = light.sun_colour * max(float(light.sun[2]), 0) + light.sky_colour
    size, middle = rng.uniform(0.62, 0.95), np.array([*rng.normal(0, 0.08, 2), staged.floor])
    is_round, turn_by = rng.random() < 0.5, rng.uniform(0, np.pi)
    thick = 0.0 if is_round else float(rng.choice([0.0, 0.06, 0.2]))

    def fill(outline: np.ndarray, lift: float, tone: np.ndarray) -> None:
        points = np.concatenate([outline, np.full((len(outline), 1), lift)], axis=1)
        flat = np.round(view.project((points + middle).astype(np.float32)) * 16)
        shade_of = film(tone**2 * lit).tolist()
        cv2.fillPoly(image, [flat.astype(np.int32)], shade_of, cv2.LINE_8, 4)

    count = 40 if is_round else 4
    angles = turn_by + np.linspace(0, 2 * np.pi, count, endpoint=False)
    edge = np.stack([np.cos(angles), np.sin(angles)], axis=1) * size * (1 if is_round else 1.35)
    if thick:
        for step in np.linspace(-thick, 0, 6)[:-1]:  # its sides: slices from the ground up
            fill(edge, step, colour * 0.6)
    fill(edge, 0.0, colour)
    if rng.random() < 0.7:
        mark = np.array([0.9, 0.9, 0.88]) if colour.mean() < 0.6 else np.array([0.15, 0.15, 0.15])
        fill(edge * 0.86, 0.0, mark)
        fill(edge * 0.78, 0.0, colour)
        bars = [(-0.3, 0, 0.06, 0.36), (0.3, 0, 0.06, 0.36), (0, 0, 0.3, 0.06)]
        for x, y, wide, long in bars:
            corners = np.array([(-wide, -long), (wide, -long), (wide, long), (-wide, long)])
            fill((corners + [x, y]) * size, 0.0, mark)
    return image


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


def branch_aside(
    rng: np.random.Generator,
    view: View,
    shape: tuple[int, int],
    keep_clear: tuple[int, int, int, int],
    light: Light,
    grain: np.ndarray,
) -> np.ndarray | None:
    """A branch from a corner, nearer or farther than the object and so out of focus.

    Returns premultiplied sRGB and alpha (H, W, 4) float32, zero in the box `keep_clear` (left, top,
    right, bottom); None where there is no room for one.
    """
    height, width = shape
    reduced = min(1.0, 400 / max(shape))
    small = (round(height * reduced), round(width * reduced))
    seen = view.zoomed(reduced)
    left, top, right, bottom = (round(edge * reduced) for edge in keep_clear)
    for _ in range(5):
        depth = view.distance * rng.choice([0.6, 0.75, 1.5, 2.0])
        spot = rng.uniform(0, 0.2, 2)
        spot = np.where(rng.random(2) < 0.5, spot, 1 - spot) * small[::-1]
        focal = seen.scale * seen.distance
        ray = np.array([*((spot - seen.centre) / focal * depth), depth - view.distance])
        size = 0.5 * rng.uniform(0.5, 1) * max(small) / focal * depth
        mesh = branch(rng, ray @ view.rotation, size, rng.uniform(-0.3, 0.3))
        window = (0, 0, small[1], small[0])
        drawn, _ = layer(Staged(mesh, []), seen, window, 1.0, light, grain)
        drawn = defocused(drawn, rng.uniform(0.008, 0.022) * max(small))
        if drawn[..., 3].max() > 0.5 and not drawn[top:bottom, left:right, 3].any():
            drawn = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_LINEAR)
            drawn[keep_clear[1] : keep_clear[3], keep_clear[0] : keep_clear[2]] = 0
            return drawn
    return None


def clear_box(points: np.ndarray, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """The part of a picture around an object's points (N, 2) that nothing else may enter."""
    return window_of(points, shape, 0.03 * max(shape))
