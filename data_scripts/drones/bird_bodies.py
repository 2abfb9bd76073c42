"""Parts of birds in flight and at rest: trunk, head and bill, tail, legs."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
from data_scripts.drawing.shapes import ellipsoid, loft, rod
from data_scripts.drones.species import Species

EYE = Paint((0.02, 0.02, 0.02), 0.2)


@dataclass(frozen=True)
class Trunk:
    """A trunk's sections along x, aft to fore: (K,) and, half width and height, (K, 2)."""

    x: np.ndarray
    z: np.ndarray
    radii: np.ndarray

    def at(self, x: np.ndarray | float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Half width, half height and the height of the middle at places along the trunk."""
        width, height = (np.interp(x, self.x, self.radii[:, k]) for k in (0, 1))
        return width, height, np.interp(x, self.x, self.z)

    def on_surface(self, x: np.ndarray, angle: np.ndarray | float) -> np.ndarray:
        """Points (N, 3) on the left flank, at an angle (radians) above its middle."""
        width, height, middle = self.at(x)
        return np.stack([x, width * np.cos(angle), middle + height * np.sin(angle)], axis=-1)

    def depth(self, points: np.ndarray) -> np.ndarray:
        """How far in points (N, 3) lie: 0 in the middle of the trunk, 1 on its surface, inf fore
        and aft of it."""
        width, height, middle = self.at(points[:, 0])
        ratio = np.hypot(points[:, 1] / width, (points[:, 2] - middle) / height)
        beside = (points[:, 0] >= self.x[0]) & (points[:, 0] <= self.x[-1])
        return np.where(beside, ratio, np.inf)


def smooth(steps: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values at fractional indices, by Catmull-Rom splines."""
    padded = np.concatenate([[2 * values[0] - values[1]], values, [2 * values[-1] - values[-2]]])
    index = np.clip(steps.astype(int), 0, len(values) - 2)
    t = steps - index
    a, b, c, d = (padded[index + k] for k in range(4))
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )


def splined(path: np.ndarray, radii: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """A path (K, 3) and its radii (K, 2) at `count` places in between."""
    steps = np.linspace(0, len(path) - 1, count)
    fine = np.stack([smooth(steps, path[:, k]) for k in range(3)], axis=1)
    girth = np.stack([smooth(steps, radii[:, k]) for k in range(2)], axis=1)
    return fine, np.maximum(girth, 0.006)


def body(
    path: np.ndarray, radii: np.ndarray, species: Species, nape: int, detail: float = 1.0
) -> Mesh:
    """One skin along a path from the tail's root over trunk and neck, and head if it has one.

    nape: number of the path's point where the head begins, which gives the plumage's colours.
    """
    fine, girth = splined(path, radii, max(13, round((2 * len(path) + 4) * detail)))
    mesh = loft(
        fine, girth, Paint(species.back, 0.12, Pattern.PLUMAGE), max(10, round(16 * detail)),
        repeat=(1.3, 1.0),
    )  # fmt: skip
    sine = np.sin(mesh.surface[:, 6] * 2 * np.pi)  # -1 along the breast and belly
    mesh = recoloured(mesh, species.belly, (species.flank - sine) * 2.2)
    along = mesh.surface[:, 5] / 1.3 * (len(path) - 1)
    hood = nape - (nape - 4.5) * species.hood
    mesh = recoloured(mesh, species.head, (along - hood) * 2.2 + 0.5)
    return recoloured(mesh, species.cap or species.head, (along - nape) * 4 * (sine > 0.1))


def head_profile(species: Species) -> tuple[np.ndarray, np.ndarray]:
    """Path (6, 3) from the nape to the bill around the head's middle, and its radii (6, 2).

    The forehead slopes into the bill and the nape into the neck: only owls have round heads.
    """
    size = 0.062 * species.head_size
    slender = species.slender
    path = np.zeros((6, 3))
    path[:, 0] = np.array([-0.62, -0.2, 0.3, 0.72, 1.05, 1.25]) * (1 + 0.35 * slender)
    path[:, 2] = [-0.03, 0.0, 0.02, -0.05 - 0.03 * slender, -0.15, -0.18]
    widths = np.array([0.84, 0.93, 0.88, 0.64, 0.38, 0.16])
    heights = np.array([0.88, 0.98, 0.93, 0.66 - 0.05 * slender, 0.4, 0.18])
    return path * size, np.stack([widths, heights], axis=1) * size * (1 - 0.12 * slender)


def face(species: Species, detail: float = 1.0) -> Mesh:
    """Bill and eyes, around the head's middle, looking along x."""
    size, long = 0.062 * species.head_size, 1 + 0.35 * species.slender
    front, reach = 0.95 * size * long, species.beak_length * 0.62 + 0.25 * size
    droop = -0.4 * min(reach, 0.09) if species.hooked else -0.04 * reach
    ridge = -0.16 * size
    path = np.array([[front, 0, ridge], [front + 0.4 * reach, 0, ridge + 0.02 * droop],
                     [front + 0.82 * reach, 0, ridge + 0.25 * droop],
                     [front + reach, 0, ridge + droop]])  # fmt: skip
    thick = min(0.36 * size, 0.011 + 0.12 * reach) * (1.3 if species.hooked else 1.0)
    flat = 1.5 if species.shape == "duck" else 1.0  # ducks' bills are broad and flat
    radii = np.array([[1, 1.15], [0.75, 0.85], [0.45 * flat, 0.5 / flat], [0.12, 0.1]]) * thick
    bill = loft(path, radii, Paint(species.beak, 0.25), 8 if detail > 0.7 else 6)
    if detail <= 0.7:
        return bill
    eye = 0.07 * size + 0.005
    spot = (size * 0.42 * long, size * (0.81 - 0.1 * species.slender), size * 0.22)
    return merge(bill, both_sides(ellipsoid(spot, (eye, 0.7 * eye, eye), EYE, detail=6)))


def head(species: Species, centre: np.ndarray, look: float, nod: float) -> Mesh:
    """A head by itself, which may look aside by `look` and down by `nod` radians."""
    path, radii = head_profile(species)
    path = np.concatenate([path[:1] * 1.9, path])
    radii = np.concatenate([radii[:1] * 0.7, radii])
    feathers = replace(species, back=species.head, belly=species.head)
    skull = body(path, radii, feathers, 1)
    return merge(skull, face(species)).turned(attitude(look, -nod, 0)).moved(centre)


def tail(
    species: Species,
    root: np.ndarray,
    direction: np.ndarray,
    spread: float,
    base: float = 0.02,
    twist: float = 0.0,
) -> Mesh:
    """A fan of feathers behind the root, thin and seen from both sides.

    spread: half the fan's angle, in radians; base: half its width at the root.
    """
    across = np.linspace(-1, 1, 11)
    along = np.linspace(0, 1, 5)
    outline = 1 + species.fork * (np.abs(across) - 0.55) - 0.1 * across**2
    feathered = 1 - 0.02 * (np.arange(11) % 2)
    reach = along[:, None] * (outline * feathered)[None] * species.tail
    angle = across * spread
    sideways = base * across * (1 + 0.5 * along[:, None]) + reach * np.sin(angle)
    points = root + (reach * np.cos(angle))[:, :, None] * direction
    roll = np.array([0, np.cos(twist), np.sin(twist)])
    points = points + sideways[:, :, None] * roll
    points = points - (0.012 * across**2)[None, :, None] * np.array([0, 0, 1.0])
    mesh = lattice(points, Paint(species.rump or species.wing, 0.08, Pattern.QUILLS), thin=True)
    mesh.surface[:, 5] = np.tile(across, 5) * 0.3 + 0.3  # vanes run along the tail
    mesh.surface[:, 6] = np.repeat(along, 11) * 0.1
    return recoloured(mesh, species.tip if not species.rump else species.rump,
                      np.repeat(along, 11) * 1.8 - 1.1)  # fmt: skip


def neck_radius(species: Species) -> float:
    """Short necks are as thick as the head, long ones slim."""
    return 0.058 * species.head_size * float(np.clip(1.02 - 1.3 * species.neck, 0.45, 1))


def tucked_feet(species: Species) -> Mesh:
    """Feet drawn up under the tail, or trailing behind it where legs are long."""
    paint, long = Paint(species.leg, 0.2), species.legs > 0.3
    if long:
        aft = -0.2 - 0.75 * species.legs
        shin = rod((-0.15, 0.022, -0.03), (aft, 0.02, -0.012), 0.008, paint, 5)
        return both_sides(
            merge(shin, rod((aft, 0.02, -0.012), (aft - 0.07, 0.026, -0.012), 0.011, paint, 5))
        )
    low = -0.034 * species.stout
    return both_sides(rod((-0.18, 0.014, low), (-0.25, 0.014, 0.4 * low), 0.009, paint, 5))


def lowered_feet(species: Species, reach: float) -> Mesh:
    """Legs stretched down and forward, as before landing."""
    paint = Paint(species.leg, 0.2)
    shin = np.array([-0.04 + 0.35 * reach, 0.045, -0.06 * species.stout - reach])
    parts = [rod((-0.06, 0.035, -0.05 * species.stout), tuple(shin), 0.009, paint, 5)]
    for turn in (-0.4, 0.0, 0.4):
        toe = shin + 0.05 * np.array([np.cos(turn), np.sin(turn), -0.5])
        parts.append(rod(tuple(shin), tuple(toe), 0.007, paint, 4))
    return both_sides(merge(*parts))
