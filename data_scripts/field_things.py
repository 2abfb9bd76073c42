"""Standing things that bear no label: boulders, bales of straw, fences. Not all that stands up in
a landscape is a tree."""

from __future__ import annotations

import cv2
import numpy as np

from data_scripts.groves import places_on, shadows, stamp
from data_scripts.moods import Mood
from data_scripts.terrain import Eye, Seen
from data_scripts.tree_shapes import TreeShape, paint

THINGS = ("boulders", "bales", "fence")


def boulder(rng: np.random.Generator, tall: int, light: float, tint: np.ndarray) -> TreeShape:
    """A rock of flat faces, darker away from the light; tint (3,): its colour."""
    width = int(tall * rng.uniform(1.3, 2.4))
    picture = np.zeros((tall + 4, width, 4), np.uint8)
    angles = np.sort(rng.uniform(0.1, np.pi - 0.1, 6))
    angles = np.concatenate([[-0.12], angles, [np.pi + 0.12]])
    radius = rng.uniform(0.72, 1.0, len(angles))
    rim = np.stack([width / 2 + 0.48 * width * np.cos(angles) * radius,
                    tall - 0.95 * tall * np.sin(angles) * radius], 1)  # fmt: skip
    ridge = np.array([width * rng.uniform(0.35, 0.65), tall * rng.uniform(0.3, 0.55)])
    foot = np.array([width * rng.uniform(0.35, 0.65), tall * 1.04])
    for start, end in zip(rim[:-1], rim[1:], strict=True):
        middle = (start + end) / 2 - ridge
        facing = middle / (np.linalg.norm(middle) + 1e-6) @ [0.4 * light, -0.45]
        ink = paint(tint * (0.72 + 0.45 * facing + rng.normal(0, 0.05)))
        for corner in (ridge, foot):
            shape = np.stack([start, end, corner]).astype(np.int32)
            cv2.fillPoly(picture, [shape], ink, cv2.LINE_AA)
    for side, end in ((-1, rim[-1]), (1, rim[0])):
        ink = paint(tint * (0.55 + 0.16 * side * light))
        cv2.fillPoly(picture, [np.stack([ridge, foot, end]).astype(np.int32)], ink, cv2.LINE_AA)
    grain = rng.normal(1.0, 0.10, picture.shape[:2])[..., None]
    picture[..., :3] = np.clip(picture[..., :3] * grain, 0, picture[..., 3:])
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
    """Posts and two wires from one side of the land into its depth, in place."""
    height, width = eye.shape
    near, far = rng.uniform(0.6, 1.0), rng.uniform(0.06, 0.3)
    low = land.top + int((land.cover > 0.9).argmax(axis=0).max())
    count = int(rng.integers(5, 12))
    depth = np.linspace(1 / near, 1 / far, count)  # even steps in the land
    y = low + (height - low) / depth
    start, end = rng.uniform(-0.1, 1.1, 2) * width
    x = start + (end - start) * (1 / depth - near) / (far - near)
    tall = 0.16 * (y - low) + 2
    ink = (np.array([0.40, 0.35, 0.30]) * tint).clip(0, 1).tolist()
    for share in (0.55, 0.9):
        line = np.stack([x, y - share * tall], 1).astype(np.int32)
        cv2.polylines(image, [line], False, ink, 1, cv2.LINE_8)
    for column, row, size in zip(x, y, tall, strict=True):
        thick = max(1, round(size * 0.1))
        cv2.line(image, (int(column), int(row)), (int(column), int(row - size)), ink, thick)


def scatter(
    rng: np.random.Generator, eye: Eye, mood: Mood, image: np.ndarray, land: Seen, kind: str
) -> None:
    """Draw one of THINGS on land, in place."""
    tint = mood.ambient + mood.direct * 0.7
    if kind == "fence":
        fence(rng, eye, image, land, tint)
        return
    maker, size, most = {"boulders": (boulder, 0.08, 9), "bales": (bale, 0.07, 9)}[kind]
    height = eye.shape[0]
    feet = places_on(rng, eye, land, (0.08, 0.8), int(rng.integers(2, most)))
    if len(feet) == 0:
        return
    below = np.clip((feet[:, 1] - eye.horizon) / (height - eye.horizon), 0.03, 1)
    spread = rng.uniform(0.35, 1.7, len(feet)) if kind == "boulders" else np.ones(len(feet))
    sizes = np.maximum(2 * height * size * below * spread, 3)
    ground = np.zeros(eye.shape, np.float32)
    ground[land.top : land.top + len(land.cover)] = land.cover
    shadows(image, feet, 1.4 * sizes, mood, ground)
    cover, light = np.zeros(eye.shape, np.float32), float(np.sign(mood.sun[0]))
    rock = np.array([0.50, 0.46, 0.42]) * rng.uniform(0.7, 1.25) * (1 + rng.normal(0, 0.05, 3))
    largest = int(np.clip(sizes.max(), 16, 160))
    shapes = [maker(rng, largest, light, rock) for _ in range(3)]
    for number, ((x, y, z), tall) in enumerate(zip(feet, sizes, strict=True)):
        far = 1 - np.exp(-z / (3000 * mood.reach + 40 * eye.height))
        stamp(image, cover, shapes[number % 3], (x, y), tall, tint, mood.haze, far)
