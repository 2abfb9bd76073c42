"""Propellers: blades that stand still are meshes, blades that turn blur into discs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data_scripts.drawing.camera import View
from data_scripts.drawing.meshes import Mesh, Paint, lattice, merge


@dataclass(frozen=True)
class Rotor:
    """A turning propeller: centre, axis (3,), radius in object units; blades; how far they sweep
    while the shutter is open (radians); phase; linear RGB colour; blade width over radius."""

    centre: np.ndarray
    axis: np.ndarray
    radius: float
    blades: int
    sweep: float
    phase: float
    colour: np.ndarray
    width: float = 0.13

    def turned(self, rotation: np.ndarray) -> Rotor:
        return replace(self, centre=rotation @ self.centre, axis=rotation @ self.axis)

    def moved(self, offset: np.ndarray, factor: float = 1.0) -> Rotor:
        return replace(self, centre=self.centre * factor + offset, radius=self.radius * factor)

    def rim(self) -> np.ndarray:
        """Points (16, 3) around the swept disc."""
        one, two = plane_axes(self.axis)
        angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)[:, None]
        return self.centre + self.radius * (np.cos(angles) * one + np.sin(angles) * two)


def plane_axes(axis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors across an axis and each other."""
    helper = np.array([1.0, 0, 0]) if abs(axis[0]) < 0.9 else np.array([0, 1.0, 0])
    one = np.cross(axis, helper)
    one /= np.linalg.norm(one)
    return one, np.cross(axis, one)


def blades(rotor: Rotor, paint: Paint) -> Mesh:
    """The propeller standing still."""
    one, two = plane_axes(rotor.axis)
    along = np.linspace(0.04, 1, 7)
    chord = rotor.width * np.interp(along, [0, 0.25, 0.6, 1], [0.5, 1.15, 0.95, 0.45])
    twist = np.interp(along, [0, 1], [0.5, 0.15])
    parts = []
    for number in range(rotor.blades):
        angle = rotor.phase + number * 2 * np.pi / rotor.blades
        out = np.cos(angle) * one + np.sin(angle) * two
        side = np.cos(angle) * two - np.sin(angle) * one
        middle = rotor.centre + rotor.radius * along[:, None] * out
        lean = np.cos(twist)[:, None] * side + np.sin(twist)[:, None] * rotor.axis
        edge = (rotor.radius * chord)[:, None] * lean / 2
        points = np.stack([middle - edge, middle + 0.1 * edge, middle + edge], axis=1)
        parts.append(lattice(points, paint, thin=True))
    return merge(*parts)


def blur_discs(
    rotors: list[Rotor], view: View, nearest: np.ndarray
) -> list[tuple[tuple[slice, slice], np.ndarray, np.ndarray]]:
    """Blurred propellers, far ones first, as (window, opacity, swept).

    nearest (H, W) is the depth of what stands in front (infinite where nothing does). Window
    gives the rows and columns; opacity (h, w) is 0..1; swept (h, w) marks the visible disc.
    """
    height, width = nearest.shape
    layers = []
    for rotor in sorted(rotors, key=lambda r: -float(view.camera_points(r.centre[None])[0, 2])):
        rim = view.project(rotor.rim())
        left, top = np.clip(np.floor(rim.min(axis=0)) - 2, 0, [width, height]).astype(int)
        right, bottom = np.clip(np.ceil(rim.max(axis=0)) + 3, 0, [width, height]).astype(int)
        if right <= left or bottom <= top:
            continue
        window = (slice(top, bottom), slice(left, right))
        centre = view.camera_points(rotor.centre[None])[0]
        axis = view.rotation @ rotor.axis
        one, two = (view.rotation @ a for a in plane_axes(rotor.axis))
        step = 1 / (view.scale * view.distance)
        x = ((np.arange(left, right) - view.centre[0]) * step)[None]
        y = ((np.arange(top, bottom) - view.centre[1]) * step)[:, None]
        slope = axis[0] * x + axis[1] * y + axis[2]
        slope = np.where(np.abs(slope) < 0.03, np.where(slope < 0, -0.03, 0.03), slope)
        depth = float(axis @ centre) / slope
        offset = [x * depth - centre[0], y * depth - centre[1], depth - centre[2]]
        along = sum(o * a for o, a in zip(offset, one, strict=True)) / rotor.radius
        across = sum(o * a for o, a in zip(offset, two, strict=True)) / rotor.radius
        radius = np.hypot(along, across)
        shown = (radius < 1) & (depth < nearest[window])
        pitch = 2 * np.pi / rotor.blades
        apart = (np.arctan2(across, along) - rotor.phase) % pitch
        apart = np.minimum(apart, pitch - apart)
        chord = rotor.width / np.maximum(radius, 0.12)
        spread = max(rotor.sweep, 1e-3)
        covered = np.minimum(1, 1.7 * chord / (spread + chord))
        edge = np.clip((spread / 2 + chord / 2 - apart) / (0.5 * chord + 0.2 * spread), 0, 1)
        steady = np.minimum(0.8, 1.6 * chord / pitch)
        opacity = steady if rotor.sweep >= pitch else covered * edge
        opacity = opacity * np.clip((1 - radius) / 0.06, 0, 1)
        layers.append((window, (opacity * shown).astype(np.float32), shown))
    return layers
