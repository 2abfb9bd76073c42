"""From labels and a seed to one photograph of a landscape: paint its parts, then take it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import cv2
import numpy as np

from data_scripts.drawing.lens import blurred, developed
from data_scripts.panoramas import deserts, field_objects, groves, mountains, plains, seas, weather
from data_scripts.panoramas.scenes import LABELS, PART_LABELS, Scene, describe, draw_labels
from data_scripts.panoramas.skies import paint_sky
from data_scripts.panoramas.terrain import Eye, Seen
from data_scripts.panoramas.weather import Mood

PAINTED = 230_000  # pixels that a landscape is painted in; larger pictures are enlarged from it
NOTICED = 0.05  # least difference, of 0 to 1, that is seen
MASK_STEP = 4  # masks keep every fourth row and column
# The least share of the picture that makes a label true: less than this nobody would notice.
LEAST = {"desert": 0.05, "mountains": 0.015, "sea": 0.045, "sunset": 0.10, "trees": 0.007}


EXPOSED = (0.2, 0.68)  # mean of a picture; beyond these it shows nothing


@dataclass(frozen=True)
class Panorama:
    """image (H, W, 3) uint8 RGB; scene: what it shows; shares: of the picture that shows each
    label; quality: of its JPEG file."""

    image: np.ndarray
    scene: Scene
    shares: dict[str, float]
    quality: int


@dataclass
class Canvas:
    """A picture in the making.

    image (H, W, 3) float32; masks: where each label is seen, (H / 4, W / 4); land: the ground that
    things stand on; shore: where it ends.
    """

    eye: Eye
    mood: Mood
    image: np.ndarray
    masks: dict[str, np.ndarray] = field(default_factory=dict)
    land: Seen | None = None
    shore: seas.Shore | None = None

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

    def claim_seen(self, label: str | None, seen: Seen | None, before: np.ndarray) -> None:
        if seen is not None:
            cover = np.zeros(self.eye.shape, np.float32)
            cover[seen.top : seen.top + len(seen.cover)] = seen.cover
            self.claim(label, cover, before)


def paint_part(rng: np.random.Generator, canvas: Canvas, scene: Scene, part: str) -> None:
    """Draw one part of the scene into the canvas, in place."""
    eye, mood, image, label = canvas.eye, canvas.mood, canvas.image, PART_LABELS[part]
    dry, before = "desert" in scene.labels, canvas.reduced()
    if part in ("day", "evening"):
        image[:] = paint_sky(rng, eye, mood)
        canvas.claim(label, np.ones(eye.shape, np.float32), before)
    elif part == "range":
        seen = mountains.mountains(rng, eye, mood, image, scene.peaks, scene.side, dry)
        canvas.claim_seen(label, seen, before)
    elif part == "mesas":
        canvas.claim_seen(label, deserts.mesas(rng, eye, mood, image), before)
    elif part == "sea":
        canvas.shore = seas.shoreline(rng, eye, scene.water) if scene.water else None
        canvas.claim_seen(label, seas.sea(rng, eye, mood, image, canvas.shore), before)
    elif part in deserts.DESERTS or part == "drifts":
        canvas.land = deserts.desert(rng, eye, mood, image, part, canvas.shore)
        canvas.claim_seen(label, canvas.land, before)
    elif part in plains.PLAINS or part == "beach":
        colours = None
        if part == "beach":
            colours = partial(seas.beach_colours, rng, eye, shore=canvas.shore)
        edge = canvas.shore
        if dry:  # other land in front of the sand
            edge = seas.shoreline(rng, eye, float(rng.uniform(0.08, 0.25)))
        canvas.land = plains.plain(rng, eye, mood, image, part, scene.hills, edge, colours)
        canvas.claim_seen(label, canvas.land, before)
    elif part == "mist":
        field_objects.mist(rng, eye, mood, image)
    elif part == "tufts":
        row = image[int(0.97 * len(image))]
        plains.tufts(rng, eye, image, row.mean(axis=0), int(rng.integers(120, 500)))
    elif canvas.land is not None and part in groves.GROVES:
        where = "desert" if dry else "coast" if "sea" in scene.labels else "land"
        snowy = bool({"snow", "drifts"} & set(scene.parts))
        cover = groves.plant(rng, eye, mood, image, canvas.land, part, where, snowy)
        canvas.claim(label, cover, before)
    elif canvas.land is not None:
        field_objects.scatter(rng, eye, mood, image, canvas.land, part)


def paint(rng: np.random.Generator, scene: Scene) -> tuple[np.ndarray, dict[str, float]]:
    """The scene as (h, w, 3) float32 sRGB, at a reduced size if large, and each label's share."""
    height, width = scene.shape
    reduced = min(1.0, (PAINTED / (height * width)) ** 0.5)
    shape = round(height * reduced), round(width * reduced)
    eye = Eye(shape, scene.horizon * shape[0], scene.focal * shape[0], scene.eye)
    make = weather.evening if scene.mood in weather.SUNSETS else weather.day
    canvas = Canvas(eye, make(rng, scene.mood), np.zeros((*shape, 3), np.float32))
    for part in scene.parts:
        paint_part(rng, canvas, scene, part)
    shares = {label: float(mask.mean()) for label, mask in canvas.masks.items()}
    return canvas.image, shares


def graded(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Exposure, white balance, saturation and fade of a photographer's taste, (H, W, 3)."""
    image = cv2.pow(np.clip(image, 0, 1.2), float(np.exp(rng.normal(0, 0.22))))
    grey = image.mean(axis=2, keepdims=True)
    mean = max(float(grey.mean()), 0.08)
    exposure = np.float32(np.clip(mean, *EXPOSED) / mean)  # a camera meters the light
    image, grey = image * exposure, grey * exposure
    image = grey + (image - grey) * np.float32(rng.uniform(0.65, 1.25))
    warm, green = rng.normal(0, 0.055), rng.normal(0, 0.018)
    image *= np.float32([1 + warm, 1 + green, 1 - warm])
    if rng.random() < 0.35:  # shadows and lights tinted apart
        dark, light = rng.normal(0, 0.025, 3), rng.normal(0, 0.025, 3)
        image += dark.astype(np.float32) + (light - dark).astype(np.float32) * grey
    if rng.random() < 0.3:  # faded
        lift = np.float32(rng.uniform(0.03, 0.16))
        image = lift + image * (1 - lift)
    if rng.random() < 0.12:  # high sensitivity: coarse grain
        coarse = rng.normal(0, rng.uniform(0.015, 0.04), image.shape[:2])
        image += coarse.astype(np.float32)[..., None]
    return image


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
        image, shares = paint(rng, scene)
        if all(shares.get(label, 0) >= LEAST[label] for label in labels):
            break
    image = graded(rng, image)
    height, width = scene.shape
    if image.shape[:2] != scene.shape:
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
        image += np.float32(0.6) * (image - cv2.blur(image, (3, 3)))  # sharpened, as cameras do
    soft = rng.uniform(0, 0.6) + (rng.random() < 0.1) * rng.uniform(0, 0.004) * height
    image = developed(rng, blurred(image, soft), 0.0 if "sunset" in labels else 0.04)
    return Panorama(image, scene, shares, int(rng.integers(40, 96)))
