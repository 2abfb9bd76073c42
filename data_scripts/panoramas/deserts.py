"""Desert: dunes with ripples and lit crests, stony flats, mesas."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from data_scripts.drawing.noise import mix, smoothstep
from data_scripts.panoramas.terrain import (
    MAP_SIDE,
    Eye,
    Seen,
    ended,
    hazed,
    lay,
    march,
    mottled,
    sampled,
    sunlit,
    tileable,
)
from data_scripts.panoramas.weather import Mood

DESERTS = ("dunes", "low dunes", "stony flat")
SANDS = [(0.80, 0.62, 0.40), (0.86, 0.70, 0.48), (0.78, 0.48, 0.28), (0.88, 0.80, 0.66),
         (0.66, 0.56, 0.44), (0.82, 0.56, 0.32), (0.74, 0.64, 0.50)]  # fmt: skip
SPAN = 900.0
DUNE_SIDE = 512  # pixels of a dune map: crests are sharp


def dune_map(rng: np.random.Generator, tall: float) -> np.ndarray:
    """Heights (S, S) in metres: slow windward slopes, steep lee slopes, winding crests."""
    v, u = np.mgrid[0:DUNE_SIDE, 0:DUNE_SIDE].astype(np.float32) / DUNE_SIDE
    bend, strength = (tileable(rng, 2, octaves, size=DUNE_SIDE) for octaves in (3, 2))
    waves, aslant = int(rng.integers(2, 5)), int(rng.integers(-3, 4))
    total = np.zeros((DUNE_SIDE, DUNE_SIDE), np.float32)
    for scale, weight in ((1, 1.0), (2, 0.28)):
        phase = scale * (waves * v + aslant * u) + (1.3 + 0.4 * scale) * bend
        phase = phase - np.floor(phase)
        crest = rng.uniform(0.62, 0.8)
        up, down = phase / crest, (1 - phase) / (1 - crest)
        total += weight * np.minimum(up**1.4, down) * (0.25 + 0.75 * strength)
    total = cv2.copyMakeBorder(total * np.float32(tall), 4, 4, 4, 4, cv2.BORDER_WRAP)
    return cv2.GaussianBlur(total, (0, 0), 1.3)[4:-4, 4:-4]


def ripples(rng: np.random.Generator, eye: Eye, seen: Seen) -> np.ndarray:
    """Shading by wind ripples, about -1..1, where they are wide enough to be seen."""
    apart = eye.height * rng.uniform(0.05, 0.16)
    turn = rng.uniform(-0.9, 0.9)
    bend = sampled(tileable(rng, 4, 4, 0.6), seen.x, seen.z, 9 * eye.height)
    phase = (seen.z * np.cos(turn) + seen.x * np.sin(turn)) / apart + 3.0 * bend
    along_z = np.float32(apart * eye.focal * eye.height) / (seen.z * seen.z)
    along_x = np.float32(apart * eye.focal) / seen.z
    pixels = along_z * np.cos(turn) ** 2 + along_x * np.sin(turn) ** 2
    return np.sin(2 * np.pi * phase.astype(np.float32)) * np.clip((pixels - 2) / 4, 0, 1)


def desert(
    rng: np.random.Generator,
    eye: Eye,
    mood: Mood,
    image: np.ndarray,
    kind: str,
    shore: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Seen | None:
    """Draw one of DESERTS, or "drifts" of snow, in place; returns what is seen of it.

    shore: where the land ends, z in metres for x in metres.
    """
    near = 0.6 * eye.nearest
    rise = {"dunes": rng.uniform(2.0, 5.5), "low dunes": rng.uniform(0.5, 1.4),
            "stony flat": 0.15, "drifts": rng.uniform(0.4, 2.5)}[kind]  # fmt: skip
    tall = eye.height * rise
    span = tall * rng.uniform(16, 30) if kind != "stony flat" else SPAN
    level = dune_map(rng, tall) if kind != "stony flat" else tileable(rng, 4, 4) * np.float32(tall)
    start = np.float32(eye.nearest)
    shift = np.float32(rng.uniform(0, span))

    def heights(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        here = sampled(level, x + shift, z, span)
        here = np.minimum(here, 0.6 * (eye.height + 0.16 * z))  # the camera is on its own dune
        return here * smoothstep(0.3 * start, 6 * start, z)

    seen = march(eye, heights, near, max(10 * span, 40 * near), 340)
    if seen is None:
        return None
    seen = ended(eye, seen, shore)
    sand = np.array(SANDS[rng.integers(len(SANDS))]) * rng.uniform(0.85, 1.12)
    if kind == "drifts":
        sand = np.array([0.84, 0.86, 0.90])
    rough = mottled(rng, eye, seen, (0.4 * eye.height, 4 * eye.height, 30 * eye.height))
    stony = 0.5 if kind == "stony flat" else 0.12
    colour = mix(sand * (1 - 0.5 * stony), sand * (1 + 0.45 * stony), 0.5 + stony * rough)
    sun = mood.sun.copy()
    if not mood.is_sunset and mood.name != "night":  # dunes are photographed in slanting light
        sun[1] *= rng.uniform(0.45, 1.0)
        sun /= np.linalg.norm(sun)
    lit = sampled(sunlit(level, span, sun, 5), seen.x + shift, seen.z, span)
    if kind != "stony flat":
        lit = lit * (1 + 0.5 * ripples(rng, eye, seen))
        colour *= (1 + 0.10 * ripples(rng, eye, seen))[..., None]
    bounce = 0.8 + 0.4 * lit[..., None] * np.float32([1.0, 0.9, 0.8])
    ambient = 1.15 * mood.ambient.astype(np.float32) * bounce
    colour *= ambient + mood.direct.astype(np.float32) * (1.3 * lit)[..., None]
    reach = max(5 * span, 60 * eye.height) * mood.reach
    haze = 0.75 * mood.haze + 0.25 * sand * mood.haze
    lay(image, seen, hazed(colour, seen.z, haze, reach))
    return seen


def mesas(rng: np.random.Generator, eye: Eye, mood: Mood, image: np.ndarray) -> Seen | None:
    """Draw flat-topped rocks on the horizon, in place; returns what is seen of them."""
    near, far, span = 700.0, 6000.0, rng.uniform(2200, 4000)
    share = rng.uniform(0.06, 0.2)
    tall = share * eye.shape[0] * 2000 / eye.focal
    lumps = tileable(rng, 4, 6, 0.42, size=512)
    edge = rng.uniform(0.72, 0.82)
    foot = smoothstep(edge - 0.16, edge, lumps) * 0.35
    wall = 0.5 * smoothstep(edge, edge + 0.02, lumps)
    step = 0.15 * smoothstep(edge + 0.06, edge + 0.075, lumps)
    level = ((foot + wall + step) * tall).astype(np.float32)

    def heights(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        return sampled(level, x, z, span)

    bottom = int(eye.horizon + 0.04 * eye.shape[0]) + 2
    seen = march(eye, heights, near, far, 220, bottom)
    if seen is None:
        return None
    rock = np.array([(0.66, 0.38, 0.26), (0.72, 0.50, 0.34), (0.58, 0.42, 0.34),
                     (0.76, 0.44, 0.24)][rng.integers(4)]) * rng.uniform(0.85, 1.1)  # fmt: skip
    bands = tileable(rng, 8, 5, 0.7)[0]
    layer = np.clip(seen.up / np.float32(1.1 * tall) * MAP_SIDE, 0, MAP_SIDE - 1).astype(np.int32)
    streak = sampled(tileable(rng, 16, 4, 0.7), seen.x, seen.z + 0.1 * seen.up, 260.0)
    colour = rock * (0.72 + 0.35 * bands[layer] + 0.3 * (streak - 0.3))[..., None]
    lit = sampled(sunlit(level * 0.6, span, mood.sun, 4), seen.x, seen.z, span)
    colour *= mood.ambient + mood.direct * (0.25 + 0.9 * lit)[..., None]
    colour = hazed(colour.astype(np.float32), seen.z, mood.haze, 5500 * mood.reach)
    lay(image, seen, colour)
    return seen
