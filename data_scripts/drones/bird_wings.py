"""A bird's spread wing: its outline in the plane, its joints, and its feathered surface."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data_scripts.drawing.meshes import Mesh, Paint, Pattern, lattice, merge, recoloured
from data_scripts.drawing.noise import smoothstep
from data_scripts.drones.bird_bodies import Trunk
from data_scripts.drones.planforms import Planform
from data_scripts.drones.species import Species

SHOULDER = 0.13  # where along the body the leading edge begins


@dataclass(frozen=True)
class WingPose:
    """A wing's joints, in radians: arm and hand above the horizontal; fold: hand swept back at the
    wrist; twist: hind edge down; sweep: whole wing forward; curl: tip bent up; flex: how far the
    elbow is bent, 0 to 1."""

    arm: float
    hand: float
    fold: float = 0.0
    twist: float = 0.0
    sweep: float = 0.0
    curl: float = 0.1
    flex: float = 0.0


def beating(phase: float, reach: float, lift: float = 0.15) -> WingPose:
    """A flapping wing at a phase: 0 fully raised, to 0.5 on its way down, to 1 on its way up.

    On the way down the wing is spread and its tip bent up by the air; on the way up elbow and wrist
    are bent, and the hand trails behind the arm.
    """
    turn = 2 * np.pi * phase
    down, up = max(0.0, np.sin(turn)), max(0.0, -np.sin(turn))
    arm = float(np.clip(lift + reach * np.cos(turn), -0.75, 1.2))
    return WingPose(
        arm=arm,
        hand=arm - 0.08 + 0.12 * down - 0.6 * up,
        fold=0.06 + 0.75 * up,
        twist=0.3 * up - 0.22 * down,
        sweep=0.14 * (1 - np.cos(turn)) - 0.05,
        curl=0.1 + 0.4 * down,
        flex=0.7 * up,
    )


def gliding(rng: np.random.Generator, planform: Planform) -> WingPose:
    """Wings held still: raised in a shallow V, level, or bowed; the faster, the more folded."""
    arm = rng.uniform(-0.02, 0.35)
    bow = rng.uniform(-0.4, 0.12) if planform.point > 0.5 else rng.uniform(-0.25, 0.2)
    fold = rng.uniform(0.0, 0.55) ** 1.4 * (0.5 + planform.point)
    return WingPose(arm, arm + bow, fold, rng.normal(0.04, 0.05), rng.uniform(-0.05, 0.15),
                    rng.uniform(0.0, 0.45), min(1.0, 1.3 * fold))  # fmt: skip


class WingFrame:
    """Carries points of a flat, fully spread left wing to where its joints put them.

    Flat points are (u outward, v aft, w up) from the shoulder, in units of the wing's length.
    """

    def __init__(self, pose: WingPose, planform: Planform) -> None:
        self.pose, self.wrist = pose, planform.wrist
        self.grid = np.linspace(-0.2, 1.4, 81)
        # The wing leaves the body sideways, whatever the beat: so it never grows into the flank.
        joint = smoothstep(0.0, 0.16, self.grid)
        inner = max(pose.arm, 0.0) * (1 - joint) + pose.arm * joint
        beyond = smoothstep(self.wrist - 0.14, self.wrist + 0.14, self.grid)
        outer = np.maximum(self.grid - self.wrist, 0)
        self.rise = inner + (pose.hand - pose.arm) * beyond + pose.curl * 1.5 * outer**2
        step = self.grid[1] - self.grid[0]
        self.out = np.cumsum(np.cos(self.rise)) * step
        self.up = np.cumsum(np.sin(self.rise)) * step
        self.out -= np.interp(0, self.grid, self.out)
        self.up -= np.interp(0, self.grid, self.up)

    def place(self, flat: np.ndarray, hand: np.ndarray | float) -> np.ndarray:
        """Points (..., 3) of the flat wing in space; hand: 0 to 1, how far they turn with it."""
        pose, u, v, w = self.pose, flat[..., 0], flat[..., 1], flat[..., 2]
        # elbow and wrist bent: the hand turns back about the wrist, which comes in and forward
        angle = pose.fold * np.asarray(hand)
        du, dv = u - self.wrist, v + 0.08
        u = self.wrist + du * np.cos(angle) - dv * np.sin(angle)
        v = du * np.sin(angle) + dv * np.cos(angle) - 0.08
        forward = 0.16 * np.clip(u / self.wrist, 0, 1) * pose.flex
        u = u - 0.3 * pose.flex * np.clip(u, 0, self.wrist)
        v = v - forward - np.tan(pose.sweep) * np.clip(u, 0, None)
        w = w - np.maximum(v, 0) * np.tan(pose.twist) * np.clip(u / self.wrist, 0, 1.3)
        rise = np.interp(u, self.grid, self.rise)
        y = np.interp(u, self.grid, self.out) - w * np.sin(rise)
        z = np.interp(u, self.grid, self.up) + w * np.cos(rise)
        return np.stack([-v, y, z], axis=-1)


def outline(planform: Planform, stations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leading and hind edge (M, 2) of the flat wing, (outward, aft), the hind one feathered."""
    edges = []
    for points in (planform.leading, planform.trailing):
        points = np.asarray(points)
        along = np.linspace(0, 1, len(points))
        fine = np.stack([np.interp(stations, along, points[:, k]) for k in (0, 1)], axis=1)
        rounded = fine.copy()
        rounded[1:-1] = 0.25 * fine[:-2] + 0.5 * fine[1:-1] + 0.25 * fine[2:]
        edges.append(rounded)
    notch = np.arange(len(stations)) % 2 * np.sin(np.pi * np.minimum(stations * 1.3, 1))
    edges[1][:, 1] -= 0.016 * notch
    return edges[0], edges[1]


def wing(species: Species, trunk: Trunk, pose: WingPose, detail: float = 1.0) -> Mesh:
    """A left wing that grows out of the trunk's side. detail: below 1 for birds far away."""
    planform = species.planform
    length = species.span
    stations = np.linspace(0, 1, max(9, round(18 * detail)))
    stations = np.insert(stations, 1, [0.2 * stations[1], 0.5 * stations[1]])  # fine at the root
    leading, trailing = outline(planform, stations)
    chord = (1 - np.cos(np.linspace(0, np.pi, 7 if detail > 0.7 else 5))) / 2
    across = np.concatenate([chord[::-1], chord[1:]])  # hind edge, over the front, hind edge
    above = np.arange(len(across)) < len(chord)
    flat = np.zeros((len(stations), len(across), 3))
    flat[..., :2] = leading[:, None] + across[None, :, None] * (trailing - leading)[:, None]
    width = np.linalg.norm(trailing - leading, axis=1)[:, None]
    thick = width * np.interp(stations, [0, 0.35, 1], [0.075, 0.055, 0.025])[:, None]
    half = 1.6 * (np.sqrt(across) - across**2) * (1 - 0.3 * across)
    arch = np.interp(stations, [0, 0.5, 1], [0.3, 0.25, 0.12])[:, None] * across * (1 - across)
    flat[..., 2] = arch * width + np.where(above, half, -half) * thick
    frame = WingFrame(pose, planform)
    past = (flat[..., 0] - planform.wrist + 0.08) / (0.23 + 0.25 * across)
    turns = smoothstep(0, 1, past)  # hind feathers spread like a fan between arm and hand
    points = frame.place(flat, turns) * length
    # The root lies on the trunk: no part of the wing is inside it, to break through elsewhere.
    girth = trunk.at(SHOULDER)
    points = points + np.array([SHOULDER, 0.7 * girth[0], girth[2] + 0.5 * girth[1]])
    root = trunk.on_surface(
        points[0, :, 0], np.where(above, 0.9, 0.15) + np.where(above, -0.1, 0.4) * across
    )
    held = (1 - smoothstep(0, 0.13, flat[..., 0]))[..., None]
    points = points + held * (root - points[:1])
    mesh = lattice(points, Paint(species.wing, 0.1, Pattern.QUILLS), repeat=(1.2, 1.0))
    mesh = plumed(mesh, species, stations, across, above)
    parts = [mesh]
    if planform.fingers:
        parts += fingers(species, planform, frame, points, leading[-1], trailing[-1], detail)
    return merge(*parts)


def plumed(
    mesh: Mesh, species: Species, stations: np.ndarray, across: np.ndarray, above: np.ndarray
) -> Mesh:
    """Colours of a wing: coverts, flight feathers and tip, above and below."""
    shape = (len(stations), len(across))
    out = np.broadcast_to(stations[:, None], shape).ravel()
    aft = np.broadcast_to(across[None], shape).ravel()
    upper = np.broadcast_to(above[None], shape).ravel()
    hind = np.clip((aft - 0.36 + 0.2 * (out > 0.55)) * 5, 0, 1)
    mesh = recoloured(mesh, species.under, ~upper * 1.0)
    mesh = recoloured(mesh, species.flight, hind * upper)
    mesh = recoloured(mesh, species.under_flight, hind * ~upper)
    fringe = np.clip((aft - 0.85) * 8, 0, 1) * (out < 0.7)
    mesh = recoloured(
        mesh, species.fringe or species.flight, fringe * (0.8 if species.fringe else 0)
    )
    mesh = recoloured(mesh, species.tip, np.clip((out - species.tip_from) * 7, 0, 0.95))
    if species.barred:
        surface = mesh.surface.copy()
        surface[~upper, 4] = Pattern.BARRED
        mesh = replace(mesh, surface=surface)
    return mesh


def fingers(
    species: Species,
    planform: Planform,
    frame: WingFrame,
    points: np.ndarray,
    front: np.ndarray,
    back: np.ndarray,
    detail: float,
) -> list[Mesh]:
    """The outer primaries, spread like fingers beyond the end of the wing's surface."""
    number = planform.fingers
    shares = np.linspace(0, 1, number)
    rows = np.linspace(-0.12, 1, 6 if detail > 0.7 else 4)
    slim = np.interp(rows, [-0.12, 0.2, 0.8, 1], [1.0, 1.1, 0.85, 0.3])
    end = points[-1].mean(axis=0) / species.span
    base = frame.place(np.array([*(front + back) / 2, 0.0]), 1.0)
    closed = 1 - 0.5 * min(frame.pose.fold, 1.0)
    blades = []
    for share in shares:
        start = front + (back - front) * (0.04 + 0.92 * share)
        angle = (0.12 + planform.fan * share) * closed
        long = planform.finger * (1 - 0.75 * share**1.5 - 0.2 * (1 - share) ** 4)
        out = np.array([np.cos(angle), np.sin(angle)])
        side = np.array([-out[1], out[0]]) * 0.55 * np.linalg.norm(back - front) / number
        flat = np.zeros((len(rows), 3, 3))
        flat[..., :2] = start + (rows[:, None] * long * out)[:, None]
        flat[..., :2] += (slim[:, None] * np.array([-1, 0, 1.0]))[:, :, None] * side
        bend = (0.5 + frame.pose.curl) * (1 - 0.6 * share) * long
        flat[..., 2] = (bend * np.clip(rows, 0, 1) ** 2 * 0.6)[:, None] - 0.006 * share
        grid = (frame.place(flat, 1.0) + end - base) * species.span
        paint = Paint(species.tip, 0.08, Pattern.QUILLS)
        blades.append(lattice(grid, paint, (0.1, 0.1), thin=True))
    return blades
