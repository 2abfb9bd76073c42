"""A kind of bird, before it is drawn: its proportions, and the colours of its plumage."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data_scripts.drones.planforms import PLANFORMS, Planform

Colour = tuple[float, float, float]
HORN, ORANGE = (0.22, 0.20, 0.19), (0.86, 0.45, 0.13)  # of most beaks and legs


@dataclass(frozen=True)
class Species:
    """Colours in sRGB; lengths over the body's, about 0.5 units.

    wing, under: a wing's coverts, above and below; flight, under_flight: its flight feathers;
    fringe: a bar along their ends; tip: the wing's, from the share `tip_from` of its length.
    flank: how far up the belly's colour reaches; hood: how far down the neck the head's reaches.
    shape: of the wings, by name; span: of one wing. fork: of the tail, below 0 for a wedge.
    slender: 1 for a long flat head. upright: how far a sitting bird's back leans up, in radians;
    legs: a standing bird's. folds_neck: flies with its neck drawn in.
    """

    back: Colour
    belly: Colour
    head: Colour
    wing: Colour
    flight: Colour
    under: Colour
    under_flight: Colour
    tip: Colour
    beak: Colour = HORN
    leg: Colour = ORANGE
    shape: str = "songbird"
    span: float = 0.66
    stout: float = 1.0
    neck: float = 0.1
    head_size: float = 1.0
    beak_length: float = 0.07
    tail: float = 0.2
    fork: float = 0.0
    legs: float = 0.14
    upright: float = 0.5
    perches: tuple[str, ...] = ("branch", "wire", "ground", "rock")
    slender: float = 0.2
    hooked: bool = False
    barred: bool = False
    folds_neck: bool = False
    fringe: Colour | None = None
    cap: Colour | None = None
    rump: Colour | None = None
    tip_from: float = 0.72
    flank: float = 0.2
    hood: float = 0.35

    @property
    def planform(self) -> Planform:
        return PLANFORMS[self.shape]


def individual(rng: np.random.Generator, species: Species) -> Species:
    """One bird of a species: colours and proportions vary a little."""
    shade = rng.normal(0, 0.05)

    def vary(colour: Colour) -> Colour:
        return tuple(np.clip(np.array(colour) * (1 + shade) + rng.normal(0, 0.02, 3), 0.03, 0.96))

    return replace(
        species,
        back=vary(species.back),
        belly=vary(species.belly),
        head=vary(species.head),
        wing=vary(species.wing),
        flight=vary(species.flight),
        under=vary(species.under),
        under_flight=vary(species.under_flight),
        stout=species.stout * rng.uniform(0.9, 1.12),
        neck=species.neck * rng.uniform(0.75, 1.15),
        span=species.span * rng.uniform(0.92, 1.08),
        tail=species.tail * rng.uniform(0.9, 1.12),
        upright=species.upright + rng.normal(0, 0.12),
    )


def in_shade(species: Species, darkness: float) -> Species:
    """The same bird against the light: its colours all but gone, up to a darkness of 1."""

    def dim(colour: Colour | None) -> Colour | None:
        return colour and tuple(np.array(colour) * (1 - darkness) + 0.06 * darkness)

    names = ("back", "belly", "head", "wing", "flight", "under", "under_flight", "tip", "beak",
             "leg", "fringe", "cap", "rump")  # fmt: skip
    return replace(species, **{name: dim(getattr(species, name)) for name in names})
