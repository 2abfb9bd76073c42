"""What to photograph and where: the place, the object in its pose, and what it stands on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_scripts.drawing.chance import pick
from data_scripts.drawing.meshes import Mesh, attitude, merge
from data_scripts.drones import cities, grounds, places, skies, waters
from data_scripts.drones.birds import flight_attitude, flying_bird
from data_scripts.drones.large_quadcopters import large_quadcopter
from data_scripts.drones.perched_birds import perched_bird
from data_scripts.drones.props import branch, rock, wire
from data_scripts.drones.quadcopters import Model, small_quadcopter
from data_scripts.drones.rotors import Rotor
from data_scripts.drones.skies import Backdrop
from data_scripts.drones.winged import winged_drone

MAKERS = {
    "flying_bird": flying_bird,
    "large_quadcopter": large_quadcopter,
    "small_quadcopter": small_quadcopter,
    "winged_drone": winged_drone,
}
# One distribution of places for all classes: neither background nor colour gives the class away.
# "branch" is one out of focus in a corner, well away from the object.
SETTINGS = {"free": 0.54, "branch": 0.08, "ground": 0.18, "water": 0.11, "studio": 0.09}
OPEN_PLACES = {
    skies.clear_sky: 5, skies.broken_cloud: 6, skies.overcast: 4, skies.sunset: 4,
    places.hills: 4, places.tree_line: 4, cities.city: 6, grounds.field_above: 3,
    places.indoor: 4, places.foliage: 4,
}  # fmt: skip
PROP_PLACES = {
    skies.clear_sky: 3, skies.broken_cloud: 3, skies.overcast: 3, skies.sunset: 2,
    places.hills: 3, places.tree_line: 2, places.foliage: 4, cities.city: 1,
}  # fmt: skip
PERCHED = 0.08  # of the birds: the others fly
PERCHES = {"branch": 4, "wire": 2, "rock": 2, "ground": 2, "water": 2}
STANDING = 0.5  # of the drones on open ground or in a studio: the others hover over it


@dataclass(frozen=True)
class Staged:
    """An object in its pose. mesh: with what a bird perches on.

    floor: how high (z) the ground lies under it, None where no ground is near; stands: it touches
    the ground; afloat: it swims or wades, and is mirrored in the water.
    """

    mesh: Mesh
    rotors: list[Rotor]
    floor: float | None = None
    stands: bool = False
    afloat: bool = False


def backdrop_for(rng: np.random.Generator, setting: str, shape: tuple[int, int]) -> Backdrop:
    if setting == "ground":
        return grounds.open_ground(rng, shape)
    if setting == "water":
        return waters.water(rng, shape)
    if setting == "studio":
        return places.studio(rng, shape)
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


def perched_on(rng: np.random.Generator, perch: str) -> Staged:
    """A bird at rest on one of PERCHES, seldom seen from behind."""
    bird = perched_bird(rng, perch)
    middle = (bird.vertices.min(axis=0) + bird.vertices.max(axis=0)) / 2
    factor = 0.5 / float(np.linalg.norm(bird.vertices - middle, axis=1).max())
    heading = attitude(-np.pi / 2 + rng.uniform(-2.1, 2.1), 0, 0)
    mesh = bird.moved(-middle).scaled(factor).turned(heading)
    feet, toward = heading @ (-middle * factor), rng.uniform(-0.5, 0.5)
    if perch == "branch":
        mesh = merge(mesh, branch(rng, feet, 0.8, toward))
    elif perch == "wire":
        mesh = merge(mesh, wire(rng, feet, 0.8, toward))
    elif perch == "rock":
        mesh = merge(mesh, rock(rng, 0.85).moved(feet))
    grounded = perch in ("ground", "water")
    return Staged(mesh, [], float(feet[2]) if grounded else None, perch == "ground",
                  perch == "water")  # fmt: skip


def stage(rng: np.random.Generator, class_name: str, setting: str) -> Staged:
    """Make the object and pose it: in the air or, some of the drones, on the ground."""
    model = centred(MAKERS[class_name](rng))
    over_ground = setting in ("ground", "studio")
    stands = over_ground and class_name != "flying_bird" and rng.random() < STANDING
    tilt = 0.4 if class_name == "winged_drone" else 0.2
    pitch, roll = (0.0, 0.0) if stands else rng.normal(0, [0.6 * tilt, tilt])
    rotation = attitude(rng.uniform(0, 2 * np.pi), pitch, roll)
    model = turned(model, flight_attitude(rng) if class_name == "flying_bird" else rotation)
    low = float(model.mesh.vertices[:, 2].min())
    rims = [float(rotor.rim()[:, 2].min()) for rotor in model.rotors]
    stands = stands and min(rims, default=low) >= low  # its propellers must clear the ground
    if not over_ground or (setting == "studio" and not stands):
        return Staged(model.mesh, model.rotors)
    floor = low if stands else low - float(np.exp(rng.uniform(np.log(0.3), np.log(4))))
    return Staged(model.mesh, model.rotors, floor, stands)


def object_points(staged: Staged) -> np.ndarray:
    """Points (N, 3) that bound the object without its props."""
    corners = np.unique(staged.mesh.triangles[~staged.mesh.prop])
    return np.concatenate([staged.mesh.vertices[corners]] + [r.rim() for r in staged.rotors])
