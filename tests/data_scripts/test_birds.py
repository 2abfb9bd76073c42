"""Birds in the air: wings that beat, whole bellies, flocks that count as one object."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from data_scripts.drawing.camera import look_from, rasterise
from data_scripts.drawing.meshes import merge
from data_scripts.drones import birds
from data_scripts.drones.bird_bodies import body
from data_scripts.drones.bird_wings import beating
from data_scripts.drones.birds import FlightPose, flight_pose, flying, flying_bird, spine
from data_scripts.drones.plumage import SPECIES
from data_scripts.drones.species import Species, individual
from data_scripts.render_drones import render_drone

PHASES = np.arange(8) / 8


def flapping(phase: float) -> FlightPose:
    return FlightPose(beating(phase, 0.9), beating(phase, 0.9), 0.3, phase=phase)


@pytest.mark.parametrize("species", SPECIES)
def test_wings_grow_out_of_the_flank_and_stay_out_of_the_body(species: Species) -> None:
    rng = np.random.default_rng(0)
    poses = [flapping(phase) for phase in PHASES] + [flight_pose(rng, species) for _ in range(8)]
    for pose in poses:
        points = birds.wings(species, pose).vertices
        depth = birds.trunk_of(species).depth(points)
        assert depth.min() > 0.9
        assert depth.min() < 1.1  # but they do touch it


@pytest.mark.parametrize("phase", PHASES[:4])
def test_no_wing_shows_before_the_belly(phase: float) -> None:
    """Seen from straight below, whatever the trunk covers is trunk."""
    for species in SPECIES[::4]:
        path, radii = spine(species, 0.0)
        trunk = body(path, radii, species, len(path) - 1)
        view = look_from(-np.pi / 2, -1.5, 0, 4)
        view = view.zoomed(220, -0.5, -0.5)
        sun = np.array([0.0, 0, 1])
        alone = rasterise(trunk, view, (220, 220), sun)
        wings = birds.wings(species, flapping(phase)).as_prop()
        both = rasterise(merge(trunk, wings), view, (220, 220), sun)
        inside = np.zeros(220 * 220, np.uint8)
        inside[alone.position] = 1
        inside = cv2.erode(inside.reshape(220, 220), np.ones((5, 5))).ravel() > 0
        winged = np.zeros(220 * 220, bool)
        winged[both.position] = both.prop
        assert inside.sum() > 300 and winged.sum() > 300
        assert not (winged & inside).any()


def test_a_beat_raises_and_lowers_the_wings() -> None:
    for species in SPECIES[::5]:
        heights = []
        for phase in (0.0, 0.25, 0.5, 0.75):
            points = birds.wings(species, flapping(phase)).vertices
            heights.append(points[np.abs(points[:, 1]).argmax(), 2])
        raised, going_down, lowered, going_up = heights
        assert raised > 0.3 * species.span and lowered < -0.15 * species.span
        assert lowered < going_up < raised and lowered < going_down < raised


def test_birds_in_the_air_have_their_wings_spread() -> None:
    """Wider than deep by far, unlike birds that stand with their wings folded."""
    rng = np.random.default_rng(1)
    for species in SPECIES:
        bird = individual(rng, species)
        points = flying(rng, bird, flight_pose(rng, bird)).vertices
        left, right = points[:, 1].max(), -points[:, 1].min()
        assert min(left, right) > 0.3 * bird.span > 1.5 * 0.085 * bird.stout


def test_same_seed_same_bird() -> None:
    first, second = (flying_bird(np.random.default_rng(5)).mesh for _ in range(2))
    assert np.array_equal(first.vertices, second.vertices)
    assert np.array_equal(first.surface, second.surface)


def test_a_flock_is_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mask and box hold all of its birds."""
    monkeypatch.setattr(birds, "FLOCKS", 1.0)
    apart = []
    for seed in range(30):
        rendered = render_drone("flying_bird", [2, seed])
        left, top, right, bottom = rendered.box
        assert rendered.mask[top:bottom, left:right].sum() == rendered.mask.sum()
        count, *_ = cv2.connectedComponents(rendered.mask.astype(np.uint8))
        apart.append(count - 1)
    assert max(apart) >= 3 and np.mean(np.array(apart) > 1) > 0.25
