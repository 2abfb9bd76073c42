"""Trees and other standing things set into the land: where, how large, how lit, how hazy."""

from __future__ import annotations

import cv2
import numpy as np

from data_scripts.drawing.chance import pick
from data_scripts.panoramas.foliage import TreeShape
from data_scripts.panoramas.terrain import Eye, Seen
from data_scripts.panoramas.trees import tree_shape
from data_scripts.panoramas.weather import Mood

GROVES = ("few trees", "grove", "forest edge", "forest", "lone tree", "framing tree")
LONE = ("few trees", "lone tree", "framing tree")


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


def choose_species(rng: np.random.Generator, where: str, kind: str, snowy: bool) -> list[str]:
    """One to three species that grow together.

    where: "desert", "coast" or "land"; kind: one of GROVES; snowy: in deep winter.
    """
    mixes = {
        "desert": [["palm"], ["acacia"], ["acacia"], ["palm", "acacia"]],
        "coast": [["palm"], ["palm"], ["palm", "broadleaf"], ["pine"], ["conifer"], ["acacia"],
                  ["broadleaf"], ["pine", "broadleaf"]],
        "land": [["broadleaf"], ["broadleaf"], ["broadleaf", "poplar"], ["conifer"], ["conifer"],
                 ["conifer", "birch"], ["broadleaf", "birch"], ["birch"], ["pine"],
                 ["pine", "birch"], ["poplar"], ["acacia"], ["broadleaf", "conifer"], ["bare"]],
        "winter": [["conifer"], ["conifer"], ["conifer", "pine"], ["bare"], ["conifer", "bare"]],
    }["winter" if snowy else where]  # fmt: skip
    species = mixes[rng.integers(len(mixes))]
    if species == ["bare"] and kind in LONE:  # a leafless tree alone is easily overlooked
        return ["conifer"] if snowy else ["broadleaf"]
    return species


def shadows(
    image: np.ndarray, feet: np.ndarray, sizes: np.ndarray, mood: Mood, limit: np.ndarray
) -> None:
    """Soft shadows on the ground, away from the sun, in place; limit (H, W): where ground is."""
    strength = 0.14 + 0.45 * float(np.clip(mood.direct.mean(), 0, 0.8))
    dark = np.zeros(image.shape[:2], np.uint8)
    for (x, y, _), tall in zip(feet, sizes, strict=True):
        reach = float(np.clip(-mood.sun[0] * 0.5, -0.5, 0.5)) * tall
        half = (int(0.24 * tall + abs(0.5 * reach)) + 1, int(0.045 * tall) + 1)
        cv2.ellipse(dark, (int(x + 0.7 * reach), int(y)), half, 0, 0, 360, 255, -1)
    soft = cv2.blur(dark, (7, 3)).astype(np.float32) * np.float32(strength / 255)
    image *= (1 - soft * limit)[..., None]


def feet_of(
    rng: np.random.Generator, eye: Eye, land: Seen, kind: str
) -> tuple[np.ndarray, np.ndarray]:
    """Feet (N, 3) as of `places_on`, and heights (N,) in pixels of the trees of one of GROVES."""
    height, width = eye.shape
    wide = width / height
    many = min(2.4, max(wide, 0.8))
    least = 0.105 if wide < 2.2 else 0.17  # nobody sees a small one in a picture that is all width

    def size(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))  # small ones are many

    rows, count, share = {
        "few trees": ((0.03, 0.4), int(rng.integers(2, 6)), size(least, 0.5)),
        "grove": ((0.03, 0.3), int(rng.integers(8, 24)), size(least, 0.45)),
        "forest edge": ((0.0, 0.07), int(62 * many), size(0.8 * least, 0.4)),
        "forest": ((0.0, 0.5), int(60 * many), rng.uniform(0.3, 0.7)),
        "lone tree": ((0.06, 0.4), 1, size(1.6 * least, 0.55)),
        "framing tree": ((0.5, 0.9), 1, rng.uniform(0.75, 1.05)),
    }[kind]
    feet = places_on(rng, eye, land, rows, count)
    if len(feet) and kind in ("forest edge", "grove", "forest") and rng.random() < 0.45:
        edge = rng.uniform(0.4, 0.75) * width  # at one side only
        feet = feet[(feet[:, 0] < edge) if rng.random() < 0.5 else (feet[:, 0] > width - edge)]
    if len(feet) and kind == "framing tree":
        aside = rng.uniform(0.1, 0.24)
        feet[:, 0] = width * (aside if rng.random() < 0.5 else 1 - aside)
        feet[:, 1:] = height * rng.uniform(0.94, 1.08), eye.nearest
    if len(feet) and kind in ("lone tree", "few trees"):
        feet[:, 0] = width * (0.1 + 0.8 * feet[:, 0] / width)
    nearest = feet[:, 2].min() if len(feet) else 1.0
    softened = (nearest / feet[:, 2]) ** (0.45 if kind == "few trees" else 0.7)
    sizes = share * height * softened * rng.uniform(0.8, 1.15, len(feet))
    return feet, np.maximum(sizes, (0.08 if wide < 2.2 else 0.12) * height)


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
    cover = np.zeros(eye.shape, np.float32)
    species = choose_species(rng, where, kind, snowy)
    season = pick(rng, {"green": 6, "autumn": 3, "pale": 1, "blossom": 0.5})
    season = "green" if where != "land" else season
    feet, sizes = feet_of(rng, eye, land, kind)
    if len(feet) == 0:
        return cover
    largest = int(np.clip(1.5 * sizes.max(), 90, 520))
    snow = rng.uniform(0.2, 0.8) if snowy else 0.0
    shapes = [
        tree_shape(rng, species[k % len(species)], max(80, largest - 50 * k), mood, season, snow)
        for k in range(1 if len(feet) == 1 else 5 if len(feet) > 9 else 3)
    ]
    ground = np.zeros(eye.shape, np.float32)
    ground[land.top : land.top + len(land.cover)] = land.cover
    shadows(image, feet, sizes, mood, ground)
    hazes = 1 - np.exp(-feet[:, 2] / (4000 * mood.reach + 60 * eye.height))
    flips = (False, mood.direct.mean() < 0.2)  # in plain light a mirrored tree is another one
    for (x, y, _), tall, far in zip(feet, sizes, np.minimum(hazes, 0.55), strict=True):
        shape = shapes[rng.integers(len(shapes))]
        light = np.full(3, rng.uniform(0.88, 1.1))
        stamp(image, cover, shape, (x, y), tall, light, mood.haze, far, flips[rng.integers(2)])
    return cover
