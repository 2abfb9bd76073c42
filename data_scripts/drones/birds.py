"""Birds in flight, gliding or flapping, and the parts that birds at rest share."""

from __future__ import annotations

import numpy as np

from data_scripts.drawing.meshes import (
    Mesh,
    Paint,
    Pattern,
    attitude,
    both_sides,
    lattice,
    merge,
    recoloured,
)
from data_scripts.drawing.shapes import aerofoil, ellipsoid, loft, rod
from data_scripts.drones.plumage import SPECIES, Species, individual
from data_scripts.drones.quadcopters import Model

EYE = Paint((0.02, 0.02, 0.02), 0.35)


def body(path: np.ndarray, radii: np.ndarray, species: Species) -> Mesh:
    """Trunk and neck along a path from the tail's root to the head: back, belly and neck."""
    steps = np.linspace(0, len(path) - 1, 20)
    fine = np.stack([smooth(steps, path[:, k]) for k in range(3)], axis=1)
    girth = np.stack([smooth(steps, radii[:, k]) for k in range(2)], axis=1)
    mesh = loft(
        fine, np.maximum(girth, 0.008), Paint(species.back, 0.12, Pattern.PLUMAGE), 18,
        repeat=(1.3, 1.0),
    )  # fmt: skip
    sine = np.sin(mesh.surface[:, 6] * 2 * np.pi)  # -1 along the breast and belly
    mesh = recoloured(mesh, species.belly, (0.25 - sine) * 1.8)
    along = mesh.surface[:, 5] / 1.3
    return recoloured(mesh, species.head, (along - 0.74) * 9)


def smooth(steps: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values at fractional indices, by Catmull-Rom splines."""
    padded = np.concatenate([[2 * values[0] - values[1]], values, [2 * values[-1] - values[-2]]])
    index = np.clip(steps.astype(int), 0, len(values) - 2)
    t = steps - index
    a, b, c, d = (padded[index + k] for k in range(4))
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )


def head(species: Species, centre: np.ndarray, nod: float) -> Mesh:
    """Head, eyes and beak, looking along x and down by `nod` radians."""
    size = 0.062 * species.head_size
    skull = ellipsoid(
        (0, 0, 0),
        (size * 1.2, size * 0.92, size),
        Paint(species.head, 0.12, Pattern.PLUMAGE),
        detail=14,
    )
    long = species.beak_length * 0.62
    droop = -0.45 * long if species.hooked else -0.06 * long
    path = np.array([[size * 0.8, 0, -0.1 * size], [size * 1.1 + 0.35 * long, 0, -0.1 * size],
                     [size * 1.1 + 0.8 * long, 0, -0.12 * size + 0.3 * droop],
                     [size * 1.1 + long, 0, -0.12 * size + droop]])  # fmt: skip
    thick = min(0.36 * size, 0.016 + 0.12 * long) * (1.25 if species.hooked else 1.0)
    radii = np.array([[1, 1.15], [0.75, 0.9], [0.4, 0.5], [0.08, 0.08]]) * thick
    beak = loft(path, radii, Paint(species.beak, 0.5), 10)
    eye = ellipsoid((size * 0.5, size * 0.74, size * 0.22), (0.013, 0.009, 0.013), EYE, detail=8)
    whole = merge(skull, beak, both_sides(eye))
    return whole.turned(attitude(0, -nod, 0)).moved(centre)


def tail(species: Species, root: np.ndarray, direction: np.ndarray, spread: float) -> Mesh:
    """A fan of feathers behind the root, thin and seen from both sides."""
    across = np.linspace(-1, 1, 9)
    along = np.linspace(0, 1, 5)
    outline = 1 + species.fork * (np.abs(across) - 0.6) - 0.12 * across**2
    width = 0.03 + along[:, None] * spread * species.tail * 1.3
    points = root + (along[:, None] * outline * species.tail)[:, :, None] * direction
    points = points + (width * across)[:, :, None] * np.array([0, 1.0, 0])
    points = points - (0.015 * across**2)[None, :, None] * np.array([0, 0, 1.0])
    mesh = lattice(points, Paint(species.wing, 0.08, Pattern.QUILLS), thin=True)
    mesh.surface[:, 5] = np.tile(across, 5) * 0.3 + 0.3  # vanes run along the tail
    mesh.surface[:, 6] = np.repeat(along, 9) * 0.1
    return recoloured(mesh, species.tip, np.repeat(along, 9) * 1.6 - 1.1)


def wing(species: Species, beat: float, fold: float) -> Mesh:
    """A spread left wing: beat raises it (radians), fold brings the wrist forward and in."""
    stations = np.linspace(0, 1, 11)
    inner = np.minimum(stations, 0.42) * species.span
    outer = np.maximum(stations - 0.42, 0) * species.span
    rise = beat
    lag = beat * 0.9 - 0.12 if beat > 0 else beat * 0.35
    y = inner * np.cos(rise) + outer * np.cos(lag) * np.cos(fold)
    z = inner * np.sin(rise) + outer * np.sin(lag)
    x = (
        0.35 * fold * inner
        + 0.06 * np.sin(stations * np.pi)
        - outer * (np.sin(fold) + 0.25 * species.point)
    )
    blunt = np.interp(stations, [0, 0.2, 0.45, 0.8, 0.93, 1], [0.85, 1.0, 0.98, 0.8, 0.6, 0.3])
    pointed = np.interp(stations, [0, 0.2, 0.45, 0.8, 0.93, 1], [0.95, 1.0, 0.85, 0.45, 0.24, 0.06])
    chord = species.chord * (blunt * (1 - species.point) + pointed * species.point)
    leading = np.stack([x + 0.11, y + 0.035, z + 0.03], axis=1)
    mesh = aerofoil(
        leading, chord, Paint(species.wing, 0.1, Pattern.QUILLS), 0.05, 0.07, (1.2, 1.0)
    )
    below = mesh.normals[:, 2] * np.cos(beat) < -0.05
    mesh = recoloured(mesh, species.under, below * 0.95)
    trailing = np.abs(mesh.surface[:, 6] - 0.5) * 2
    mesh = recoloured(mesh, species.tip, np.clip(mesh.surface[:, 5] / 1.2 * 4 - 2.9, 0, 0.9))
    mesh = recoloured(mesh, species.tip, (trailing - 0.72) * 2.2 * (species.point < 0.9))
    if species.barred:
        mesh.surface[below, 4] = Pattern.BARRED
    parts = [mesh]
    for number in range(species.fingers):
        share = number / max(species.fingers - 1, 1)
        start = leading[-2 if number else -1] - [chord[-2] * 0.75 * share, 0.02, 0]
        angle = 0.15 + 1.0 * share + 0.6 * fold
        out = np.array(
            [-np.sin(angle), np.cos(angle) * np.cos(lag), np.sin(lag) + 0.12 * (1 - share)]
        )
        length = species.span * (0.3 - 0.1 * share)
        along = np.linspace(-0.35, 1, 5)[:, None, None]
        side = np.array([-np.cos(angle), -np.sin(angle), 0.0]) * 0.02
        slim = np.array([1.0, 1.1, 1.0, 0.8, 0.25])[:, None, None]
        grid = start + along * length * out + slim * np.array([-1.0, 0, 1.0])[None, :, None] * side
        parts.append(lattice(grid, Paint(species.tip, 0.08, Pattern.QUILLS), (0.1, 0.1), thin=True))
    return merge(*parts)


def neck_radius(species: Species) -> float:
    """Short necks are as thick as the head, long ones slim."""
    return 0.058 * species.head_size * float(np.clip(1.02 - 1.3 * species.neck, 0.42, 1))


def flying(rng: np.random.Generator, species: Species) -> Mesh:
    """A bird on the wing, in any phase of its beat or gliding."""
    stout, neck = species.stout * 0.085, species.neck * 0.5
    lift = rng.uniform(-0.01, 0.04)
    trunk = [[-0.24, 0, 0.02], [-0.12, 0, 0.005], [0.02, 0, 0], [0.13, 0, 0.004]]
    throat = [[0.2 + 0.55 * neck, 0, 0.012 + lift * 0.5], [0.25 + neck, 0, 0.02 + lift]]
    path = np.array(trunk + throat)
    slim = neck_radius(species)
    radii = np.array([[0.25, 0.2], [0.75, 0.7], [1, 1], [0.85, 0.9], [0, 0], [0, 0]]) * stout
    radii[4:] = [[slim * 1.12, slim * 1.15], [slim, slim]]
    skull = head(species, path[-1] + [0.015, 0, 0.006], rng.uniform(-0.1, 0.25))
    parts = [body(path, radii, species), skull]
    parts.append(
        tail(
            species,
            path[0] + [0.05, 0, 0.01],
            np.array([-1.0, 0, rng.uniform(-0.1, 0.1)]),
            rng.uniform(0.15, 0.5),
        )
    )
    gliding = rng.random() < 0.4
    beat = rng.uniform(0.0, 0.3) if gliding else rng.uniform(-0.75, 1.15)
    fold = rng.uniform(0.0, 0.3) if gliding else rng.uniform(0.0, 0.55)
    root = np.array([0, 0.75 * stout - 0.035, 0.3 * stout])
    parts.append(both_sides(wing(species, beat, fold).moved(root)))
    if species.legs > 0.4:  # long legs trail behind
        leg = rod(
            (-0.15, 0.02, -0.03),
            (-0.2 - species.legs * 0.6, 0.025, -0.02),
            0.008,
            Paint(species.leg, 0.2),
            6,
        )
        parts.append(both_sides(leg))
    return merge(*parts)


def flying_bird(rng: np.random.Generator) -> Model:
    """One bird in flight, sometimes two of a kind."""
    species = SPECIES[rng.integers(len(SPECIES))]
    first = flying(rng, individual(rng, species))
    if rng.random() > 0.12:
        return Model(first)
    second = flying(rng, individual(rng, species))
    second = second.turned(attitude(rng.uniform(-0.5, 0.5), rng.uniform(-0.2, 0.2), 0))
    side = rng.choice([-1.0, 1.0])
    offset = np.array(
        [rng.uniform(-1.0, 1.0), side * rng.uniform(1.0, 1.7), rng.uniform(-0.5, 0.5)]
    )
    return Model(merge(first, second.moved(offset)).moved(-offset / 2))
