"""Where things are: birds fly, drones hang in nothing and stand on the ground that they touch."""

import numpy as np
import pytest

from data_scripts.drawing.dataset import seeded
from data_scripts.drones import photography, places
from data_scripts.drones.framing import chosen_view
from data_scripts.drones.layers import branch_aside, cast_shadow, clear_box
from data_scripts.drones.skies import Backdrop, daylight
from data_scripts.drones.staging import SETTINGS, object_points, stage
from data_scripts.render_drones import render_drone

SHAPE = (240, 320)
DRONES = ("large_quadcopter", "small_quadcopter", "winged_drone")


class Staged(Exception):
    """Ends a photograph as soon as it is known what is in it."""


def share_at_rest(monkeypatch, class_name, **options):
    """Of 400 pictures, in how many something perches."""

    def stop(perches):
        def raising(*_):
            raise Staged(perches)

        return raising

    monkeypatch.setattr(photography, "perched_on", stop(True))
    monkeypatch.setattr(photography, "stage", stop(False))
    answers = []
    for number in range(400):
        with pytest.raises(Staged) as caught:
            photography.photograph(seeded([7, number]), class_name, **options)
        answers.append(caught.value.args[0])
    return np.mean(answers)


def test_nine_birds_of_ten_fly(monkeypatch):
    backdrop = places.studio(seeded([0]), (32, 32))  # any will do, and one is soon painted
    monkeypatch.setattr(photography, "backdrop_for", lambda *_: backdrop)
    assert 0.03 <= share_at_rest(monkeypatch, "flying_bird") <= 0.1
    assert share_at_rest(monkeypatch, "flying_bird", perched=0.0) == 0
    assert share_at_rest(monkeypatch, "flying_bird", perched=1.0) == 1
    assert share_at_rest(monkeypatch, "large_quadcopter", perched=1.0) == 0


@pytest.mark.parametrize("class_name", DRONES)
def test_a_drone_touches_the_ground_that_it_stands_on_and_nothing_else(class_name):
    stood = 0
    for number in range(30):
        for setting in SETTINGS:
            staged = stage(seeded([number]), class_name, setting)
            assert not staged.mesh.prop.any(), "a prop is part of the drone"
            low = staged.mesh.vertices[:, 2].min()
            if staged.stands:
                stood += 1
                assert setting in ("ground", "studio")
                assert staged.floor == pytest.approx(low)
                assert object_points(staged)[:, 2].min() >= low - 1e-6, "a propeller digs"
            elif staged.floor is not None:
                assert staged.floor < low - 0.2, "it hovers well above the ground"
    assert 10 <= stood <= 50


def meadow(rng, horizon):
    """Plain ground below a horizon, a share of the height."""
    light = daylight(rng, np.full(3, 0.8))
    return Backdrop(np.full((*SHAPE, 3), 0.6, np.float32), light, (0.1, 0.4), horizon)


@pytest.mark.parametrize("class_name", DRONES)
def test_a_standing_drone_is_below_the_horizon_and_casts_a_shadow(class_name):
    staged = [stage(seeded([7, number]), class_name, "ground") for number in range(24)]
    standing = [one for one in staged if one.stands]
    assert standing
    for number, drone in enumerate(standing):
        rng = seeded([number])
        backdrop = meadow(rng, 0.4)
        view, _ = chosen_view(rng, drone, backdrop, SHAPE, 1.0)
        lowest = view.project(object_points(drone))[:, 1].max()
        assert 0.4 * SHAPE[0] < lowest < SHAPE[0]
        shaded = cast_shadow(backdrop.image, drone, view, backdrop.light, 0.4 * SHAPE[0])
        darker = shaded.mean(axis=2) < 0.9 * 0.6
        assert darker.any() and not darker[: int(0.4 * SHAPE[0])].any()


@pytest.mark.parametrize("class_name", ["flying_bird", *DRONES])
def test_a_branch_stays_away_from_the_object(class_name):
    seen = 0
    for number in range(6):
        rng = seeded([5, number])
        flier, backdrop = stage(rng, class_name, "branch"), meadow(rng, None)
        view, _ = chosen_view(rng, flier, backdrop, SHAPE, 1.0)
        box = clear_box(view.project(object_points(flier)), SHAPE)
        drawn = branch_aside(rng, view, SHAPE, box, backdrop.light, np.full((256, 256), 0.5))
        if drawn is not None:
            left, top, right, bottom = box
            assert not drawn[top:bottom, left:right].any() and drawn[..., 3].max() > 0.5
            seen += 1
    assert seen


def test_a_flying_bird_stands_on_nothing():
    for number in range(20):
        for setting in SETTINGS:
            staged = stage(seeded([number]), "flying_bird", setting)
            assert not staged.stands and not staged.afloat and not staged.mesh.prop.any()
            assert np.linalg.norm(object_points(staged), axis=1).max() < 0.75


@pytest.mark.parametrize("class_name", DRONES)
def test_a_branch_in_the_picture_keeps_clear_of_the_drone(monkeypatch, class_name):
    branches, draw = [], photography.branch_aside

    def recorded(*arguments):
        branches.append(draw(*arguments))
        return branches[-1]

    monkeypatch.setattr(photography, "SETTINGS", {"branch": 1})
    monkeypatch.setattr(photography, "branch_aside", recorded)
    seen = 0
    for number in range(8):
        mask = render_drone(class_name, [8, number]).mask
        if branches[-1] is not None:  # there is no room for one beside a large drone
            seen += 1
            assert branches[-1][..., 3].max() > 0.3
            assert not branches[-1][mask].any()
    assert len(branches) == 8 and seen >= 3
