"""Image to tensor, with and without augmentation. The only module that imports albumentations."""

from __future__ import annotations

import os
from collections.abc import Sequence

import cv2
import numpy as np
import torch

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # no version check over the network
import albumentations as A  # noqa: E402

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

# Each augmentation of the course, in one place: (albumentations class, parameters, probability).
AUGMENTATIONS = {
    "brightness/contrast": (
        A.RandomBrightnessContrast,
        {"brightness_limit": 0.2, "contrast_limit": 0.2},
        0.4,
    ),
    "hue/saturation": (
        A.HueSaturationValue,
        {"hue_shift_limit": 12, "sat_shift_limit": 35, "val_shift_limit": 15},
        0.4,
    ),
    "shift-scale-rotate": (
        A.Affine,
        {
            "translate_percent": (-0.08, 0.08),
            "scale": (0.85, 1.2),
            "rotate": (-20, 20),
            "border_mode": cv2.BORDER_REFLECT_101,
        },
        0.6,
    ),
    "grid distortion": (
        A.GridDistortion,
        {"num_steps": 5, "distort_limit": 0.25, "border_mode": cv2.BORDER_REFLECT_101},
        0.15,
    ),
    "rotate90": (A.RandomRotate90, {}, 0.1),
    "mirror": (A.HorizontalFlip, {}, 0.5),
}


class Transform:
    """A chain of albumentations as a plain function of image and seed.

    Args:
        steps: albumentations transforms, uint8 image to uint8 image.
        mean, std: per channel, for pixel values in [0, 1]; None leaves out normalisation and the
            result stays a uint8 (H, W, 3) array, for looking at.
    """

    def __init__(
        self,
        steps: Sequence[A.BasicTransform],
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
    ):
        self._chain = A.Compose(list(steps))
        self.mean, self.std = mean, std

    def __call__(self, image: np.ndarray, seed: int | Sequence[int] = 0):
        """uint8 (H, W, 3) to float32 tensor (3, h, w); the same seed gives the same view."""
        entropy = np.random.SeedSequence(seed).generate_state(1)[0]
        self._chain.set_random_seed(int(entropy))
        image = self._chain(image=image)["image"]
        if self.mean is None:
            return image
        scaled = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1).float() / 255
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (self.mean, self.std))
        return (scaled - mean) / std

    def __repr__(self) -> str:
        return f"Transform({self._chain!r}, mean={self.mean}, std={self.std})"


def train_transform(
    size: tuple[int, int] = (224, 224),
    mean: Sequence[float] | None = IMAGENET_MEAN,
    std: Sequence[float] | None = IMAGENET_STD,
    augmentations: Sequence[str] = tuple(AUGMENTATIONS),
) -> Transform:
    """Resize to `size` (height, width), then each named augmentation with its probability."""
    return Transform(_steps(size, {name: augmentation(name) for name in augmentations}), mean, std)


def eval_transform(
    size: tuple[int, int] = (224, 224),
    mean: Sequence[float] | None = IMAGENET_MEAN,
    std: Sequence[float] | None = IMAGENET_STD,
) -> Transform:
    """Resize to `size` (height, width) and nothing else: every call gives the same view."""
    return Transform([_resize(size)], mean, std)


def augmentation(name: str, probability: float | None = None) -> A.BasicTransform:
    """One entry of AUGMENTATIONS; `probability=1` applies it always, to look at it."""
    if name not in AUGMENTATIONS:
        raise ValueError(f"no augmentation {name!r}; there are {', '.join(AUGMENTATIONS)}.")
    kind, parameters, default = AUGMENTATIONS[name]
    return kind(**parameters, p=default if probability is None else probability)


def augmentation_gallery(
    image: np.ndarray, views: int = 4, size: tuple[int, int] = (224, 224), seed: int = 0
) -> dict[str, list[np.ndarray]]:
    """The image, each augmentation alone, always applied, then all together as in training.

    Returns: name to up to `views` different uint8 arrays of shape `size`; "original, resized" to
        the image as it is and its squashed form.
    """
    chains = {}
    for name in AUGMENTATIONS:
        chains[name] = Transform(_steps(size, {name: augmentation(name, probability=1)}))
    chains["all, as in training"] = train_transform(size, mean=None)
    gallery = {"original, resized": [image, eval_transform(size, mean=None)(image)]}
    for name, chain in chains.items():
        shown = [chain(image, seed=(seed, view)) for view in range(views)]
        gallery[name] = list({view.tobytes(): view for view in shown}.values())
    return gallery


def _steps(size: tuple[int, int], chosen: dict[str, A.BasicTransform]) -> list[A.BasicTransform]:
    # A quarter turn after resizing would turn a wide size into a tall one.
    turn = [step for name, step in chosen.items() if name == "rotate90"]
    return [*turn, _resize(size), *(s for name, s in chosen.items() if name != "rotate90")]


def _resize(size: tuple[int, int]) -> A.Resize:
    height, width = size
    # Area averaging when shrinking: bilinear would skip pixels and lose a small drone's arms.
    return A.Resize(height, width, interpolation=cv2.INTER_LINEAR, area_for_downscale="image")
