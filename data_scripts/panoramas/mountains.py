"""Mountains: ridges in aerial perspective, bare rock, green feet, snow above a line."""

from __future__ import annotations

import numpy as np

from data_scripts.drawing.noise import mix, smoothstep
from data_scripts.panoramas.terrain import Eye, Seen, hazed, lay, march, sampled, sunlit, tileable
from data_scripts.panoramas.weather import Mood

ROCKS = [(0.42, 0.40, 0.40), (0.50, 0.44, 0.38), (0.36, 0.36, 0.40), (0.54, 0.42, 0.34),
         (0.46, 0.47, 0.48), (0.34, 0.31, 0.28)]  # fmt: skip
FEET = [(0.30, 0.36, 0.18), (0.38, 0.38, 0.22), (0.46, 0.40, 0.24), (0.26, 0.32, 0.20),
        (0.44, 0.36, 0.30)]  # fmt: skip
NEAR, FAR, SPAN = 1500.0, 16000.0, 7000.0


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
    distance = rng.uniform(4500, 8000)
    tall = share * height * distance / eye.focal
    shape = tileable(rng, 2, 8, rng.uniform(0.46, 0.56), ridged=True, size=512)
    shape = shape ** rng.uniform(0.9, 1.4)
    level = shape * np.float32(tall)
    reach = width / (2 * eye.focal)
    edge = {"all": 0.0, "left": -1.0, "right": 1.0, "middle": 0.0}[side]
    turn, middle = rng.uniform(-0.5, 0.5), rng.uniform(-0.4, 0.4) * reach
    broad = rng.uniform(0.25, 0.6) * reach
    start = rng.uniform(0.0, SPAN)

    def heights(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        swell = smoothstep(NEAR, 0.8 * distance, z + turn * x)
        if side == "middle":
            swell = swell * np.exp(-(((x / z - middle) / broad) ** 2))
        elif edge:
            swell = swell * smoothstep(-0.2 * reach, 0.8 * reach, edge * x / z)
        # far crests stand lower in the picture without help: keep some in sight
        swell = swell * (0.75 + z / (4 * distance))
        return (sampled(level, x + np.float32(start), z, SPAN) * swell).astype(np.float32)

    z = np.geomspace(NEAR, FAR, 150, dtype=np.float32)[:, None]
    x = z * np.linspace(-reach, reach, 80, dtype=np.float32)[None]
    depth = np.repeat(z, 80, axis=1)
    rise = float((heights(x, depth) / depth).max()) * eye.focal
    stretch = share * height / max(rise, 1.0)  # so that the highest peak rises as asked
    level *= np.float32(stretch)
    tall *= stretch
    bottom = int(eye.horizon + 0.02 * height) + 2
    seen = march(eye, heights, NEAR, FAR, 260, bottom)
    if seen is None:
        return None
    light = sunlit(level * 1.5, SPAN, mood.sun, 5)
    lit = sampled(light, seen.x + np.float32(start), seen.z, SPAN)
    grain = tileable(rng, 8, 5, 0.75)
    rough = sampled(grain, seen.x, seen.z + 0.8 * seen.up, 1100.0)
    altitude = seen.up / np.float32(tall) + 0.3 * (rough - 0.5)
    rock = np.array(ROCKS[rng.integers(len(ROCKS))]) * rng.uniform(0.85, 1.15)
    feet = rock * 0.95 if bare else np.array(FEET[rng.integers(len(FEET))])
    tree_line = rng.uniform(0.1, 0.55)
    colour = mix(feet, rock, smoothstep(tree_line - 0.12, tree_line + 0.12, altitude))
    colour *= (0.8 + 0.4 * rough)[..., None]
    if rng.random() < (0.25 if bare else 0.65):
        line = rng.uniform(0.05, 0.7)
        snow = smoothstep(line - 0.08, line + 0.08, altitude + 0.25 * (lit - 0.6))
        colour += (np.float32([0.93, 0.95, 0.98]) - colour) * snow[..., None]
    direct, ambient = mood.direct.astype(np.float32), mood.ambient.astype(np.float32)
    colour *= ambient + direct * (1.25 * lit)[..., None]
    far = 9000 * mood.reach * rng.uniform(0.6, 1.4)
    lay(image, seen, hazed(colour, seen.z, 0.6 * mood.haze + 0.4 * mood.middle, max(far, 3800)))
    return seen
