"""Kinds of birds: their proportions and the colours of their plumage."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

Colour = tuple[float, float, float]
BLACK, WHITE, GREY = (0.10, 0.10, 0.11), (0.93, 0.92, 0.90), (0.60, 0.62, 0.65)
BROWN, SAND, DUN = (0.36, 0.26, 0.18), (0.72, 0.61, 0.45), (0.50, 0.42, 0.33)
HORN, YELLOW, ORANGE = (0.22, 0.20, 0.19), (0.90, 0.72, 0.18), (0.86, 0.45, 0.13)


@dataclass(frozen=True)
class Species:
    """Colours in sRGB; lengths over the body's, about 0.5 units.

    fingers: the primaries spread at the wing's tip; point: 0 for a blunt wing, 1 for a pointed
    one; upright: how far a sitting bird's back leans up, in radians; legs: a standing bird's.
    """

    back: Colour
    belly: Colour
    head: Colour
    wing: Colour
    under: Colour
    tip: Colour
    beak: Colour = HORN
    leg: Colour = ORANGE
    beak_length: float = 0.09
    hooked: bool = False
    neck: float = 0.1
    stout: float = 1.0
    span: float = 0.62
    chord: float = 0.22
    point: float = 0.6
    fingers: int = 0
    tail: float = 0.2
    fork: float = 0.0
    upright: float = 0.5
    legs: float = 0.14
    perches: tuple[str, ...] = ("branch", "wire", "ground", "rock")
    barred: bool = False
    head_size: float = 1.0


GULL = Species(WHITE, WHITE, WHITE, GREY, WHITE, BLACK, YELLOW, YELLOW, 0.11, span=0.78,
               chord=0.19, point=1.0, upright=0.22, legs=0.16,
               perches=("rock", "ground", "water"))  # fmt: skip
HAWK = Species(BROWN, SAND, BROWN, (0.40, 0.30, 0.21), SAND, (0.20, 0.15, 0.12), HORN, YELLOW,
               0.07, True, 0.06, 1.1, 0.72, 0.27, 0.1, 6, 0.24, upright=0.95, legs=0.1,
               perches=("branch", "rock", "wire"), barred=True)  # fmt: skip
CROW = Species(BLACK, BLACK, BLACK, BLACK, (0.15, 0.15, 0.16), BLACK, HORN, HORN, 0.12,
               span=0.62, chord=0.26, point=0.2, fingers=5, tail=0.25, upright=0.55)  # fmt: skip
PIGEON = Species(GREY, (0.55, 0.54, 0.6), (0.32, 0.38, 0.42), (0.66, 0.67, 0.7), (0.8, 0.8, 0.82),
                 (0.25, 0.25, 0.28), HORN, (0.75, 0.35, 0.3), 0.06, stout=1.15, span=0.55,
                 chord=0.23, upright=0.42, head_size=0.85, legs=0.1)  # fmt: skip
SWALLOW = Species((0.10, 0.14, 0.28), (0.90, 0.82, 0.72), (0.12, 0.15, 0.28), (0.12, 0.14, 0.2),
                  (0.45, 0.42, 0.4), BLACK, HORN, HORN, 0.04, stout=0.8, neck=0.04, span=0.66,
                  chord=0.14, point=1.0, tail=0.36, fork=0.6, legs=0.04, upright=0.5,
                  perches=("wire", "branch"))  # fmt: skip
DUCK = Species((0.45, 0.36, 0.27), (0.66, 0.62, 0.58), (0.10, 0.33, 0.20), (0.48, 0.42, 0.36),
               (0.75, 0.72, 0.68), (0.3, 0.27, 0.24), YELLOW, ORANGE, 0.13, neck=0.2, stout=1.15,
               span=0.5, chord=0.18, point=0.8, tail=0.12, upright=0.14, legs=0.09,
               perches=("water", "ground"))  # fmt: skip
GOOSE = Species((0.46, 0.39, 0.32), (0.72, 0.66, 0.58), BLACK, (0.44, 0.37, 0.3), DUN, BLACK,
                HORN, HORN, 0.12, neck=0.42, stout=1.15, span=0.72, chord=0.22, point=0.6,
                tail=0.13, upright=0.2, legs=0.2, perches=("water", "ground"))  # fmt: skip
HERON = Species(GREY, WHITE, WHITE, (0.5, 0.54, 0.6), (0.55, 0.58, 0.62), (0.15, 0.16, 0.2),
                YELLOW, (0.5, 0.45, 0.3), 0.3, neck=0.62, stout=0.8, span=0.85, chord=0.33,
                point=0.2, fingers=4, tail=0.14, upright=0.55, legs=0.6, head_size=0.75,
                perches=("water", "ground", "rock"))  # fmt: skip
SONGBIRD = Species((0.42, 0.38, 0.30), (0.86, 0.70, 0.35), (0.15, 0.16, 0.18), (0.35, 0.36, 0.38),
                   (0.7, 0.66, 0.6), (0.2, 0.2, 0.2), HORN, (0.45, 0.35, 0.3), 0.055, neck=0.02,
                   stout=1.25, span=0.45, chord=0.2, point=0.3, tail=0.26, upright=0.75,
                   head_size=1.2, legs=0.1,
                   perches=("branch", "branch", "wire", "ground"))  # fmt: skip

# Other plumages on the same bodies.
SPECIES = [
    GULL,
    replace(GULL, back=(0.25, 0.26, 0.28), wing=(0.22, 0.23, 0.25), head=WHITE),
    replace(GULL, head=BLACK, beak=(0.7, 0.2, 0.15), leg=(0.7, 0.2, 0.15), fork=0.5),
    HAWK,
    replace(HAWK, back=BLACK, wing=(0.2, 0.15, 0.12), head=WHITE, belly=(0.22, 0.16, 0.12),
            under=(0.25, 0.19, 0.15), beak=YELLOW, barred=False, beak_length=0.1),
    CROW, CROW,
    replace(CROW, belly=WHITE, under=(0.3, 0.3, 0.33), wing=(0.12, 0.18, 0.35), tail=0.5),
    replace(CROW, head=(0.88, 0.62, 0.12), belly=(0.2, 0.18, 0.17), upright=0.7),
    PIGEON,
    replace(PIGEON, back=DUN, belly=(0.74, 0.62, 0.58), head=(0.7, 0.6, 0.55), wing=DUN),
    SWALLOW,
    DUCK,
    replace(DUCK, head=(0.5, 0.42, 0.33), belly=SAND, beak=(0.7, 0.5, 0.2)),
    replace(DUCK, back=WHITE, belly=WHITE, head=WHITE, wing=WHITE, under=WHITE, neck=0.3),
    GOOSE, HERON,
    replace(HERON, back=WHITE, wing=WHITE, under=WHITE, tip=WHITE, leg=HORN),
    replace(HERON, back=(0.92, 0.62, 0.56), wing=(0.92, 0.6, 0.55), under=(0.9, 0.5, 0.45),
            belly=(0.94, 0.72, 0.66), head=(0.94, 0.7, 0.64), leg=(0.85, 0.5, 0.5),
            beak_length=0.16, hooked=True, neck=0.8),
    SONGBIRD, SONGBIRD,
    replace(SONGBIRD, back=(0.62, 0.15, 0.12), belly=(0.78, 0.17, 0.12), head=(0.75, 0.13, 0.1),
            wing=(0.5, 0.16, 0.14), beak=ORANGE),
    replace(SONGBIRD, back=(0.2, 0.38, 0.66), belly=WHITE, head=(0.22, 0.4, 0.68),
            wing=(0.18, 0.34, 0.6)),
    replace(SONGBIRD, back=BROWN, belly=(0.78, 0.72, 0.62), head=(0.42, 0.3, 0.22), wing=BROWN,
            barred=True),
    replace(SONGBIRD, back=DUN, belly=(0.84, 0.42, 0.2), head=DUN, wing=DUN),
    replace(SONGBIRD, back=BLACK, belly=BLACK, head=BLACK, wing=BLACK, beak=ORANGE, tail=0.35),
]  # fmt: skip


def individual(rng: np.random.Generator, species: Species) -> Species:
    """One bird of a species: colours and proportions vary a little."""
    shade = rng.normal(0, 0.035)

    def vary(colour: Colour) -> Colour:
        return tuple(np.clip(np.array(colour) * (1 + shade) + rng.normal(0, 0.02, 3), 0.03, 0.96))

    return replace(
        species,
        back=vary(species.back),
        belly=vary(species.belly),
        head=vary(species.head),
        wing=vary(species.wing),
        under=vary(species.under),
        stout=species.stout * rng.uniform(0.92, 1.1),
        neck=species.neck * rng.uniform(0.75, 1.15),
        span=species.span * rng.uniform(0.93, 1.07),
        upright=species.upright + rng.normal(0, 0.12),
    )
