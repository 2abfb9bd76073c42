"""Quadcopters, built from parts: what large and small ones share, and the small ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from data_scripts.drawing.meshes import GAMMA, Mesh, Paint, Pattern, both_sides, merge, recoloured
from data_scripts.drawing.shapes import box, ellipsoid, loft, ring, rod
from data_scripts.drones.rotors import Rotor, blades

# White, greys and black as most are sold, then the bright plastics; weights beside them.
SHELLS = [
    ((0.93, 0.93, 0.92), 7), ((0.72, 0.73, 0.74), 3), ((0.36, 0.37, 0.39), 4),
    ((0.12, 0.12, 0.13), 7), ((0.88, 0.42, 0.10), 2), ((0.78, 0.14, 0.12), 2),
    ((0.90, 0.75, 0.15), 1), ((0.25, 0.62, 0.22), 1), ((0.15, 0.40, 0.72), 1),
    ((0.20, 0.66, 0.72), 1), ((0.42, 0.44, 0.33), 1),
]  # fmt: skip
ACCENTS = [(0.8, 0.12, 0.1), (0.9, 0.5, 0.1), (0.2, 0.65, 0.25), (0.1, 0.35, 0.75),
           (0.92, 0.92, 0.9), (0.1, 0.1, 0.11), (0.85, 0.7, 0.3)]  # fmt: skip
CARBON = Paint((0.12, 0.12, 0.13), 0.4, Pattern.CARBON)
RUBBER = Paint((0.08, 0.08, 0.085), 0.1)
METAL = Paint((0.55, 0.56, 0.58), 0.8)
LENS = Paint((0.03, 0.035, 0.05), 1.0)


@dataclass(frozen=True)
class Model:
    """An object to photograph: its mesh and its turning propellers."""

    mesh: Mesh
    rotors: list[Rotor] = field(default_factory=list)


def shell_paint(rng: np.random.Generator, gloss: float = 0.45) -> Paint:
    """A plastic colour, each one slightly off the next."""
    weights = np.array([weight for _, weight in SHELLS], float)
    colour = np.array(SHELLS[rng.choice(len(SHELLS), p=weights / weights.sum())][0])
    colour = np.clip(colour + rng.normal(0, 0.025, 3), 0.03, 0.97)
    pattern = Pattern.PANELS if rng.random() < 0.4 else Pattern.PLAIN
    return Paint(tuple(colour), gloss * rng.uniform(0.5, 1.5), pattern)


def accent_paint(rng: np.random.Generator) -> Paint:
    return Paint(ACCENTS[rng.integers(len(ACCENTS))], 0.5)


def propulsion(
    rng: np.random.Generator, seats: list[np.ndarray], radius: float, count: int, paint: Paint
) -> tuple[list[Mesh], list[Rotor]]:
    """Propellers on motor seats: turning ones as discs, or all standing still."""
    still = rng.random() < 0.3
    sweep = rng.choice([0.25, 0.6, 1.2, 9.0], p=[0.2, 0.25, 0.25, 0.3])
    colour = np.asarray(paint.colour) ** GAMMA
    width = rng.uniform(0.11, 0.16)
    rotors = [
        Rotor(seat, np.array([0.0, 0, 1]), radius, count, sweep, rng.uniform(0, 6.3), colour, width)
        for seat in seats
    ]
    if still:
        return [blades(rotor, paint) for rotor in rotors], []
    return [], rotors


def motor(seat: np.ndarray, radius: float, height: float, paint: Paint) -> Mesh:
    """A motor can under a propeller's seat, its shaft and hub above."""
    x, y, z = seat
    can = rod((x, y, z - height), (x, y, z - 0.2 * height), radius, paint, 10)
    hub = rod((x, y, z - 0.25 * height), (x, y, z + 0.012), 0.3 * radius, METAL, 6)
    return merge(can, hub)


def small_quadcopter(rng: np.random.Generator) -> Model:
    """Compact: folding, with guards or ducts, or a racing frame; short arms, feet at most."""
    style = rng.choice(["folding", "guarded", "ducted", "racing"], p=[0.4, 0.32, 0.16, 0.12])
    paint, accent = shell_paint(rng), accent_paint(rng)
    dark = Paint((0.14, 0.14, 0.15), 0.3)
    blade = dark if rng.random() < 0.6 else accent
    count = 2 if style == "folding" else int(rng.choice([2, 3]))
    parts: list[Mesh] = []
    if style == "folding":
        long, deep = rng.uniform(0.19, 0.26), rng.uniform(0.05, 0.075)
        broad = rng.uniform(0.09, 0.13)
        hull = ellipsoid((0, 0, 0), (long, broad, deep), paint, 0.55, 20)
        x, y, z = (hull.vertices / [long, broad, deep]).T
        battery = (z > 0.45) & (np.abs(y) < 0.75) & (x < 0.35) & (x > -0.85)
        parts.append(recoloured(hull, rng.choice([dark, accent]).colour, battery))
        parts.append(ellipsoid((long, 0, -0.01), (0.035, 0.045, 0.035), dark, 0.6))
        parts.append(rod((long + 0.02, 0, -0.01), (long + 0.045, 0, -0.01), 0.018, LENS))
        roots = [(long * 0.75, 0.09, 0.0), (-long * 0.7, 0.09, -0.03)]
        ends = [(rng.uniform(0.28, 0.42), rng.uniform(0.36, 0.46), 0.03),
                (-rng.uniform(0.3, 0.4), rng.uniform(0.34, 0.42), 0.0)]  # fmt: skip
        thick, radius = (0.021, 0.016), rng.uniform(0.2, 0.25)
    else:
        reach = rng.uniform(0.3, 0.36)
        ends = [(reach, reach * rng.uniform(0.9, 1.15), 0.0)] * 2
        ends[1] = (-ends[0][0], ends[0][1], 0.0)
        roots = [(0.05, 0.05, 0.0), (-0.05, 0.05, 0.0)]
        thick, radius = (0.022, 0.012), rng.uniform(0.17, 0.22)
        if style == "ducted":
            radius, reach = rng.uniform(0.19, 0.22), rng.uniform(0.27, 0.3)
            ends = [(reach, reach, 0.0), (-reach, reach, 0.0)]
        if style != "racing":
            body = (rng.uniform(0.15, 0.22), rng.uniform(0.11, 0.15), rng.uniform(0.05, 0.08))
            parts.append(ellipsoid((0, 0, 0.01), body, paint, rng.uniform(0.5, 1.0), 14))
            parts.append(ellipsoid((0.05, 0, body[2] * 0.9), (0.08, 0.06, 0.025), accent))
            parts.append(rod((body[0] - 0.02, 0, 0), (body[0] + 0.02, 0, 0), 0.025, LENS))
        else:
            parts.append(box((0, 0, 0), (0.36, 0.11, 0.018), CARBON))
            parts.append(box((0, 0, 0.075), (0.32, 0.1, 0.014), CARBON))
            parts.append(box((-0.02, 0, 0.115), (0.2, 0.09, 0.06), accent))
            parts.append(box((0.15, 0, 0.045), (0.07, 0.07, 0.06), paint))
            parts.append(rod((0.17, 0, 0.05), (0.21, 0, 0.06), 0.024, LENS))
            parts.append(rod((-0.15, 0.02, 0.08), (-0.28, 0.06, 0.2), 0.007, dark, 6))
    seats, legs = [], rng.choice([0.0, 0.0, 0.07, 0.12])
    for root, end in zip(roots, ends, strict=True):
        arm_paint = CARBON if style == "racing" else paint
        path = np.array(root) + np.linspace(0, 1, 5)[:, None] * (np.array(end) - root)
        seat = np.array(end) + [0, 0, 0.065]
        parts.append(both_sides(loft(path, np.tile(thick, (5, 1)), arm_paint, 8)))
        parts.append(both_sides(motor(seat, rng.uniform(0.03, 0.04), 0.085, dark)))
        if style in ("guarded", "ducted"):
            shut = style == "ducted"
            parts.append(both_sides(guard(rng, seat, radius * 1.12, arm_paint, blade, shut)))
        if legs:
            x, y, z = end
            parts.append(both_sides(rod((x, y, z), (x, y, z - legs), 0.017, arm_paint, 6)))
        seats += [seat, seat * [1, -1, 1]]
    more, rotors = propulsion(rng, seats, radius, count, blade)
    return Model(merge(*parts, *more), rotors)


def guard(
    rng: np.random.Generator,
    seat: np.ndarray,
    radius: float,
    paint: Paint,
    accent: Paint,
    duct: bool,
) -> Mesh:
    """A hoop around a propeller, open towards the body at times, or a duct; and its spokes."""
    outward = np.arctan2(seat[1], seat[0])
    half = np.pi if duct or rng.random() < 0.5 else rng.uniform(1.6, 2.2)
    hoop_paint = paint if rng.random() < 0.7 else accent
    thick = (0.012, rng.uniform(0.04, 0.07)) if duct else (rng.uniform(0.01, 0.016),) * 2
    hoop = ring(tuple(seat), radius, thick, hoop_paint, (outward - half, outward + half))
    spokes = []
    for angle in outward + np.array([-0.8, 0.0, 0.8]):
        rim = seat + radius * np.array([np.cos(angle), np.sin(angle), 0])
        spokes.append(rod(tuple(seat - [0, 0, 0.05]), tuple(rim), 0.008, hoop_paint, 5))
    return merge(hoop, *spokes)
