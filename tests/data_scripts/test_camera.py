"""The rasteriser: what it shows of a surface, and how that is lit."""

from __future__ import annotations

import numpy as np
import pytest

from data_scripts.drawing.camera import look_from, rasterise
from data_scripts.drawing.meshes import Paint
from data_scripts.drawing.shapes import ellipsoid

BALL = ellipsoid((0, 0, 0), (1, 1, 1), Paint((0.5, 0.5, 0.5)), detail=24)


@pytest.mark.parametrize("elevation", [-1.2, 0.0, 0.7])
@pytest.mark.parametrize("mesh", [BALL, BALL.mirrored()], ids=["ball", "mirrored"])
def test_of_a_solid_the_near_side_shows(mesh, elevation: float) -> None:
    view = look_from(-np.pi / 2, elevation, 0.0, 10).zoomed(50, -1.5, -1.5)
    samples = rasterise(mesh, view, (150, 150), sun=np.array([0.0, 0, 1]))
    assert samples.depth.max() < 10.1 and samples.depth.min() == pytest.approx(9, abs=0.1)
    toward = samples.normal @ samples.toward
    assert (toward > 0).mean() > 0.97


@pytest.mark.parametrize(("behind", "lit"), [(-1, True), (1, False)])
def test_a_solid_is_lit_where_the_sun_stands_behind_the_camera(behind: int, lit: bool) -> None:
    view = look_from(-np.pi / 2, 0.0, 0.0, 10).zoomed(50, -1.5, -1.5)
    samples = rasterise(BALL, view, (150, 150), sun=np.array([0.0, behind, 0]))
    assert bool(samples.lit.mean() > 0.7) == lit
