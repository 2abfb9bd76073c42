"""Weather and hour of a landscape: the colours of its sky, sun, shade and haze."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DAYS = {"clear": 5, "fair": 6, "streaked": 3, "overcast": 5, "storm": 2, "fog": 1.5, "warm": 4,
        "dust": 3, "violet": 1.5, "night": 1.5, "amber": 3}  # fmt: skip
SUNSETS = {"blaze": 2.5, "pink": 3, "strip": 3, "gold": 2.5, "red": 0.8, "pale": 3, "late": 2}
BLUES = [(0.16, 0.36, 0.68), (0.28, 0.50, 0.80), (0.42, 0.60, 0.80), (0.12, 0.28, 0.58),
         (0.50, 0.62, 0.74), (0.30, 0.55, 0.68)]  # fmt: skip


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
    """One of DAYS: the sun stands high, or is hidden."""
    deep = np.clip(array(*BLUES[rng.integers(len(BLUES))]) + rng.normal(0, 0.03, 3), 0, 1)
    pale = deep + (array(0.88, 0.91, 0.93) - deep) * rng.uniform(0.35, 0.9)
    sun = direction(rng.uniform(-np.pi, np.pi), rng.uniform(0.45, 1.2))
    direct, ambient = array(0.74, 0.70, 0.62) * rng.uniform(0.85, 1.15), array(0.40, 0.44, 0.52)
    lit, shade = array(0.98, 0.98, 0.97), array(0.60, 0.65, 0.72)
    clouds, cover, reach = "none", 0.0, rng.uniform(0.6, 1.6)
    glow, disc = array(0.25, 0.25, 0.22), 0.0
    top, middle, low, haze = deep, (deep + pale) / 2, pale, pale * 0.97
    if name == "fair":
        clouds, cover = ("heaps", "deck")[rng.integers(2)], rng.uniform(0.35, 0.7)
    elif name == "streaked":
        clouds, cover = ("streaks", "veil")[rng.integers(2)], rng.uniform(0.3, 0.75)
    elif name in ("overcast", "storm", "violet", "fog"):
        tone = {"overcast": 0.78, "storm": 0.50, "violet": 0.58, "fog": 0.80}[name]
        tint = {"violet": array(1.02, 0.96, 1.12)}.get(name, array(0.98, 1.0, 1.03))
        tone = tone * rng.uniform(0.88, 1.12)
        top, middle, low = (tint * tone * k for k in (0.86, 1.0, 1.1))
        direct, ambient = array(0.10, 0.10, 0.10), tint * (0.46 + 0.58 * tone)
        clouds, cover = "deck", rng.uniform(0.6, 0.95)
        lit, shade = tint * tone * 1.12, tint * tone * (0.72 if name == "overcast" else 0.5)
        haze, glow = low * 0.97, array(0, 0, 0)
        reach = rng.uniform(0.3, 0.9) * (0.4 if name == "fog" else 1)
        cover = 0.15 if name == "fog" else cover
    elif name == "warm":  # an old film, a warm filter: the sun is high all the same
        top, middle = deep * [1.0, 0.95, 0.78], pale * [1.02, 0.97, 0.82]
        low = pale * [1.05, 1.0, 0.8]
        direct, ambient = array(0.92, 0.74, 0.48), array(0.48, 0.43, 0.36)
        haze, lit, shade = low * 0.95, array(1.0, 0.95, 0.82), array(0.68, 0.62, 0.55)
        clouds, cover = ("none", "heaps", "deck", "streaks")[rng.integers(4)], rng.uniform(0.3, 0.7)
    elif name == "dust":
        dust = array(*[(0.84, 0.72, 0.56), (0.80, 0.74, 0.66), (0.86, 0.70, 0.50)][rng.integers(3)])
        dust = dust * rng.uniform(0.85, 1.08)
        top, middle, low, haze = dust * [0.86, 0.92, 1.0], dust * 0.97, dust * 1.03, dust
        direct, ambient = array(0.42, 0.36, 0.28), array(0.56, 0.50, 0.42)
        reach, glow = rng.uniform(0.25, 0.6), array(0.1, 0.1, 0.1)
        clouds, cover, lit, shade = "veil", rng.uniform(0.1, 0.5), dust * 1.08, dust * 0.9
    elif name == "amber":  # smoke, or a filter: orange all over, though the sun stands high
        dust = array(*[(0.90, 0.62, 0.34), (0.82, 0.50, 0.32), (0.92, 0.74, 0.44)][rng.integers(3)])
        top, middle, low = (dust * k for k in (1.05, 1.0, rng.uniform(0.8, 0.95)))
        dark = rng.uniform(0.65, 1.1)
        direct, ambient = array(0.50, 0.34, 0.20) * dark, array(0.52, 0.38, 0.26) * dark
        haze, reach, glow = low, rng.uniform(0.4, 1.0), array(0.1, 0.08, 0.05)
        clouds, cover = ("none", "veil", "deck")[rng.integers(3)], rng.uniform(0.2, 0.6)
        lit, shade = dust * 1.08, dust * 0.72
    elif name == "night":
        top, middle, low = array(0.04, 0.07, 0.17), array(0.09, 0.15, 0.30), array(0.20, 0.29, 0.44)
        top, middle, low = (c * rng.uniform(0.8, 1.4) for c in (top, middle, low))
        direct, ambient = array(0.16, 0.19, 0.26), array(0.20, 0.24, 0.36)
        haze, glow = low * 0.9, array(0.05, 0.06, 0.08)
        lit, shade = array(0.34, 0.40, 0.52), array(0.10, 0.14, 0.24)
        clouds, cover = ("none", "deck", "streaks")[rng.integers(3)], rng.uniform(0.3, 0.6)
    if (
        name in ("clear", "dust", "amber") and rng.random() < 0.25
    ):  # the sun in the picture, but high
        sun = direction(rng.uniform(-0.5, 0.5), rng.uniform(0.35, 0.6))
        glow, disc = array(0.5, 0.5, 0.46), rng.uniform(0.02, 0.04)
    return Mood(name, top, middle, low, sun, direct, ambient, haze, reach, clouds, lit, shade,
                cover, glow, disc)  # fmt: skip


def evening(rng: np.random.Generator, name: str) -> Mood:
    """One of SUNSETS: a low sun, or the colours that it leaves in sky and clouds."""
    top, middle, low, lit, shade = {
        "blaze": ((0.20, 0.20, 0.38), (0.80, 0.42, 0.30), (1.0, 0.72, 0.34),
                  (1.0, 0.58, 0.26), (0.36, 0.24, 0.32)),
        "pink": ((0.34, 0.40, 0.62), (0.78, 0.60, 0.68), (0.98, 0.76, 0.66),
                 (0.98, 0.62, 0.60), (0.48, 0.40, 0.54)),
        "strip": ((0.14, 0.22, 0.40), (0.36, 0.44, 0.56), (0.98, 0.66, 0.38),
                  (0.80, 0.50, 0.42), (0.20, 0.24, 0.36)),
        "gold": ((0.50, 0.58, 0.66), (0.90, 0.80, 0.62), (1.0, 0.88, 0.58),
                 (1.0, 0.86, 0.58), (0.62, 0.52, 0.48)),
        "red": ((0.26, 0.08, 0.12), (0.70, 0.20, 0.14), (0.98, 0.50, 0.16),
                (0.96, 0.34, 0.16), (0.26, 0.10, 0.14)),
        "pale": ((0.46, 0.62, 0.78), (0.76, 0.78, 0.78), (1.0, 0.82, 0.64),
                 (0.99, 0.78, 0.66), (0.56, 0.54, 0.64)),
        "late": ((0.22, 0.36, 0.60), (0.46, 0.58, 0.72), (0.94, 0.74, 0.58),
                 (0.96, 0.68, 0.58), (0.40, 0.42, 0.54)),
    }[name]  # fmt: skip
    top, middle, low = (np.clip(array(*c) + rng.normal(0, 0.03, 3), 0, 1)
                        for c in (top, middle, low))  # fmt: skip
    lit, shade = array(*lit), array(*shade)
    dark = rng.uniform(0.55, 1.05)  # of the land: from a silhouette to softly lit
    dark *= 1.5 if name in ("pale", "late", "pink", "gold") else 1.0
    sun = direction(rng.uniform(-0.62, 0.62), rng.uniform(-0.01, 0.13))
    direct = array(0.85, 0.50, 0.28) * dark * rng.uniform(0.5, 1.2)
    ambient = (0.27 * middle + 0.2 * top + 0.02) * dark
    haze = 0.5 * low + 0.5 * middle
    glow = low * rng.uniform(0.45, 0.9)
    clouds = ("heaps", "deck", "streaks", "streaks", "veil", "none")[rng.integers(6)]
    if name in ("pink", "late") and clouds == "none":
        clouds = "deck"
    hidden = rng.random() < (0.6 if name in ("pink", "strip", "late") else 0.15)
    disc = 0.0 if hidden else rng.uniform(0.014, 0.045)
    return Mood(name, top, middle, low, sun, direct, ambient, haze, rng.uniform(0.35, 1.1), clouds,
                lit, shade, rng.uniform(0.3, 0.8), glow, disc)  # fmt: skip
