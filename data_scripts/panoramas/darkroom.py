"""What a photographer makes of a picture: exposure, colour, grain, a camera held aslant."""

from __future__ import annotations

import cv2
import numpy as np

from data_scripts.panoramas.scenes import Scene

DARKEST, LIGHTEST, LIGHTEST_SUNSET = 0.30, 0.62, 0.48  # means of a picture that a camera gives
DARKEST_AT_NIGHT = 0.22
TONES = [(0.94, 1.0, 1.05), (0.96, 1.02, 0.98), (1.01, 0.97, 1.03)]


def graded(rng: np.random.Generator, image: np.ndarray, scene: Scene) -> np.ndarray:
    """Exposure, white balance, saturation and fade of a photographer's taste, (H, W, 3).

    Within what leaves the labels true: no grey day turns orange, no sunset grey, no sand white,
    no snow yellow, no field of flowers as blue as the sea.
    """
    coloured, snowy = bool({"sunset", "desert"} & set(scene.labels)), "snow" in scene.parts
    flowers = bool({"blossom", "heath"} & set(scene.parts))
    if rng.random() < 0.3 and "print" not in scene.parts:
        image = tilted(rng, image)
    image = cv2.pow(np.clip(image, 0, 1.2), float(np.exp(rng.normal(0, 0.18))))
    grey = image.mean(axis=2, keepdims=True)
    mean = max(float(grey.mean()), 0.08)
    darkest = DARKEST_AT_NIGHT if scene.mood == "night" else DARKEST
    darkest *= 0.75 if rng.random() < 0.15 else 1.0
    lightest = LIGHTEST_SUNSET if "sunset" in scene.labels else LIGHTEST
    exposure = np.float32(np.clip(mean, darkest, lightest) / mean)  # a camera meters the light
    image, grey = image * exposure, grey * exposure
    # an empty plain without its green could be anything, and so could a strip of sea
    certain = scene.labels and not scene.water
    if not coloured and rng.random() < (0.42 if certain else 0.05):  # black and white
        toned = certain and rng.random() < 0.4
        image = grey * np.float32(TONES[rng.integers(len(TONES))] if toned else (1, 1, 1))
    else:
        saturation = rng.uniform(*((0.62, 1.1) if coloured else (0.5, 1.2)))
        image = grey + (image - grey) * np.float32(saturation)
        warm, green = rng.normal(0, 0.05), rng.normal(0, 0.012)
        coldest = -0.02 if flowers else -0.12
        warm = abs(warm) if coloured else np.clip(warm, coldest, 0.0 if snowy else 0.04)
        image *= np.float32([1 + warm, 1 + green, 1 - warm])
    if rng.random() < 0.35:  # shadows and lights tinted apart
        dark, light = rng.normal(0, 0.02, 3), rng.normal(0, 0.015, 3)
        image += dark.astype(np.float32) + (light - dark).astype(np.float32) * grey
    if rng.random() < 0.4:  # faded
        lift = np.float32(rng.uniform(0.03, 0.16 if coloured else 0.2))
        image = lift + image * (0.95 - 1.2 * lift)
    if rng.random() < 0.4:  # high sensitivity: coarse grain
        coarse = rng.normal(0, rng.uniform(0.02, 0.075), image.shape[:2])
        image += coarse.astype(np.float32)[..., None]
    return shouldered(image)


def tilted(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """As from a camera that was not held level, by up to 8 degrees; no empty corners."""
    height, width = image.shape[:2]
    angle = rng.uniform(2, 8) * rng.choice([-1, 1])
    angle *= min(1.0, 2.2 * height / width)  # a wide picture would lose too much
    turn = abs(np.radians(angle))
    zoom = np.cos(turn) + max(width / height, height / width) * np.sin(turn)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), float(angle), float(zoom))
    return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)


def shouldered(image: np.ndarray, knee: float = 0.68, top: float = 0.93) -> np.ndarray:
    """Highlights bent below `top`, as film and cameras do, so that skies keep their colour."""
    over = np.maximum(image - np.float32(knee), 0)
    room = np.float32(top - knee)
    return np.minimum(image, np.float32(knee)) + room * over / (room + over)
