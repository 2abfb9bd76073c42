"""Things that objects perch on, stand on or hide behind: branches, wires, rocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from data_scripts.drawing.meshes import Mesh, Paint, Pattern, lattice, merge
from data_scripts.drawing.noise import smoothstep
from data_scripts.drawing.shapes import loft

BARKS = [(0.36, 0.29, 0.22), (0.48, 0.43, 0.37), (0.25, 0.20, 0.17), (0.55, 0.47, 0.38)]
LEAVES = [(0.30, 0.45, 0.12), (0.20, 0.34, 0.12), (0.50, 0.50, 0.16), (0.58, 0.34, 0.12)]
ROCKS = [(0.50, 0.48, 0.45), (0.58, 0.52, 0.44), (0.36, 0.35, 0.35), (0.60, 0.42, 0.33)]


def crooked(
    rng: np.random.Generator, start: np.ndarray, end: np.ndarray, bend: float
) -> np.ndarray:
    """A path (13, 3) between two points that wanders by about `bend`."""
    along = np.linspace(0, 1, 13)[:, None]
    wander = np.cumsum(rng.normal(0, bend, (13, 3)), axis=0) * 0.5
    wander -= wander[0] + along * (wander[-1] - wander[0])
    return start + along * (end - start) + wander


def leaf(rng: np.random.Generator, at: np.ndarray, size: float, paint: Paint) -> Mesh:
    """A leaf in any direction."""
    out = rng.normal(size=3) - [0, 0, 0.4]
    out /= np.linalg.norm(out)
    side = np.cross(out, rng.normal(size=3))
    side /= np.linalg.norm(side)
    along = np.linspace(0, 1, 5)
    width = 0.3 * np.sin(np.pi * along**0.8) + 0.01
    sag = np.array([0, 0, -0.25])
    middle = at + size * (along[:, None] * out + along[:, None] ** 2 * sag)
    edge = size * width[:, None] * side
    return lattice(np.stack([middle - edge, middle, middle + edge], axis=1), paint, thin=True)


def branch(rng: np.random.Generator, through: np.ndarray, size: float, toward: float) -> Mesh:
    """A branch across the picture through a point, with twigs and perhaps leaves.

    size: the object's, in world units; toward: how far it turns to the camera (radians).
    """
    bark = Paint(BARKS[rng.integers(len(BARKS))], 0.05, Pattern.BARK)
    thick = size * rng.uniform(0.02, 0.075)
    slope = rng.normal(0, 0.25)
    run = np.array([np.cos(toward), np.sin(toward), slope])
    left, right = rng.permutation([rng.uniform(0.6, 3.5), rng.uniform(7, 9)]) * size  # it grows
    # out of the picture on one side: a piece with two ends would float in the air
    one = crooked(rng, through, through - left * run, 0.04 * size)
    two = crooked(rng, through, through + right * run, 0.04 * size)
    path = np.concatenate([one[::-1], two[1:]])
    thickness = thick * np.linspace(1.25, 0.55, len(path)) * rng.uniform(0.9, 1.1, len(path))
    if right > left:
        thickness = thickness[::-1]
    parts = [
        loft(path - [0, 0, thick], thickness, bark, 9, repeat=(6 * (left + right) / size / 4, 1))
    ]
    leafy = rng.random() < 0.6
    green = Paint(LEAVES[rng.integers(len(LEAVES))], 0.25)
    for _ in range(int(rng.integers(2, 8))):
        root = path[rng.integers(2, len(path) - 2)] - [0, 0, thick]
        if np.linalg.norm(root - through) < 0.35 * size:
            continue
        end = root + size * rng.uniform(0.2, 0.9) * (
            run * rng.normal(0, 0.7) + rng.normal(0, 0.6, 3)
        )
        twig = crooked(rng, root, end, 0.03 * size)
        parts.append(loft(twig, np.linspace(0.4, 0.12, 13) * thick, bark, 6))
        if leafy:
            sprouts = rng.integers(3, 13, int(rng.integers(3, 9)))
            parts += [leaf(rng, twig[k], size * rng.uniform(0.08, 0.2), green) for k in sprouts]
    return merge(*parts).as_prop()


def wire(rng: np.random.Generator, through: np.ndarray, size: float, toward: float) -> Mesh:
    """One to three cables across the picture, the first one through a point."""
    paint = Paint((0.1, 0.1, 0.105), 0.3) if rng.random() < 0.7 else Paint((0.5, 0.5, 0.5), 0.5)
    thick = size * rng.uniform(0.008, 0.03)
    run = np.array([np.cos(toward), np.sin(toward), rng.normal(0, 0.1)]) * 9 * size
    sag = np.array([0, 0, 0.4 * size])
    along = np.linspace(-1, 1, 25)[:, None]
    parts = []
    for number in range(int(rng.integers(1, 4))):
        drop = np.array([0, 0, -number * size * rng.uniform(0.4, 1.2) - thick])
        path = through + along * run + along**2 * sag + drop
        parts.append(loft(path, thick, paint, 6))
    return merge(*parts).as_prop()


def rock(rng: np.random.Generator, size: float) -> Mesh:
    """A boulder whose top, flat enough to stand on, is at the origin."""
    wide = size * rng.uniform(0.7, 2.2)
    high = wide * rng.uniform(0.5, 1.1)
    paint = Paint(ROCKS[rng.integers(len(ROCKS))], 0.05, Pattern.STONE)
    polar, around = np.meshgrid(
        np.linspace(0, np.pi, 26), np.linspace(0, 2 * np.pi, 37), indexing="ij"
    )
    unit = np.stack(
        [np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], -1
    )
    swell = np.ones(polar.shape)
    for frequency in (1.3, 2.6, 5.2, 10.4):
        direction = rng.normal(size=(4, 3))
        phase = rng.uniform(0, 6.3, 4)
        waves = np.sin(frequency * (unit @ direction.T) + phase)
        swell += np.abs(waves).mean(axis=-1) * 0.42 / frequency**0.8
    points = unit * swell[..., None] * [wide, wide * rng.uniform(0.7, 1), high] / 1.5
    top = np.quantile(points[..., 2], 0.93)
    points[..., 2] = np.where(
        points[..., 2] > top, top + 0.25 * (points[..., 2] - top), points[..., 2]
    )
    flat = points[(np.hypot(points[..., 0], points[..., 1]) < 0.4 * size) & (points[..., 2] > 0)]
    points[..., 2] -= flat[:, 2].max() if len(flat) else points[..., 2].max()
    mesh = lattice(points, paint, (1.5, 3.0))
    mossy = smoothstep(0.55, 0.95, mesh.normals[:, 2]) * rng.choice([0.0, 0.0, 0.5])
    surface = mesh.surface.copy()
    surface[:, :3] *= (1 - 0.5 * mossy)[:, None]
    lean = rng.normal(0, 0.4, 2)  # texture by position: around a pole it would converge
    surface[:, 5:7] = (mesh.vertices[:, :2] + mesh.vertices[:, 2:] * (0.8 + lean)) * 0.9 / size
    return replace(mesh, surface=surface.astype(np.float32)).as_prop()
