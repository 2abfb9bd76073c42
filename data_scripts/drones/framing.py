"""How large an object is in a picture, where in it, and from where the camera sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data_scripts.drawing.camera import View, look_from
from data_scripts.drones.skies import Backdrop
from data_scripts.drones.staging import Staged, object_points

LONGEST = 1200  # pixels of a picture's longer side
SMALLEST_OBJECT = 60  # pixels across: fewer show no shape


@dataclass(frozen=True)
class Framing:
    """share: the object's width over the picture's; place: across and down, 0..1; cut: which side
    of the picture cuts it off, -1 or 1, or 0 for none; roll: of the camera, in radians; focal: its
    focal length over the picture's longer side."""

    share: float
    place: tuple[float, float]
    cut: int
    roll: float
    focal: float


def picture_size(rng: np.random.Generator, longest: int = LONGEST) -> tuple[int, int]:
    """(height, width) of a photograph from the web: sides 130 to `longest`, aspect 1:2 to 2:1."""
    longer = np.exp(np.log(165) + np.log(longest / 165) * rng.beta(1.5, 1.9))
    aspect = float(np.clip(np.exp(rng.normal(0.18, 0.32)), 0.52, 1.92))
    width, height = (longer, longer / aspect) if aspect > 1 else (longer * aspect, longer)
    grow = max(1.0, 130 / min(width, height))
    return int(np.ceil(height * grow)), int(np.ceil(width * grow))


def choose_framing(rng: np.random.Generator, width: int, nearness: float) -> Framing:
    """Few objects are small: at 224 pixels those are guesswork."""
    share = (0.08 + 0.61 * rng.beta(3.0, 0.9)) * nearness
    cut = int(rng.choice([-1, 1])) if rng.random() < 0.04 else 0
    place = (float(rng.random()), float(rng.random()))
    roll, focal = float(rng.normal(0, 0.05)), float(np.exp(rng.uniform(np.log(0.9), np.log(2.5))))
    return Framing(max(share, SMALLEST_OBJECT / width), place, cut, roll, focal)


def fitted(
    view: View, points: np.ndarray, shape: tuple[int, int], framing: Framing, base: float | None
) -> View:
    """The view scaled and shifted so that the points (N, 3) lie where the framing says.

    base: the row that the lowest point must come to, None for anywhere.
    """
    height, width = shape
    flat = view.project(points)
    low, high = flat.min(axis=0), flat.max(axis=0)
    scale = view.scale * framing.share * width / (high - low)[0]
    tall = (high - low)[1] * scale / view.scale
    if tall > 0.95 * height:
        scale *= max(0.95 * height / tall, 0.1 / framing.share)
    wide, tall = (high - low) * scale / view.scale
    left = 0.03 * wide + framing.place[0] * (width - 1.06 * wide)
    top = 0.03 * tall + framing.place[1] * (height - 1.06 * tall)
    if framing.cut and wide / width > 0.22:
        left = -0.2 * wide if framing.cut < 0 else width - 0.8 * wide
    if base is not None:
        top = base - tall
    centre = (np.array(view.centre) - low) * scale / view.scale + [left, top]
    return replace(view, scale=scale, centre=(float(centre[0]), float(centre[1])))


def chosen_view(
    rng: np.random.Generator,
    staged: Staged,
    backdrop: Backdrop,
    shape: tuple[int, int],
    nearness: float,
) -> tuple[View, Framing]:
    """From where the camera sees the object, and how it is framed.

    Where the picture has a horizon, the camera's height over the object follows from how far below
    or above the horizon the object is.
    """
    height, width = shape
    framing = choose_framing(rng, width, nearness)
    low, high = backdrop.elevation
    if staged.floor is not None:  # from above the ground, or it could not be seen
        low = max(low, 0.1)
    elevation = low + (high - low) * rng.beta(1.5, 1.5)
    if staged.mesh.prop.any():  # perches are seen from the side, rocks a little from above
        elevation = float(np.clip(elevation, -0.05, 0.3))
    distance = float(np.clip(framing.focal * max(shape) / (framing.share * width), 1.6, 40))
    points = object_points(staged)
    view = fitted(look_from(-np.pi / 2, elevation, framing.roll, distance), points, shape, framing,
                  None)  # fmt: skip
    horizon = backdrop.horizon
    if horizon is None or horizon < 0 or staged.mesh.prop.any():
        return view, framing
    grounded = staged.stands or staged.afloat
    base = None
    for _ in range(2):  # the pose decides on the height, and that on where the lowest point is
        rows = view.project(points)[:, 1]
        if grounded:
            span = (horizon + 0.08) * height, 0.96 * height
            base = span[0] + framing.place[1] * (span[1] - span[0])
            base = max(base, min(float(np.ptp(rows)) + 0.02 * height, 0.98 * height))
        row = base if base is not None else float(rows.mean())
        elevation = np.arctan((row - horizon * height) / (view.scale * view.distance))
        view = look_from(-np.pi / 2, float(np.clip(elevation, -0.6, 0.9)), framing.roll, distance)
        view = fitted(view, points, shape, framing, base)
    return view, framing


def window_of(
    points: np.ndarray, shape: tuple[int, int], margin: float
) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of the picture's part that holds the points and a margin."""
    height, width = shape
    low = np.clip(np.floor(points.min(axis=0) - margin), 0, [width - 2, height - 2]).astype(int)
    high = np.clip(np.ceil(points.max(axis=0) + margin), low + 2, [width, height]).astype(int)
    return (*low.tolist(), *high.tolist())
