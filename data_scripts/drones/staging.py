"""What to photograph and where: the place, the object in its pose, and the props beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_scripts.drawing.chance import pick
from data_scripts.drawing.meshes import Mesh, attitude, merge
from data_scripts.drones import grounds, places, skies
from data_scripts.drones.birds import flight_attitude, flying_bird
from data_scripts.drones.perched_birds import perched_bird
from data_scripts.drones.props import branch, rock, wire
from data_scripts.drones.quadcopters import Model, large_quadcopter, small_quadcopter
from data_scripts.drones.rotors import Rotor
from data_scripts.drones.skies import Backdrop
from data_scripts.drones.winged import winged_drone

MAKERS = {
    "flying_bird": flying_bird,
    "large_quadcopter": large_quadcopter,
    "small_quadcopter": small_quadcopter,
    "winged_drone": winged_drone,
}
# One distribution of places and props for all classes: neither gives the class away.
SETTINGS = {"free": 0.43, "branch": 0.18, "wire": 0.05, "rock": 0.09, "ground": 0.15, "water": 0.10}
OPEN_PLACES = {
    skies.clear_sky: 5, skies.broken_cloud: 6, skies.overcast: 3, skies.sunset: 4,
    places.hills: 4, places.tree_line: 4, places.buildings: 4, grounds.field_above: 3,
    places.studio: 7, places.indoor: 4, places.foliage: 2,
}  # fmt: skip
PROP_PLACES = {
    skies.clear_sky: 3, skies.broken_cloud: 3, skies.overcast: 3, skies.sunset: 2,
    places.hills: 3, places.tree_line: 2, places.foliage: 6, places.buildings: 1, grounds.water: 1,
}  # fmt: skip


@dataclass(frozen=True)
class Staged:
    """An object in its pose, with its props; shadow: it stands on the ground and casts one;
    afloat: it swims or wades, and is mirrored in the water."""

    mesh: Mesh
    rotors: list[Rotor]
    shadow: bool
    afloat: bool


def backdrop_for(rng: np.random.Generator, setting: str, shape: tuple[int, int]) -> Backdrop:
    if setting == "ground":
        return grounds.open_ground(rng, shape)
    if setting == "water":
        return grounds.water(rng, shape)
    return pick(rng, OPEN_PLACES if setting == "free" else PROP_PLACES)(rng, shape)


def centred(model: Model) -> Model:
    """The model with its middle at the origin and, from there, a reach of 0.5."""
    points = np.concatenate([model.mesh.vertices] + [rotor.rim() for rotor in model.rotors])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    factor = 0.5 / float(np.linalg.norm(points - middle, axis=1).max())
    return Model(
        model.mesh.moved(-middle).scaled(factor),
        [rotor.moved(-middle * factor, factor) for rotor in model.rotors],
    )


def turned(model: Model, rotation: np.ndarray) -> Model:
    return Model(model.mesh.turned(rotation), [rotor.turned(rotation) for rotor in model.rotors])


def with_prop(
    rng: np.random.Generator, mesh: Mesh, setting: str, through: np.ndarray, top: np.ndarray
) -> Mesh:
    """The mesh and the setting's prop: a branch or wire through one point, a rock under another."""
    toward = rng.uniform(-0.5, 0.5)
    if setting == "branch":
        return merge(mesh, branch(rng, through, 0.8, toward))
    if setting == "wire":
        return merge(mesh, wire(rng, through, 0.8, toward))
    if setting == "rock":
        return merge(mesh, rock(rng, 0.85).moved(top))
    return mesh


def resting_bird(rng: np.random.Generator, setting: str) -> Staged:
    """A bird on the setting's perch, seldom seen from behind."""
    bird = perched_bird(rng, setting)
    middle = (bird.vertices.min(axis=0) + bird.vertices.max(axis=0)) / 2
    factor = 0.5 / float(np.linalg.norm(bird.vertices - middle, axis=1).max())
    heading = attitude(-np.pi / 2 + rng.uniform(-2.1, 2.1), 0, 0)
    mesh = bird.moved(-middle).scaled(factor).turned(heading)
    feet = heading @ (-middle * factor)
    mesh = with_prop(rng, mesh, setting, feet, feet)
    return Staged(mesh, [], setting == "ground", setting == "water")


def stage(rng: np.random.Generator, class_name: str, setting: str) -> Staged:
    """Make the object, pose it, and add the setting's prop."""
    resting = setting != "free" and rng.random() < 0.82
    if class_name == "flying_bird" and resting:
        return resting_bird(rng, setting)
    model = centred(MAKERS[class_name](rng))
    standing = resting and setting in ("ground", "rock") and class_name != "flying_bird"
    tilt = 0.4 if class_name == "winged_drone" else 0.2
    pitch, roll = (0.0, 0.0) if standing else rng.normal(0, [0.6 * tilt, tilt])
    rotation = attitude(rng.uniform(0, 2 * np.pi), pitch, roll)
    model = turned(model, flight_attitude(rng) if class_name == "flying_bird" else rotation)
    depth, above = (
        rng.choice([-0.7, 0.6, 0.8, 1.0, 1.2]),
        rng.choice([-1, 1]) * rng.uniform(0.15, 0.6),
    )
    low = float(model.mesh.vertices[:, 2].min()) + 0.004 if standing else -0.75
    aside, below = np.array([0, depth, above]), np.array([0, 0, low])
    mesh = with_prop(rng, model.mesh, setting, aside, below)
    return Staged(mesh, model.rotors, standing and setting == "ground", False)


def object_points(staged: Staged) -> np.ndarray:
    """Points (N, 3) that bound the object without its props."""
    corners = np.unique(staged.mesh.triangles[~staged.mesh.prop])
    return np.concatenate([staged.mesh.vertices[corners]] + [r.rim() for r in staged.rotors])
