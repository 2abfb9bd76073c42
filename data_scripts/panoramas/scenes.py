"""What a landscape holds: its labels, and the parts that are drawn for them and for none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_scripts.drawing.chance import pick
from data_scripts.panoramas.deserts import DESERTS
from data_scripts.panoramas.field_objects import THINGS
from data_scripts.panoramas.frames import FRAMES
from data_scripts.panoramas.groves import GROVES
from data_scripts.panoramas.landmarks import LANDMARKS
from data_scripts.panoramas.plains import PLAINS
from data_scripts.panoramas.weather import DAYS, SUNSETS

LABELS = ("desert", "mountains", "sea", "sunset", "trees")
# How many of 1,000 pictures bear each set of labels: as in 2,112 photographs, but for more deserts,
# which are too seldom there to learn from a few hundred pictures.
LABEL_SETS = {
    "": 125, "trees": 180, "mountains": 85, "sea": 75, "desert": 62, "sunset": 55,
    "mountains trees": 80, "sea sunset": 72, "sunset trees": 66, "sea trees": 48,
    "mountains sea": 42, "mountains sunset": 28, "desert mountains": 28, "desert sunset": 23,
    "mountains sunset trees": 22, "mountains sea trees": 26, "sea sunset trees": 30,
    "mountains sea sunset": 18, "desert trees": 14, "desert mountains sunset": 9,
    "desert sunset trees": 5, "mountains sea sunset trees": 5, "desert mountains trees": 2,
}  # fmt: skip
PART_LABELS = {
    "day": None, "evening": "sunset", "range": "mountains", "sea": "sea", "beach": None,
    "mist": None, "grass": None, "rain": None, "snowfall": None, **dict.fromkeys(THINGS),
    **dict.fromkeys(LANDMARKS), **dict.fromkeys(FRAMES), **dict.fromkeys(DESERTS, "desert"),
    **dict.fromkeys(PLAINS), **dict.fromkeys(GROVES, "trees"),
}  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """A landscape before it is drawn.

    labels: some of LABELS; shape: (height, width) in pixels; mood: one of DAYS or SUNSETS; parts:
    keys of PART_LABELS in the order they are drawn; horizon: its row as a share of the height;
    focal: in picture heights; eye: the camera's height in metres; hills, peaks: how high they rise
    over the horizon, in picture heights; side: where peaks stand; water: share of the height that
    the sea takes in front of a shore, 0 without one.
    """

    labels: tuple[str, ...]
    shape: tuple[int, int]
    mood: str
    parts: tuple[str, ...]
    horizon: float
    focal: float
    eye: float
    hills: float
    peaks: float
    side: str
    water: float


def panorama_size(rng: np.random.Generator) -> tuple[int, int]:
    """(height, width): sides of 216 to 1,600 pixels, most of them wide, up to 4:1."""
    kind = rng.random()
    if kind < 0.42:
        aspect = rng.uniform(1.9, 4.1)
    elif kind < 0.88:
        aspect = rng.uniform(1.25, 1.8)
    else:
        aspect = rng.uniform(0.66, 1.1)
    longest = 1600 / max(aspect, 1 / aspect)
    short = 216 * (longest / 216) ** rng.beta(1.1, 2.0)
    height, width = (short, short * aspect) if aspect > 1 else (short / aspect, short)
    return int(np.clip(round(height), 216, 1600)), int(np.clip(round(width), 216, 1600))


def mood_for(rng: np.random.Generator, labels: set[str]) -> str:
    """An hour and weather in which a person can tell what the labels say."""
    if "sunset" in labels:
        return pick(rng, SUNSETS)
    unfit = set()
    if labels & {"mountains", "desert", "sea"}:
        unfit |= {"fog"}
    if "desert" in labels:  # sand under such a light is taken for snow or water
        unfit |= {"cold", "night", "storm"}
    return pick(rng, {name: weight for name, weight in DAYS.items() if name not in unfit})


def ground_part(rng: np.random.Generator, labels: set[str], shore: bool, mood: str) -> str | None:
    """The land in front; None where the sea fills the picture."""
    if "desert" in labels:
        dim = mood in SUNSETS  # in dim light only what is tall shows that it is a dune
        return pick(
            rng, {"dunes": 5, "low dunes": 0.0 if dim else 3, "stony desert": 1 if dim else 5}
        )
    if "sea" in labels:
        kinds = {"beach": 6, "meadow": 1.5, "heath": 0.7, "pasture": 0.7}
        return pick(rng, kinds) if shore else None
    kinds = {"meadow": 4.5, "pasture": 3, "hay": 4, "fields": 3, "snow": 2.5, "heath": 1.2,
             "blossom": 2.5}  # fmt: skip
    if mood in SUNSETS or mood in ("warm", "haze"):  # snow in their light looks like sand
        kinds |= {"snow": 0.0, "hay": 1.0}
    return pick(rng, kinds)


def describe(rng: np.random.Generator, labels: tuple[str, ...]) -> Scene:
    """A scene that holds what the labels say, and nothing else that would deserve one."""
    asked = set(labels)
    shape = panorama_size(rng)
    mood = mood_for(rng, asked)
    shore = "sea" in asked and ("trees" in asked or rng.random() < 0.85)
    ground = ground_part(rng, asked, shore, mood)
    peaks = rng.uniform(0.14, 0.2) if rng.random() < 0.8 else rng.uniform(0.2, 0.42)
    peaks = min(peaks, 0.3) if "sea" in asked else peaks
    hilly = not asked & {"sea", "desert", "mountains"} and rng.random() < 0.5
    horizon = rng.uniform(*((0.18, 0.66) if "sunset" in asked else (0.24, 0.76)))
    if "mountains" in asked:
        horizon = max(horizon, min(peaks * 1.15 + 0.14, 0.78))
    parts = ["evening" if "sunset" in asked else "day"]
    parts += ["range"] if "mountains" in asked else []
    parts += ["sea"] if "sea" in asked else []
    parts += [ground] if ground else []
    plain = ground in PLAINS
    if plain and ground != "snow" and rng.random() < 0.85:
        parts.append("grass")
    parts += standing_parts(rng, asked, ground)
    if plain and not asked & {"sea", "sunset"} and rng.random() < 0.12:
        parts.append("mist")
    if "trees" in asked:
        parts.append(tree_part(rng, asked))
    if mood in ("overcast", "storm", "cold", "fog") and rng.random() < 0.35:
        cold = ground == "snow" or (ground in (None, "beach") and rng.random() < 0.3)
        if "desert" not in asked:
            parts.append("snowfall" if cold else "rain")
    if rng.random() < 0.26:
        parts.append(FRAMES[rng.integers(len(FRAMES))])
    return Scene(
        labels=tuple(label for label in LABELS if label in asked),
        shape=shape,
        mood=mood,
        parts=tuple(parts),
        horizon=horizon,
        focal=rng.uniform(0.8, 1.9),
        eye=float(np.exp(rng.uniform(np.log(2.0), np.log(18.0)))),
        hills=rng.uniform(0.01, 0.04) if hilly else 0.0,
        peaks=peaks,
        side=pick(rng, {"all": 4, "left": 2, "right": 2, "middle": 2}),
        water=float(rng.uniform(0.08, 0.14)) if shore else 0.0,
    )


def standing_parts(rng: np.random.Generator, labels: set[str], ground: str | None) -> list[str]:
    """What stands in the land or floats above it and bears no label; often nothing."""
    plain = ground in PLAINS
    parts = []
    if plain and "sea" not in labels and rng.random() < 0.12:
        parts.append("town")
    if rng.random() < (1.0 if ground == "snow" else 0.55):  # snow alone could be anything
        inland = plain and "sea" not in labels
        dry = "desert" in labels and "trees" not in labels
        kinds = {"boulders": 3 if ground else 0, "bales": 3 if ground in ("hay", "pasture") else 0,
                 "fence": 2 if inland else 0, "cacti": 7 if dry else 0,
                 "houses": 2 if plain else 0, "church": 1 if plain else 0,
                 "windmills": 2.5 if inland else 0, "poles": 2.5 if ground else 0,
                 "boats": 5 if "sea" in labels else 0,
                 "balloons": 1.5 if ground != "snow" else 0}  # fmt: skip
        parts.append(pick(rng, kinds))
    return parts


def tree_part(rng: np.random.Generator, labels: set[str]) -> str:
    """One of GROVES."""
    if "desert" in labels:
        return pick(rng, {"few trees": 5, "grove": 3, "lone tree": 1, "framing tree": 1})
    if "sea" in labels:
        return pick(rng, {"few trees": 5, "grove": 3, "lone tree": 4, "framing tree": 2})
    return pick(rng, {"few trees": 6, "grove": 2.5, "forest edge": 1.5, "forest": 1,
                      "lone tree": 11, "framing tree": 1})  # fmt: skip


def draw_labels(rng: np.random.Generator) -> tuple[str, ...]:
    """A set of labels as LABEL_SETS has them."""
    return tuple(pick(rng, LABEL_SETS).split())
