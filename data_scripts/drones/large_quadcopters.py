"""Large quadcopters: long arms, large propellers, landing gear, a camera on a gimbal, a payload."""

from __future__ import annotations

import numpy as np

from data_scripts.drawing.meshes import Mesh, Paint, both_sides, merge, recoloured
from data_scripts.drawing.shapes import box, ellipsoid, loft, rod
from data_scripts.drones.quadcopters import (
    CARBON,
    LENS,
    RUBBER,
    Model,
    accent_paint,
    motor,
    propulsion,
    shell_paint,
)


def gimbal(rng: np.random.Generator, x: float, z: float, size: float, paint: Paint) -> Mesh:
    """A camera hung from a yoke under a plate, looking ahead and a little down."""
    drop = size * rng.uniform(0.9, 1.2)
    plate = box((x, 0, z), (size, size * 1.1, 0.02), RUBBER)
    post = rod((x - 0.2 * size, 0, z), (x - 0.2 * size, 0, z - 0.5 * drop), 0.012, paint, 6)
    yoke = box((x - 0.2 * size, 0, z - 0.5 * drop), (0.2 * size, 1.1 * size, 0.12 * size), paint)
    cheek = box(
        (x - 0.1 * size, 0.5 * size, z - 0.75 * drop), (0.25 * size, 0.1 * size, 0.6 * drop), paint
    )
    if rng.random() < 0.5:
        head = ellipsoid((x, 0, z - drop), (0.48 * size, 0.42 * size, 0.45 * size), paint)
    else:
        head = box((x, 0, z - drop), (0.8 * size, 0.75 * size, 0.7 * size), paint)
    lens = rod((x + 0.3 * size, 0, z - drop), (x + 0.6 * size, 0, z - drop), 0.24 * size, LENS, 10)
    return merge(plate, post, yoke, cheek, cheek.mirrored(), head, lens)


def skids(rng: np.random.Generator, paint: Paint, curved: bool) -> Mesh:
    """Landing gear: two struts a side and a bar to stand on."""
    inner, outer = rng.uniform(0.08, 0.13), rng.uniform(0.17, 0.27)
    reach, down = rng.uniform(0.1, 0.17), -rng.uniform(0.32, 0.46)
    thick = rng.uniform(0.019, 0.03)
    struts = []
    for x in (-reach, reach):
        lean = rng.uniform(1.0, 1.3)
        path = [
            (0.7 * x, inner, -0.04),
            (x, (inner + outer) / 2, down * 0.4),
            (x * lean, outer, down),
        ]
        if curved:
            path[1] = (x, outer * 0.92, down * 0.45)
        points = np.array(path)
        fine = np.stack(
            [np.interp(np.linspace(0, 2, 7), range(3), points[:, k]) for k in range(3)], 1
        )
        struts.append(loft(fine, thick, paint, 7))
    ends = reach * rng.uniform(1.15, 1.6)
    bar = rod((-ends, outer, down), (ends, outer, down), thick, paint, 7)
    if rng.random() < 0.5:
        foam = [
            rod((x - 0.05, outer, down), (x + 0.05, outer, down), 1.7 * thick, RUBBER)
            for x in (-ends + 0.05, ends - 0.05)
        ]
        bar = merge(bar, *foam)
    return both_sides(merge(*struts, bar))


def tall_legs(rng: np.random.Generator, paint: Paint) -> Mesh:
    """Landing gear of heavy drones: one splayed leg a side and a long bar at its foot."""
    down, out = -rng.uniform(0.38, 0.55), rng.uniform(0.2, 0.36)
    thick = rng.uniform(0.013, 0.02)
    leg = rod((0, 0.09, -0.03), (0, out, down), thick, paint, 7)
    reach = rng.uniform(0.2, 0.3)
    bar = rod((-reach, out, down), (reach, out, down), 0.9 * thick, paint, 7)
    feet = [rod((x - 0.04, out, down), (x + 0.04, out, down), 1.5 * thick, RUBBER)
            for x in (-reach + 0.05, reach - 0.05)]  # fmt: skip
    return both_sides(merge(leg, bar, *feet))


def arm_to(tip: np.ndarray, thick: tuple[float, float], paint: Paint, mark: Paint) -> Mesh:
    """An arm from the body to a motor, with a band in the colour of its mark."""
    start = np.array([np.sign(tip[0]) * 0.1, np.sign(tip[1]) * 0.08, 0.0])
    along = np.linspace(0, 1, 17)
    path = start + along[:, None] * (tip - start)
    mesh = loft(path, thick[0] + (thick[1] - thick[0]) * along, paint, 10)
    share = mesh.surface[:, 5]
    return recoloured(mesh, mark.colour, (share > 0.6) & (share < 0.76))


def payload(rng: np.random.Generator, accent: Paint) -> Mesh:
    """What a carrier has under its belly: a tank or a parcel."""
    if rng.random() < 0.5:
        load = accent if rng.random() < 0.4 else Paint((0.8, 0.8, 0.76), 0.3)
        return ellipsoid((-0.04, 0, -0.17), (0.19, 0.15, 0.1), load, 0.6)
    return box((-0.06, 0, -0.18), (0.24, 0.2, 0.14), Paint((0.55, 0.42, 0.28), 0.05))


def large_quadcopter(rng: np.random.Generator) -> Model:
    """A camera drone with a smooth shell, a carbon frame with long arms, or one that carries."""
    style = rng.choice(["shell", "frame", "carrier"], p=[0.45, 0.33, 0.22])
    paint, accent = shell_paint(rng), accent_paint(rng)
    dark = Paint((0.15, 0.15, 0.16), 0.3)
    spread, lift = rng.uniform(0.68, 0.84), rng.uniform(0.0, 0.08)
    long = rng.uniform(0.56, 0.66) if style == "shell" else rng.uniform(0.64, 0.84)
    tips = [
        np.array([sx * long * np.sin(spread), sy * long * np.cos(spread), lift])
        for sx, sy in ((1, 1), (1, -1), (-1, 1), (-1, -1))
    ]
    parts: list[Mesh] = []
    if style == "shell":
        deep = rng.uniform(0.075, 0.11)
        parts.append(ellipsoid((0, 0, 0), (0.26, 0.19, deep), paint, rng.uniform(0.7, 1), 16))
        if rng.random() < 0.5:
            top = ellipsoid((-0.02, 0, 0.75 * deep), (0.15, 0.1, 0.04), accent)
            parts.append(top)
        thick, arm, gear = (rng.uniform(0.06, 0.085), 0.036), paint, paint
    else:
        deep = rng.uniform(0.08, 0.13)
        parts += [box((0, 0, 0), (0.36, 0.26, deep), paint if style == "frame" else dark)]
        parts += [box((-0.05, 0, deep / 2 + 0.03), (0.2, 0.15, 0.06), paint)]
        parts += [box((0.13, 0, deep / 2 + 0.015), (0.07, 0.12, 0.05), accent)]
        arm = CARBON if rng.random() < 0.6 else paint
        thick, gear = (rng.uniform(0.026, 0.04),) * 2, CARBON if rng.random() < 0.7 else dark
    front, back = (accent if rng.random() < 0.4 else arm for _ in range(2))
    for tip in tips:
        parts.append(arm_to(tip, thick, arm, front if tip[0] > 0 else back))
        can = rng.uniform(0.042, 0.055)
        parts.append(motor(tip + [0, 0, 0.085], can, 0.12, paint if style == "shell" else dark))
    tall = style != "shell" and rng.random() < 0.6
    parts.append(tall_legs(rng, gear) if tall else skids(rng, gear, style == "shell"))
    size, ahead = rng.uniform(0.13, 0.19), rng.uniform(0.03, 0.14)
    parts.append(gimbal(rng, ahead, -0.1, size, dark if rng.random() < 0.6 else paint))
    if style == "carrier":
        parts.append(payload(rng, accent))
    if rng.random() < 0.3:
        mast = rod((-0.1, 0.05, 0.05), (-0.1, 0.05, 0.2), 0.008, dark, 6)
        parts += [mast, ellipsoid((-0.1, 0.05, 0.21), (0.045, 0.045, 0.018), dark)]
    seats = [tip + [0, 0, 0.09] for tip in tips]
    room = 0.97 * min(abs(tips[0][0]), abs(tips[0][1]))  # propellers side by side don't touch
    count = 2 if rng.random() < 0.85 else 3
    blade = dark if rng.random() < 0.65 else Paint((0.9, 0.9, 0.88), 0.4)
    more, rotors = propulsion(rng, seats, room * rng.uniform(0.7, 1.0), count, blade)
    return Model(merge(*parts, *more), rotors)
