"""What level ground is covered with, in perspective: grass, soil, gravel, paving, boards, snow."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from data_scripts.drawing.noise import mix, smoothstep, tile

GRASSES = [(0.30, 0.42, 0.14), (0.42, 0.52, 0.20), (0.46, 0.44, 0.24), (0.22, 0.33, 0.12),
           (0.36, 0.46, 0.22), (0.52, 0.47, 0.30)]  # fmt: skip
SOILS = [(0.62, 0.55, 0.44), (0.52, 0.50, 0.47), (0.42, 0.40, 0.38), (0.72, 0.66, 0.55),
         (0.58, 0.58, 0.57), (0.48, 0.38, 0.29)]  # fmt: skip
TILE = 256  # pixels of a texture's side
STRIP = (72, 512)  # pixels of the strip that blades of grass are drawn on


@dataclass(frozen=True)
class Plane:
    """Where the pixels of a picture lie on level ground, in heights of the camera above it.

    across (H, W) to the right and ahead (H,); footprint (H,): how much ground a row covers; scale
    (H,): pixels that one height takes across. Rows above the horizon repeat the first one below.
    """

    across: np.ndarray
    ahead: np.ndarray
    footprint: np.ndarray
    scale: np.ndarray


def ground_plane(shape: tuple[int, int], horizon: float, focal: float) -> Plane:
    """The ground below a horizon (a row, above the picture when the camera looks down on it);
    focal: the focal length in pixels."""
    height, width = shape
    rows = np.maximum(np.arange(height, dtype=np.float32), horizon + 1.5)
    slope = (height / 2 - horizon) / focal
    cosine = 1 / np.sqrt(1 + slope * slope)
    scale = cosine * (rows - horizon)
    ahead = (focal - (rows - height / 2) * slope) * cosine / scale
    x = np.arange(width, dtype=np.float32)[None] - width / 2
    footprint = np.maximum(np.abs(np.gradient(ahead)), 1 / scale)
    return Plane((x / scale[:, None]).astype(np.float32), ahead, footprint, scale)


def laid(texture: np.ndarray, plane: Plane, size: float, shift: tuple = (0.0, 0.0)) -> np.ndarray:
    """A tileable texture on the ground, one tile `size` heights wide, (H, W) float32."""
    u = plane.across * np.float32(TILE / size) + np.float32(shift[0] * TILE)
    u += (plane.ahead * (0.37 * TILE / size) % TILE)[:, None].astype(np.float32)  # repeats shift
    u -= TILE * np.floor(u / TILE)
    v = ((plane.ahead / size + shift[1]) % 1 * TILE).astype(np.float32)
    v = np.ascontiguousarray(np.broadcast_to(v[:, None], u.shape))
    return cv2.remap(texture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def visible(plane: Plane, detail: float) -> np.ndarray:
    """How much of a detail of that size is left in each row (H, 1): far away it averages out."""
    return np.clip(0.7 * detail / plane.footprint, 0, 1).astype(np.float32)[:, None]


def lumps(rng: np.random.Generator, plane: Plane, texture: np.ndarray, size: float) -> np.ndarray:
    """Irregular light and dark of several sizes up to `size` heights, about -1..1, (H, W)."""
    total = np.zeros(plane.across.shape, np.float32)
    for part, weight in ((1.0, 0.9), (0.19, 0.9), (0.043, 0.8)):
        noise = laid(texture, plane, 4 * part * size, tuple(rng.random(2)))
        total += weight * (noise - 0.5) * visible(plane, 0.25 * part * size)
    return 2 * total


def strokes(rng: np.random.Generator, count: int, long: float, thick: int) -> np.ndarray:
    """A texture of blades or straws that lie in all directions, in 0..1."""
    picture = np.full((TILE, TILE), 80, np.uint8)
    starts, angles = rng.random((count, 2)) * TILE, rng.uniform(0, 2 * np.pi, count)
    lengths, tones = long * rng.uniform(0.5, 1.3, count), np.sort(rng.integers(25, 250, count))
    tones[: count // 3] = rng.permutation(tones)[: count // 3]
    ends = starts + lengths[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
    for start, end, tone in zip(starts, ends, tones.tolist(), strict=True):
        for dx, dy in wraps(start, end):
            one, two = (
                (int(start[0] + dx), int(start[1] + dy)),
                (int(end[0] + dx), int(end[1] + dy)),
            )
            cv2.line(picture, one, two, tone, thick, cv2.LINE_AA)
    return picture.astype(np.float32) / 255


def wraps(start: np.ndarray, end: np.ndarray) -> list[tuple[int, int]]:
    """By how much a line is drawn again so that it goes on at the tile's other side."""
    low, high = np.minimum(start, end) - 6, np.maximum(start, end) + 6
    shifts = [[0] + [TILE] * int(low[k] < 0) + [-TILE] * int(high[k] > TILE) for k in (0, 1)]
    return [(dx, dy) for dx in shifts[0] for dy in shifts[1]]


def pebbles(rng: np.random.Generator, count: int, size: float) -> np.ndarray:
    """A texture of stones, each with a dark side, in 0..1."""
    picture = np.full((TILE, TILE), 60, np.uint8)
    for _ in range(count):
        at, tone = rng.random(2) * TILE, int(rng.integers(80, 235))
        axes = size * rng.uniform(0.5, 1.4) * np.array([1.0, rng.uniform(0.6, 1)]) + 1
        for dx, dy in wraps(at - axes[0], at + axes[0]):
            centre = (int(at[0] + dx), int(at[1] + dy))
            shape = ((axes + 1.5).astype(int).tolist(), rng.uniform(0, 180), 0, 360)
            cv2.ellipse(picture, centre, *shape, int(0.45 * tone), -1)
            cv2.ellipse(picture, (centre[0] - 1, centre[1] - 1), axes.astype(int).tolist(),
                        *shape[1:], tone, -1)  # fmt: skip
    return picture.astype(np.float32) / 255


def blades(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A strip of upright blades of grass: tone and cover, uint8, going on at its ends."""
    high, wide = STRIP
    tone, cover = np.full(STRIP, 150, np.uint8), np.zeros(STRIP, np.uint8)
    count = int(rng.integers(150, 300))
    feet, tips = rng.uniform(0, wide, count), rng.normal(0, 0.22, count)
    tall = high * rng.beta(2, 1.6, count)
    shades = rng.integers(60, 255, count).tolist()
    for foot, tip, length, shade in zip(feet, tips, tall, shades, strict=True):
        for at in (foot, foot - wide) if foot + 60 > wide else (foot, foot + wide):
            middle = (at + 0.35 * tip * length, high - 0.6 * length)
            end = (at + 1.4 * tip * length, high - length)
            path = np.array([(at, high), middle, end], np.int32)[None]
            thick = 2 if length < 0.7 * high else 3
            cv2.polylines(tone, path, False, shade, thick + 1)
            cv2.polylines(cover, path, False, 255, thick, cv2.LINE_AA)
    cover[-high // 6 :] = 255
    return tone, cover


def standing_grass(
    rng: np.random.Generator, ground: np.ndarray, plane: Plane, horizon: float, bare: np.ndarray
) -> np.ndarray:
    """Ground (H, W, 3) with blades that stand on it, row after row, larger the nearer they are.

    bare (H, W): 1 where none grow.
    """
    height, width = ground.shape[:2]
    tone, cover = blades(rng)
    tall = np.exp(rng.uniform(np.log(0.05), np.log(0.22)))
    foot = max(horizon, 0) + max(4.0, 4 / tall) * (horizon > 0)
    image = ground.copy()
    while foot - tall * (foot - horizon) < height:
        high = max(3, round(tall * (foot - horizon)))
        top = round(foot) - high
        wide = max(16, round(STRIP[1] * high / STRIP[0]))
        columns = (np.arange(width) + rng.integers(wide)) % wide
        size, method = (wide, high), cv2.INTER_AREA if high < STRIP[0] else cv2.INTER_LINEAR
        rows = slice(max(top, 0), min(round(foot), height))
        part = slice(rows.start - top, rows.stop - top)
        if rows.stop > rows.start:
            shade = cv2.resize(tone, size, interpolation=method)[part].take(columns, axis=1)
            alpha = cv2.resize(cover, size, interpolation=method)[part].take(columns, axis=1)
            base = min(round(foot), height - 1)
            alpha = alpha * ((1 - bare[base]) / 255).astype(np.float32)
            rise = np.linspace(1.0, 0.55, high, dtype=np.float32)[part, None]
            factor = (0.35 + shade * np.float32(1.3 / 255)) * rise
            colour = ground[base] * np.float32(1.05)
            image[rows] += (factor[..., None] * colour - image[rows]) * alpha[..., None]
        foot += max(2.0, 0.5 * tall * (foot - horizon))
    return image


def lawn(
    rng: np.random.Generator, shape: tuple[int, int], horizon: float, plane: Plane
) -> np.ndarray:
    """A meadow: patches, at times a path or mown stripes; blades where it is near and level."""
    base = np.array(GRASSES[rng.integers(len(GRASSES))]) * rng.uniform(0.8, 1.15)
    noise = tile(rng, TILE, 1.0)
    wide = lumps(rng, plane, noise, rng.uniform(0.8, 3.0))
    ground = np.clip(1 + 0.4 * wide, 0.4, 1.7)[..., None] * base.astype(np.float32)
    dry = smoothstep(0.45, 0.75, laid(noise, plane, rng.uniform(2, 9), tuple(rng.random(2))))
    other = np.array([1.35, 1.1, 0.85]) if rng.random() < 0.6 else np.array([0.7, 0.85, 0.7])
    ground = mix(ground, ground * other, dry * rng.uniform(0.2, 1))
    bare = np.zeros(shape, np.float32)
    if rng.random() < 0.25:  # mown in stripes
        stripe = np.sin(plane.across * rng.uniform(3, 7) + rng.uniform(0, 6)) > 0
        ground *= (1 + rng.uniform(0.05, 0.16) * stripe * visible(plane, 0.6))[..., None]
    elif rng.random() < 0.45:  # a trodden path
        run = rng.normal(0, 0.25) * plane.ahead + rng.uniform(-0.6, 0.6)
        aside = np.abs(plane.across - run[:, None] + 0.3 * (dry - 0.5) + 0.15 * wide)
        half = rng.uniform(0.15, 0.6)
        bare = smoothstep(half * 1.25, half * 0.85, aside)
        soil = np.array(SOILS[rng.integers(len(SOILS))])
        ground = mix(ground, (1 + 0.3 * wide)[..., None] * soil, bare)
    fine = strokes(rng, 600, rng.uniform(12, 26), 1)
    size = np.exp(rng.uniform(np.log(0.3), np.log(1.0)))
    straw = (laid(fine, plane, size, tuple(rng.random(2))) - 0.45) * visible(plane, 0.05 * size)
    under = (laid(fine, plane, 0.55 * size) - 0.45) * visible(plane, 0.03 * size)
    ground *= np.clip(1 + (1.1 - 0.5 * bare) * (straw + under), 0.25, 2)[..., None]
    level = horizon > -0.4 * shape[0]
    return standing_grass(rng, ground, plane, horizon, bare) if level else ground


def bare_ground(
    rng: np.random.Generator, shape: tuple[int, int], horizon: float, plane: Plane
) -> np.ndarray:
    """Earth, sand, gravel, asphalt, slabs, boards or snow."""
    kind = rng.choice(["earth", "gravel", "asphalt", "slabs", "boards", "snow"],
                      p=[0.28, 0.2, 0.18, 0.2, 0.08, 0.06])  # fmt: skip
    base = np.array(SOILS[rng.integers(len(SOILS))]) * rng.uniform(0.8, 1.15)
    noise = tile(rng, TILE, 1.0)
    wide = lumps(rng, plane, noise, rng.uniform(0.6, 2.5))
    factor = 1 + rng.uniform(0.08, 0.24) * wide
    if kind == "gravel":
        size = rng.uniform(0.3, 1.1)
        stones = laid(pebbles(rng, 420, rng.uniform(4, 8)), plane, size)
        factor = factor * (1 + 1.1 * (stones - 0.5) * visible(plane, 0.06 * size))
    elif kind == "earth":
        size = rng.uniform(0.5, 2)
        straw = laid(strokes(rng, 90, 12, 2), plane, size) - 0.3
        factor = factor * (1 + 0.5 * straw * visible(plane, 0.06 * size))
    elif kind == "asphalt":
        base = np.array([0.34, 0.34, 0.35]) * rng.uniform(0.6, 1.6)
        grit = laid(tile(rng, TILE, 0.2), plane, rng.uniform(0.5, 1.2))
        factor = factor * (1 + 0.5 * (grit - 0.5) * visible(plane, 0.02))
    elif kind == "snow":
        base, factor = np.array([0.86, 0.88, 0.92]), 1 + 0.07 * wide
    else:
        turn = rng.uniform(-0.8, 0.8)
        ahead = plane.ahead[:, None]
        u = plane.across * np.cos(turn) + ahead * np.sin(turn)
        v = ahead * np.cos(turn) - plane.across * np.sin(turn)
        wide_slab = rng.uniform(0.12, 0.5)
        long_slab = wide_slab * (rng.uniform(0.6, 1.0) if kind == "slabs" else 12)
        factor = factor * slabs(rng, u / wide_slab, v / long_slab, visible(plane, wide_slab))
        if kind == "boards":
            base = np.array([(0.52, 0.40, 0.28), (0.46, 0.43, 0.39)][rng.integers(2)])
    ground = factor[..., None] * base.astype(np.float32)
    if kind == "asphalt" and rng.random() < 0.4:  # a painted line
        run = rng.normal(0, 0.5) * plane.ahead + rng.uniform(-0.8, 0.8)
        line = smoothstep(0.05, 0.035, np.abs(plane.across - run[:, None]))
        ground = mix(ground, np.array([0.82, 0.8, 0.74]), line * (0.8 + 0.1 * wide))
    return ground


def slabs(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """What slabs one unit large multiply the ground by: each another tone, dark joints."""
    row = np.floor(v)
    u = u + 0.5 * (row % 2)
    tones = rng.uniform(-0.12, 0.12, 997).astype(np.float32)
    tone = tones[(np.floor(u) * 31 + row * 17).astype(np.int64) % 997]
    seam = np.minimum(0.5 - np.abs(u % 1 - 0.5), (0.5 - np.abs(v % 1 - 0.5)))
    return 1 + shown * (tone - 0.4 * smoothstep(0.05, 0.015, seam))
