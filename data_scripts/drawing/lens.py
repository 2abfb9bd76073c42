"""What lens, sensor and file format do to a picture."""

from __future__ import annotations

import cv2
import numpy as np


def motion_kernel(length: float, angle: float) -> np.ndarray:
    """A line of the given length (pixels) and angle (radians), as a blur kernel."""
    size = int(np.ceil(length)) | 1
    size = max(size, 3)
    kernel = np.zeros((size, size), np.float32)
    middle = (size - 1) / 2
    reach = (length - 1) / 2
    for step in np.linspace(-reach, reach, 4 * size):
        x, y = middle + step * np.cos(angle), middle + step * np.sin(angle)
        kernel[int(round(y)), int(round(x))] += 1
    return kernel / kernel.sum()


def blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur; nothing where it would not show."""
    return image if sigma < 0.3 else cv2.GaussianBlur(image, (0, 0), sigma)


def defocused(image: np.ndarray, radius: float) -> np.ndarray:
    """Out of focus by a disc of that radius in pixels; wide ones at reduced size, for speed."""
    if radius < 0.7:
        return image
    height, width = image.shape[:2]
    shrink = max(1.0, radius / 3)
    small = cv2.resize(
        image, (max(2, int(width / shrink)), max(2, int(height / shrink))),
        interpolation=cv2.INTER_AREA,
    )  # fmt: skip
    reach = max(1, round(radius / shrink))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2).astype(np.float32)
    small = cv2.filter2D(small, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def developed(rng: np.random.Generator, image: np.ndarray, grey_share: float = 0.06) -> np.ndarray:
    """A scene (H, W, 3) float sRGB as a camera records it, uint8: tone, vignette, noise.

    grey_share: how many pictures lose some or all of their colour.
    """
    height, width = image.shape[:2]
    balance = rng.normal(1.0, 0.02, 3) * np.exp(rng.normal(0, 0.08))
    contrast = rng.uniform(0.88, 1.12)
    image = image * (balance * contrast).astype(np.float32)
    image += np.float32(0.5 - 0.5 * contrast)
    if rng.random() < grey_share:  # black and white, or nearly so
        grey = image.mean(axis=2, keepdims=True)
        image += (grey - image) * np.float32(rng.uniform(0.5, 1.0))
    if rng.random() < 0.5:
        x = np.linspace(-1, 1, width, dtype=np.float32)[None]
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        image *= (1 - np.float32(rng.uniform(0.05, 0.25)) * (x * x + y * y) / 2)[..., None]
    sigma = np.exp(rng.uniform(np.log(0.002), np.log(0.018)))
    grain = rng.standard_normal((height, width), np.float32)
    speckle = rng.standard_normal((height // 2 + 1, width // 2 + 1, 3), np.float32)
    speckle = cv2.resize(speckle, (width, height), interpolation=cv2.INTER_LINEAR)
    speckle += grain[..., None]
    speckle *= np.float32(sigma)
    image += speckle
    image *= 255
    return cv2.convertScaleAbs(np.maximum(image, 0, out=image))
