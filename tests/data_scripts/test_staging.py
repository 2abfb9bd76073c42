"""Where things are: birds fly, drones hang in nothing and stand on the ground that they touch."""

import numpy as np
import pytest

from data_scripts.drawing.dataset import seeded
from data_scripts.drones import photography, places
from data_scripts.drones.staging import SETTINGS, object_points, stage

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
            elif staged.floor is not None:
                assert staged.floor < low - 0.2, "it hovers well above the ground"
    assert 10 <= stood <= 50


def test_a_flying_bird_stands_on_nothing():
    for number in range(20):
        for setting in SETTINGS:
            staged = stage(seeded([number]), "flying_bird", setting)
            assert not staged.stands and not staged.afloat and not staged.mesh.prop.any()
            assert np.linalg.norm(object_points(staged), axis=1).max() < 0.75
