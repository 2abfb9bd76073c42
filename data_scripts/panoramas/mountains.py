"""Mountains: ridges and gullies in the sun's light and in aerial haze, rock, alps, snow."""

from __future__ import annotations

import cv2
import numpy as np

from data_scripts.drawing.noise import mix, smoothstep
from data_scripts.panoramas.terrain import Eye, Seen, hazed, lay, march, sampled, sunlit, tileable
from data_scripts.panoramas.weather import Mood

ROCKS = [(0.46, 0.44, 0.43), (0.54, 0.48, 0.42), (0.40, 0.40, 0.43), (0.55, 0.46, 0.38),
         (0.50, 0.51, 0.52), (0.40, 0.37, 0.34)]  # fmt: skip
DRY_ROCKS = [(0.56, 0.42, 0.32), (0.62, 0.50, 0.38), (0.48, 0.38, 0.34), (0.52, 0.46, 0.42)]
FEET = [(0.26, 0.34, 0.15), (0.34, 0.38, 0.18), (0.42, 0.40, 0.22), (0.22, 0.30, 0.17),
        (0.40, 0.36, 0.24)]  # fmt: skip
NEAR, FAR, SPAN = 1500.0, 13000.0, 8000.0
SIDE = 512  # pixels of the height map's side


def eroded(rng: np.random.Generator, octaves: int = 6) -> np.ndarray:
    """A height map (SIDE, SIDE), 0 to about 1, that repeats: crests, spurs and smooth valleys.

    Fine ridges are laid where the coarse land is high, and none where it is steep already or lies
    low: water and ice leave them so.
    """
    total = np.zeros((SIDE, SIDE), np.float32)
    across, along = np.zeros_like(total), np.zeros_like(total)
    weight, above = np.float32(1), np.float32(1)
    for octave in range(octaves):
        cells = 4 * 2**octave
        step = SIDE // cells
        grid = np.pad(rng.random((cells, cells), np.float32), 2, mode="wrap")
        side = SIDE + 4 * step
        layer = cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC)
        layer = layer[2 * step : -2 * step, 2 * step : -2 * step]
        layer = 1 - np.abs(2 * layer - 1)
        layer = layer * layer if octave < 3 else layer * (1.6 - 0.6 * layer)
        layer = layer * weight * above
        bordered = cv2.copyMakeBorder(layer, 1, 1, 1, 1, cv2.BORDER_WRAP)
        across += cv2.Sobel(bordered, cv2.CV_32F, 1, 0, scale=SIDE / 8)[1:-1, 1:-1]
        along += cv2.Sobel(bordered, cv2.CV_32F, 0, 1, scale=SIDE / 8)[1:-1, 1:-1]
        total += layer / (1 + np.float32(0.0025) * (across * across + along * along))
        above = np.clip(total * np.float32(1.3), 0.06, 1)
        weight *= np.float32(0.5 if octave < 3 else 0.45)
    low, high = np.percentile(total[::4, ::4], (1, 99.5)).astype(np.float32)
    v, u = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    for cells, far in ((8, 0.06), (32, 0.012)):  # no ridge runs as round as the noise has it
        u += (tileable(rng, cells, 2, size=256).repeat(2, 0).repeat(2, 1) - 0.5) * (far * SIDE)
        v += (tileable(rng, cells, 2, size=256).repeat(2, 0).repeat(2, 1) - 0.5) * (far * SIDE)
    total = cv2.remap(total, u % SIDE, v % SIDE, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    total = cv2.GaussianBlur(total, (0, 0), 1.1)
    return np.maximum((total - low) / (high - low), 0)


def mountains(
    rng: np.random.Generator,
    eye: Eye,
    mood: Mood,
    image: np.ndarray,
    share: float,
    side: str = "all",
    bare: bool = False,
) -> Seen | None:
    """Draw a range on the horizon, in place; returns what is seen of it.

    share: how high peaks rise over the horizon, in picture heights; side: "all", "left", "right"
    or "middle" of the picture; bare: without green feet, as in dry lands.
    """
    height, width = eye.shape
    distance = rng.uniform(4000, 7000)
    tall = share * height * distance / eye.focal
    shape = eroded(rng) ** np.float32(rng.uniform(1.2, 1.7))
    level = shape * np.float32(tall)
    reach = width / (2 * eye.focal)
    edge = {"all": 0.0, "left": -1.0, "right": 1.0, "middle": 0.0}[side]
    turn, middle = rng.uniform(-0.5, 0.5), rng.uniform(-0.4, 0.4) * reach
    broad = rng.uniform(0.5, 0.9) * reach
    start = rng.uniform(0.0, SPAN)

    def heights(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        swell = smoothstep(NEAR, 0.8 * distance, z + turn * x)
        if side == "middle":
            swell = swell * np.exp(-1.6 * np.abs((x / z - middle) / broad))
        elif edge:
            swell = swell * smoothstep(-0.5 * reach, 0.6 * reach, edge * x / z)
        # far crests stand lower in the picture without help: keep some in sight
        swell = swell * (0.85 + z / (5.5 * distance))
        return (sampled(level, x + np.float32(start), z, SPAN) * swell).astype(np.float32)

    z = np.geomspace(NEAR, FAR, 150, dtype=np.float32)[:, None]
    x = z * np.linspace(-reach, reach, 80, dtype=np.float32)[None]
    depth = np.repeat(z, 80, axis=1)
    rise = float((heights(x, depth) / depth).max()) * eye.focal
    stretch = share * height / max(rise, 1.0)  # so that the highest peak rises as asked
    level *= np.float32(stretch)
    tall *= stretch
    bottom = int(eye.horizon + 0.02 * height) + 2
    seen = march(eye, heights, NEAR, FAR, 380, bottom)
    if seen is None:
        return None
    colour = slopes(rng, mood, seen, level, tall, start, bare)
    far = 12000 * mood.reach * rng.uniform(0.7, 1.4)
    lay(image, seen, hazed(colour, seen.z, 0.55 * mood.haze + 0.45 * mood.middle, max(far, 5200)))
    return seen


def slopes(
    rng: np.random.Generator,
    mood: Mood,
    seen: Seen,
    level: np.ndarray,
    tall: float,
    start: float,
    bare: bool,
) -> np.ndarray:
    """Colours (R, W, 3) of what is seen of a range in the mood's light, before its haze.

    level: its height map in metres, tall: of its peaks, start: where the map begins, in metres.
    """
    x, z = seen.x + np.float32(start), seen.z
    lit = sampled(sunlit(level * np.float32(1.35), SPAN, mood.sun, 6), x, z, SPAN)
    # a hidden sun leaves crests light and gullies dark
    hollow = (level - cv2.blur(level, (25, 25), borderType=cv2.BORDER_REFLECT)) / (0.10 * tall)
    sky = sampled(np.clip(0.72 + 0.34 * hollow, 0.4, 1.12).astype(np.float32), x, z, SPAN)
    bordered = cv2.copyMakeBorder(level, 1, 1, 1, 1, cv2.BORDER_WRAP)
    scale = SIDE / (8 * SPAN)
    steepness = np.hypot(*(cv2.Sobel(bordered, cv2.CV_32F, a, 1 - a, scale=scale)[1:-1, 1:-1]
                           for a in (1, 0)))  # fmt: skip
    steep = sampled(steepness, x, z, SPAN)
    rough = sampled(tileable(rng, 8, 5, 0.75), seen.x, seen.z + 0.8 * seen.up, 900.0)
    altitude = seen.up / np.float32(tall) + 0.22 * (rough - 0.5)
    rocks = DRY_ROCKS if bare else ROCKS
    rock = np.array(rocks[rng.integers(len(rocks))]) * rng.uniform(0.85, 1.1)
    feet = rock * 1.05 if bare else np.array(FEET[rng.integers(len(FEET))]) * rng.uniform(0.85, 1.1)
    line = rng.uniform(0.15, 0.75)
    green = smoothstep(line + 0.12, line - 0.12, altitude) * smoothstep(1.5, 0.7, steep)
    colour = mix(rock, feet, green)
    colour *= (0.78 + 0.44 * rough)[..., None]
    if rng.random() < (0.15 if bare else 0.6):
        line = rng.uniform(0.1, 0.75)
        snow = smoothstep(line - 0.06, line + 0.06, altitude) * smoothstep(1.7, 1.0, steep)
        colour += (np.float32([0.90, 0.92, 0.95]) - colour) * snow[..., None]
    direct, ambient = mood.direct.astype(np.float32), mood.ambient.astype(np.float32)
    return colour * (ambient * sky[..., None] + direct * (1.3 * lit)[..., None])
