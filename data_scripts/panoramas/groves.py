"""Trees and other standing things set into the land: where, how large, how lit, how hazy."""

from __future__ import annotations

import cv2
import numpy as np

from data_scripts.panoramas.terrain import Eye, Seen
from data_scripts.panoramas.trees import TreeShape, tree_shape
from data_scripts.panoramas.weather import Mood

GROVES = ("few trees", "grove", "forest edge", "framing tree", "forest")


def stamp(
    image: np.ndarray,
    cover: np.ndarray,
    shape: TreeShape,
    foot: tuple[float, float],
    tall: float,
    light: np.ndarray,
    haze: np.ndarray,
    far: float,
    mirrored: bool = False,
) -> None:
    """Set a tree into the picture, in place, and into cover (H, W), where trees are.

    foot: (x, y) in pixels; tall: in pixels; light (3,): multiplies its colour; far: 0..1 of the
    way into the haze (3,).
    """
    factor = tall / shape.foot
    height = max(2, round(shape.picture.shape[0] * factor))
    width = max(2, round(shape.picture.shape[1] * factor))
    left, top = round(foot[0] - width / 2), round(foot[1] - shape.foot * factor)
    x0, x1 = max(left, 0), min(left + width, image.shape[1])
    y0, y1 = max(top, 0), min(top + height, image.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(shape.picture, (width, height), interpolation=way)
    scaled = scaled[:, ::-1] if mirrored else scaled
    scaled = scaled[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.float32)
    scaled *= np.float32(1 / 255)
    alpha = scaled[..., 3:]
    colour = scaled[..., :3] * ((1 - far) * light).astype(np.float32)
    colour += alpha * (far * haze).astype(np.float32)
    image[y0:y1, x0:x1] *= 1 - alpha
    image[y0:y1, x0:x1] += colour
    here = cover[y0:y1, x0:x1]
    np.maximum(here, alpha[..., 0], out=here)


def places_on(
    rng: np.random.Generator, eye: Eye, land: Seen, rows: tuple[float, float], count: int
) -> np.ndarray:
    """Up to `count` feet (N, 3): x and y in pixels and distance z, on land, far ones first.

    rows: their range, 0 at the land's far edge and 1 at the picture's lower edge.
    """
    height, width = eye.shape
    column = rng.uniform(0, width, 3 * count).astype(int)
    solid = land.cover > 0.9
    first = np.where(solid.any(axis=0), solid.argmax(axis=0), len(solid))[column]
    low, high = rows
    share = rng.uniform(low, high, 3 * count)
    row = (first + 1 + share * (height - land.top - first - 1)).astype(int)
    fits = row < len(solid)
    row, column = row[fits], column[fits]
    on = solid[row, column]
    row, column = row[on][:count], column[on][:count]
    feet = np.stack([column, row + land.top, land.z[row, column]], axis=1)
    return feet[np.argsort(-feet[:, 2])]


def choose_species(rng: np.random.Generator, where: str) -> list[str]:
    """One to three species that grow together; where: "desert", "coast" or "land"."""
    mixes = {
        "desert": [["palm"], ["umbrella"], ["bare", "umbrella"], ["palm", "umbrella"]],
        "coast": [["palm"], ["palm"], ["palm", "broadleaf"], ["conifer"], ["umbrella"],
                  ["broadleaf"], ["bare"]],
        "land": [["broadleaf"], ["broadleaf"], ["broadleaf", "poplar"], ["conifer"], ["conifer"],
                 ["conifer", "broadleaf"], ["bare"], ["bare", "broadleaf"], ["poplar"],
                 ["umbrella"]],
    }[where]  # fmt: skip
    return mixes[rng.integers(len(mixes))]


def shadows(
    image: np.ndarray, feet: np.ndarray, sizes: np.ndarray, mood: Mood, limit: np.ndarray
) -> None:
    """Soft shadows on the ground, away from the sun, in place; limit (H, W): where ground is."""
    strength = 0.28 + 0.3 * float(np.clip(mood.direct.mean(), 0, 0.8))
    dark = np.zeros(image.shape[:2], np.uint8)
    for (x, y, _), tall in zip(feet, sizes, strict=True):
        reach = float(np.clip(-mood.sun[0] * 0.5, -0.5, 0.5)) * tall
        half = (int(0.24 * tall + abs(0.5 * reach)) + 1, int(0.045 * tall) + 1)
        cv2.ellipse(dark, (int(x + 0.7 * reach), int(y)), half, 0, 0, 360, 255, -1)
    soft = cv2.blur(dark, (7, 3)).astype(np.float32) * np.float32(strength / 255)
    image *= (1 - soft * limit)[..., None]


def plant(
    rng: np.random.Generator,
    eye: Eye,
    mood: Mood,
    image: np.ndarray,
    land: Seen,
    kind: str,
    where: str,
    snowy: bool = False,
) -> np.ndarray:
    """Draw one of GROVES on land, in place; returns where trees are, (H, W) 0..1."""
    height, width = eye.shape
    cover = np.zeros(eye.shape, np.float32)
    species = choose_species(rng, where)
    if snowy:
        species = [["conifer"], ["bare"], ["conifer", "bare"]][rng.integers(3)]
    season = ("green", "green", "green", "autumn", "pale")[rng.integers(5)]
    rows, count, share = {
        "few trees": ((0.02, 0.45), int(rng.integers(1, 5)), np.exp(rng.uniform(-2.7, -0.6))),
        "grove": ((0.02, 0.35), int(rng.integers(6, 22)), np.exp(rng.uniform(-2.8, -1.0))),
        "forest edge": (
            (0.0, 0.06),
            int(70 * min(2.2, width / height)),
            np.exp(rng.uniform(-3.1, -1.3)),
        ),
        "forest": ((0.0, 0.5), int(60 * min(2.2, width / height)), rng.uniform(0.2, 0.55)),
        "framing tree": ((0.5, 0.9), 1, rng.uniform(0.75, 1.3)),
    }[kind]
    feet = places_on(rng, eye, land, rows, count)
    if len(feet) == 0:
        return cover
    if kind in ("forest edge", "grove", "forest") and rng.random() < 0.5:  # at one side only
        edge = rng.uniform(0.25, 0.7) * width
        feet = feet[(feet[:, 0] < edge) if rng.random() < 0.5 else (feet[:, 0] > width - edge)]
    if kind == "framing tree":
        side = rng.random() < 0.5
        feet[:, 0] = width * (rng.uniform(-0.02, 0.16) if side else rng.uniform(0.84, 1.02))
        feet[:, 1] = height * rng.uniform(0.96, 1.2)
        feet[:, 2] = eye.nearest
    if len(feet) == 0:
        return cover
    nearest = feet[:, 2].min()
    softened = (nearest / feet[:, 2]) ** (0.8 if kind == "forest" else 0.9)
    sizes = share * height * softened * rng.uniform(0.75, 1.2, len(feet))
    sizes = np.maximum(sizes, 0.028 * height)
    light = float(np.clip(mood.sun[0] * 1.4, -1, 1))
    largest = int(np.clip(1.4 * sizes.max(), 40, 600))
    shapes = [
        tree_shape(rng, species[k % len(species)], max(40, largest - 30 * k), light, season, snowy)
        for k in range(1 if len(feet) == 1 else min(4, len(feet)))
    ]
    ground = np.zeros(eye.shape, np.float32)
    ground[land.top : land.top + len(land.cover)] = land.cover
    shadows(image, feet, sizes, mood, ground)
    shaded = 0.55 if mood.sun[2] > 0.3 else 1.0  # lit from behind
    tint = mood.ambient * 1.05 + mood.direct * 0.75 * shaded
    for (x, y, z), tall in zip(feet, sizes, strict=True):
        far = 1 - np.exp(-z / (3000 * mood.reach + 40 * eye.height))
        shape = shapes[rng.integers(len(shapes))]
        one = tint * rng.uniform(0.85, 1.12)
        stamp(image, cover, shape, (x, y), tall, one, mood.haze, far, rng.random() < 0.5)
    return cover
