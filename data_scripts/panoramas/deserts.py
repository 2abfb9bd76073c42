"""Desert: dunes with ripples and lit crests, stony flats, mesas."""

from __future__ import annotations

import cv2
import numpy as np

from data_scripts.drawing.noise import mix, smoothstep
from data_scripts.panoramas.ground_cover import pebbles
from data_scripts.panoramas.terrain import (
    Eye,
    Seen,
    hazed,
    lay,
    march,
    mottled,
    sampled,
    sunlit,
    tileable,
)
from data_scripts.panoramas.weather import Mood

DESERTS = ("dunes", "low dunes", "stony desert")
SANDS = [(0.80, 0.62, 0.40), (0.84, 0.68, 0.45), (0.78, 0.50, 0.28), (0.80, 0.58, 0.34),
         (0.74, 0.62, 0.42)]  # fmt: skip
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
    phase = (seen.z * np.cos(turn) + seen.x * np.sin(turn)) / apart + 4.5 * bend
    along_z = np.float32(apart * eye.focal * eye.height) / (seen.z * seen.z)
    along_x = np.float32(apart * eye.focal) / seen.z
    pixels = along_z * np.cos(turn) ** 2 + along_x * np.sin(turn) ** 2
    strong = smoothstep(0.35, 0.75, sampled(tileable(rng, 4, 3), seen.x, seen.z, 14 * eye.height))
    strong = strong * np.clip((pixels - 2) / 4, 0, 1)
    return np.sin(2 * np.pi * phase.astype(np.float32)) * strong


def desert(
    rng: np.random.Generator, eye: Eye, mood: Mood, image: np.ndarray, kind: str
) -> Seen | None:
    """Draw one of DESERTS in place; returns what is seen of it."""
    near = 0.6 * eye.nearest
    rise = {"dunes": rng.uniform(2.0, 5.0), "low dunes": rng.uniform(0.8, 1.6),
            "stony desert": rng.uniform(1.2, 2.5)}[kind]  # fmt: skip
    tall = eye.height * rise
    span = tall * rng.uniform(16, 28)
    level = dune_map(rng, tall)
    start = np.float32(eye.nearest)
    shift = np.float32(rng.uniform(0, span))
    # stones lie on the flat in front of the dunes
    first, full = (4.0, 14.0) if kind == "stony desert" else (0.3, 6.0)

    def heights(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        here = sampled(level, x + shift, z, span)
        here = np.minimum(here, 0.6 * eye.height + 0.04 * z)  # no dune becomes a mountain
        return here * smoothstep(first * start, full * start, z)

    seen = march(eye, heights, near, max(10 * span, 40 * near), 340)
    if seen is None:
        return None
    sand = np.array(SANDS[rng.integers(len(SANDS))]) * rng.uniform(0.88, 1.08)
    rough = mottled(rng, eye, seen, (0.4 * eye.height, 4 * eye.height, 30 * eye.height))
    flat = smoothstep(full * start, first * start, seen.z) if kind == "stony desert" else 0.0
    colour = mix(sand * 0.94, sand * 1.06, 0.5 + rough * (0.25 + 0.9 * flat))
    sun = mood.sun.copy()
    if not mood.is_sunset:  # dunes are photographed in slanting light
        sun[1] *= rng.uniform(0.4, 0.8)
        sun /= np.linalg.norm(sun)
    lit = sampled(sunlit(level, span, sun, 5), seen.x + shift, seen.z, span)
    rippled = ripples(rng, eye, seen) * (1 - flat)
    lit = lit * (1 + 0.35 * rippled)
    colour *= (1 + 0.07 * rippled)[..., None]
    bounce = 0.8 + 0.4 * lit[..., None] * np.float32([1.0, 0.9, 0.8])
    # under clouds too, one side of a dune is the darker one, and in the evening sand still is sand
    dim = max(float(mood.ambient.mean()), 0.36)
    ambient = np.maximum(1.15 * mood.ambient, 0.7 * dim).astype(np.float32) * bounce
    direct = np.maximum(mood.direct, 0.30 * dim + 0.08).astype(np.float32)
    colour *= ambient + direct * (1.3 * lit)[..., None]
    reach = max(5 * span, 60 * eye.height) * mood.reach
    haze = 0.75 * mood.haze + 0.25 * sand * mood.haze
    lay(image, seen, hazed(colour, seen.z, haze, reach))
    if kind == "stony desert":
        pebbles(rng, eye, image, seen, int(rng.integers(1200, 3500)), rng.uniform(0.012, 0.03))
    return seen
