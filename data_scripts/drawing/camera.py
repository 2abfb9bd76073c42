"""A perspective camera and a software rasteriser: meshes in, per-pixel surface samples out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from data_scripts.drawing.meshes import Mesh, turn

SUBPIXEL_BITS = 4


@dataclass(frozen=True)
class View:
    """A camera that looks at the origin.

    rotation: (3, 3), rows are the camera's right, down and forward axes in world coordinates;
    distance: from the camera to the origin, in object units; scale: pixels per object unit at
    that distance; centre: where the origin appears, (x, y) in pixels.
    """

    rotation: np.ndarray
    distance: float
    scale: float = 1.0
    centre: tuple[float, float] = (0.0, 0.0)

    def camera_points(self, points: np.ndarray) -> np.ndarray:
        """World points (N, 3) in camera coordinates: right, down, forward."""
        seen = turn(points, self.rotation)
        seen[:, 2] += self.distance
        return seen

    def project(self, points: np.ndarray) -> np.ndarray:
        """World points (N, 3) as pixels (N, 2)."""
        seen = self.camera_points(points)
        depth = np.maximum(seen[:, 2:], 0.1 * self.distance)
        return seen[:, :2] / depth * (self.scale * self.distance) + np.array(self.centre)

    def zoomed(self, factor: float, left: float = 0, top: float = 0) -> View:
        """The same view of a window that starts at (left, top), enlarged by factor."""
        x, y = self.centre
        centre = ((x - left) * factor, (y - top) * factor)
        return replace(self, scale=self.scale * factor, centre=centre)


@dataclass(frozen=True)
class Samples:
    """What the camera sees at N covered pixels of a (height, width) raster.

    position: (N,) flat pixel indices; normal (N, 3) in world axes; surface (N, 8) as in Mesh;
    lit (N,) 0 in shadow to 1; depth (N,); prop (N,) bool; toward (3,) the unit vector to the
    camera.
    """

    shape: tuple[int, int]
    position: np.ndarray
    normal: np.ndarray
    surface: np.ndarray
    lit: np.ndarray
    depth: np.ndarray
    prop: np.ndarray
    toward: np.ndarray


def look_from(azimuth: float, elevation: float, roll: float, distance: float) -> View:
    """A view of the origin from a direction (radians; elevation above the horizon)."""
    ca, sa, ce, se = np.cos(azimuth), np.sin(azimuth), np.cos(elevation), np.sin(elevation)
    forward = np.array([-ca * ce, -sa * ce, -se])
    right = np.array([-sa, ca, 0.0])
    down = np.cross(forward, right)
    tilt = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    right, down = tilt[0, 0] * right + tilt[0, 1] * down, tilt[1, 0] * right + tilt[1, 1] * down
    return View(np.stack([right, down, forward]).astype(np.float32), distance)


def painted_order(triangles: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Triangle numbers from far to near."""
    return np.argsort(-depth[triangles].mean(axis=1), kind="stable")


def paint(target: np.ndarray, corners: np.ndarray, values: np.ndarray) -> None:
    """Fill triangles (T, 3, 2), in pixels, with values (T,), each over those before it."""
    fixed = np.clip(corners * (1 << SUBPIXEL_BITS), -(1 << 24), 1 << 24)
    fixed = np.round(fixed).astype(np.int32)
    for triangle, value in zip(fixed, values.tolist(), strict=True):
        cv2.fillConvexPoly(target, triangle, value, cv2.LINE_8, SUBPIXEL_BITS)


def sunlit(mesh: Mesh, sun: np.ndarray, size: int = 160) -> np.ndarray:
    """How much sun reaches each vertex (V,), 0 to 1, other parts of the mesh in between."""
    helper = [0.0, 0, 1] if abs(sun[2]) < 0.9 else [1.0, 0, 0]
    across = np.cross(helper, sun)
    across /= np.linalg.norm(across)
    seen = turn(mesh.vertices, np.stack([across, np.cross(sun, across), -sun]))
    low = seen.min(axis=0)
    extent = float((seen.max(axis=0) - low)[:2].max()) + 1e-6
    flat = (seen[:, :2] - low[:2]) * (size - 3) / extent + 1
    nearest = np.full((size, size), np.float32(1e9))
    order = painted_order(mesh.triangles, seen[:, 2])
    triangles = mesh.triangles[order]
    # by each triangle's far corner, so that no surface that slopes away shades itself
    paint(nearest, flat[triangles], seen[triangles, 2].max(axis=1))
    column, row = np.round(flat).astype(int).T
    blocked = seen[:, 2] - nearest[row, column] > 0.03 * extent
    return 1.0 - blocked.astype(np.float32)


def rasterise(mesh: Mesh, view: View, shape: tuple[int, int], sun: np.ndarray) -> Samples:
    """Surface samples of the mesh at every pixel that it covers of a raster (height, width).

    Hidden surfaces go by the painter's algorithm: triangles are small beside the parts.
    """
    height, width = shape
    seen = view.camera_points(mesh.vertices)
    flat = view.project(mesh.vertices)
    triangles = mesh.triangles
    corners = flat[triangles]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    low, high = corners.min(axis=1), corners.max(axis=1)
    inside = (high > 0).all(axis=1) & (low < [width, height]).all(axis=1)
    inside &= (seen[triangles, 2] > 0.12 * view.distance).all(axis=1) & (np.abs(area) > 1e-6)
    thin = mesh.surface[triangles[:, 0], 7] > 0
    # Of a closed surface the near side shows: there the corners run counter-clockwise, which is a
    # negative area where y points down.
    triangles_kept = np.flatnonzero(inside & (thin | (area < 0)))
    order = painted_order(triangles[triangles_kept], seen[:, 2])
    chosen = triangles_kept[order]
    raster = np.zeros(shape, np.int32)
    paint(raster, corners[chosen], np.arange(1, len(chosen) + 1))
    position = np.flatnonzero(raster)
    number = chosen[raster.ravel()[position] - 1]

    x = (position % width).astype(np.float32)
    y = (position // width).astype(np.float32)
    origin = corners[:, 0].astype(np.float32)[number]
    first, second = first.astype(np.float32)[number], second.astype(np.float32)[number]
    inverse = 1 / area.astype(np.float32)[number]
    dx, dy = x - origin[:, 0], y - origin[:, 1]
    one = np.clip((dx * second[:, 1] - dy * second[:, 0]) * inverse, 0, 1)
    two = np.clip((dy * first[:, 0] - dx * first[:, 1]) * inverse, 0, 1)
    weights = np.stack([np.maximum(1 - one - two, 0), one, two], axis=1)
    weights /= weights.sum(axis=1, keepdims=True)

    lit = sunlit(mesh, sun)
    table = np.concatenate([mesh.normals, mesh.surface, lit[:, None], seen[:, 2:]], axis=1)
    table = table.astype(np.float32)
    corner = triangles[number]
    values = np.take(table, corner[:, 0], axis=0) * weights[:, :1]
    values += np.take(table, corner[:, 1], axis=0) * weights[:, 1:2]
    values += np.take(table, corner[:, 2], axis=0) * weights[:, 2:]
    values[:, 7] = mesh.surface[corner[:, 0], 4]  # a pattern is one or another, never in between

    normal = values[:, :3]
    normal /= np.sqrt(np.einsum("nc,nc->n", normal, normal))[:, None] + np.float32(1e-9)
    return Samples(
        shape, position, normal, values[:, 3:11], values[:, 11], values[:, 12],
        mesh.prop[number], -view.rotation[2],
    )  # fmt: skip
