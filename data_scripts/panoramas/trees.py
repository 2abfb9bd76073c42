"""Trees as small pictures: oaks, birches, poplars, pines, spruces, palms, acacias, bare ones.
Drawn once for a landscape in its light, then scaled and set into the land."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from data_scripts.panoramas.foliage import (
    Leaves,
    TreeShape,
    branching,
    clumped,
    sprite,
    unit,
)
from data_scripts.panoramas.weather import Mood

LEAVES = {
    "green": [(0.28, 0.40, 0.12), (0.36, 0.48, 0.16), (0.24, 0.37, 0.14), (0.33, 0.40, 0.17)],
    "autumn": [(0.78, 0.44, 0.12), (0.82, 0.60, 0.16), (0.66, 0.26, 0.12), (0.60, 0.48, 0.16)],
    "pale": [(0.46, 0.52, 0.30), (0.50, 0.55, 0.36)],
    "blossom": [(0.86, 0.66, 0.74), (0.88, 0.84, 0.80)],
    "needle": [(0.15, 0.26, 0.14), (0.20, 0.31, 0.16), (0.16, 0.27, 0.20), (0.24, 0.32, 0.16)],
    "palm": [(0.30, 0.44, 0.14), (0.38, 0.48, 0.18), (0.26, 0.38, 0.16)],
}  # fmt: skip
BARKS = [(0.34, 0.27, 0.21), (0.40, 0.35, 0.30), (0.28, 0.23, 0.19), (0.46, 0.42, 0.37)]


def one_of(rng: np.random.Generator, colours: list) -> np.ndarray:
    """One of the colours, a little lighter or darker."""
    return np.array(colours[rng.integers(len(colours))]) * rng.uniform(0.85, 1.15)


def leaf_count(tall: int, share: float = 0.11) -> int:
    return int(np.clip(share * tall * tall, 700, 15_000))


def scaled(branches: np.ndarray, top: float) -> np.ndarray:
    """The same branches, the highest of which ends at `top`; none hangs into the ground."""
    branches = branches.copy()
    branches[:, :6] *= top / branches[:, 4].max()
    branches[:, [1, 4]] = np.maximum(branches[:, [1, 4]], 0)
    return branches


def broadleaf(
    rng: np.random.Generator, tall: int, mood: Mood, season: str, snow: float
) -> TreeShape:
    """An oak or a lime: a short trunk that forks into a wide crown with gaps."""
    branches = branching(rng, 4, rng.uniform(0.8, 1.2), 0.06, rng.uniform(0.55, 1.1))
    branches = scaled(branches, rng.uniform(0.86, 0.92))
    tips = branches[branches[:, 7] >= 3, 3:6]
    tips = tips[rng.permutation(len(tips))[: rng.integers(50, 110)]]
    tips = tips[tips[:, 1] > rng.uniform(0.2, 0.36)]
    radii = rng.uniform(0.05, 0.115, len(tips))
    leaves = clumped(rng, tips, radii, leaf_count(tall), one_of(rng, LEAVES[season]), 0.75)
    bark = one_of(rng, BARKS)
    return sprite(tall, branches, leaves, bark, rng.uniform(0.035, 0.06), mood, 0.0052, snow)


def birch(rng: np.random.Generator, tall: int, mood: Mood, season: str, snow: float) -> TreeShape:
    """A slender light tree: a white trunk up to its top, hanging clumps of small leaves."""
    sway = rng.normal(0, 0.02)
    knots = np.linspace(0, 0.93, 8)
    line = np.column_stack([sway * np.sin(5 * knots), knots, np.zeros(8)])
    stem = np.column_stack([line[:-1], line[1:], np.linspace(1, 0.3, 7), np.zeros(7)])
    count = 64
    height = rng.uniform(0.26, 0.97, count)
    around = rng.uniform(0, 2 * np.pi, count)
    reach = 0.21 * np.sin(np.pi * np.clip((height - 0.16) / 0.88, 0.06, 1))
    reach = reach * rng.uniform(0.35, 1, count)
    ends = np.column_stack([reach * np.cos(around), height, reach * np.sin(around)])
    starts = np.column_stack([np.zeros(count), height - 0.6 * reach, np.zeros(count)])
    boughs = np.column_stack([starts, ends, np.full(count, 0.26), np.full(count, 2)])
    tint = one_of(rng, LEAVES[season]) * 1.08
    hanging, radii = ends - [0, 0.03, 0], rng.uniform(0.025, 0.062, count)
    leaves = clumped(rng, hanging, radii, leaf_count(tall, 0.06), tint, 1.5)
    bark = np.array([0.80, 0.78, 0.74]) * rng.uniform(0.85, 1.05)
    return sprite(tall, np.concatenate([stem, boughs]), leaves, bark, 0.024, mood, 0.0046, snow)


def poplar(rng: np.random.Generator, tall: int, mood: Mood, season: str, snow: float) -> TreeShape:
    """A narrow upright crown: poplar, cypress."""
    count, slim = 46, rng.uniform(0.075, 0.13)
    height = rng.uniform(0.1, 0.97, count)
    around = rng.uniform(0, 2 * np.pi, count)
    reach = slim * np.sqrt(np.sin(np.pi * np.clip(0.08 + 0.9 * height, 0, 1)))
    middles = np.column_stack([reach * np.cos(around), height, reach * np.sin(around)])
    radii = rng.uniform(0.35, 0.7, count) * (0.35 * slim + reach)
    stem = np.array([[0, 0, 0, 0, 0.8, 0, 1.0, 0]], float)
    tint = one_of(rng, LEAVES[season]) * 0.85
    leaves = clumped(rng, middles, radii, leaf_count(tall, 0.07), tint, 1.8)
    return sprite(tall, stem, leaves, one_of(rng, BARKS), 0.03, mood, 0.0048, snow, 0.25)


def pine(rng: np.random.Generator, tall: int, mood: Mood, season: str, snow: float) -> TreeShape:
    """A tall bare reddish trunk under flat clouds of needles."""
    branches = branching(rng, 3, 0.9, 0.02, rng.uniform(1.7, 2.6), (0.5, 0.8))
    branches = scaled(branches, 0.92)
    tips = branches[branches[:, 7] >= 2, 3:6]
    tips = tips[rng.permutation(len(tips))[:26]]
    radii = rng.uniform(0.05, 0.11, len(tips))
    leaves = clumped(rng, tips, radii, leaf_count(tall, 0.07), one_of(rng, LEAVES["needle"]), 0.45)
    bark = np.array([0.46, 0.31, 0.22]) * rng.uniform(0.8, 1.1)
    return sprite(tall, branches, leaves, bark, rng.uniform(0.028, 0.04), mood, 0.0046, snow, 0.55)


def conifer(rng: np.random.Generator, tall: int, mood: Mood, season: str, snow: float) -> TreeShape:
    """A spruce: tiers of drooping boughs around a straight stem."""
    wide, bare, full = rng.uniform(0.17, 0.29), rng.uniform(0.02, 0.10), rng.uniform(0.7, 1.0)
    tiers = int(np.clip(tall / 9, 13, 34))
    count = leaf_count(tall, 0.12)
    tier = rng.integers(0, tiers, count)
    share = 1 - (tier + 0.5) / tiers  # 1 for the lowest, 0 for the tip
    tier_size = wide * share**full * rng.uniform(0.8, 1.15, tiers)[tier] + 0.006
    spoke = rng.integers(0, 9, count)
    around = (spoke + 2.4 * tier + rng.normal(0, 0.22, count)) * 2 * np.pi / 9
    along = np.sqrt(rng.random(count))
    long = tier_size * rng.uniform(0.7, 1.12, (tiers, 9))[tier, spoke] * along
    hang = 0.012 * rng.exponential(1, count) * along
    up = bare + (0.985 - bare) * (1 - share) - 0.40 * long + 0.9 * long**2 / wide - hang
    places = np.column_stack([long * np.cos(around), np.maximum(up, 0.005), long * np.sin(around)])
    out = np.column_stack([np.cos(around), np.full(count, 0.55), np.sin(around)])
    facing = unit(out + rng.normal(0, 0.3, (count, 3)))
    sky = np.clip(0.2 + 0.75 * along - 14 * hang + 0.1 * (1 - share), 0.1, 1)
    tint = one_of(rng, LEAVES["needle"])
    colour = tint * (1 + rng.normal(0, 0.10, (count, 1)) + 0.2 * along[:, None])
    leaves = Leaves(places, facing, sky, colour)
    stem = np.array([[0, 0, 0, 0, 0.95, 0, 1.0, 0]], float)
    return sprite(tall, stem, leaves, one_of(rng, BARKS), 0.022, mood, 0.004, snow, 0.3)


def acacia(rng: np.random.Generator, tall: int, mood: Mood, season: str, snow: float) -> TreeShape:
    """Slanting branches under a wide flat crown, as in dry lands and on windy coasts."""
    count, wide = 44, rng.uniform(0.5, 0.78)
    around, out = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.random(count))
    top = 0.86 - 0.10 * out**2 + rng.normal(0, 0.025, count)
    middles = np.column_stack([wide * out * np.cos(around), top, wide * out * np.sin(around)])
    fork = np.array([rng.normal(0, 0.05), rng.uniform(0.28, 0.45), 0.0])
    ends = middles[::3] - [0, 0.05, 0]
    knee = fork + (ends - fork) * [0.62, 0.5, 0.62]
    k = len(ends)
    branches = np.concatenate([
        np.array([[0, 0, 0, *fork, 1.0, 0]]),
        np.column_stack([np.repeat(fork[None], k, 0), knee, np.full(k, 0.34), np.full(k, 1)]),
        np.column_stack([knee, ends, np.full(k, 0.17), np.full(k, 2)]),
    ])  # fmt: skip
    tint = one_of(rng, LEAVES["pale" if rng.random() < 0.4 else "green"])
    radii = rng.uniform(0.08, 0.14, count)
    leaves = clumped(rng, middles, radii, leaf_count(tall, 0.10), tint, 0.42)
    return sprite(tall, branches, leaves, one_of(rng, BARKS[:3]), 0.045, mood, 0.005, snow, 0.6)


def palm(rng: np.random.Generator, tall: int, mood: Mood, season: str, snow: float) -> TreeShape:
    """A bent slender ringed trunk under a head of arching feathered fronds."""
    bend, t = rng.normal(0, 0.15), np.linspace(0, 1, 12)
    head = rng.uniform(0.66, 0.74)
    line = np.column_stack([bend * (t**1.6 - 0.5), head * t, np.zeros(12)])
    stem = np.column_stack([line[:-1], line[1:], np.linspace(1.15, 0.7, 11), np.zeros(11)])
    fronds, leaflets = 22, 46
    around = np.arange(fronds) * 2.4 + rng.normal(0, 0.15, fronds)
    rise = rng.uniform(-0.45, 1.15, fronds)
    long = rng.uniform(0.28, 0.40, fronds) * np.where(rise > 0.8, 0.8, 1)
    along = np.linspace(0.06, 1, leaflets)
    out = np.stack([np.cos(rise) * np.cos(around), np.sin(rise),
                    np.cos(rise) * np.sin(around)], 1)[:, None]  # fmt: skip
    rib = line[-1] + long[:, None, None] * along[None, :, None] * out
    rib[..., 1] -= (0.50 * long)[:, None] * along[None] ** 2.2
    way = unit(np.gradient(rib, axis=1))
    aside = unit(np.cross(way, [0, 1.0, 0]))
    steps = np.linspace(0, 1, max(4, int(0.03 * tall)))[:, None, None, None]
    size = 0.30 * long[:, None] * np.sin(np.pi * np.clip(along * 0.85 + 0.12, 0, 1))[None]
    hang = np.array([0, -0.55, 0])
    blades = [rib + steps * size[..., None] * (side * aside * 0.8 + 0.55 * way + hang)
              for side in (-1, 1)]  # fmt: skip
    places = np.stack(blades, 0)
    tone = np.array([0.88, 1.06])[:, None, None, None] * rng.uniform(0.82, 1.15, (fronds, 1))
    tone = np.broadcast_to(tone, places.shape[:-1]).reshape(-1, 1)
    facing = np.broadcast_to(unit(0.5 * out + [0, 0.8, 0]), places.shape).reshape(-1, 3)
    sky = np.broadcast_to((0.35 + 0.5 * along) * (0.75 + 0.25 * np.sin(rise))[:, None],
                          places.shape[:-1]).reshape(-1)  # fmt: skip
    colour = one_of(rng, LEAVES["palm"]) * tone
    leaves = Leaves(places.reshape(-1, 3), facing, np.clip(sky, 0.15, 1), colour)
    bark = np.array([0.48, 0.41, 0.33]) * rng.uniform(0.8, 1.1)
    return sprite(tall, stem, leaves, bark, 0.026, mood, 0.003, snow, 0.5)


def bare(rng: np.random.Generator, tall: int, mood: Mood, season: str, snow: float) -> TreeShape:
    """A leafless tree, down to its twigs."""
    levels = 6 if tall > 150 else 5
    branches = branching(rng, levels, rng.uniform(0.62, 0.95), 0.12, rng.uniform(0.7, 1.3))
    bark = one_of(rng, BARKS[:3]) * 0.9
    return sprite(tall, scaled(branches, 0.98), None, bark, rng.uniform(0.04, 0.06), mood, 0.0)


SPECIES: dict[str, Callable[..., TreeShape]] = {
    "broadleaf": broadleaf, "birch": birch, "poplar": poplar, "pine": pine, "conifer": conifer,
    "acacia": acacia, "palm": palm, "bare": bare,
}  # fmt: skip


def tree_shape(
    rng: np.random.Generator, species: str, tall: int, mood: Mood, season: str, snow: float = 0.0
) -> TreeShape:
    """A tree of one of SPECIES, `tall` pixels high, in the light of a mood.

    season: a key of LEAVES for those that change them; snow: how much of it lies on the tree, 0 to
    1.
    """
    return SPECIES[species](rng, tall, mood, season, snow)
