"""What trees are made of: boughs that branch in space, and leaves in clumps, lit and shaded; and
the small picture of a tree that they make.

Places are (x, up, z) with the trunk's foot at 0 and z away from the camera, in tree heights.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from data_scripts.panoramas.weather import Mood


@dataclass(frozen=True)
class Leaves:
    """Leaves or needles.

    places, facing (N, 3): where they are, and a unit vector away from the mass they belong to;
    open (N,): how much of the sky they see, 0 to 1; colour (N, 3).
    """

    places: np.ndarray
    facing: np.ndarray
    open: np.ndarray
    colour: np.ndarray


@dataclass(frozen=True)
class TreeShape:
    """picture (h, w, 4) uint8: premultiplied colour, lit, and alpha; foot: the row that stands on
    the ground."""

    picture: np.ndarray
    foot: int


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors (..., 3) of length 1."""
    return vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-9)


def branching(
    rng: np.random.Generator,
    levels: int,
    spread: float,
    lift: float,
    trunk: float = 1.0,
    shrink: tuple[float, float] = (0.66, 0.88),
) -> np.ndarray:
    """Branches (K, 8) from the trunk to the twigs: start x, up, z, end x, up, z, thickness, level.

    spread: how far branches turn away from their parent; lift: how much they bend upwards, below
    0 for hanging ones; trunk: its length, the branches' first being about 1.
    """
    start = np.zeros((1, 3))
    way = unit(np.array([[rng.normal(0, 0.06), 1.0, rng.normal(0, 0.06)]]))
    long, thick = np.array([trunk]), np.array([1.0])
    parts = []
    for level in range(levels + 1):
        end = start + way * long[:, None]
        if level == 0:  # trunks are not straight
            bend = start + 0.5 * (end - start) + rng.normal(0, 0.035, 3) * trunk * [1, 0, 1]
            halves = np.array([[*start[0], *bend[0], 1.0, 0], [*bend[0], *end[0], 0.88, 0]])
            parts.append(halves)
        else:
            parts.append(np.column_stack([start, end, thick, np.full(len(end), level)]))
        twins = 3 if level < 2 else 2 + (rng.random() < 0.5)
        parent = np.repeat(np.arange(len(end)), twins)
        at = rng.uniform(0.62, 1.0, (len(parent), 1))  # some leave before their parent's end
        at[::twins] = 1.0
        start = start[parent] + at * (end[parent] - start[parent])
        aside = rng.normal(0, 1, (len(parent), 3))
        aside = unit(aside - (aside * way[parent]).sum(axis=1, keepdims=True) * way[parent])
        turn = spread * rng.uniform(0.55, 1.35, (len(parent), 1))
        turn[::twins] *= 0.55
        way = unit(way[parent] + turn * aside + [0, lift, 0])
        long = (long if level else np.array([1.0]))[parent] * rng.uniform(*shrink, len(parent))
        thick = thick[parent] * np.where(np.arange(len(parent)) % twins, 0.48, 0.68)
    return np.concatenate(parts)


def draw_branches(
    picture: np.ndarray, branches: np.ndarray, bark: np.ndarray, thick: float, mood: Mood
) -> None:
    """Draw branches, x to the right and y down in pixels in columns 0, 1 and 3, 4, in place.

    bark (3,): its colour; thick: the trunk's, in pixels.
    """
    side = float(np.sign(mood.sun[0]) or 1)
    front = 0.35 if mood.sun[2] > 0.3 else 1.0  # lit from behind
    dark = bark * (0.62 * mood.ambient + 0.1 * front * mood.direct)
    light = bark * (0.85 * mood.ambient + 0.8 * front * mood.direct)
    for x0, y0, _, x1, y1, _, share, level in branches.tolist():
        width = max(1, round(thick * share))
        start, end = (int(x0), int(y0)), (int(x1), int(y1))
        cv2.line(picture, start, end, paint(dark * (0.9 + 0.05 * level)), width, cv2.LINE_AA)
        if width > 2:
            shift = side * 0.2 * width
            start, end = (int(x0 + shift), int(y0)), (int(x1 + shift), int(y1))
            cv2.line(picture, start, end, paint(light), max(1, width // 2), cv2.LINE_AA)


def paint(values: np.ndarray) -> tuple[float, ...]:
    """A colour 0..1 as OpenCV's opaque one of 8 bits."""
    red, green, blue = np.clip(values * 255, 0, 255)
    return (float(red), float(green), float(blue), 255.0)


def clumped(
    rng: np.random.Generator,
    middles: np.ndarray,
    radii: np.ndarray,
    count: int,
    tint: np.ndarray,
    flat: float = 0.8,
) -> Leaves:
    """Leaves in clumps: middles (M, 3), radii (M,); flat: their height over their width."""
    share = np.cumsum(radii**2)
    which = np.searchsorted(share, rng.random(count) * share[-1]).clip(0, len(radii) - 1)
    out = unit(rng.normal(0, 1, (count, 3)))
    reach = rng.random((count, 1)) ** 0.45  # most near a clump's surface
    places = middles[which] + out * reach * radii[which, None] * [1, flat, 1]
    low, high = places.min(axis=0), places.max(axis=0)
    outward = (places - (low + high) / 2) / (0.5 * (high - low) + 1e-6)
    facing = unit(0.62 * out * reach + 0.62 * outward + rng.normal(0, 0.22, (count, 3)))
    far = np.linalg.norm(outward, axis=1)
    sky = 0.30 + 0.34 * far + 0.34 * out[:, 1] * reach[:, 0] + 0.10 * outward[:, 1]
    hue = tint * (1 + rng.normal(0, 0.07, (len(radii), 1)) + rng.normal(0, 0.045, (len(radii), 3)))
    colour = hue[which] * (1 + rng.normal(0, 0.09, (count, 1)))
    return Leaves(places, facing, np.clip(sky, 0.12, 1), colour)


def lit_colours(leaves: Leaves, mood: Mood, snow: float = 0.0) -> np.ndarray:
    """Colours (N, 3) of leaves under the sky; snow: share of those that face up that it covers."""
    lit = np.clip(leaves.facing @ mood.sun, 0, 1) * np.clip(1.6 * leaves.open - 0.25, 0, 1)
    through = 0.25 * max(float(mood.sun[2]), 0) * leaves.open  # leaves shine when lit from behind
    colour = leaves.colour
    if snow:  # it lies on what faces up, thinly
        lies = snow * np.clip(1.8 * leaves.facing[:, 1:2] - 0.1, 0, 1)
        colour = colour + lies * (np.array([0.78, 0.82, 0.88]) - colour)
    light = mood.ambient * (0.28 + 0.95 * leaves.open)[:, None]
    return 1.12 * colour * (light + mood.direct * (1.5 * lit + through)[:, None])


def splat(
    picture: np.ndarray, place: np.ndarray, depth: np.ndarray, colour: np.ndarray, radius: float
) -> None:
    """Dab colours (N, 3), 0..1, at places (N, 2) in pixels, far ones first, in place.

    picture: (h, w, 4) uint8, contiguous; radius: of a dab, in pixels.
    """
    height, width = picture.shape[:2]
    order = np.argsort(-depth)
    reach = int(radius)
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
    inside = dx * dx + dy * dy <= radius * radius
    x = np.round(place[order, :1]).astype(np.int32) + dx[inside].astype(np.int32)
    y = np.round(place[order, 1:2]).astype(np.int32) + dy[inside].astype(np.int32)
    fits = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    ink = np.full((len(order), 4), 255, np.uint8)
    ink[:, :3] = np.clip(colour[order] * 255, 0, 255)
    whole = np.repeat(ink.view(np.uint32), x.shape[1], axis=1)
    picture.view(np.uint32)[..., 0][y[fits], x[fits]] = whole[fits]


def sprite(
    tall: int,
    branches: np.ndarray,
    leaves: Leaves | None,
    bark: np.ndarray,
    thick: float,
    mood: Mood,
    dab: float,
    snow: float = 0.0,
    first: float = 0.7,
) -> TreeShape:
    """A tree `tall` pixels high, of branches and leaves in tree heights.

    thick: of the trunk, dab: a leaf's radius, in tree heights; first: the share of leaves that lie
    behind the branches.
    """
    edge = np.abs(branches[:, [0, 3]]).max()
    if leaves is not None:
        edge = max(edge, float(np.abs(leaves.places[:, 0]).max()))
    width = 2 * int(edge * tall + 4)
    picture = np.zeros((tall + 4, width, 4), np.uint8)
    lines = branches.copy()
    lines[:, [0, 3]] = branches[:, [0, 3]] * tall + width / 2
    lines[:, [1, 4]] = tall - branches[:, [1, 4]] * tall
    if leaves is None:
        draw_branches(picture, lines, bark, max(1.6, thick * tall), mood)
        return TreeShape(picture, tall)
    place = np.column_stack([width / 2 + leaves.places[:, 0] * tall,
                             tall - leaves.places[:, 1] * tall])  # fmt: skip
    colour, depth = lit_colours(leaves, mood, snow), leaves.places[:, 2]
    behind = depth > np.quantile(depth, 1 - first)
    radius = max(1.0, dab * tall)
    splat(picture, place[behind], depth[behind], colour[behind] * 0.8, radius)
    draw_branches(picture, lines, bark, max(1.6, thick * tall), mood)
    splat(picture, place[~behind], depth[~behind], colour[~behind], radius)
    return TreeShape(picture, tall)
