"""Birds at rest: perched, standing, swimming."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from data_scripts.drawing.meshes import (
    Mesh,
    Paint,
    Pattern,
    both_sides,
    lattice,
    merge,
    recoloured,
)
from data_scripts.drawing.shapes import loft, rod
from data_scripts.drones.bird_bodies import body, head, neck_radius, tail
from data_scripts.drones.plumage import SPECIES
from data_scripts.drones.species import Species, individual


def leg(species: Species, hip: np.ndarray, foot: np.ndarray) -> Mesh:
    """A leg from the body to the ground, and its toes."""
    paint = Paint(species.leg, 0.25)
    knee = (hip + foot) / 2 + [-0.03, 0, 0.01]
    thick = 0.0085
    parts = [
        loft(
            np.stack([hip, (hip + knee) / 2, knee, (knee + foot) / 2, foot]),
            [2.2 * thick, 1.4 * thick, thick, thick, thick],
            paint,
            7,
        )
    ]
    for angle in (-0.5, 0.0, 0.5, np.pi):
        end = foot + 0.055 * np.array([np.cos(angle), np.sin(angle), 0])
        parts.append(rod(tuple(foot), tuple(end), 0.6 * thick, paint, 5))
    return merge(*parts)


def perched_bird(rng: np.random.Generator, perch: str) -> Mesh:
    """A bird at rest on "branch", "wire", "rock", "ground" or "water", its feet at the origin."""
    fitting = [kind for kind in SPECIES if perch in kind.perches]
    species = individual(rng, fitting[rng.integers(len(fitting))])
    swimming = perch == "water" and species.legs < 0.4
    lean = 0.08 if swimming else max(species.upright, 0.05)
    stout = species.stout * 0.115
    cos, sin = np.cos(lean), np.sin(lean)
    spine = np.array([[-0.27, 0.01], [-0.14, 0.02], [0.0, 0.0], [0.12, 0.0]])
    spots = np.stack(
        [
            spine[:, 0] * cos - spine[:, 1] * sin,
            0 * spine[:, 0],
            spine[:, 0] * sin + spine[:, 1] * cos,
        ],
        1,
    )
    neck = species.neck * 0.55
    bend = rng.uniform(0.1, 0.5) * min(1, 3 * neck)
    reach = spots[-1] + [0.03 + 0.25 * neck + 0.12 * bend * neck, 0, 0.06 + 0.45 * neck]
    crown = spots[-1] + [0.075 + 0.1 * neck - 0.03 * lean, 0, 0.1 + neck]
    path = np.concatenate([spots, [reach, crown]])
    slim = neck_radius(species)
    radii = np.array([[0.2, 0.16], [0.66, 0.6], [1, 1.05], [0.8, 0.9], [0, 0], [0, 0]]) * stout
    radii[4:] = [[slim * 1.15, slim * 1.25], [slim * 0.75, slim * 0.75]]
    skull = head(species, path[-1] + [0.012, 0, 0.012], rng.normal(0, 0.5), rng.uniform(-0.1, 0.35))
    parts = [body(path, radii, species, len(path) - 1), skull]
    aft = np.array([-cos, 0, -sin * 0.9])
    parts.append(tail(species, path[0] + [0.05 * cos, 0, 0.05 * sin], aft, rng.uniform(0.06, 0.16)))
    parts.append(both_sides(folded_wing(species, path, stout)))
    low = -radii[2, 1] * 0.75
    if swimming:
        whole = merge(*parts).moved((0, 0, -0.45 * low))
        floating = whole.vertices.copy()
        floating[:, 2] = np.maximum(floating[:, 2], 0)
        return replace(whole, vertices=floating)
    drop = species.legs * rng.uniform(0.7, 1.0) + 0.03
    ground = np.array([0.02, 0.035, low - drop])
    parts.append(both_sides(leg(species, np.array([-0.02, 0.035, low + 0.03]), ground)))
    return merge(*parts).moved(-ground * [1, 0, 1])


def folded_wing(species: Species, path: np.ndarray, stout: float) -> Mesh:
    """A left wing laid along the body, its primaries reaching the tail."""
    aft = (path[0] - path[3]) / np.linalg.norm(path[0] - path[3])
    upright = np.array([aft[2], 0.0, -aft[0]])
    along = np.linspace(0, 1, 12)
    line = path[3] + 0.05 * aft + [0, 0, 0.015]
    line = line + (along * (0.43 + 0.15 * species.planform.point))[:, None] * aft
    line[:, 1] = stout * np.interp(along, [0, 0.15, 0.3, 0.65, 1], [0.8, 0.94, 1.0, 0.62, 0.03])
    height = stout * np.interp(along, [0, 0.15, 0.4, 0.75, 1], [0.12, 0.62, 0.7, 0.34, 0.05])
    width = stout * np.interp(along, [0, 0.2, 0.6, 1], [0.04, 0.15, 0.16, 0.03])
    angles = np.linspace(0, 2 * np.pi, 15)
    points = line[:, None] + (width[:, None] * np.cos(angles))[:, :, None] * [0.0, 1.0, 0.0]
    points = points + (height[:, None] * np.sin(angles))[:, :, None] * upright
    mesh = lattice(points, Paint(species.wing, 0.1, Pattern.PLUMAGE), repeat=(1.0, 0.7))
    along = mesh.surface[:, 5]
    mesh = recoloured(mesh, species.tip, (along - 0.55) * 2.5)
    mesh.surface[along > 0.45, 4] = Pattern.QUILLS
    bar = np.exp(-(((along - 0.42) / 0.035) ** 2))
    return recoloured(mesh, species.under, bar * 0.6)
