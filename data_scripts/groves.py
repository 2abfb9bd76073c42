"""Trees and other standing things set into the land: where, how large, how lit, how hazy."""

from __future__ import annotations

import cv2
import numpy as np

from data_scripts.moods import Mood
from data_scripts.terrain import Eye, Seen
from data_scripts.tree_shapes import TreeShape, paint, tree_shape

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
    season = ("green", "green", "green", "autumn", "pale")[rng.integers(5)]
    rows, count, share = {
        "few trees": ((0.02, 0.45), int(rng.integers(1, 5)), rng.uniform(0.14, 0.6)),
        "grove": ((0.02, 0.35), int(rng.integers(6, 22)), rng.uniform(0.12, 0.4)),
        "forest edge": ((0.0, 0.06), int(70 * min(2.2, width / height)), rng.uniform(0.07, 0.3)),
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
    sizes = np.maximum(sizes, 0.035 * height)
    light = float(np.clip(mood.sun[0] * 1.4, -1, 1))
    largest = int(np.clip(sizes.max(), 40, 420))
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


def boulder(rng: np.random.Generator, tall: int, light: float) -> TreeShape:
    """A rock: a rough outline, darker away from the light."""
    width = int(tall * rng.uniform(1.3, 2.2))
    picture = np.zeros((tall + 4, width, 4), np.uint8)
    tint = np.array([0.5, 0.47, 0.44]) * rng.uniform(0.6, 1.2)
    angles = np.linspace(0, np.pi, 12)
    for step in range(5):
        shrink = 1 - 0.16 * step
        radius = shrink * rng.uniform(0.75, 1.0, 12)
        x = width / 2 + 0.48 * width * np.cos(angles) * radius + 0.05 * step * light * width
        y = tall - 0.94 * tall * np.sin(angles) * radius
        ink = paint(tint * (0.62 + 0.14 * step))
        cv2.fillPoly(picture, [np.stack([x, y], 1).astype(np.int32)], ink, cv2.LINE_AA)
    return TreeShape(picture, tall)


def bale(rng: np.random.Generator, tall: int, light: float) -> TreeShape:
    """A round bale of straw, seen from its flat end."""
    picture = np.zeros((tall + 4, tall + 4, 4), np.uint8)
    tint, middle = np.array([0.78, 0.66, 0.40]), (tall // 2 + 2, tall // 2 + 2)
    for step, radius in enumerate(np.linspace(tall / 2, 1, 6)):
        ink = paint(tint * (0.72 + 0.09 * (step % 3) + 0.04 * step))
        cv2.circle(picture, middle, int(radius), ink, -1, cv2.LINE_AA)
    return TreeShape(picture, tall)


def post(rng: np.random.Generator, tall: int, light: float) -> TreeShape:
    """A fence post or a mast with a cross-bar."""
    picture = np.zeros((tall + 4, max(6, tall // 2), 4), np.uint8)
    middle, ink = picture.shape[1] // 2, paint(np.array([0.34, 0.30, 0.27]))
    thick = max(2, tall // 16)
    cv2.line(picture, (middle, tall), (middle, 2), ink, thick, cv2.LINE_AA)
    if rng.random() < 0.5:
        y, reach = int(0.14 * tall), int(0.2 * tall)
        cv2.line(picture, (middle - reach, y), (middle + reach, y), ink, thick, cv2.LINE_AA)
    return TreeShape(picture, tall)


def scatter(
    rng: np.random.Generator, eye: Eye, mood: Mood, image: np.ndarray, land: Seen, kind: str
) -> None:
    """Draw things that bear no label, "boulders", "bales" or "posts", on land, in place."""
    makers = {"boulders": (boulder, 0.10, 9), "bales": (bale, 0.07, 9), "posts": (post, 0.2, 8)}
    maker, size, most = makers[kind]
    height = eye.shape[0]
    feet = places_on(rng, eye, land, (0.08, 0.85), int(rng.integers(2, most)))
    if len(feet) == 0:
        return
    if kind == "posts" and len(feet) > 1:  # in line, as a fence or a power line is
        feet[:, 1] = np.linspace(feet[:, 1].min(), feet[:, 1].max(), len(feet))
        feet[:, 0] = np.linspace(feet[0, 0], feet[-1, 0], len(feet))
    below = np.clip((feet[:, 1] - eye.horizon) / (height - eye.horizon), 0.03, 1)
    sizes = height * size * rng.uniform(0.6, 1.6) * below * rng.uniform(0.85, 1.15, len(feet)) * 2
    shape = maker(rng, int(np.clip(sizes.max(), 16, 160)), float(np.sign(mood.sun[0])))
    tint = mood.ambient + mood.direct * 0.7
    ground = np.zeros(eye.shape, np.float32)
    ground[land.top : land.top + len(land.cover)] = land.cover
    shadows(image, feet, sizes, mood, ground)
    cover = np.zeros(eye.shape, np.float32)
    for (x, y, z), tall in zip(feet, sizes, strict=True):
        far = 1 - np.exp(-z / (3000 * mood.reach + 40 * eye.height))
        stamp(image, cover, shape, (x, y), max(tall, 3), tint, mood.haze, far, rng.random() < 0.5)
