"""Light on surfaces: sun, sky and ground light, gloss, and patterns drawn at pixel level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_scripts.drawing.camera import Samples
from data_scripts.drawing.meshes import Pattern


@dataclass(frozen=True)
class Light:
    """Light of a scene, in linear RGB where a white sheet in full light comes near 1.

    sun: (3,) unit vector towards it, z up; haze: sRGB colour that distance fades into.
    """

    sun: np.ndarray
    sun_colour: np.ndarray
    sky_colour: np.ndarray
    ground_colour: np.ndarray
    haze: np.ndarray


def look_up(texture: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A tileable texture (S, S) at coordinates where 1 spans the whole tile."""
    size = len(texture)
    column = (u * size).astype(np.int64) % size
    row = (v * size).astype(np.int64) % size
    return texture[row, column]


def pattern_factor(pattern: Pattern, u: np.ndarray, v: np.ndarray, grain: np.ndarray) -> np.ndarray:
    """What a pattern multiplies linear colour by, at surface coordinates (N,); about 1."""
    fine = look_up(grain, u * 0.9, v * 0.9)
    if pattern == Pattern.CARBON:
        weave = np.sin(u * 90) * np.sin(v * 90) > 0
        return 0.9 + 0.25 * weave + 0.3 * (fine - 0.5)
    if pattern == Pattern.PANELS:
        seam = np.minimum(np.abs(u * 5 % 1 - 0.5), np.abs(v * 4 % 1 - 0.5))
        return 1.02 - 0.35 * np.exp(-((seam / 0.018) ** 2)) + 0.22 * (fine - 0.5)
    if pattern == Pattern.PLUMAGE:
        row = np.floor(u * 11)
        across = np.abs((v * 14 + 0.5 * (row % 2) + 0.35 * fine) % 1 - 0.5)
        edge = (u * 11 % 1 + 1.3 * across**2) % 1
        soft = look_up(grain, u * 0.35, v * 2.6)
        return 0.72 + 0.3 * edge + 0.7 * (soft - 0.5) + 0.35 * (fine - 0.5) + 0.1
    if pattern == Pattern.QUILLS:
        # along v: from the hind edge over the front to the hind edge; vanes show on the hind half
        hind = np.clip(np.abs(2 * v - 1) * 2.2 - 0.7, 0, 1)
        quill = (u + 0.04 * hind) * 18 % 1
        edge = np.exp(-((quill / 0.16) ** 2))
        barbs = look_up(grain, u * 3, v * 0.4)
        scale = np.abs((u * 26 + 0.5 * np.floor(v * 22 % 2)) % 1 - 0.5) + v * 22 % 1
        coverts = 0.9 + 0.14 * (scale % 1)
        vanes = 1.04 - 0.38 * edge - 0.14 * quill
        return coverts + hind * (vanes - coverts) + 0.35 * (barbs - 0.5) + 0.2 * (fine - 0.5)
    if pattern == Pattern.BARRED:
        bars = np.sin(u * 60 + 5 * fine) > 0.1
        return 0.62 + 0.5 * bars + 0.4 * (fine - 0.5)
    if pattern == Pattern.BARK:
        streak = look_up(grain, u * 0.8, v * 0.5)
        return 0.5 + 0.8 * streak + 0.5 * (fine - 0.5)
    if pattern == Pattern.STONE:
        coarse = look_up(grain, u * 0.27 + 0.3, v * 0.27)
        return 0.35 + 0.8 * coarse + 0.6 * (fine - 0.4)
    return 1 + 0.12 * (fine - 0.5)


def patterned(surface: np.ndarray, grain: np.ndarray) -> np.ndarray:
    """Linear colours (N, 3) of surface samples (N, 8) with their patterns."""
    factor = np.ones(len(surface), np.float32)
    kinds = np.round(surface[:, 4]).astype(np.int64)
    for kind in np.unique(kinds):
        here = kinds == kind
        factor[here] = pattern_factor(Pattern(kind), surface[here, 5], surface[here, 6], grain)
    return surface[:, :3] * np.maximum(factor, 0.05)[:, None]


def shade(samples: Samples, light: Light, grain: np.ndarray) -> np.ndarray:
    """Display colours (N, 3), sRGB in 0..1, of surface samples under a light."""
    albedo = patterned(samples.surface, grain)
    normal, toward = samples.normal.copy(), samples.toward
    facing = np.einsum("nc,c->n", normal, toward)
    thin = samples.surface[:, 7] > 0.5
    normal[thin & (facing < 0)] *= -1
    facing = np.clip(np.abs(facing), 0, 1)
    sun = light.sun.astype(np.float32)
    toward_sun = np.einsum("nc,c->n", normal, sun)
    direct = np.clip(toward_sun, 0, None) * samples.lit
    direct += thin * 0.3 * np.clip(-toward_sun, 0, None)  # light shines through feathers, leaves
    upward = (0.5 + 0.5 * normal[:, 2])[:, None]
    colour = upward * (light.sky_colour - light.ground_colour).astype(np.float32)
    colour += light.ground_colour.astype(np.float32)
    colour += direct[:, None] * light.sun_colour.astype(np.float32)
    colour *= albedo

    gloss = samples.surface[:, 3]
    half = toward + sun
    half /= np.linalg.norm(half) + 1e-9
    shine = np.einsum("nc,c->n", normal, half)
    bright = np.flatnonzero(shine > 0.75)
    strength = shine[bright] ** (12 + 110 * gloss[bright])
    strength *= 0.75 * gloss[bright] * samples.lit[bright]
    colour[bright] += strength[:, None] * light.sun_colour.astype(np.float32)
    mirrored = (0.04 + 0.5 * ((1 - facing) * (1 - facing)) ** 2) * gloss
    up = np.clip(0.5 + 1.2 * (2 * facing * normal[:, 2] - toward[2]), 0, 1)[:, None]
    sky, ground = light.sky_colour.astype(np.float32), light.ground_colour.astype(np.float32)
    colour += (1.6 * mirrored)[:, None] * (ground + up * (sky - ground))
    return film(colour)


def film(linear: np.ndarray) -> np.ndarray:
    """A camera's response: linear light to sRGB in 0..1, highlights rolled off."""
    rolled = linear * (1 + linear / 3.2) / (1 + 0.55 * linear)
    return np.sqrt(np.clip(rolled, 0, 1))
