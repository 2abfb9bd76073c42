"""What a landscape holds: its labels, and the parts that are drawn for them and for none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_scripts.drawing.chance import pick
from data_scripts.panoramas.deserts import DESERTS
from data_scripts.panoramas.field_objects import THINGS
from data_scripts.panoramas.groves import GROVES
from data_scripts.panoramas.plains import PLAINS
from data_scripts.panoramas.weather import DAYS, SUNSETS

LABELS = ("desert", "mountains", "sea", "sunset", "trees")
# How many of 1,000 pictures bear each set of labels: as in 2,112 photographs, but for more deserts,
# which are too seldom there to learn from a few hundred pictures.
LABEL_SETS = {
    "": 125, "trees": 180, "mountains": 85, "sea": 75, "desert": 62, "sunset": 55,
    "mountains trees": 80, "sea sunset": 72, "sunset trees": 66, "sea trees": 48,
    "mountains sea": 40, "mountains sunset": 28, "desert mountains": 26, "desert sunset": 22,
    "mountains sunset trees": 22, "mountains sea trees": 26, "sea sunset trees": 30,
    "mountains sea sunset": 18, "desert trees": 14, "desert mountains sunset": 9,
    "desert sea": 5, "desert sunset trees": 5, "mountains sea sunset trees": 5,
    "desert mountains trees": 2,
}  # fmt: skip
TINTED = ("warm", "dust", "amber")
PART_LABELS = {
    "day": None, "evening": "sunset", "range": "mountains", "mesas": "desert", "sea": "sea",
    "beach": None, "drifts": None, "mist": None, "tufts": None, **dict.fromkeys(THINGS),
    **dict.fromkeys(DESERTS, "desert"), **dict.fromkeys(PLAINS), **dict.fromkeys(GROVES, "trees"),
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


def ground_parts(rng: np.random.Generator, labels: set[str], shore: bool, mood: str) -> list[str]:
    """The land, from the horizon on; none where the sea fills the picture."""
    if "desert" in labels:
        kind = pick(rng, {"dunes": 6, "low dunes": 2.5, "stony flat": 0 if shore else 3})
        lone = kind == "stony flat" or (not labels & {"mountains", "sea"} and rng.random() < 0.2)
        front = [pick(rng, {"steppe": 3, "heath": 1, "meadow": 1})]
        behind = not shore and kind != "stony flat" and rng.random() < 0.25
        return (["mesas"] if lone else []) + [kind] + (front if behind else [])
    if "sea" in labels:
        kinds = {"beach": 6, "meadow": 1.5, "heath": 1, "steppe": 1, "moor": 0.5}
        return [pick(rng, kinds)] if shore else []
    drifts = 0 if mood in SUNSETS or mood in TINTED else 2  # in coloured light they are dunes
    kinds = {"meadow": 4, "steppe": 5, "rows": 3, "fields": 2.5, "snow": 1.5, "drifts": drifts,
             "heath": 1.5, "moor": 1.5, "blossom": 1.5}  # fmt: skip
    return [pick(rng, kinds)]


def describe(rng: np.random.Generator, labels: tuple[str, ...]) -> Scene:
    """A scene that holds what the labels say, and nothing else that would deserve one."""
    told = set(labels)
    shape = panorama_size(rng)
    mood = pick(rng, SUNSETS if "sunset" in told else DAYS)
    if mood == "fog" and told & {"mountains", "desert", "sea"}:
        mood = "overcast"  # nobody could tell what stands in it
    if "sea" in told and mood in TINTED:  # brown water is taken for land
        mood = ("streaked", "fair", "violet")[TINTED.index(mood)]
    shore = "sea" in told and (bool(told & {"trees", "desert"}) or rng.random() < 0.6)
    ground = ground_parts(rng, told, shore, mood)
    peaks = rng.uniform(0.09, 0.14) if rng.random() < 0.35 else rng.uniform(0.14, 0.42)
    peaks = min(peaks, 0.26) if "sea" in told else peaks
    hilly = not told & {"sea", "desert"} and rng.random() < (0.2 if "mountains" in told else 0.5)
    horizon = rng.uniform(0.3, 0.74)
    if "mountains" in told:
        horizon = max(horizon, min(peaks * 1.15 + 0.14, 0.78))
    parts = ["evening" if "sunset" in told else "day"]
    parts += ["range"] if "mountains" in told else []
    parts += ["sea"] if "sea" in told else []
    parts += ground
    plain = bool(ground) and not told & {"desert"}
    if ground and rng.random() < (0.4 if plain else 0.3):
        kinds = {"boulders": 3, "bales": 2 if ground[-1] in ("steppe", "rows") else 0,
                 "fence": 2 if plain and "sea" not in told else 0.2,
                 "cacti": 4 if "desert" in told else 0}  # fmt: skip
        parts.append(pick(rng, kinds))
    if plain and not told & {"sea", "sunset"} and rng.random() < 0.15:
        parts.append("mist")
    if "trees" in told:
        parts.append(tree_part(rng, told))
    if ground and ground[-1] in ("meadow", "steppe", "heath") and rng.random() < 0.5:
        parts.append("tufts")
    return Scene(
        labels=tuple(label for label in LABELS if label in told),
        shape=shape,
        mood=mood,
        parts=tuple(parts),
        horizon=horizon,
        focal=rng.uniform(0.8, 1.9),
        eye=float(np.exp(rng.uniform(np.log(2.0), np.log(18.0)))),
        hills=rng.uniform(0.0, 0.11) if hilly else 0.0,
        peaks=peaks,
        side=pick(rng, {"all": 5, "left": 2, "right": 2, "middle": 2}),
        water=float(np.exp(rng.uniform(-3.6, -1.2))) if shore else 0.0,
    )


def tree_part(rng: np.random.Generator, labels: set[str]) -> str:
    if "desert" in labels:
        return pick(rng, {"few trees": 5, "grove": 3, "framing tree": 1})
    if "sea" in labels:
        return pick(rng, {"few trees": 4, "grove": 4, "framing tree": 3})
    return pick(rng, {"few trees": 4, "grove": 4, "forest edge": 4, "framing tree": 2, "forest": 3})


def draw_labels(rng: np.random.Generator) -> tuple[str, ...]:
    """A set of labels as LABEL_SETS has them."""
    return tuple(pick(rng, LABEL_SETS).split())
