"""Towns: a skyline in the haze, a street in perspective, roofs from above. Each a Backdrop."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from data_scripts.drawing.noise import fractal, mix, ridge
from data_scripts.drones.places import canopy, some_sky
from data_scripts.drones.skies import Backdrop

WALLS = [(0.70, 0.66, 0.60), (0.55, 0.37, 0.30), (0.54, 0.55, 0.56), (0.80, 0.78, 0.74),
         (0.38, 0.40, 0.43), (0.68, 0.58, 0.44), (0.46, 0.48, 0.52)]  # fmt: skip
ROOFS = [(0.42, 0.26, 0.20), (0.33, 0.33, 0.35), (0.50, 0.48, 0.45), (0.28, 0.24, 0.22),
         (0.60, 0.58, 0.55), (0.48, 0.32, 0.24)]  # fmt: skip


def city(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """One kind of town or another, under its sky."""
    kind = [skyline, street, roofs][rng.choice(3, p=[0.4, 0.3, 0.3])]
    return kind(rng, shape)


def skyline(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """Blocks and towers, row behind row, each paler than the one before it; trees in front."""
    height, width = shape
    sky = some_sky(rng, shape)
    image, haze = sky.image.copy(), sky.light.haze
    foot, tall = rng.uniform(0.75, 1.05), rng.uniform(0.2, 0.6)
    layers = int(rng.integers(2, 5))
    for layer in range(layers):
        near = (layer + 1) / layers
        grow = tall * (0.5 + 0.5 * rng.random()) * (1.1 - 0.35 * near)
        left = -rng.uniform(0, 0.2) * width
        while left < width:
            wide = width * np.exp(rng.normal(np.log(0.03 + 0.09 * near), 0.45))
            high = grow * height * np.exp(rng.normal(-0.5, 0.45))
            if rng.random() < 0.9:
                box = (left, foot * height - high, left + wide, foot * height + 2)
                block(rng, image, box, haze, 0.85 - 0.75 * near * rng.uniform(0.7, 1))
            left += wide * rng.uniform(0.75, 1.3)
    image *= (0.94 + 0.12 * fractal(rng, shape, max(shape) * 0.3, 4))[..., None]
    rows = np.arange(height, dtype=np.float32)[:, None]
    rise = rng.uniform(0.0, 0.12)
    top = foot - 0.02 - rise * (0.5 + 0.5 * ridge(rng, width, width * 0.15, 6))
    leaf = np.array([0.2, 0.26, 0.14]) * rng.uniform(0.7, 1.4)
    trees = mix(canopy(rng, shape, leaf), haze, rng.uniform(0.0, 0.45))
    image = mix(image, trees, np.clip((rows - top[None] * height) / 2, 0, 1))
    return replace(sky, image=image, elevation=(-0.35, 0.1), horizon=None)


def block(rng: np.random.Generator, image: np.ndarray, box: tuple, haze, far: float) -> None:
    """One building seen straight from the front, in place, `far` 0..1 of the way into the haze."""
    left, top, right, bottom = (round(value) for value in box)
    front = facade(rng, max(right - left, 4), max(bottom - top, 4))
    front = mix(front, haze, far)
    if rng.random() < 0.35:  # a storey set back, a mast, a tank
        wide = (right - left) * rng.uniform(0.05, 0.7)
        start = left + (right - left - wide) * rng.random()
        high = rng.uniform(0.03, 0.25) * (bottom - top)
        tone = mix(np.full(3, 0.35), haze, far).ravel().tolist()
        cv2.rectangle(
            image, (round(start), round(top - high)), (round(start + wide), top), tone, -1
        )
    x0, x1, y0 = max(left, 0), min(right, image.shape[1]), max(top, 0)
    y1 = min(bottom, image.shape[0])
    if x1 > x0 and y1 > y0:
        image[y0:y1, x0:x1] = front[y0 - top : y1 - top, x0 - left : x1 - left]


def facade(rng: np.random.Generator, wide: int, high: int, storeys: float = 0.0) -> np.ndarray:
    """A wall (high, wide, 3) with windows: bands, rows or single ones, no two quite alike.

    storeys: how many; 0 leaves that to chance and the size.
    """
    wall = np.array(WALLS[rng.integers(len(WALLS))]) * rng.uniform(0.55, 1.05)
    rows = round(storeys) if storeys else int(np.clip(high / rng.uniform(7, 26), 1, 26))
    columns = int(np.clip(rows * wide / high * rng.uniform(0.6, 1.3), 1, 26))
    x = np.linspace(0, columns, wide, endpoint=False, dtype=np.float32)[None]
    y = np.linspace(-0.3, rows, high, endpoint=False, dtype=np.float32)[:, None]
    band = rng.random() < 0.25
    half_x = 0.6 if band else rng.uniform(0.15, 0.4)
    half_y = rng.uniform(0.2, 0.38)
    soft = 0.5 * columns / wide + 0.02
    lane = (np.abs(x % 1 - 0.5) - half_x) / soft
    floor = (np.abs(y % 1 - 0.5) - half_y) / (0.5 * rows / high + 0.02)
    pane = np.clip(0.5 - lane, 0, 1) * np.clip(0.5 - floor, 0, 1) * (y > 0)
    column, row = x.astype(int) % columns, np.clip(y.astype(int), 0, rows - 1)
    glass = rng.beta(0.7, 1.6, (rows, columns)).astype(np.float32)
    missing = rng.random((rows, columns)) < rng.choice([0.0, 0.08, 0.25])
    missing |= (rng.random(columns) < rng.choice([0.0, 0.2]))[None]
    glass, pane = glass[row, column], pane * ~missing[row, column]
    panes = mix(np.array([0.10, 0.12, 0.15]), np.array([0.52, 0.60, 0.68]), glass)
    light = np.linspace(1.08, 0.92, wide, dtype=np.float32)[None]
    stain = 0.8 + 0.4 * fractal(rng, (high, wide), max(wide, high) * 0.5, 5, 0.7)
    ledge = 1 - rng.choice([0.0, 0.18]) * np.clip(0.12 - y % 1, 0, 0.06) / 0.06
    front = wall.astype(np.float32) * (light * stain * ledge)[..., None]
    return mix(front, panes * (0.5 + 0.5 * stain)[..., None], pane)


def street(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """House fronts on one or both sides that run to a vanishing point, a road between them."""
    height, width = shape
    sky = some_sky(rng, shape)
    haze = sky.light.haze
    away = np.array([rng.uniform(0.15, 0.85) * width, rng.uniform(0.55, 0.9) * height])
    rows = np.arange(height, dtype=np.float32)[:, None]
    road = (np.array([0.4, 0.4, 0.4]) * rng.uniform(0.6, 1.3)).astype(np.float32)
    ground = road * (0.8 + 0.4 * fractal(rng, shape, max(shape) * 0.2, 5, 0.7, 4))[..., None]
    image = mix(sky.image, ground, np.clip(rows - away[1], 0, 1))
    eye = rng.uniform(0.05, 0.25) * height  # how far the road lies below the eye, at distance 1
    for side in (-1, 1):
        aside = side * rng.uniform(0.15, 0.5) * width
        margin = away[0] if side < 0 else width - away[0]
        depths = [0.9 * abs(aside) / max(margin, 0.1 * width)]  # the first one fills the edge
        while depths[-1] < 7:
            depths.append(depths[-1] * rng.uniform(1.2, 1.8))
        for near, far in zip(depths[-2::-1], depths[:0:-1], strict=True):
            tall = height * rng.uniform(0.2, 0.7)
            x = away[0] + np.array([aside / near, aside / far])
            top, low = away[1] - tall / np.array([near, far]), away[1] + eye / np.array([near, far])
            front = facade(rng, 128, 160, rng.integers(3, 9))
            front = mix(front * (0.75 if side < 0 else 1.0), haze, min(0.75, 0.11 * far))
            # Its end wall shows above a lower neighbour.
            end = ((x[0], x[0] + side * 0.3 * width / near), (top[0], low[0]))
            tone = (front.mean(axis=(0, 1)) * 0.9).tolist()
            corners = tuple(
                zip(*(np.round(pair).astype(int).tolist() for pair in end), strict=True)
            )
            cv2.rectangle(image, *corners, tone, -1)
            warp_onto(
                image, front, [(x[0], top[0]), (x[1], top[1]), (x[1], low[1]), (x[0], low[0])]
            )
    return replace(sky, image=image, elevation=(-0.35, 0.1), horizon=None)


def warp_onto(image: np.ndarray, front: np.ndarray, corners: list[tuple[float, float]]) -> None:
    """Paint a wall into the quadrilateral of its four corners, in place."""
    corners = np.array(corners, np.float32)
    low = np.clip(np.floor(corners.min(axis=0)), 0, image.shape[1::-1]).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)), 0, image.shape[1::-1]).astype(int)
    if (high - low).min() < 1:
        return
    high_px, wide_px = front.shape[:2]
    flat = np.float32([(0, 0), (wide_px, 0), (wide_px, high_px), (0, high_px)])
    matrix = cv2.getPerspectiveTransform(flat, corners - low.astype(np.float32))
    size = tuple((high - low).tolist())
    wall = cv2.warpPerspective(front, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    cover = np.zeros(size[::-1], np.uint8)
    points = np.round((corners - low) * 16).clip(-(1 << 24), 1 << 24).astype(np.int32)
    cv2.fillConvexPoly(cover, points, 255, cv2.LINE_AA, 4)
    part = image[low[1] : high[1], low[0] : high[0]]
    part += (wall - part) * (cover[..., None] * np.float32(1 / 255))


def roofs(rng: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
    """A town from above: blocks with roofs, streets and trees between them, haze far away."""
    height, width = shape
    sky = some_sky(rng, shape)
    horizon = rng.uniform(-0.5, 0.3) * height
    haze = 0.7 * sky.image[int(max(horizon, 0))].mean(axis=0) + 0.2
    focal = rng.uniform(0.9, 1.6) * max(shape)
    rows = np.arange(height, dtype=np.float32)[:, None]
    floor = np.array([(0.36, 0.36, 0.35), (0.3, 0.34, 0.24)][rng.integers(2)])
    ground = canopy(rng, shape, floor)
    ground = mix(ground, haze, np.clip(1.1 - 4 * (rows - horizon) / height, 0, 1) + np.zeros(shape))
    image = mix(sky.image, ground, np.clip(rows - horizon, 0, 1))
    last = min(14.0, focal / max(0.04 * height, -horizon))
    first = max(focal / (1.15 * height - horizon), 0.6)
    lot = rng.uniform(0.1, 0.22) * first + 0.12
    turn, bright = rng.normal(0, 0.5), 0.75 + 0.3 * rng.random()
    spots = []
    for z in np.arange(first, last, lot * 1.25):
        reach = 0.6 * width * z / focal + lot
        step = lot * (1.1 + 0.06 * (z - first))
        spots += [(x, z) for x in np.arange(-reach, reach, step) if rng.random() < 0.85]
    for x, z in spots[::-1][-220:]:
        half = lot * rng.uniform(0.25, 0.46, 2)
        rise = lot * np.exp(rng.normal(-0.8, 0.5))
        angle = turn * 0.3 + rng.choice([0.0, 0.0, 0.1])
        box = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
        box = box @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        box += [x + rng.normal(0, 0.08) * lot, z + rng.normal(0, 0.08) * lot]
        fade = float(np.clip(0.06 * (z - first) / lot * rng.uniform(0.6, 0.8), 0, 0.9))
        house(rng, image, box, min(rise, 0.6), (horizon, focal, width), haze, fade, bright)
    soil = (0.85 + 0.3 * fractal(rng, shape, max(shape) * 0.1, 5, 0.8))[..., None]
    image = np.where((rows > horizon)[..., None], image * soil, image)
    return replace(sky, image=image, elevation=(0.15, 0.6), horizon=None)


def house(rng, image, box, rise, camera, haze, fade, bright) -> None:  # noqa: ANN001
    """A block on its base (4, 2), in heights of the camera, from above: walls, then the roof."""
    horizon, focal, width = camera

    def seen(level: float) -> np.ndarray:
        x = width / 2 + focal * box[:, 0] / box[:, 1]
        return np.stack([x, horizon + focal * (1 - level) / box[:, 1]], axis=1)

    foot, top = seen(0.0), seen(rise)
    wall = np.array(WALLS[rng.integers(len(WALLS))]) * bright
    storeys, glass = int(rng.integers(2, 8)), rng.uniform(0.55, 0.9)
    roof = np.array(ROOFS[rng.integers(len(ROOFS))]) * bright * rng.uniform(0.8, 1.3)

    def fill(points: np.ndarray, colour: np.ndarray) -> None:
        fixed = np.round(points * 16).astype(np.int32)
        cv2.fillConvexPoly(image, fixed, mix(colour, haze, fade).ravel().tolist(), cv2.LINE_8, 4)

    for one, two, shade in ((3, 0, 0.6), (1, 2, 0.85), (0, 1, 1.0)):
        if foot[one, 0] >= foot[two, 0]:
            continue  # it faces away
        fill(np.stack([foot[one], foot[two], top[two], top[one]]), wall * shade)
        for line in np.arange(0.5, storeys) / storeys if foot[two, 0] - foot[one, 0] > 10 else ():
            ends = [foot[k] + line * (top[k] - foot[k]) for k in (one, two)]
            lift = 0.4 / storeys * (top[[two, one]] - foot[[two, one]])
            fill(np.stack([*ends, *(np.array(ends[::-1]) + lift)]), wall * glass * shade)
    fill(top, roof)
    if rng.random() < 0.5:  # pitched: one half lies in the shade
        ridge_line = np.stack([(top[0] + top[3]) / 2, (top[1] + top[2]) / 2])
        lift = np.array([0, -0.1 * np.ptp(top[:, 0])])
        fill(np.stack([top[0], top[1], ridge_line[1] + lift, ridge_line[0] + lift]), roof * 1.15)
        fill(np.stack([top[3], top[2], ridge_line[1] + lift, ridge_line[0] + lift]), roof * 0.75)
