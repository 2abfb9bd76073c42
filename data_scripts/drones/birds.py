"""Birds in flight, alone or in small flocks: flapping, gliding, soaring, banking, landing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data_scripts.drawing.meshes import Mesh, attitude, merge, turn
from data_scripts.drones.bird_bodies import (
    Trunk,
    body,
    face,
    head_profile,
    lowered_feet,
    neck_radius,
    splined,
    tail,
    tucked_feet,
)
from data_scripts.drones.bird_wings import WingPose, beating, gliding, wing
from data_scripts.drones.plumage import KINDS
from data_scripts.drones.quadcopters import Model
from data_scripts.drones.species import Species, in_shade, individual

FLOCKS = 0.13  # how many pictures show several birds
BACKLIT = 0.1  # how many birds are silhouettes
FLOCK_SIZES = {2: 0.32, 3: 0.24, 4: 0.16, 5: 0.12, 6: 0.09, 7: 0.07}
SKEINS = ("waterfowl", "wader", "gull")  # kinds that fly in lines


@dataclass(frozen=True)
class FlightPose:
    """A bird's posture: its wings, how far its tail is spread, whether its legs are down.

    pitch: nose up, in radians; phase: of the wing's beat, None while it glides.
    """

    left: WingPose
    right: WingPose
    tail_spread: float
    pitch: float = 0.0
    landing: bool = False
    phase: float | None = None


def flight_pose(
    rng: np.random.Generator, species: Species, phase: float | None = None
) -> FlightPose:
    """Flapping in any phase, gliding, soaring or landing, as often as the kind does."""
    planform = species.planform
    kind = rng.random()
    soars = planform.fingers > 0 or species.shape == "gull"
    if phase is None and kind < (0.5 if soars else 0.28):
        pose = gliding(rng, planform)
        spread = rng.uniform(0.15, 0.85 if planform.fingers else 0.5)
        return FlightPose(pose, uneven(rng, pose), spread, rng.normal(0, 0.08))
    if phase is None and kind > 0.93:  # braking before it lands, its body upright
        phase = rng.uniform(0, 0.45)
        pose = beating(phase, rng.uniform(0.4, 0.75), 0.45)
        pitch, spread = rng.uniform(0.35, 0.8), rng.uniform(0.6, 1.0)
        return FlightPose(pose, uneven(rng, pose), spread, pitch, True, phase)
    phase = rng.random() if phase is None else phase
    reach = rng.uniform(0.35, 0.75) if soars else rng.uniform(0.5, 0.95)
    pose = beating(phase, reach, rng.uniform(0.05, 0.3))
    pitch = rng.normal(0.06, 0.1)
    return FlightPose(pose, uneven(rng, pose), rng.uniform(0.1, 0.45), pitch, False, phase)


def uneven(rng: np.random.Generator, pose: WingPose) -> WingPose:
    """The other wing of a pair: birds steer with small differences."""
    return replace(
        pose,
        arm=pose.arm + rng.normal(0, 0.05),
        fold=max(0.0, pose.fold + rng.normal(0, 0.06)),
        twist=pose.twist + rng.normal(0, 0.04),
    )


def spine(species: Species, lift: float) -> tuple[np.ndarray, np.ndarray]:
    """Path (K, 3) and radii (K, 2) of a flying bird's trunk and neck, from the tail to the nape."""
    stout, slim = species.stout * 0.085, neck_radius(species)
    path = [[-0.28, 0, 0.012], [-0.2, 0, 0.006], [-0.09, 0, 0], [0.03, 0, -0.004], [0.12, 0, 0.0]]
    radii = [[0.34, 0.13], [0.54, 0.42], [0.8, 0.76], [1, 1.02], [0.9, 0.94]]
    radii = [[stout * width, stout * height] for width, height in radii]
    neck = species.neck * 0.5
    if species.folds_neck:  # an S: down before the breast and back up to the head
        path += [[0.19, 0, -0.02], [0.235, 0, -0.024], [0.252, 0, 0.004]]
        radii += [[1.6 * slim, 2.0 * slim], [1.2 * slim, 1.45 * slim], [slim, 1.1 * slim]]
    elif neck > 0.14:
        path += [[0.17 + 0.25 * neck, 0, 0.006], [0.2 + 0.65 * neck, 0, 0.4 * lift]]
        path += [[0.21 + neck, 0, 0.9 * lift]]
        radii += [[0.55 * stout + 0.2 * slim] * 2, [slim, 1.1 * slim], [slim, slim]]
    else:
        path += [[0.168 + 0.8 * neck, 0, 0.006 + 0.5 * lift]]
        between = 0.5 * stout + 0.45 * slim
        radii += [[between, between * 1.02]]
    return np.array(path, float), np.array(radii)


def trunk_of(species: Species, lift: float = 0.0) -> Trunk:
    """What the wings grow out of: the trunk's sections up to the breast."""
    path, radii = spine(species, lift)
    fine, girth = splined(path, radii, 8 * len(path) - 7)
    kept = slice(0, 33)  # to the fifth point: the neck may turn back
    return Trunk(fine[kept, 0], fine[kept, 2], girth[kept])


def wings(species: Species, pose: FlightPose, detail: float = 1.0) -> Mesh:
    trunk = trunk_of(species)
    right = wing(species, trunk, pose.right, detail).mirrored()
    return merge(wing(species, trunk, pose.left, detail), right)


def flying(
    rng: np.random.Generator, species: Species, pose: FlightPose, detail: float = 1.0
) -> Mesh:
    """A bird on the wing. detail: below 1 where it is small, for fewer triangles."""
    lift = rng.uniform(-0.015, 0.03)
    path, radii = spine(species, lift)
    nod = attitude(0, -rng.uniform(-0.1, 0.15) - 0.6 * pose.pitch, 0)
    skull, girth = head_profile(species)
    gap = 0.018 if species.folds_neck else 0.042
    crown = path[-1] + [gap - skull[0, 0], 0, 0.012 + 0.5 * lift]
    whole = np.concatenate([path, turn(skull, nod) + crown])
    parts = [
        body(whole, np.concatenate([radii, girth]), species, len(path), detail),
        face(species, detail).turned(nod).moved(crown),
        wings(species, pose, detail),
    ]
    direction = np.array([-1.0, 0, rng.normal(0, 0.06) - 0.5 * pose.pitch * pose.landing])
    base, twist = radii[0, 0], rng.normal(0, 0.12)
    parts.append(tail(species, path[0] + [0.03, 0, 0], direction, pose.tail_spread, base, twist))
    if pose.landing:
        parts.append(lowered_feet(species, min(species.legs * 0.8, 0.3)))
    elif species.legs > 0.3 or rng.random() < 0.2:
        parts.append(tucked_feet(species))
    return merge(*parts).turned(attitude(0, pose.pitch, 0))


def flight_attitude(rng: np.random.Generator) -> np.ndarray:
    """How a flying bird is turned before a camera that looks along y.

    Level on any course, banking, seen from below as it passes overhead, or from above.
    """
    course = attitude(rng.uniform(0, 2 * np.pi), 0, 0)
    kind = rng.random()
    if kind < 0.45:
        return course @ attitude(0, rng.normal(0.03, 0.15), rng.normal(0, 0.2))
    if kind < 0.67:
        bank = rng.choice([-1, 1]) * rng.uniform(0.4, 1.1)
        return course @ attitude(0, rng.uniform(-0.15, 0.25), bank)
    overhead = rng.uniform(0.45, 1.4) if kind < 0.92 else -rng.uniform(0.4, 1.1)
    own = attitude(0, rng.normal(0, 0.12), rng.normal(0, 0.2))
    return attitude(0, 0, -overhead) @ course @ own


def places_in_flock(rng: np.random.Generator, number: int, line: bool) -> np.ndarray:
    """Where the birds of a flock are (number, 3), in units of a wing's span."""
    if line:  # an oblique line, or a V behind the first
        sides = np.where(rng.random() < 0.5, 1, (-1) ** np.arange(number))
        ranks = np.arange(number) if np.all(sides == 1) else (np.arange(number) + 1) // 2
        places = np.stack([-0.55 * ranks, 0.8 * ranks * sides, 0.0 * ranks], axis=1)
        return places + rng.normal(0, 0.12, (number, 3))
    places = np.zeros((0, 3))
    while len(places) < number:
        spot = rng.uniform(-1, 1, 3) * [0.9, 0.9, 0.7] * number**0.4
        if len(places) == 0 or np.linalg.norm(places - spot, axis=1).min() > 0.6:
            places = np.concatenate([places, spot[None]])
    return places


def flock(rng: np.random.Generator, species: Species, line: bool) -> Mesh:
    """Two to seven of a kind on about one course, each in its own phase and at its own distance."""
    number = int(rng.choice(list(FLOCK_SIZES), p=list(FLOCK_SIZES.values())))
    spots = places_in_flock(rng, number, line) * 2 * species.span
    birds = []
    for spot in spots:
        own = individual(rng, species)
        pose = flight_pose(rng, own)
        bird = flying(rng, own, replace(pose, landing=False), 0.72 if number < 4 else 0.5)
        wander = 0.08 if line else 0.3
        course = attitude(*(rng.normal(0, [wander, 0.5 * wander, wander])))
        size = 1.0 if line else rng.uniform(0.6, 1.1)  # as of birds nearer and farther
        birds.append(bird.turned(course).scaled(size).moved(spot))
    return merge(*birds)


def flying_bird(rng: np.random.Generator) -> Model:
    """One bird in flight, or a small flock, which counts as one object: all of it is its mask."""
    group = list(KINDS)[rng.integers(len(KINDS))]
    species = KINDS[group][rng.integers(len(KINDS[group]))]
    if rng.random() < BACKLIT:
        species = in_shade(species, rng.uniform(0.75, 1.0))
    if rng.random() < FLOCKS:
        return Model(flock(rng, species, group in SKEINS and rng.random() < 0.6))
    species = individual(rng, species)
    return Model(flying(rng, species, flight_pose(rng, species)))
