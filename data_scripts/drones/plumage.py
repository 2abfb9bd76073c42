"""The kinds of birds that fly in the drawings."""

from __future__ import annotations

from dataclasses import replace

from data_scripts.drones.species import HORN, ORANGE, Species

BLACK, WHITE, GREY = (0.10, 0.10, 0.11), (0.93, 0.92, 0.90), (0.60, 0.62, 0.65)
BROWN, SAND, DUN = (0.36, 0.26, 0.18), (0.72, 0.61, 0.45), (0.50, 0.42, 0.33)
SLATE, DARK, RED = (0.38, 0.41, 0.46), (0.2, 0.15, 0.12), (0.72, 0.2, 0.15)
YELLOW, SOOT = (0.90, 0.72, 0.18), (0.2, 0.2, 0.22)

GULL = Species(
    WHITE, WHITE, WHITE, GREY, (0.66, 0.68, 0.71), WHITE, (0.8, 0.81, 0.82), BLACK, YELLOW, YELLOW,
    "gull", 0.92, 0.95, 0.08, 1.0, 0.1, 0.19, legs=0.16, upright=0.22, fringe=WHITE, rump=WHITE,
    perches=("rock", "ground", "water"), slender=0.4, tip_from=0.76,
)  # fmt: skip
HAWK = Species(
    BROWN, SAND, (0.4, 0.3, 0.22), (0.40, 0.30, 0.21), (0.28, 0.21, 0.16), SAND,
    (0.78, 0.74, 0.68), DARK, HORN, YELLOW, "broad", 0.92, 1.1, 0.05, 0.95, 0.06, 0.24, legs=0.1,
    upright=0.95, perches=("branch", "rock", "wire"), hooked=True, barred=True, slender=0.3,
    tip_from=0.9,
)  # fmt: skip
CROW = Species(
    BLACK, BLACK, BLACK, BLACK, (0.13, 0.13, 0.15), (0.15, 0.15, 0.16), (0.2, 0.2, 0.22), BLACK,
    HORN, HORN, "rounded", 0.78, 1.0, 0.1, 1.0, 0.11, 0.25, -0.2, upright=0.55,
)  # fmt: skip
PIGEON = Species(
    GREY, (0.55, 0.54, 0.6), (0.32, 0.38, 0.42), (0.66, 0.67, 0.7), (0.5, 0.51, 0.55),
    (0.84, 0.84, 0.86), (0.66, 0.67, 0.7), (0.25, 0.25, 0.28), HORN, (0.75, 0.35, 0.3), "pigeon",
    0.74, 1.15, 0.1, 0.85, 0.05, 0.22, legs=0.1, upright=0.42, fringe=(0.3, 0.3, 0.33),
)  # fmt: skip
SWALLOW = Species(
    (0.10, 0.14, 0.28), (0.90, 0.82, 0.72), (0.12, 0.15, 0.28), (0.12, 0.14, 0.2),
    (0.12, 0.12, 0.15), (0.78, 0.72, 0.64), (0.36, 0.34, 0.33), BLACK, HORN, HORN, "scythe", 0.76,
    0.8, 0.04, 0.95, 0.03, 0.26, 0.9, 0.04, upright=0.5, perches=("wire", "branch"), flank=-0.05,
)  # fmt: skip
DUCK = Species(
    (0.45, 0.36, 0.27), (0.66, 0.62, 0.58), (0.10, 0.33, 0.20), (0.48, 0.42, 0.36),
    (0.33, 0.3, 0.3), (0.82, 0.8, 0.76), (0.62, 0.6, 0.58), (0.3, 0.27, 0.24), YELLOW, ORANGE,
    "duck", 0.72, 1.1, 0.3, 0.95, 0.11, 0.12, legs=0.09, upright=0.14, fringe=(0.2, 0.3, 0.62),
    perches=("water", "ground"), slender=0.6, hood=0.3,
)  # fmt: skip
GOOSE = replace(
    DUCK, back=(0.46, 0.39, 0.32), belly=(0.72, 0.66, 0.58), head=BLACK, wing=(0.44, 0.37, 0.3),
    under=DUN, under_flight=(0.4, 0.36, 0.33), tip=BLACK, beak=HORN, leg=HORN, span=0.9, neck=0.6,
    stout=1.15, legs=0.2, upright=0.2, fringe=None, hood=0.85, rump=WHITE,
)  # fmt: skip
HERON = Species(
    GREY, WHITE, WHITE, (0.55, 0.58, 0.63), (0.25, 0.27, 0.32), (0.58, 0.6, 0.64),
    (0.4, 0.43, 0.48), (0.15, 0.16, 0.2), YELLOW, (0.5, 0.45, 0.3), "rounded", 1.0, 0.85, 0.62,
    0.75, 0.28, 0.14, legs=0.6, upright=0.55, perches=("water", "ground", "rock"), slender=1.0,
    folds_neck=True, tip_from=0.6,
)  # fmt: skip
SONGBIRD = Species(
    (0.42, 0.38, 0.30), (0.86, 0.70, 0.35), (0.15, 0.16, 0.18), (0.35, 0.36, 0.38),
    (0.28, 0.28, 0.29), (0.8, 0.76, 0.7), (0.58, 0.56, 0.53), (0.25, 0.25, 0.25), HORN,
    (0.45, 0.35, 0.3), "songbird", 0.68, 1.1, 0.02, 1.1, 0.05, 0.24, 0.1, 0.1, 0.75,
    ("branch", "branch", "wire", "ground"),
)  # fmt: skip

# Other plumages on the same bodies, and other bodies in the same plumage.
KINDS = {
    "gull": [
        GULL,
        replace(GULL, back=(0.25, 0.26, 0.28), wing=(0.22, 0.23, 0.25), flight=SOOT),
        replace(GULL, head=BLACK, beak=(0.7, 0.2, 0.15), leg=(0.7, 0.2, 0.15), hood=0.1),
        replace(GULL, back=DUN, belly=(0.72, 0.66, 0.6), head=(0.7, 0.64, 0.57), wing=DUN,
                beak=HORN, flight=(0.32, 0.27, 0.23), under=(0.62, 0.55, 0.48), under_flight=DUN,
                fringe=None, rump=(0.3, 0.26, 0.23)),  # a young one
        replace(GULL, shape="tern", span=0.98, stout=0.75, cap=BLACK, beak=(0.8, 0.25, 0.12),
                beak_length=0.13, tail=0.26, fork=0.7, legs=0.06, tip=(0.4, 0.41, 0.43),
                tip_from=0.85, slender=0.7),
        replace(GULL, span=1.1, stout=1.0, wing=(0.2, 0.2, 0.21), flight=BLACK, fringe=None,
                beak_length=0.17, slender=0.8),
    ],
    "raptor": [
        HAWK,
        replace(HAWK, span=1.02, belly=DARK, head=(0.42, 0.31, 0.2), wing=BROWN, under=DARK,
                under_flight=(0.42, 0.36, 0.31), barred=False, beak_length=0.09, stout=1.15),
        replace(HAWK, span=1.02, back=DARK, wing=(0.24, 0.18, 0.14), head=WHITE, under=DARK,
                belly=(0.22, 0.16, 0.12), under_flight=(0.25, 0.2, 0.16), beak=YELLOW, rump=WHITE,
                barred=False, beak_length=0.1, hood=0.4, flight=DARK),
        replace(HAWK, back=(0.5, 0.27, 0.15), belly=(0.58, 0.32, 0.17), head=(0.72, 0.68, 0.62),
                wing=(0.46, 0.29, 0.19), tail=0.32, fork=0.5, under=(0.52, 0.3, 0.18), span=0.96,
                under_flight=(0.75, 0.72, 0.68), barred=False, rump=(0.62, 0.34, 0.18), stout=0.95),
        replace(HAWK, back=BLACK, belly=BLACK, head=(0.55, 0.2, 0.18), wing=BLACK, flight=BLACK,
                under=(0.13, 0.12, 0.12), under_flight=(0.5, 0.49, 0.48), head_size=0.75, span=1.04,
                barred=False, tip=BLACK),
        replace(HAWK, belly=WHITE, head=WHITE, under=WHITE, under_flight=(0.6, 0.57, 0.53),
                shape="gull", span=0.98, tip=DARK, tip_from=0.8),
        replace(HAWK, back=SLATE, wing=SLATE, flight=(0.26, 0.28, 0.32), belly=WHITE, cap=DARK,
                shape="scythe", span=0.8, under_flight=(0.72, 0.7, 0.67), stout=1.1, tail=0.22),
        replace(HAWK, head=SAND, belly=(0.85, 0.78, 0.66), back=(0.62, 0.48, 0.32), head_size=1.55,
                beak_length=0.02, slender=0.0, under=WHITE, under_flight=(0.85, 0.82, 0.76),
                wing=(0.62, 0.48, 0.32), flight=(0.55, 0.43, 0.3), shape="rounded", tail=0.15,
                span=0.86),  # an owl
    ],
    "crow": [
        CROW,
        CROW,
        replace(CROW, span=0.85, fork=-0.5, tail=0.28, hooked=True, beak_length=0.13),
        replace(CROW, belly=WHITE, under_flight=(0.6, 0.6, 0.62), wing=(0.12, 0.18, 0.35),
                tail=0.5, fork=-0.6, shape="songbird", span=0.62, stout=0.95, hood=0.8),
        replace(CROW, back=GREY, belly=GREY, hood=0.5),
    ],
    "pigeon": [
        PIGEON,
        replace(PIGEON, back=DUN, belly=(0.74, 0.62, 0.58), head=(0.7, 0.6, 0.55), wing=DUN,
                flight=(0.36, 0.31, 0.27), tail=0.27, fork=-0.2, fringe=None),
        replace(PIGEON, back=WHITE, belly=WHITE, head=WHITE, wing=WHITE, flight=WHITE, tip=WHITE,
                under=WHITE, under_flight=WHITE, fringe=None),
        replace(PIGEON, back=(0.2, 0.5, 0.2), belly=(0.55, 0.7, 0.25), head=(0.3, 0.6, 0.25),
                wing=(0.2, 0.52, 0.24), flight=(0.15, 0.3, 0.5), under=YELLOW, tip=(0.1, 0.2, 0.35),
                under_flight=(0.5, 0.55, 0.3), hooked=True, beak=RED, tail=0.42, fork=-0.7,
                fringe=None, head_size=1.1),  # a parrot
    ],
    "swallow": [
        SWALLOW,
        replace(SWALLOW, belly=WHITE, under=(0.6, 0.6, 0.6), fork=0.35, tail=0.2, rump=BLACK),
        replace(SWALLOW, back=DARK, belly=DARK, head=DARK, wing=DARK, flight=DARK, under=DARK,
                under_flight=(0.3, 0.26, 0.23), span=0.9, tail=0.18, fork=0.4),  # a swift
    ],
    "waterfowl": [
        DUCK,
        replace(DUCK, head=(0.5, 0.42, 0.33), belly=SAND, beak=(0.7, 0.5, 0.2)),
        replace(DUCK, back=BLACK, belly=WHITE, head=BLACK, wing=BLACK, flight=WHITE, beak=SLATE,
                neck=0.22, under=WHITE),
        replace(DUCK, back=WHITE, belly=WHITE, head=WHITE, wing=WHITE, flight=WHITE, under=WHITE,
                under_flight=WHITE, tip=WHITE, neck=0.9, span=0.98, fringe=None, stout=1.15,
                beak=ORANGE, leg=HORN),  # a swan
        GOOSE,
        replace(GOOSE, head=DUN, beak=ORANGE, leg=ORANGE, back=DUN),
        replace(GOOSE, back=BLACK, belly=BLACK, wing=BLACK, flight=BLACK, under=BLACK, rump=BLACK,
                under_flight=(0.18, 0.17, 0.17), hooked=True, beak=SAND, tail=0.2, stout=0.9,
                span=0.82, legs=0.12, perches=("rock", "branch", "water")),  # a cormorant
    ],
    "wader": [
        HERON,
        replace(HERON, back=WHITE, wing=WHITE, flight=WHITE, under=WHITE, under_flight=WHITE,
                tip=WHITE, leg=HORN),
        replace(HERON, back=WHITE, wing=WHITE, flight=BLACK, under=WHITE, under_flight=BLACK,
                tip=BLACK, leg=RED, beak=RED, folds_neck=False, neck=0.5),  # a stork
        replace(HERON, back=SLATE, belly=GREY, head=SLATE, wing=GREY, folds_neck=False, neck=0.7,
                cap=RED, beak_length=0.16),  # a crane
        replace(HERON, back=(0.92, 0.62, 0.56), wing=(0.92, 0.55, 0.5), under=(0.9, 0.5, 0.45),
                belly=(0.94, 0.72, 0.66), head=(0.94, 0.7, 0.64), leg=(0.85, 0.5, 0.5),
                flight=(0.9, 0.5, 0.45), under_flight=BLACK, tip=BLACK, beak_length=0.14,
                hooked=True, neck=0.85, folds_neck=False, shape="duck", stout=0.8),
        replace(HERON, back=WHITE, belly=WHITE, wing=WHITE, under=WHITE, flight=(0.3, 0.3, 0.32),
                stout=1.15, beak_length=0.42, beak=ORANGE, legs=0.1, span=1.1, head_size=0.9,
                neck=0.4, perches=("water", "rock"), shape="broad"),  # a pelican
        replace(HERON, back=(0.45, 0.38, 0.3), belly=WHITE, head=DUN, wing=(0.45, 0.38, 0.3),
                flight=DARK, under=WHITE, under_flight=(0.7, 0.68, 0.65), shape="tern", span=0.72,
                neck=0.12, legs=0.32, beak_length=0.18, folds_neck=False, stout=0.9, fringe=WHITE,
                perches=("ground", "water", "rock")),  # a sandpiper
    ],
    "songbird": [
        SONGBIRD,
        SONGBIRD,
        replace(SONGBIRD, back=(0.62, 0.15, 0.12), belly=(0.78, 0.17, 0.12),
                head=(0.75, 0.13, 0.1), wing=(0.5, 0.16, 0.14), under=(0.7, 0.35, 0.3),
                beak=ORANGE, flight=(0.3, 0.14, 0.13)),
        replace(SONGBIRD, back=(0.2, 0.38, 0.66), belly=WHITE, head=(0.22, 0.4, 0.68),
                wing=(0.18, 0.34, 0.6), flight=(0.15, 0.22, 0.36)),
        replace(SONGBIRD, back=BROWN, belly=(0.78, 0.72, 0.62), head=(0.42, 0.3, 0.22), wing=BROWN,
                flight=(0.28, 0.2, 0.15), fringe=(0.55, 0.45, 0.35)),
        replace(SONGBIRD, back=DUN, belly=(0.84, 0.42, 0.2), head=DUN, wing=DUN, flank=-0.1),
        replace(SONGBIRD, back=BLACK, belly=BLACK, head=BLACK, wing=BLACK, flight=BLACK,
                under=(0.16, 0.15, 0.15), under_flight=(0.3, 0.29, 0.28), beak=ORANGE, tail=0.3),
        replace(SONGBIRD, back=DARK, belly=(0.2, 0.2, 0.24), head=DARK, wing=(0.2, 0.17, 0.15),
                under=(0.4, 0.36, 0.32), tail=0.17, shape="pigeon", beak_length=0.08,
                beak=YELLOW),  # a starling
        replace(SONGBIRD, back=(0.1, 0.42, 0.6), belly=ORANGE, head=(0.1, 0.4, 0.58),
                wing=(0.1, 0.38, 0.5), beak_length=0.17, tail=0.12, head_size=1.2, slender=0.8,
                flight=(0.1, 0.22, 0.32)),  # a kingfisher
    ],
}  # fmt: skip
SPECIES = [species for group in KINDS.values() for species in group]
