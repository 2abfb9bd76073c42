"""What people have put into landscapes, none of which bears a label: houses, churches, windmills,
poles, towns on the horizon, boats, balloons. Not all that stands up is a tree or a mountain."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from data_scripts.panoramas.foliage import TreeShape, paint
from data_scripts.panoramas.groves import places_on, stamp
from data_scripts.panoramas.terrain import Eye, Seen
from data_scripts.panoramas.weather import Mood

WALLS = [(0.86, 0.83, 0.76), (0.62, 0.28, 0.20), (0.72, 0.66, 0.56), (0.46, 0.36, 0.28)]
ROOFS = [(0.52, 0.26, 0.18), (0.34, 0.33, 0.34), (0.42, 0.34, 0.28)]
HULLS = [(0.90, 0.88, 0.84), (0.30, 0.36, 0.46), (0.56, 0.22, 0.18)]
SAILS = [(0.92, 0.91, 0.88), (0.86, 0.80, 0.68), (0.72, 0.30, 0.22)]
SILKS = [(0.80, 0.24, 0.20), (0.90, 0.74, 0.20), (0.24, 0.42, 0.70), (0.92, 0.90, 0.86),
         (0.30, 0.58, 0.34)]  # fmt: skip
LANDMARKS = ("houses", "church", "windmills", "poles", "town", "boats", "balloons")


def blank(tall: int, wide: float) -> np.ndarray:
    return np.zeros((tall + 4, int(wide * tall), 4), np.uint8)


def fill(picture: np.ndarray, points: list[tuple[float, float]], colour: np.ndarray) -> None:
    """A polygon; points (x, y) in the height of the picture, y downwards."""
    tall = len(picture) - 4
    cv2.fillPoly(picture, [(np.array(points) * tall).astype(np.int32)], paint(colour), cv2.LINE_AA)


def any_of(rng: np.random.Generator, colours: list) -> np.ndarray:
    return np.array(colours[rng.integers(len(colours))]) * rng.uniform(0.85, 1.1)


def house(rng: np.random.Generator, tall: int, light: float) -> TreeShape:
    """A gabled house or barn, its front and one side."""
    picture, wall, roof = blank(tall, 2.3), any_of(rng, WALLS), any_of(rng, ROOFS)
    front, side = (1.0, 0.7) if light < 0 else (0.72, 1.0)
    fill(picture, [(0.1, 1), (0.1, 0.5), (0.45, 0.04), (0.8, 0.5), (0.8, 1)], wall * front)
    fill(picture, [(0.8, 1), (0.8, 0.5), (2.2, 0.5), (2.2, 1)], wall * side)
    fill(
        picture, [(0.45, 0.02), (1.85, 0.02), (2.26, 0.54), (0.84, 0.54)], roof * (0.8 + 0.2 * side)
    )
    for x in (0.98, 1.4, 1.82):
        fill(picture, [(x, 0.66), (x + 0.2, 0.66), (x + 0.2, 0.86), (x, 0.86)], wall * 0.3)
    fill(picture, [(0.36, 1), (0.36, 0.66), (0.54, 0.66), (0.54, 1)], wall * 0.35)
    return TreeShape(picture, tall)


def church(rng: np.random.Generator, tall: int, light: float) -> TreeShape:
    """A tower with a spire beside a nave."""
    picture, wall, roof = blank(tall, 1.1), any_of(rng, WALLS[::2]), any_of(rng, ROOFS)
    shade = 0.72 if light < 0 else 1.0
    fill(picture, [(0.30, 1), (0.30, 0.70), (1.0, 0.70), (1.0, 1)], wall * shade)
    fill(picture, [(0.26, 0.71), (0.36, 0.54), (0.98, 0.54), (1.04, 0.71)], roof)
    fill(picture, [(0.08, 1), (0.08, 0.42), (0.30, 0.42), (0.30, 1)], wall)
    fill(picture, [(0.05, 0.42), (0.19, 0.02), (0.33, 0.42)], roof * 0.9)
    for x, y in ((0.16, 0.52), (0.44, 0.78), (0.62, 0.78), (0.80, 0.78)):
        fill(picture, [(x, y), (x + 0.06, y), (x + 0.06, y + 0.12), (x, y + 0.12)], wall * 0.3)
    return TreeShape(picture, tall)


def windmill(rng: np.random.Generator, tall: int, light: float) -> TreeShape:
    """A white mast with three blades, as they stand for electricity."""
    picture, white = blank(tall, 0.9), np.full(3, 0.92) * rng.uniform(0.9, 1.05)
    hub = np.array([0.45, 0.40])
    fill(picture, [(0.435, 1), (0.442, 0.4), (0.458, 0.4), (0.465, 1)], white * 0.9)
    turn = rng.uniform(0, 2 * np.pi)
    for angle in turn + np.arange(3) * 2 * np.pi / 3:
        way, aside = (
            np.array([np.cos(angle), np.sin(angle)]),
            np.array([-np.sin(angle), np.cos(angle)]),
        )
        fill(picture, [hub + 0.012 * aside, hub + 0.39 * way, hub - 0.010 * aside], white)
    return TreeShape(picture, tall)


def boat(rng: np.random.Generator, tall: int, light: float) -> TreeShape:
    """A sailing boat."""
    picture, hull, sail = blank(tall, 0.9), any_of(rng, HULLS), any_of(rng, SAILS)
    fill(picture, [(0.08, 0.86), (0.86, 0.84), (0.74, 1), (0.18, 1)], hull)
    fill(picture, [(0.44, 0.02), (0.46, 0.80), (0.84, 0.78)], sail * (0.8 if light < 0 else 1.0))
    fill(picture, [(0.42, 0.06), (0.42, 0.80), (0.12, 0.80)], sail * (1.0 if light < 0 else 0.82))
    return TreeShape(picture, tall)


def balloon(rng: np.random.Generator, tall: int, light: float) -> TreeShape:
    """A striped hot-air balloon."""
    picture, first, second = blank(tall, 0.8), any_of(rng, SILKS), any_of(rng, SILKS)
    height = np.linspace(0, np.pi, 15)
    outline = 0.36 * np.sin(height) ** 0.8 * np.where(height < 1.6, 1, 0.55 + 0.45 * np.sin(height))
    y = 0.02 + 0.74 * height / np.pi
    seams = np.linspace(-1, 1, 8)
    for number, (left, right) in enumerate(zip(seams[:-1], seams[1:], strict=True)):
        colour = (first if number % 2 else second) * (0.85 + 0.2 * light * (left + right) / 2)
        edges = [np.column_stack([0.4 + np.sin(side * np.pi / 2) * outline, y])
                 for side in (left, right)]  # fmt: skip
        fill(picture, [*edges[0], *edges[1][::-1]], colour)
    fill(picture, [(0.34, 0.88), (0.46, 0.88), (0.45, 1), (0.35, 1)], np.array([0.36, 0.26, 0.18]))
    for x in (0.35, 0.45):
        fill(picture, [(x, 0.7), (x + 0.01, 0.7), (x + 0.01, 0.9), (x, 0.9)], np.full(3, 0.3))
    return TreeShape(picture, tall)


def poles(
    rng: np.random.Generator, eye: Eye, image: np.ndarray, land: Seen, tint: np.ndarray
) -> None:
    """Telegraph poles with their wires, from the front into the depth, in place."""
    height, width = eye.shape
    low = land.top + int((land.cover > 0.9).argmax(axis=0).max())
    near, far, count = rng.uniform(0.5, 0.9), rng.uniform(0.05, 0.12), int(rng.integers(5, 10))
    share = 1 / np.linspace(1 / near, 1 / far, count)
    y, tall = low + (height - low) * share, rng.uniform(0.6, 0.9) * height * share / near
    start, end = (rng.uniform(0.05, 0.3), rng.uniform(0.5, 0.9))[:: rng.choice([-1, 1])]
    x = width * (start + (end - start) * (near - share) / (near - far))
    ink = (np.array([0.34, 0.29, 0.25]) * tint).clip(0, 1).tolist()
    for column, row, size in zip(x, y, tall, strict=True):
        thick, top = max(1, round(0.022 * size)), row - size
        cv2.line(image, (int(column), int(row)), (int(column), int(top)), ink, thick, cv2.LINE_8)
        for down in (0.04, 0.12):
            left, right = int(column - 0.09 * size), int(column + 0.09 * size)
            at = int(top + down * size)
            cv2.line(image, (left, at), (right, at), ink, max(1, thick // 2), cv2.LINE_8)
    t = np.linspace(0, 1, 9)
    for k in range(count - 1):
        for aside in (-0.08, 0.08):
            ends = [(x[m] + aside * tall[m], y[m] - 0.96 * tall[m]) for m in (k, k + 1)]
            sag = 0.07 * tall[k] * 4 * t * (1 - t)
            line = [ends[0][0] + t * (ends[1][0] - ends[0][0]),
                    ends[0][1] + t * (ends[1][1] - ends[0][1]) + sag]  # fmt: skip
            cv2.polylines(image, [np.column_stack(line).astype(np.int32)], False, ink, 1)


def town(rng: np.random.Generator, eye: Eye, mood: Mood, image: np.ndarray) -> None:
    """High buildings in the haze of the horizon, some windows lit, in place."""
    height, width = eye.shape
    middle, broad = rng.uniform(0.15, 0.85) * width, rng.uniform(0.12, 0.35) * width
    highest, foot = rng.uniform(0.06, 0.15) * height, int(eye.horizon + 0.03 * height)
    for _ in range(int(rng.integers(16, 34))):
        x = middle + rng.normal(0, 0.5) * broad
        size = highest * rng.uniform(0.3, 1) * np.exp(-(((x - middle) / broad) ** 2))
        half = max(2, round(rng.uniform(0.12, 0.28) * highest))
        colour = np.full(3, rng.uniform(0.35, 0.7)) * (mood.ambient + 0.6 * mood.direct)
        colour = colour + (mood.haze - colour) * rng.uniform(0.25, 0.5)
        top = int(eye.horizon - size)
        left, right = int(x) - half, int(x) + half
        cv2.rectangle(image, (left, top), (right, foot), colour.tolist(), -1)
        lit = (colour * (1.6 if mood.name == "night" else 0.72)).clip(0, 1).tolist()
        for row in range(top + 2, int(eye.horizon), 4):
            cv2.line(image, (left + 1, row), (right - 1, row), lit, 1)


MAKERS: dict[str, tuple[Callable[..., TreeShape], tuple[float, float], int]] = {
    "houses": (house, (0.05, 0.13), 5), "church": (church, (0.14, 0.3), 2),
    "windmills": (windmill, (0.25, 0.5), 6), "boats": (boat, (0.06, 0.2), 4),
    "balloons": (balloon, (0.1, 0.28), 4),
}  # fmt: skip


def build(
    rng: np.random.Generator, eye: Eye, mood: Mood, image: np.ndarray, land: Seen | None, kind: str
) -> None:
    """Draw one of LANDMARKS in place; land: what houses stand on, or boats float on."""
    height, width = eye.shape
    tint = mood.ambient + mood.direct * (0.35 if mood.sun[2] > 0.3 else 0.75)
    if kind == "town":
        town(rng, eye, mood, image)
        return
    if kind == "poles":
        if land is not None:
            poles(rng, eye, image, land, tint)
        return
    maker, (least, most), count = MAKERS[kind]
    count = int(rng.integers(1, count + 1)) if count > 2 else 1
    if kind == "balloons":
        feet = np.column_stack([rng.uniform(0.08, 0.92, count) * width,
                                rng.uniform(0.35, 0.9, count) * eye.horizon,
                                np.full(count, 1000.0)])  # fmt: skip
    elif land is not None:
        feet = places_on(rng, eye, land, (0.03, 0.3), count)
    else:
        return
    cover = np.zeros(eye.shape, np.float32)
    sizes = np.sort(rng.uniform(least, most, len(feet))) * height
    for (x, y, _), tall in zip(feet, sizes, strict=True):
        shape = maker(rng, int(np.clip(1.5 * tall, 40, 240)), float(np.sign(mood.sun[0])))
        stamp(image, cover, shape, (x, y), tall, tint, mood.haze, rng.uniform(0.05, 0.25))
