"""Weather and hour of a landscape: the colours of its sky, sun, shade and haze."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DAYS = {"clear": 4, "fair": 5, "streaked": 2.5, "overcast": 4, "storm": 3.5, "fog": 3, "warm": 3,
        "haze": 3, "cold": 3, "night": 6.5}  # fmt: skip
SUNSETS = {"blaze": 2, "pink": 3, "strip": 8, "gold": 2, "red": 1, "purple": 2, "late": 7}
BLUES = [(0.16, 0.36, 0.68), (0.28, 0.50, 0.80), (0.42, 0.60, 0.80), (0.12, 0.28, 0.58),
         (0.46, 0.60, 0.74), (0.26, 0.52, 0.72)]  # fmt: skip


@dataclass(frozen=True)
class Mood:
    """Colours in sRGB, 0 to 1.

    top, middle, low: of the sky, upwards from the horizon the other way round; sun: unit vector
    (x, up, z) towards it, z away from the camera; direct, ambient (3,): what sun and sky multiply
    a surface's colour by; haze (3,), reach: its colour and how far one sees, 1 for a clear day;
    clouds: "none", "heaps", "deck", "streaks" or "veil"; lit, shade (3,): of the clouds; cover:
    0..1; glow (3,): around the sun; disc: radius of the sun, in picture heights, 0 for hidden.
    """

    name: str
    top: np.ndarray
    middle: np.ndarray
    low: np.ndarray
    sun: np.ndarray
    direct: np.ndarray
    ambient: np.ndarray
    haze: np.ndarray
    reach: float
    clouds: str
    lit: np.ndarray
    shade: np.ndarray
    cover: float
    glow: np.ndarray
    disc: float

    @property
    def is_sunset(self) -> bool:
        return self.name in SUNSETS


def direction(azimuth: float, height: float) -> np.ndarray:
    """Unit vector (x, up, z); azimuth 0 is straight ahead; radians."""
    flat = np.cos(height)
    return np.array([np.sin(azimuth) * flat, np.sin(height), np.cos(azimuth) * flat])


def array(*values: float) -> np.ndarray:
    return np.array(values, float)


def day(rng: np.random.Generator, name: str) -> Mood:
    """One of DAYS: the sun stands high, or is hidden. None of them has an orange or pink sky."""
    deep = np.clip(array(*BLUES[rng.integers(len(BLUES))]) + rng.normal(0, 0.025, 3), 0, 1)
    pale = deep + (array(0.80, 0.86, 0.91) - deep) * rng.uniform(0.35, 0.85)
    # from the side more often than from ahead: so photographers stand
    azimuth = rng.choice([-1, 1]) * (
        rng.uniform(0.9, 2.8) if rng.random() < 0.8 else rng.uniform(0, 1)
    )
    sun = direction(azimuth, rng.uniform(0.4, 1.0))
    direct, ambient = array(0.78, 0.72, 0.62) * rng.uniform(0.85, 1.15), array(0.38, 0.42, 0.50)
    lit, shade = array(0.96, 0.96, 0.96), array(0.60, 0.65, 0.72)
    clouds, cover, reach = "none", 0.0, rng.uniform(0.6, 1.6)
    glow, disc = array(0.16, 0.16, 0.14), 0.0
    top, middle, low, haze = deep, (deep + pale) / 2, pale, pale * 0.96
    if name == "fair":
        clouds, cover = ("heaps", "deck")[rng.integers(2)], rng.uniform(0.35, 0.7)
    elif name == "streaked":
        clouds, cover = ("streaks", "veil")[rng.integers(2)], rng.uniform(0.3, 0.75)
    elif name in ("overcast", "storm", "cold", "fog"):
        tone = {"overcast": 0.72, "storm": 0.48, "cold": 0.56, "fog": 0.74}[name]
        tint = {"cold": array(0.84, 0.96, 1.16)}.get(name, array(0.98, 1.0, 1.03))
        tone = tone * rng.uniform(0.88, 1.12)
        top, middle, low = (tint * tone * k for k in (0.86, 1.0, 1.1))
        direct, ambient = array(0.16, 0.16, 0.16), tint * (0.44 + 0.56 * tone)
        clouds, cover = "deck", rng.uniform(0.6, 0.95)
        lit, shade = tint * tone * 1.12, tint * tone * (0.72 if name == "overcast" else 0.5)
        haze, glow = low * 0.97, array(0, 0, 0)
        reach = rng.uniform(0.35, 0.9) * (0.4 if name == "fog" else 1)
        cover = 0.15 if name == "fog" else cover
    elif name == "warm":  # an old film: warm light under a blue sky
        top, middle, low = deep * [1.0, 0.98, 0.92], pale * [1.0, 0.99, 0.92], pale * [1.02, 1, 0.9]
        direct, ambient = array(0.92, 0.76, 0.52), array(0.44, 0.42, 0.40)
        haze, lit, shade = low * 0.95, array(0.98, 0.95, 0.88), array(0.66, 0.64, 0.62)
        clouds, cover = ("none", "heaps", "deck", "streaks")[rng.integers(4)], rng.uniform(0.3, 0.7)
    elif name == "haze":  # a dull white sky of summer
        tone = array(0.74, 0.76, 0.77) * rng.uniform(0.88, 1.05)
        top, middle, low, haze = tone * [0.84, 0.9, 0.98], tone * 0.97, tone * 1.03, tone
        direct, ambient = array(0.46, 0.43, 0.38), array(0.50, 0.50, 0.50)
        reach = rng.uniform(0.4, 0.7)
        clouds, cover, lit, shade = "veil", rng.uniform(0.1, 0.5), tone * 1.08, tone * 0.9
    elif name == "night":
        top, middle, low = array(0.04, 0.07, 0.17), array(0.09, 0.15, 0.30), array(0.17, 0.26, 0.42)
        top, middle, low = (c * rng.uniform(0.8, 1.4) for c in (top, middle, low))
        direct, ambient = array(0.34, 0.38, 0.46), array(0.20, 0.24, 0.34)
        haze, glow = low * 0.9, array(0.05, 0.06, 0.08)
        lit, shade = array(0.34, 0.40, 0.52), array(0.10, 0.14, 0.24)
        clouds, cover = ("none", "deck", "streaks")[rng.integers(3)], rng.uniform(0.3, 0.6)
    if name in ("clear", "haze") and rng.random() < 0.2:  # the sun in the picture, but high
        sun = direction(rng.uniform(-0.5, 0.5), rng.uniform(0.4, 0.6))
        glow, disc = array(0.36, 0.36, 0.34), rng.uniform(0.02, 0.04)
    return Mood(name, top, middle, low, sun, direct, ambient, haze, reach, clouds, lit, shade,
                cover, glow, disc)  # fmt: skip


def evening(rng: np.random.Generator, name: str) -> Mood:
    """One of SUNSETS: a low sun, or the colours that it leaves in sky and clouds."""
    top, middle, low, lit, shade = {
        "blaze": ((0.20, 0.22, 0.42), (0.82, 0.44, 0.30), (1.0, 0.68, 0.26),
                  (1.0, 0.56, 0.24), (0.36, 0.24, 0.32)),
        "pink": ((0.34, 0.40, 0.62), (0.84, 0.52, 0.60), (1.0, 0.62, 0.48),
                 (1.0, 0.52, 0.52), (0.46, 0.36, 0.52)),
        "strip": ((0.12, 0.20, 0.40), (0.40, 0.42, 0.54), (1.0, 0.54, 0.20),
                  (0.92, 0.46, 0.34), (0.18, 0.22, 0.34)),
        "gold": ((0.46, 0.48, 0.56), (0.94, 0.66, 0.40), (1.0, 0.74, 0.34),
                 (1.0, 0.78, 0.44), (0.56, 0.44, 0.42)),
        "red": ((0.28, 0.10, 0.16), (0.76, 0.24, 0.16), (1.0, 0.48, 0.14),
                (0.98, 0.36, 0.16), (0.28, 0.12, 0.16)),
        "purple": ((0.22, 0.18, 0.42), (0.58, 0.34, 0.58), (1.0, 0.52, 0.42),
                   (0.98, 0.48, 0.52), (0.30, 0.20, 0.40)),
        "late": ((0.16, 0.26, 0.50), (0.52, 0.50, 0.64), (1.0, 0.60, 0.34),
                 (0.98, 0.56, 0.44), (0.30, 0.30, 0.44)),
    }[name]  # fmt: skip
    top, middle, low = (np.clip(array(*c) + rng.normal(0, 0.02, 3), 0, 1)
                        for c in (top, middle, low))  # fmt: skip
    lit, shade = array(*lit), array(*shade)
    dark = rng.uniform(0.75, 1.15)  # of the land: from a silhouette to softly lit
    dark *= 1.4 if name in ("late", "pink", "gold") else 1.0
    sun = direction(rng.uniform(-0.5, 0.5), rng.uniform(0.0, 0.11))
    direct = array(0.85, 0.50, 0.28) * dark * rng.uniform(0.5, 1.2)
    ambient = (0.27 * middle + 0.2 * top + 0.02) * dark
    haze = 0.5 * low + 0.5 * middle
    glow = low * rng.uniform(0.45, 0.9)
    clouds = ("heaps", "deck", "streaks", "streaks", "veil", "none")[rng.integers(6)]
    if name in ("pink", "late", "purple") and clouds == "none":
        clouds = "deck"
    hidden = rng.random() < (0.5 if name in ("pink", "strip", "purple", "late") else 0.0)
    disc = 0.0 if hidden else rng.uniform(0.014, 0.045)
    return Mood(name, top, middle, low, sun, direct, ambient, haze, rng.uniform(0.35, 1.1), clouds,
                lit, shade, rng.uniform(0.3, 0.8), glow, disc)  # fmt: skip
