"""Standing things that bear no label: boulders, bales of straw, fences. Not all that stands up in
a landscape is a tree."""

from __future__ import annotations

import cv2
import numpy as np

from data_scripts.drawing.noise import fractal, ridge
from data_scripts.panoramas.foliage import TreeShape, paint
from data_scripts.panoramas.groves import places_on, shadows, stamp
from data_scripts.panoramas.terrain import Eye, Seen
from data_scripts.panoramas.weather import Mood

THINGS = ("boulders", "bales", "cacti", "fence")


def boulder(rng: np.random.Generator, tall: int, light: float, tint: np.ndarray) -> TreeShape:
    """A rock of flat faces, darker away from the light; tint (3,): its colour."""
    width = int(tall * rng.uniform(1.2, 2.4))
    picture = np.zeros((tall + 4, width, 4), np.uint8)
    angles = np.linspace(-0.15, np.pi + 0.15, 10) + rng.normal(0, 0.05, 10)
    radius = rng.uniform(0.78, 1.0, 10)
    middle = np.array([width / 2, tall])
    reach = np.array([0.48 * width, -0.95 * tall])
    outline = np.stack([np.cos(angles), np.sin(angles)], 1) * radius[:, None]
    rings = [outline, outline * rng.uniform(0.5, 0.75, (10, 1)) + [0.04 * light, 0.06]]
    rings.append(np.repeat(rings[1][3:7].mean(axis=0)[None], 10, axis=0) * [1, 0.7])
    places = [(middle + ring * reach).astype(np.int32) for ring in rings]
    cv2.fillPoly(picture, [places[0]], paint(tint * 0.6), cv2.LINE_AA)
    facing = (outline @ [0.34 * light, 0.42])[:-1]
    for inner in (0, 1):
        shade = (0.62 if inner == 0 else 0.82) + facing * (1 - 0.4 * inner) + rng.normal(0, 0.06, 9)
        for k in range(9):
            face = [places[inner][k], places[inner][k + 1], places[inner + 1][k + 1],
                    places[inner + 1][k]]  # fmt: skip
            cv2.fillPoly(picture, [np.stack(face)], paint(tint * shade[k]), cv2.LINE_AA)
    grain = rng.normal(1.0, 0.10, picture.shape[:2])[..., None]
    picture[..., :3] = np.clip(picture[..., :3] * grain, 0, picture[..., 3:])
    return TreeShape(picture, tall)


def cactus(rng: np.random.Generator, tall: int, light: float, tint: np.ndarray) -> TreeShape:
    """A column with arms, as it stands in deserts; no tree."""
    width = int(0.7 * tall)
    picture = np.zeros((tall + 4, width, 4), np.uint8)
    green = np.array([0.36, 0.42, 0.26]) * rng.uniform(0.8, 1.15)
    thick, middle = max(2, round(0.11 * tall)), width // 2
    strokes = [[(middle, tall), (middle, int(0.06 * tall))]]
    for side in (-1, 1):
        if rng.random() < 0.7:
            low, high = rng.uniform(0.45, 0.65) * tall, rng.uniform(0.15, 0.35) * tall
            out = middle + side * int(0.24 * tall)
            strokes.append([(middle, int(low)), (out, int(low)), (out, int(high))])
    for shade, part in ((0.7, 1.0), (1.05, 0.55)):
        for number, stroke in enumerate(strokes):
            line = np.array(stroke) + [int(light * (1 - part) * 0.3 * thick), 0]
            size = max(1, round(thick * part * (1.0 if number == 0 else 0.75)))
            cv2.polylines(picture, [line.astype(np.int32)], False, paint(green * shade), size,
                          cv2.LINE_AA)  # fmt: skip
    return TreeShape(picture, tall)


def bale(rng: np.random.Generator, tall: int, light: float, tint: np.ndarray) -> TreeShape:
    """A round bale of straw: its flat end, and its length beside that."""
    picture = np.zeros((tall + 4, int(1.7 * tall), 4), np.uint8)
    straw = np.array([0.74, 0.62, 0.38]) * rng.uniform(0.85, 1.1)
    half, left, right = tall // 2, tall // 2 + 2, int(1.7 * tall) - tall // 4 - 2
    cv2.ellipse(picture, (right, half + 2), (tall // 4, half), 0, 0, 360, paint(straw * 0.62), -1,
                cv2.LINE_AA)  # fmt: skip
    for row in range(2, tall + 2):  # the long side is rounder than it is flat: bright on top
        shade = 0.62 + 0.5 * (1 - row / tall) + rng.normal(0, 0.03)
        cv2.line(picture, (left, row), (right, row), paint(straw * shade), 1)
    for step, radius in enumerate(np.linspace(half, 1, 7)):
        ink = paint(straw * (0.78 + 0.12 * (step % 2) + rng.normal(0, 0.02)))
        size = (max(1, int(0.62 * radius)), max(1, int(radius)))
        cv2.ellipse(picture, (left, half + 2), size, 0, 0, 360, ink, -1, cv2.LINE_AA)
    return TreeShape(picture, tall + 1)


def fence(
    rng: np.random.Generator, eye: Eye, image: np.ndarray, land: Seen, tint: np.ndarray
) -> None:
    """Posts and two rails from one side of the land into its depth, in place."""
    height, width = eye.shape
    low = land.top + int((land.cover > 0.9).argmax(axis=0).max())
    near, far = rng.uniform(0.7, 1.1), rng.uniform(0.12, 0.3)
    count = int(rng.integers(9, 18))
    share = 1 / np.linspace(1 / near, 1 / far, count)  # even steps in the land
    y = low + (height - low) * share
    start, end = (rng.uniform(-0.2, 0.2), rng.uniform(0.5, 0.8))[:: rng.choice([-1, 1])]
    x = width * (start + (end - start) * (near - share) / (near - far))
    tall = 0.26 * (y - low)
    ink = (np.array([0.42, 0.36, 0.30]) * tint).clip(0, 1)
    for up in (0.5, 0.88):
        for k in range(count - 1):
            ends = [(int(x[m]), int(y[m] - up * tall[m])) for m in (k, k + 1)]
            cv2.line(image, *ends, (0.9 * ink).tolist(), max(1, round(0.06 * tall[k])), cv2.LINE_8)
    for column, row, size in zip(x, y, tall, strict=True):
        post = (int(column), int(row)), (int(column), int(row - size))
        cv2.line(image, *post, ink.tolist(), max(1, round(size * 0.13)), cv2.LINE_8)


def scatter(
    rng: np.random.Generator, eye: Eye, mood: Mood, image: np.ndarray, land: Seen, kind: str
) -> None:
    """Draw one of THINGS on land, in place."""
    backlit = 0.3 if mood.sun[2] > 0.3 else 0.7
    tint = mood.ambient + mood.direct * backlit
    if kind == "fence":
        fence(rng, eye, image, land, tint)
        return
    maker, size, most = {"boulders": (boulder, 0.07, 9), "bales": (bale, 0.07, 9),
                         "cacti": (cactus, 0.24, 8)}[kind]  # fmt: skip
    height = eye.shape[0]
    feet = places_on(rng, eye, land, (0.08, 0.8), int(rng.integers(2, most)))
    if len(feet) == 0:
        return
    below = np.clip((feet[:, 1] - eye.horizon) / (height - eye.horizon), 0.03, 1)
    least, largest = (0.35, 1.7) if kind == "boulders" else (0.9, 1.1)
    spread = rng.uniform(least, largest, len(feet))
    sizes = np.maximum(2 * height * size * below * spread, 3)
    ground = np.zeros(eye.shape, np.float32)
    ground[land.top : land.top + len(land.cover)] = land.cover
    shadows(image, feet, 1.4 * sizes, mood, ground)
    cover, light = np.zeros(eye.shape, np.float32), float(np.sign(mood.sun[0]))
    rock = np.array([0.50, 0.46, 0.42]) * rng.uniform(0.7, 1.25) * (1 + rng.normal(0, 0.05, 3))
    tallest = int(np.clip(sizes.max(), 16, 160))
    shapes = [maker(rng, tallest, light, rock) for _ in range(3)]
    for number, ((x, y, z), tall) in enumerate(zip(feet, sizes, strict=True)):
        far = 1 - np.exp(-z / (3000 * mood.reach + 40 * eye.height))
        stamp(image, cover, shapes[number % 3], (x, y), tall, tint, mood.haze, far)


def mist(rng: np.random.Generator, eye: Eye, mood: Mood, image: np.ndarray) -> None:
    """A bank of mist that lies on the land below the horizon, in place."""
    height, width = eye.shape
    rows = np.arange(height, dtype=np.float32)[:, None]
    middle = eye.horizon + height * rng.uniform(-0.03, 0.02)
    billow = 0.045 * height * ridge(rng, width, width * 0.3, 6)[None]
    thick = height * rng.uniform(0.03, 0.08)
    torn = fractal(rng, eye.shape, max(eye.shape) * 0.12, 4, 0.6, 3.0)
    weight = np.exp(-(((rows - middle - billow) / thick) ** 2)) * rng.uniform(0.5, 1.1)
    weight *= np.clip(0.3 + 1.2 * torn, 0, 1)
    white = (0.55 * mood.haze + 0.45 * mood.lit).astype(np.float32)
    image += (white - image) * np.clip(weight, 0, 0.95).astype(np.float32)[..., None]
