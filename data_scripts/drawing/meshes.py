"""Triangle meshes in NumPy: the solids that aircraft, birds and props are assembled from.

Axes of every object: x forward, y left, z up; one unit is roughly the object's size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

GAMMA = 2.0  # near enough to sRGB's, and a square root is cheap


class Pattern(IntEnum):
    """What `camera.shade` draws on a surface, in its (u, v) coordinates."""

    PLAIN = 0
    CARBON = 1
    PANELS = 2
    PLUMAGE = 3
    QUILLS = 4
    BARRED = 5
    BARK = 6
    STONE = 7


@dataclass(frozen=True)
class Paint:
    """A surface: sRGB colour in 0..1, gloss in 0..1, and a pattern."""

    colour: tuple[float, float, float]
    gloss: float = 0.25
    pattern: Pattern = Pattern.PLAIN


@dataclass(frozen=True)
class Mesh:
    """vertices, normals (V, 3); surface (V, 8); triangles (T, 3); prop (T,) bool.

    Columns of `surface`: linear red, green, blue, gloss, pattern, u, v, and 1 where the mesh is a
    thin sheet seen from both sides. `prop` marks triangles that aren't part of the object.
    """

    vertices: np.ndarray
    normals: np.ndarray
    surface: np.ndarray
    triangles: np.ndarray
    prop: np.ndarray

    def moved(self, offset: tuple[float, float, float] | np.ndarray) -> Mesh:
        return replace(self, vertices=self.vertices + np.asarray(offset, np.float32))

    def scaled(self, factor: float) -> Mesh:
        return replace(self, vertices=self.vertices * np.float32(factor))

    def turned(self, rotation: np.ndarray) -> Mesh:
        return replace(
            self, vertices=turn(self.vertices, rotation), normals=turn(self.normals, rotation)
        )

    def mirrored(self) -> Mesh:
        """The same on the other side of the plane y = 0."""
        flip = np.array([1, -1, 1], np.float32)
        return replace(
            self,
            vertices=self.vertices * flip,
            normals=self.normals * flip,
            triangles=self.triangles[:, ::-1],
        )

    def as_prop(self) -> Mesh:
        return replace(self, prop=np.ones(len(self.triangles), bool))


def turn(points: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Rotate (N, 3) points by a (3, 3) matrix.

    Written out because BLAS may round differently from one thread count to another, and the
    images must not.
    """
    columns = [
        points[:, 0] * row[0] + points[:, 1] * row[1] + points[:, 2] * row[2] for row in rotation
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def attitude(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Rotation (3, 3) by roll about x, then pitch (nose up) about y, then yaw about z; radians."""
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    cr, sr = np.cos(roll), np.sin(roll)
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    about_y = np.array([[cp, 0, -sp], [0, 1, 0], [sp, 0, cp]])
    about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    return (about_z @ about_y @ about_x).astype(np.float32)


def merge(*meshes: Mesh) -> Mesh:
    """One mesh of several."""
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.surface for mesh in meshes]),
        np.concatenate([m.triangles + s for m, s in zip(meshes, starts, strict=True)]),
        np.concatenate([mesh.prop for mesh in meshes]),
    )


def both_sides(mesh: Mesh) -> Mesh:
    """The mesh and its mirror image."""
    return merge(mesh, mesh.mirrored())


def recoloured(mesh: Mesh, colour: np.ndarray, weight: np.ndarray) -> Mesh:
    """Mix an sRGB colour into the mesh's own, per vertex, by weight (V,) in 0..1."""
    surface = mesh.surface.copy()
    target = np.asarray(colour, np.float32) ** GAMMA
    weight = np.clip(weight, 0, 1).astype(np.float32)[:, None]
    surface[:, :3] = surface[:, :3] * (1 - weight) + target * weight
    return replace(mesh, surface=surface)


def lattice(
    points: np.ndarray,
    paint: Paint,
    repeat: tuple[float, float] = (1, 1),
    thin: bool = False,
) -> Mesh:
    """A surface through a grid of points (M, N, 3), smoothly shaded.

    Closed unless `thin`: then the last column repeats the first, and normals point outwards.
    `repeat` stretches (u, v), which run from 0 to 1 along the two axes otherwise.
    """
    points = np.asarray(points, np.float32)
    rows, columns = points.shape[:2]
    one = points[1:, 1:] - points[:-1, :-1]
    two = points[1:, :-1] - points[:-1, 1:]
    faces = np.cross(one, two)
    outward = True
    if not thin:
        middles = (points[1:, 1:] + points[:-1, :-1]) / 2
        spokes = middles - middles.mean(axis=1, keepdims=True)
        outward = float((faces * spokes).sum()) >= 0
        faces = faces if outward else -faces
    padded = np.zeros((rows + 1, columns + 1, 3), np.float32)
    padded[1:-1, 1:-1] = faces
    if not thin:
        padded[1:-1, 0], padded[1:-1, -1] = faces[:, -1], faces[:, 0]
    normals = padded[1:, 1:] + padded[:-1, 1:] + padded[1:, :-1] + padded[:-1, :-1]
    if not thin:
        for end in (0, -1):
            if np.ptp(points[end], axis=0).max() < 1e-6:
                normals[end] = normals[end].mean(axis=0)
    normals /= np.linalg.norm(normals, axis=2, keepdims=True) + 1e-9
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    first = np.stack([corner, corner + columns + 1, corner + columns], axis=1)
    second = np.stack([corner, corner + 1, corner + columns + 1], axis=1)
    triangles = np.concatenate([first, second])
    surface = np.empty((rows * columns, 8), np.float32)
    surface[:, :3] = np.asarray(paint.colour, np.float32) ** GAMMA
    surface[:, 3], surface[:, 4], surface[:, 7] = paint.gloss, paint.pattern, thin
    surface[:, 5] = np.repeat(np.linspace(0, repeat[0], rows), columns)
    surface[:, 6] = np.tile(np.linspace(0, repeat[1], columns), rows)
    return Mesh(
        points.reshape(-1, 3),
        normals.reshape(-1, 3),
        surface,
        triangles if outward else triangles[:, ::-1],
        np.zeros(len(triangles), bool),
    )
