"""Shapes that parts are made of: lofted bodies, boxes, rods, rings, aerofoils."""

from __future__ import annotations

import numpy as np

from data_scripts.drawing.meshes import Mesh, Paint, lattice


def loft(
    path: np.ndarray,
    radii: np.ndarray | list[float] | float,
    paint: Paint,
    sides: int = 12,
    power: float = 1.0,
    repeat: tuple[float, float] = (1, 1),
) -> Mesh:
    """A body along a path (K, 3); radii (K,) or (K, 2): sideways and upright.

    power 1 gives elliptic sections, towards 0 rectangular ones. The ends are capped.
    """
    path = np.asarray(path, np.float64)
    radii = (
        np.broadcast_to(np.asarray(radii, np.float64), (len(path),))
        if np.ndim(radii) < 2
        else np.asarray(radii, np.float64)
    )
    radii = np.repeat(radii[:, None], 2, axis=1) if radii.ndim == 1 else radii
    tangents = np.gradient(path, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True) + 1e-9
    if np.ptp(path[:, 1]) < 1e-6:  # in the plane of symmetry, so sections never twist
        across = np.broadcast_to([0.0, 1.0, 0.0], path.shape)
    else:
        steep = abs(path[-1, 2] - path[0, 2]) > 0.9 * np.linalg.norm(path[-1] - path[0])
        across = np.cross([1.0, 0, 0] if steep else [0, 0, 1.0], tangents)
        across = across / (np.linalg.norm(across, axis=1, keepdims=True) + 1e-9)
    upright = np.cross(tangents, across)
    angles = np.linspace(0, 2 * np.pi, sides + 1)
    cosine = np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** power
    sine = np.sign(np.sin(angles)) * np.abs(np.sin(angles)) ** power
    rings = (
        path[:, None]
        + (radii[:, :1] * cosine)[:, :, None] * across[:, None]
        + (radii[:, 1:] * sine)[:, :, None] * upright[:, None]
    )
    caps = [np.repeat(path[[end]], sides + 1, axis=0)[None] for end in (0, -1)]
    return lattice(np.concatenate([caps[0], rings, caps[1]]), paint, repeat)


def ellipsoid(
    centre: tuple[float, float, float],
    radii: tuple[float, float, float],
    paint: Paint,
    power: float = 1.0,
    detail: int = 12,
) -> Mesh:
    """An ellipsoid, or, as power goes to 0, a box with ever sharper edges."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, detail)[1:-1]
    along = np.sign(np.sin(angles)) * np.abs(np.sin(angles)) ** power
    girth = np.abs(np.cos(angles)) ** power
    path = np.zeros((len(angles), 3))
    path[:, 0] = along * radii[0]
    sections = np.stack([girth * radii[1], girth * radii[2]], axis=1)
    return loft(path, sections, paint, detail, power).moved(centre)


def box(centre: tuple[float, float, float], size: tuple[float, float, float], paint: Paint) -> Mesh:
    """A box of the given lengths with slightly rounded edges, which catch the light."""
    return ellipsoid(centre, tuple(s / 2 for s in size), paint, power=0.22, detail=12)


def rod(start: tuple, end: tuple, radius: float, paint: Paint, sides: int = 8) -> Mesh:
    """A straight round rod."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    steps = int(np.clip(np.linalg.norm(end - start) / (3 * radius), 3, 10))
    return loft(np.linspace(start, end, steps), radius, paint, sides)


def ring(
    centre: tuple,
    radius: float,
    thickness: tuple[float, float],
    paint: Paint,
    arc: tuple = (0, 2 * np.pi),
) -> Mesh:
    """A bar bent to a horizontal circle or an arc of it (radians); thickness: sideways, upright."""
    steps = max(6, int(24 * (arc[1] - arc[0]) / (2 * np.pi)))
    angles = np.linspace(*arc, steps)
    path = np.stack([np.cos(angles) * radius, np.sin(angles) * radius, 0 * angles], axis=1)
    path[:, 1] += 1e-5
    girth = np.tile(thickness, (steps, 1))
    return loft(path + np.asarray(centre, float), girth, paint, 6)


def aerofoil(
    leading: np.ndarray,
    chords: np.ndarray | list[float],
    paint: Paint,
    thickness: float = 0.1,
    camber: float = 0.03,
    repeat: tuple[float, float] = (1, 1),
) -> Mesh:
    """A wing through the points (K, 3) of its leading edge, its chords (K,) pointing aft."""
    leading = np.asarray(leading, np.float64)
    chords = np.asarray(chords, np.float64)
    aft = np.array([-1.0, 0, 0])
    span = np.gradient(leading, axis=0) * [0, 1, 1]
    upright = np.cross(aft, span)
    upright /= np.linalg.norm(upright, axis=1, keepdims=True) + 1e-9
    upright *= np.where(upright[:, 2:] < -1e-6, -1, 1)
    along = (1 - np.cos(np.linspace(0, np.pi, 7))) / 2
    half = thickness * 1.6 * (np.sqrt(along) - along**2) * (1 - 0.3 * along)
    arch = 4 * camber * along * (1 - along)
    xs = np.concatenate([along[::-1], along[1:]])
    zs = np.concatenate([(arch + half)[::-1], (arch - half)[1:]])
    points = (
        leading[:, None]
        + (chords[:, None] * xs)[:, :, None] * aft
        + (chords[:, None] * zs)[:, :, None] * upright[:, None]
    )
    tips = [points[[end]].mean(axis=1, keepdims=True).repeat(len(xs), axis=1) for end in (0, -1)]
    return lattice(np.concatenate([tips[0], points, tips[1]]), paint, repeat)
