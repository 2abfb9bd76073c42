"""Outlines of birds' spread wings."""

from __future__ import annotations

from dataclasses import dataclass

Edge = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Planform:
    """A spread wing's outline: points (outward, aft) along its leading and its hind edge, in
    units of its length. Both edges have the same number of points, paired from root to tip.

    wrist: how far out; point: 0 for a blunt wing, 1 for a pointed one; fingers: primaries that
    stand apart at the tip, their length, and the angle over which they fan.
    """

    leading: Edge
    trailing: Edge
    wrist: float = 0.42
    point: float = 0.5
    fingers: int = 0
    finger: float = 0.3
    fan: float = 0.9


PLANFORMS = {
    "broad": Planform(
        ((0, 0), (0.14, -0.03), (0.28, -0.07), (0.42, -0.1), (0.56, -0.08), (0.67, -0.03)),
        ((0, 0.34), (0.14, 0.37), (0.28, 0.375), (0.42, 0.36), (0.53, 0.325), (0.62, 0.24)),
        point=0.1, fingers=6, finger=0.36, fan=1.0,
    ),
    "rounded": Planform(  # crows, herons: broad, with short fingers
        ((0, 0), (0.15, -0.05), (0.3, -0.09), (0.45, -0.1), (0.64, -0.05), (0.8, 0.02)),
        ((0, 0.33), (0.15, 0.36), (0.3, 0.37), (0.45, 0.36), (0.62, 0.31), (0.76, 0.22)),
        point=0.2, fingers=5, finger=0.21, fan=0.8,
    ),
    "gull": Planform(
        ((0, 0), (0.2, -0.07), (0.38, -0.12), (0.6, -0.05), (0.8, 0.05), (0.92, 0.13), (1, 0.2)),
        ((0, 0.2), (0.2, 0.22), (0.4, 0.18), (0.6, 0.165), (0.8, 0.175), (0.92, 0.2), (1, 0.215)),
        wrist=0.38, point=1.0,
    ),
    "tern": Planform(
        ((0, 0), (0.2, -0.06), (0.34, -0.1), (0.55, -0.02), (0.78, 0.11), (0.92, 0.22), (1, 0.3)),
        ((0, 0.15), (0.2, 0.17), (0.36, 0.13), (0.55, 0.14), (0.78, 0.21), (0.92, 0.27), (1, 0.31)),
        wrist=0.34, point=1.0,
    ),
    "scythe": Planform(  # swallows, swifts, falcons
        ((0, 0), (0.18, -0.06), (0.34, -0.09), (0.55, 0.0), (0.76, 0.14), (0.9, 0.27), (1, 0.4)),
        ((0, 0.24), (0.18, 0.26), (0.36, 0.22), (0.56, 0.23), (0.76, 0.29), (0.9, 0.36), (1, 0.42)),
        wrist=0.34, point=1.0,
    ),
    "duck": Planform(
        ((0, 0), (0.22, -0.06), (0.42, -0.09), (0.62, -0.03), (0.8, 0.07), (0.92, 0.15), (1, 0.24)),
        ((0, 0.29), (0.22, 0.31), (0.43, 0.27), (0.62, 0.24), (0.8, 0.24), (0.92, 0.25), (1, 0.26)),
        wrist=0.4, point=0.8,
    ),
    "pigeon": Planform(
        ((0, 0), (0.2, -0.08), (0.4, -0.12), (0.6, -0.06), (0.8, 0.05), (0.93, 0.15), (1, 0.24)),
        ((0, 0.34), (0.2, 0.37), (0.42, 0.34), (0.6, 0.31), (0.8, 0.28), (0.93, 0.27), (1, 0.26)),
        wrist=0.4, point=0.6,
    ),
    "songbird": Planform(
        ((0, 0), (0.2, -0.06), (0.4, -0.09), (0.6, -0.05), (0.78, 0.02), (0.92, 0.1), (0.98, 0.2)),
        ((0, 0.4), (0.2, 0.44), (0.4, 0.42), (0.6, 0.42), (0.8, 0.39), (0.92, 0.35), (0.98, 0.27)),
        wrist=0.36, point=0.3,
    ),
}  # fmt: skip
