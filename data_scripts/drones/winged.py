"""Winged drones: tail plane, flying wing, V-tail, twin boom; propeller or jet."""

from __future__ import annotations

import numpy as np

from data_scripts.drawing.meshes import GAMMA, Mesh, Paint, Pattern, both_sides, merge, recoloured
from data_scripts.drawing.shapes import aerofoil, ellipsoid, loft, rod
from data_scripts.drones.quadcopters import LENS, RUBBER, Model, accent_paint
from data_scripts.drones.rotors import Rotor, blades

AIRFRAMES = [
    (0.90, 0.90, 0.89), (0.74, 0.76, 0.78), (0.56, 0.58, 0.60), (0.36, 0.38, 0.40),
    (0.44, 0.45, 0.33), (0.15, 0.15, 0.16), (0.86, 0.48, 0.12), (0.80, 0.72, 0.52),
    (0.75, 0.18, 0.14), (0.92, 0.92, 0.9),
]  # fmt: skip


def airframe_paint(rng: np.random.Generator) -> Paint:
    """A foam, composite or military airframe colour, mostly with panel lines."""
    colour = np.array(AIRFRAMES[rng.integers(len(AIRFRAMES))]) + rng.normal(0, 0.02, 3)
    pattern = Pattern.PANELS if rng.random() < 0.6 else Pattern.PLAIN
    return Paint(tuple(np.clip(colour, 0.05, 0.96)), rng.uniform(0.15, 0.5), pattern)


def half_wing(
    root: tuple[float, float, float],
    span: float,
    chords: tuple[float, float],
    sweep: float,
    rise: float,
    paint: Paint,
    thickness: float = 0.1,
) -> Mesh:
    """A left wing from its root's leading edge; its tip is `sweep` aft and `rise` up."""
    along = np.linspace(0, 1, 11) ** 1.3  # closest at the root, where it meets the body
    leading = np.array(root) + along[:, None] * np.array([-sweep, span, rise])
    chord = np.interp(along, [0, 1], chords)
    chord[-1] *= 0.75  # a rounded tip
    return aerofoil(leading, chord, paint, thickness, repeat=(1.0, 0.6))


def fin(root: tuple, height: float, chords: tuple, sweep: float, lean: float, paint: Paint) -> Mesh:
    """A tail surface that stands up, leaning sideways by `lean`."""
    along = np.linspace(0, 1, 5)
    tip = np.array([-sweep, lean, height])
    leading = np.array(root) + along[:, None] * tip
    return aerofoil(leading, np.interp(along, [0, 1], chords), paint, 0.08, 0.0, (0.4, 0.4))


def fuselage(nose: float, tail: float, radius: float, paint: Paint, boom: float = 0.3) -> Mesh:
    """A body along x, slimming to `boom` times its radius at the tail."""
    along = np.linspace(0, 1, 12)
    blunt = [0.25, 0.62, 0.95, 1, 0.9, boom * 1.4, boom]
    girth = np.interp(along, [0, 0.06, 0.18, 0.35, 0.55, 0.8, 1], blunt)
    path = np.stack([nose + (tail - nose) * along, 0 * along, 0.1 * radius * along], axis=1)
    return loft(path, np.stack([girth * radius, girth * radius * 1.15], axis=1), paint, 14)


def propeller(
    rng: np.random.Generator, x: float, z: float, radius: float
) -> tuple[list[Mesh], list[Rotor]]:
    """A propeller facing along x, turning or not, and its spinner."""
    dark = Paint((0.12, 0.12, 0.13), 0.4)
    sweep = float(rng.choice([0.4, 1.0, 9.0]))
    centre = np.array([x, 0.0, z])
    colour = np.asarray(dark.colour) ** GAMMA
    rotor = Rotor(centre, np.array([1.0, 0, 0]), radius, int(rng.choice([2, 2, 3])), sweep,
                  rng.uniform(0, 6.3), colour, 0.17)  # fmt: skip
    spinner = ellipsoid((x, 0, z), (0.03, 0.022, 0.022), dark)
    if rng.random() < 0.25:
        return [spinner, blades(rotor, dark)], []
    return [spinner], [rotor]


def marked(rng: np.random.Generator, wings: Mesh) -> Mesh:
    """Wing tips or a stripe in another colour, on half of the airframes."""
    if rng.random() < 0.5:
        return wings
    reach = np.abs(wings.vertices[:, 1]) / np.abs(wings.vertices[:, 1]).max()
    start = rng.uniform(0.6, 0.85)
    width = rng.choice([0.12, 1.0])
    return recoloured(wings, accent_paint(rng).colour, (reach > start) & (reach < start + width))


def winged_drone(rng: np.random.Generator) -> Model:
    """One of five plans, half a unit from root to wing tip."""
    plan = rng.choice(["tail", "flying wing", "v-tail", "twin boom", "jet"],
                      p=[0.32, 0.24, 0.18, 0.16, 0.10])  # fmt: skip
    paint = airframe_paint(rng)
    slender = plan in ("v-tail", "twin boom") or rng.random() < 0.3
    parts: list[Mesh] = []
    rotors: list[Rotor] = []
    span = rng.uniform(0.5, 0.62)
    if plan in ("tail", "v-tail"):
        nose, tail = rng.uniform(0.24, 0.34), -rng.uniform(0.34, 0.45)
        radius = rng.uniform(0.045, 0.065)
        chord = rng.uniform(0.09, 0.12) if slender else rng.uniform(0.13, 0.18)
        inside, height = (0.0, 1.15) if rng.random() < 0.5 else (0.6, 0.1)  # on top, or from a side
        root, taper = (0.09, inside * radius, height * radius), rng.uniform(0.5, 0.95)
        wings = half_wing(root, span, (chord, chord * taper), *rng.uniform(0.0, 0.06, 2), paint)
        parts += [fuselage(nose, tail, radius, paint), marked(rng, both_sides(wings))]
        size = rng.uniform(0.14, 0.19)
        aft = tail + 0.1
        if plan == "v-tail":
            down = -1 if rng.random() < 0.25 else 1
            parts.append(
                both_sides(fin((aft, 0.0, 0), down * size * 0.8, (0.1, 0.065), 0.05, size, paint))
            )
            parts.append(
                ellipsoid(
                    (nose - 0.09, 0, 0.3 * radius), (0.12, radius * 1.25, radius * 1.4), paint
                )
            )
        else:
            high = size if rng.random() < 0.35 else 0.0
            parts.append(fin((aft, 0.0, 0), size, (0.12, 0.075), 0.06, 0.0, paint))
            stabiliser = half_wing(
                (aft - 0.02 - 0.3 * high, 0, 0.01 + high * 0.9),
                size * 1.15,
                (0.09, 0.06),
                0.03,
                0.0,
                paint,
            )
            parts.append(both_sides(stabiliser))
        pusher = plan == "v-tail" or rng.random() < 0.25
        more, rotors = propeller(
            rng, tail - 0.02 if pusher else nose + 0.015, 0.0, rng.uniform(0.1, 0.14)
        )
        parts += more
    elif plan == "flying wing":
        sweep, chord = rng.uniform(0.16, 0.36), rng.uniform(0.24, 0.36)
        wings = half_wing((0.16, 0, 0), span, (chord, chord * rng.uniform(0.3, 0.5)), sweep,
                          rng.uniform(-0.02, 0.04), paint, 0.09)  # fmt: skip
        parts.append(marked(rng, both_sides(wings)))
        parts.append(ellipsoid((0.05, 0, 0.015), (0.17, 0.065, 0.05), paint))
        if rng.random() < 0.75:
            tip = (0.16 - sweep, span - 0.01, 0.0)
            parts.append(
                both_sides(fin(tip, rng.uniform(0.08, 0.13), (0.11, 0.06), 0.06, 0.02, paint))
            )
        if rng.random() < 0.75:
            more, rotors = propeller(rng, 0.13 - chord, 0.015, rng.uniform(0.09, 0.12))
            parts += more
    elif plan == "twin boom":
        gap, chord = rng.uniform(0.13, 0.18), rng.uniform(0.1, 0.15)
        wings = half_wing((0.06, 0, 0.072), span, (chord, chord * 0.7), 0.02, 0.02, paint)
        parts.append(marked(rng, both_sides(wings)))
        parts.append(fuselage(rng.uniform(0.24, 0.3), -0.14, 0.055, paint, 0.7))
        back = -rng.uniform(0.36, 0.44)
        boom_paint = paint if rng.random() < 0.6 else Paint((0.13, 0.13, 0.14), 0.3, Pattern.CARBON)
        parts.append(both_sides(rod((0.02, gap, 0.02), (back, gap, 0.02), 0.014, boom_paint)))
        if rng.random() < 0.5:
            parts.append(
                both_sides(fin((back + 0.1, gap, 0.02), 0.13, (0.1, 0.07), 0.05, -gap, paint))
            )
        else:
            parts.append(
                both_sides(fin((back + 0.1, gap, 0.0), 0.13, (0.1, 0.07), 0.04, 0.0, paint))
            )
            parts.append(
                both_sides(half_wing((back + 0.08, 0, 0.03), gap, (0.08, 0.08), 0, 0, paint))
            )
        more, rotors = propeller(rng, -0.165, 0.0, rng.uniform(0.1, 0.13))
        parts += more
    else:
        radius, sweep = rng.uniform(0.04, 0.055), rng.uniform(0.1, 0.26)
        nose, tail = rng.uniform(0.36, 0.46), -rng.uniform(0.34, 0.42)
        root, chords = (0.1, 0.6 * radius, 0), (rng.uniform(0.17, 0.26), 0.09)
        wings = half_wing(root, span * 0.85, chords, sweep, 0.0, paint, 0.07)
        parts += [fuselage(nose, tail, radius, paint, 0.6), marked(rng, both_sides(wings))]
        parts.append(
            ellipsoid((nose - 0.24, 0, radius * 0.75), (0.13, radius * 0.6, radius * 0.6), paint)
        )
        intake = rod((-0.1, 0, radius * 1.3), (-0.26, 0, radius * 1.2), radius * 0.6, paint, 10)
        parts += [
            intake,
            ellipsoid((-0.095, 0, radius * 1.3), (0.015, radius * 0.5, radius * 0.5), RUBBER),
        ]
        parts.append(
            both_sides(fin((tail + 0.14, 0.02, 0.02), 0.16, (0.12, 0.06), 0.08, 0.12, paint))
        )
    if plan != "jet" and rng.random() < 0.55:
        turret = ellipsoid((0.1, 0, -0.055), (0.028, 0.028, 0.028), Paint((0.2, 0.2, 0.21), 0.6))
        parts += [turret, rod((0.112, 0, -0.06), (0.132, 0, -0.066), 0.013, LENS, 6)]
    if plan != "flying wing" and rng.random() < 0.45:
        legs = [rod((0.0, 0.04, -0.03), (0.0, 0.1, -0.15), 0.008, RUBBER, 5),
                ellipsoid((0.0, 0.1, -0.15), (0.028, 0.012, 0.028), RUBBER, detail=8)]  # fmt: skip
        parts.append(both_sides(merge(*legs)))
        parts.append(rod((0.2, 0, -0.03), (0.21, 0, -0.15), 0.008, RUBBER, 5))
        parts.append(ellipsoid((0.21, 0, -0.15), (0.024, 0.011, 0.024), RUBBER, detail=8))
    return Model(merge(*parts), rotors)
