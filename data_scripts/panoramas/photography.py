"""From labels and a seed to one photograph of a landscape: paint its parts, then take it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

import cv2
import numpy as np

from data_scripts.drawing.lens import blurred, developed
from data_scripts.panoramas import (
    darkroom,
    deserts,
    falling,
    field_objects,
    frames,
    groves,
    landmarks,
    mountains,
    plains,
    seas,
    weather,
)
from data_scripts.panoramas.ground_cover import grass
from data_scripts.panoramas.scenes import LABELS, PART_LABELS, Scene, describe, draw_labels
from data_scripts.panoramas.skies import paint_sky
from data_scripts.panoramas.terrain import Eye, Seen
from data_scripts.panoramas.weather import Mood

PAINTED = 230_000  # pixels that a landscape is painted in; larger pictures are enlarged from it
NOTICED = 0.05  # least difference, of 0 to 1, that is seen
WARM = 0.2  # least red above blue or green in what an evening sky is known by
MASK_STEP = 4  # masks keep every fourth row and column
# The least share of the picture that makes a label true: less than this nobody would notice.
LEAST = {"desert": 0.15, "mountains": 0.05, "sea": 0.07, "sunset": 0.08, "trees": 0.008}
TALLEST = 0.13  # least height of the highest peak, of the picture's
MOST_RISE = 0.03  # of the picture: gentle hills and dunes that nobody takes for mountains


@dataclass(frozen=True)
class Panorama:
    """image (H, W, 3) uint8 RGB; scene: what it shows; shares: of the picture that shows each
    label; rise: share that shows land above the horizon other than mountains: gentle hills, dunes;
    quality: of its JPEG file."""

    image: np.ndarray
    scene: Scene
    shares: dict[str, float]
    rise: float
    quality: int


@dataclass
class Canvas:
    """A picture in the making.

    image (H, W, 3) float32; masks: where each label is seen, (H / 4, W / 4); land: the ground that
    things stand on; water: the sea, under the land too; shore: where they meet; rise: see
    `Panorama`.
    """

    eye: Eye
    mood: Mood
    image: np.ndarray
    masks: dict[str, np.ndarray] = field(default_factory=dict)
    land: Seen | None = None
    water: Seen | None = None
    shore: seas.Shore | None = None
    rise: float = 0.0

    def reduced(self) -> np.ndarray:
        """A copy of the picture at the masks' size."""
        return self.image[::MASK_STEP, ::MASK_STEP].copy()

    def claim(self, label: str | None, cover: np.ndarray, before: np.ndarray) -> None:
        """The picture shows `label` (or what has none) where cover (H, W) is 1.

        before: the picture before that was drawn; where it looks the same as now, black trees on
        black ground say, the label is not seen.
        """
        cover = cover[::MASK_STEP, ::MASK_STEP]
        for mask in self.masks.values():
            mask *= 1 - cover
        if label is not None:
            changed = np.abs(self.reduced() - before).mean(axis=2) > NOTICED
            self.masks[label] = np.maximum(self.masks.get(label, 0), cover * changed)

    def open_water(self) -> Seen | None:
        """The sea where no land lies in front of it."""
        water, land = self.water, self.land
        if water is None or land is None:
            return water
        cover = np.zeros(self.eye.shape, np.float32)
        cover[water.top : water.top + len(water.cover)] = water.cover
        cover[land.top : land.top + len(land.cover)] *= 1 - land.cover
        return replace(water, cover=cover[water.top : water.top + len(water.cover)])

    def claim_seen(self, label: str | None, seen: Seen | None, before: np.ndarray) -> None:
        if seen is not None:
            cover = np.zeros(self.eye.shape, np.float32)
            cover[seen.top : seen.top + len(seen.cover)] = seen.cover
            self.claim(label, cover, before)
            if label != "mountains":
                self.rise += float(cover[: int(self.eye.horizon)].sum()) / cover.size


def paint_part(rng: np.random.Generator, canvas: Canvas, scene: Scene, part: str) -> None:
    """Draw one part of the scene into the canvas, in place."""
    eye, mood, image, label = canvas.eye, canvas.mood, canvas.image, PART_LABELS[part]
    dry, before = "desert" in scene.labels, canvas.reduced()
    if part in ("day", "evening"):
        image[:] = paint_sky(rng, eye, mood)
        warm = image[..., 0] - image[..., 1:].min(axis=2) > WARM
        canvas.claim(label, warm.astype(np.float32), before)
    elif part == "range":
        seen = mountains.mountains(rng, eye, mood, image, scene.peaks, scene.side, dry)
        canvas.claim_seen(label, seen, before)
    elif part == "sea":
        canvas.shore = seas.shoreline(rng, eye, scene.water) if scene.water else None
        canvas.water = seas.sea(rng, eye, mood, image, canvas.shore)
        canvas.claim_seen(label, canvas.water, before)
    elif part in deserts.DESERTS:
        canvas.land = deserts.desert(rng, eye, mood, image, part)
        canvas.claim_seen(label, canvas.land, before)
    elif part in plains.PLAINS or part == "beach":
        colours = None
        if part == "beach":
            colours = partial(seas.beach_colours, rng, eye, shore=canvas.shore)
        canvas.land = plains.plain(rng, eye, mood, image, part, scene.hills, canvas.shore, colours)
        canvas.claim_seen(label, canvas.land, before)
    elif part == "mist":
        field_objects.mist(rng, eye, mood, image)
    elif part in frames.FRAMES:
        canvas.claim(label, frames.framed(rng, mood, image, part), before)
    elif part in ("rain", "snowfall"):
        (falling.rain if part == "rain" else falling.snowfall)(rng, mood, image)
    elif part in landmarks.LANDMARKS:
        base = canvas.open_water() if part == "boats" else canvas.land
        landmarks.build(rng, eye, mood, image, base, part)
    elif canvas.land is None:
        return
    elif part == "grass":
        tall = rng.uniform(0.03, 0.16)
        grass(rng, eye, image, canvas.land, tall, "meadow" in scene.parts and rng.random() < 0.4)
    elif part in groves.GROVES:
        where = "desert" if dry else "coast" if "sea" in scene.labels else "land"
        cover = groves.plant(rng, eye, mood, image, canvas.land, part, where, "snow" in scene.parts)
        canvas.claim(label, cover, before)
    else:
        field_objects.scatter(rng, eye, mood, image, canvas.land, part)


def paint(rng: np.random.Generator, scene: Scene) -> tuple[np.ndarray, dict[str, float], float]:
    """The scene as (h, w, 3) float32 sRGB, at a reduced size if large; each label's share, and
    how much other land rises above the horizon."""
    height, width = scene.shape
    reduced = min(1.0, (PAINTED / (height * width)) ** 0.5)
    shape = round(height * reduced), round(width * reduced)
    eye = Eye(shape, scene.horizon * shape[0], scene.focal * shape[0], scene.eye)
    make = weather.evening if scene.mood in weather.SUNSETS else weather.day
    canvas = Canvas(eye, make(rng, scene.mood), np.zeros((*shape, 3), np.float32))
    for part in scene.parts:
        paint_part(rng, canvas, scene, part)
    shares = {label: float(mask.mean()) for label, mask in canvas.masks.items()}
    if "mountains" in shares and canvas.masks["mountains"].mean(axis=0).max() < TALLEST:
        shares["mountains"] = 0.0
    return canvas.image, shares, canvas.rise


def photograph(rng: np.random.Generator, labels: tuple[str, ...] | None = None) -> Panorama:
    """One landscape; of labels as they come, or of those given.

    Scenes are described and painted until one shows every label well. Raises ValueError for an
    unknown label.
    """
    labels = draw_labels(rng) if labels is None else labels
    for label in labels:
        if label not in LABELS:
            raise ValueError(f"unknown label {label!r}: choose among {', '.join(LABELS)}")
    while True:
        scene = describe(rng, labels)
        image, shares, rise = paint(rng, scene)
        if all(shares.get(label, 0) >= LEAST[label] for label in labels) and rise <= MOST_RISE:
            break
    image = darkroom.graded(rng, image, scene)
    height, width = scene.shape
    if image.shape[:2] != scene.shape:
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
        image += np.float32(0.6) * (image - cv2.blur(image, (3, 3)))  # sharpened, as cameras do
    soft = rng.uniform(0, 0.5) + (rng.random() < 0.16) * rng.uniform(0.002, 0.005) * height
    image = developed(rng, blurred(image, soft), 0.0)
    quality = rng.integers(14, 40) if rng.random() < 0.27 else rng.integers(40, 96)
    return Panorama(image, scene, shares, rise, int(quality))
