"""Trees as small pictures: branching, bare, conifers, palms, umbrella crowns. Drawn once, then
scaled and set into the land."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

LEAVES = {
    "green": [(0.26, 0.38, 0.12), (0.34, 0.46, 0.16), (0.22, 0.34, 0.14), (0.30, 0.36, 0.18)],
    "autumn": [(0.72, 0.42, 0.12), (0.80, 0.58, 0.16), (0.60, 0.24, 0.12), (0.54, 0.44, 0.16)],
    "pale": [(0.46, 0.50, 0.34), (0.52, 0.54, 0.40), (0.62, 0.52, 0.52)],
    "needle": [(0.14, 0.24, 0.14), (0.18, 0.28, 0.16), (0.16, 0.24, 0.20), (0.24, 0.30, 0.16)],
    "palm": [(0.28, 0.40, 0.14), (0.36, 0.44, 0.18), (0.24, 0.34, 0.16)],
}  # fmt: skip
BARKS = [(0.28, 0.22, 0.18), (0.36, 0.31, 0.27), (0.22, 0.18, 0.15), (0.62, 0.60, 0.56)]
SPECIES = ("broadleaf", "bare", "conifer", "palm", "umbrella", "poplar")


@dataclass(frozen=True)
class TreeShape:
    """picture (h, w, 4) uint8: premultiplied colour in plain light, and alpha; foot: the row that
    stands on the ground."""

    picture: np.ndarray
    foot: int


def colour(rng: np.random.Generator, name: str) -> np.ndarray:
    return np.array(LEAVES[name][rng.integers(len(LEAVES[name]))]) * rng.uniform(0.8, 1.2)


def paint(values: np.ndarray) -> tuple[float, ...]:
    """A colour 0..1 as OpenCV's opaque one of 8 bits."""
    red, green, blue = np.clip(values * 255, 0, 255)
    return (float(red), float(green), float(blue), 255.0)


def grow(
    rng: np.random.Generator, foot: tuple[float, float], long: float, spread: float, depth: int
) -> np.ndarray:
    """Branches (K, 6): start x, y, end x, y, thickness 0..1, level; from the trunk to the twigs."""
    branches, tips = [], [(foot[0], foot[1], -np.pi / 2 + rng.normal(0, 0.06), long, 0)]
    while tips:
        x, y, angle, length, level = tips.pop(0)
        end = x + length * np.cos(angle), y + length * np.sin(angle)
        branches.append((x, y, *end, 0.62**level, level))
        if level >= depth:
            continue
        for side in range(2 + (rng.random() < 0.4)):
            turn = (-1, 1, 0)[side] * spread * rng.uniform(0.5, 1.3) + rng.normal(0, 0.12)
            lift = 0.16 * np.sin(angle + turn + np.pi / 2)  # twigs bend back to the light
            tips.append((*end, angle + turn - lift, length * rng.uniform(0.62, 0.86), level + 1))
    return np.array(branches)


def draw_branches(
    picture: np.ndarray, branches: np.ndarray, bark: np.ndarray, thick: float
) -> None:
    for x0, y0, x1, y1, share, level in branches:
        width = max(1, round(thick * share))
        shade = paint(bark * (0.85 + 0.08 * level))
        cv2.line(picture, (int(x0), int(y0)), (int(x1), int(y1)), shade, width, cv2.LINE_AA)


def draw_leaves(
    rng: np.random.Generator,
    picture: np.ndarray,
    places: np.ndarray,
    tint: np.ndarray,
    size: float,
    light: float,
) -> None:
    """Leaves around places (N, 2): a dark mass first, then ever finer and lighter ones.

    size: of the mass's lumps, pixels; light: the side it comes from, -1..1.
    """
    low, high = places.min(axis=0), places.max(axis=0)
    middle, reach = (low + high) / 2, (high - low) / 2 + 1
    hue = rng.normal(0, 0.06, 3)
    for share, part, tone in ((0.3, 1.0, 0.62), (0.75, 0.55, 0.85), (1.0, 0.27, 1.05)):
        here = places[rng.random(len(places)) < share]
        loose = np.clip(rng.normal(0, 1, here.shape), -2, 2)
        here = here + loose * (0.9 * size * (1.2 - part))
        toward = ((here - middle) / reach) @ [0.5 * light, -0.55]
        shade = np.clip(tone + 0.4 * toward + rng.normal(0, 0.13, len(here)), 0.2, 1.7)
        hues = np.clip((tint + hue * part * tint) * shade[:, None] * 255, 0, 255)
        sizes = np.maximum(1, size * part * rng.uniform(0.6, 1.4, len(here)))
        whole, sizes = np.round(here).astype(int).tolist(), np.round(sizes).astype(int).tolist()
        for place, radius, ink in zip(whole, sizes, hues.tolist(), strict=True):
            cv2.circle(picture, place, radius, (*ink, 255.0), -1, cv2.LINE_8)


def broadleaf(rng: np.random.Generator, tall: int, light: float, leaves: str) -> TreeShape:
    """A branching tree with a crown; leaves: a key of LEAVES, or "none" for a bare one."""
    width = int(1.25 * tall)
    picture = np.zeros((tall + 6, width, 4), np.uint8)
    spread, depth = rng.uniform(0.35, 0.62), 5 if leaves != "none" else 7
    branches = grow(rng, (0.0, 0.0), 1.0, spread, depth)
    points = branches[:, :4].reshape(-1, 2, 2)
    low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    scale = min(0.84 * tall / -low[1], 0.82 * width / (high[0] - low[0]))
    place = np.array([width / 2 - scale * (low[0] + high[0]) / 2, tall])
    branches[:, :4] = (points * scale + place).reshape(-1, 4)
    bark = np.array(BARKS[rng.integers(len(BARKS))])
    draw_branches(picture, branches, bark, max(2.0, tall * rng.uniform(0.03, 0.055)))
    if leaves != "none":
        tips = branches[branches[:, 5] >= depth - rng.integers(1, 4)]
        count = int(min(1700, 200 + 3 * tall))
        tips = tips[rng.integers(0, len(tips), count)]
        along = rng.uniform(0.3, 1, (count, 1))
        places = tips[:, :2] + along * (tips[:, 2:4] - tips[:, :2])
        spread = np.clip(rng.normal(0, 1, (count, 2)), -1.6, 1.6)  # no leaf hangs in the air
        places = places + spread * rng.uniform(0.03, 0.055) * tall
        places[:, 1] = np.clip(places[:, 1], 0.05 * tall, 0.8 * tall)
        size = 0.026 * tall * (1 if tall < 250 else 0.75)
        draw_leaves(rng, picture, places, colour(rng, leaves), size, light)
    return TreeShape(picture, tall)


def umbrella(rng: np.random.Generator, tall: int, light: float) -> TreeShape:
    """A flat crown over slanting branches, as in dry lands and on windy coasts."""
    width = int(1.5 * tall)
    picture = np.zeros((tall + 6, width, 4), np.uint8)
    fork, top = np.array([width / 2, 0.55 * tall]), 0.22 * tall
    bark = np.array(BARKS[rng.integers(3)])
    branches = [(width / 2 + rng.normal(0, 0.04) * tall, tall, *fork, 1.0, 0)]
    for number, share in enumerate(np.linspace(0.16, 0.84, 8) + rng.normal(0, 0.03, 8)):
        start = fork - [0, (number % 3) * 0.03 * tall]
        bend = start + np.array([share * width - start[0], top - start[1]]) * [0.62, 0.45]
        branches.append((*start, *bend, 0.45, 1))
        for aside in rng.normal(0, 0.06, 3) * width:
            branches.append((*bend, share * width + aside, top, 0.2, 2))
    branches = np.array(branches)
    draw_branches(picture, branches, bark, max(2.0, 0.045 * tall))
    count = int(min(1500, 200 + 2.5 * tall))
    across = rng.uniform(-1, 1, count)
    places = np.stack([width / 2 + across * 0.44 * width,
                       top - 0.10 * tall * np.sqrt(1 - across**2) * rng.random(count)
                       + rng.normal(0, 0.025, count) * tall], 1)  # fmt: skip
    draw_leaves(rng, picture, places, colour(rng, "pale" if rng.random() < 0.5 else "green"),
                0.022 * tall, light)  # fmt: skip
    return TreeShape(picture, tall)


def poplar(rng: np.random.Generator, tall: int, light: float, leaves: str) -> TreeShape:
    """A narrow upright crown: poplar, cypress."""
    width = int(0.42 * tall)
    picture = np.zeros((tall + 6, width, 4), np.uint8)
    bark = np.array(BARKS[rng.integers(3)])
    stem = np.array([(width / 2, tall, width / 2, 0.2 * tall, 1.0, 0)])
    draw_branches(picture, stem, bark, max(2.0, 0.025 * tall))
    count = int(min(1500, 200 + 2.5 * tall))
    along = rng.beta(1.2, 1.3, count)
    half = 0.38 * width * np.sqrt(np.sin(np.pi * np.clip(0.1 + 0.85 * along, 0, 1)))
    places = np.stack([width / 2 + half * rng.uniform(-1, 1, count),
                       tall * (0.9 - 0.86 * along)], 1)  # fmt: skip
    draw_leaves(rng, picture, places, colour(rng, leaves), 0.022 * tall, light)
    return TreeShape(picture, tall)


def conifer(rng: np.random.Generator, tall: int, light: float, snowy: bool) -> TreeShape:
    """Drooping boughs in tiers around a straight stem."""
    width = int(tall * rng.uniform(0.42, 0.62))
    picture = np.zeros((tall + 6, width, 4), np.uint8)
    tint = colour(rng, "needle")
    middle, start = width / 2, rng.uniform(0.04, 0.16)
    stem = np.array([(middle, tall, middle, 0.06 * tall, 1.0, 0)])
    draw_branches(picture, stem, np.array(BARKS[rng.integers(3)]), max(2.0, 0.022 * tall))
    tiers = int(np.clip(tall / 5, 12, 44))
    thick = max(1, round(tall / tiers * 0.55))
    for tier in range(tiers):
        share = 1 - tier / tiers  # from the lowest to the tip
        y = tall * (0.03 + (1 - start - 0.03) * share)
        reach = 0.48 * width * share**0.85
        for aside in np.linspace(-1, 1, 9) + rng.normal(0, 0.07, 9):
            far = reach * aside * rng.uniform(0.7, 1.1)
            droop = 0.32 * abs(far) + rng.normal(0, 0.006) * tall
            shade = 0.75 + 0.3 * aside * light + rng.normal(0, 0.16) + 0.12 * (abs(aside) - 0.5)
            ink = tint * np.clip(shade, 0.3, 1.6)
            if snowy and rng.random() < 0.45:
                ink = np.array([0.86, 0.89, 0.94])
            end = (int(middle + far), int(y + droop))
            cv2.line(picture, (int(middle), int(y - 0.02 * tall)), end, paint(ink), thick,
                     cv2.LINE_AA)  # fmt: skip
    return TreeShape(picture, tall)


def palm(rng: np.random.Generator, tall: int, light: float) -> TreeShape:
    """A bent slender trunk under a head of arching fronds."""
    width = int(1.1 * tall)
    picture = np.zeros((tall + 6, width, 4), np.uint8)
    bend = rng.normal(0, 0.16) * tall
    t = np.linspace(0, 1, 14)
    head = np.array([width / 2 + 0.5 * bend, 0.33 * tall])
    stem = np.stack([width / 2 - 0.5 * bend + bend * t**1.7, tall + (head[1] - tall) * t], 1)
    bark = np.array(BARKS[rng.integers(2)]) * 1.15
    for index, (start, end) in enumerate(zip(stem[:-1], stem[1:], strict=True)):
        thick = max(2, round(tall * (0.036 - 0.018 * t[index])))
        ink = paint(bark * (0.85 + 0.25 * (index % 2)))
        cv2.line(picture, start.astype(int).tolist(), end.astype(int).tolist(), ink, thick,
                 cv2.LINE_AA)  # fmt: skip
    tint, along = colour(rng, "palm"), np.linspace(0.05, 1, 26)
    thin = max(1, round(0.006 * tall))
    for angle in np.linspace(-0.35, np.pi + 0.35, 13) + rng.normal(0, 0.1, 13):
        long = 0.36 * tall * rng.uniform(0.85, 1.15)
        out = np.array([np.cos(angle), -np.sin(angle)])
        rib = head + long * along[:, None] * out
        rib[:, 1] += 0.42 * long * along**2.1
        way = np.gradient(rib, axis=0)
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        for side in (-1, 1):
            hang = side * np.stack([-way[:, 1], way[:, 0]], 1) * 0.75 + way * 0.6 + [0, 0.45]
            leaf = 0.34 * long * np.sin(np.pi * np.clip(along * 0.86 + 0.1, 0, 1))[:, None]
            ends = rib + hang * leaf * 0.62
            shade = np.clip(0.95 + 0.35 * out[0] * light - 0.25 * out[1] - 0.15 * side, 0.4, 1.5)
            ink = paint(tint * shade * rng.uniform(0.85, 1.15))
            for start, end in zip(rib.astype(int).tolist(), ends.astype(int).tolist(), strict=True):
                cv2.line(picture, start, end, ink, thin, cv2.LINE_AA)
        cv2.polylines(picture, [rib.astype(np.int32)], False, paint(tint * 1.15), thin)
    return TreeShape(picture, tall)


def tree_shape(
    rng: np.random.Generator, species: str, tall: int, light: float, leaves: str, snowy: bool
) -> TreeShape:
    """A tree of one of SPECIES, `tall` pixels high.

    light: the side that light comes from, -1 to 1; leaves: a key of LEAVES for those that change
    them; snowy: snow on conifers.
    """
    if species == "broadleaf":
        return broadleaf(rng, tall, light, leaves)
    if species == "bare":
        return broadleaf(rng, tall, light, "none")
    if species == "conifer":
        return conifer(rng, tall, light, snowy)
    if species == "palm":
        return palm(rng, tall, light)
    if species == "umbrella":
        return umbrella(rng, tall, light)
    return poplar(rng, tall, light, leaves)
