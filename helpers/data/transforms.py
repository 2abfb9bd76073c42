"""An image of any size to a uint8 tensor, with and without augmentation.

The only module that imports albumentations, and it does so when the first transform is made: that
takes a second, and it may look for a newer version over the network unless `helpers.course.setup`
has been called.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

if TYPE_CHECKING:
    import albumentations as A

Size = tuple[int, int] | Callable[[int, int], tuple[int, int]]  # (height, width), or a rule for it

# Each augmentation of the course, in one place: albumentations class, parameters, probability.
AUGMENTATIONS = {
    "brightness/contrast": (
        "RandomBrightnessContrast",
        {"brightness_limit": 0.2, "contrast_limit": 0.2},
        0.4,
    ),
    "hue/saturation": (
        "HueSaturationValue",
        {"hue_shift_limit": 12, "sat_shift_limit": 35, "val_shift_limit": 15},
        0.4,
    ),
    "shift-scale-rotate": (
        "Affine",
        {
            "translate_percent": (-0.08, 0.08),
            "scale": (0.85, 1.2),
            "rotate": (-20, 20),
            "border_mode": cv2.BORDER_REFLECT_101,
        },
        0.6,
    ),
    "grid distortion": (
        "GridDistortion",
        {"num_steps": 5, "distort_limit": 0.25, "border_mode": cv2.BORDER_REFLECT_101},
        0.15,
    ),
    "rotate90": ("RandomRotate90", {}, 0.1),
    "mirror": ("HorizontalFlip", {}, 0.5),
}

ELONGATED = 4  # longer side by shorter side; beyond it an image is cut before it is scaled
CROPS = {"": "", "center": "CenterCrop", "random": "RandomCrop"}


class Transform:
    """A chain of albumentations as a plain function of image and seed.

    Args:
        size: (height, width) in pixels, or a rule that gives the shape for an image's height and
            width (`ShapeRule`); images are resized to it, not cropped or padded.
        augmentations: names from AUGMENTATIONS, or made steps; after resizing, but for the quarter
            turn, which comes before and is left out where a rule keeps aspect ratios.
        crop: "" for none; "center" or "random": instead of squashing to `size`, keep the aspect
            ratio, let the image reach an eighth beyond `size`, and cut.
        zoom: the least share of the area that is looked at: a random part of the image, about as
            wide for its height as `size`, is what is resized (Szegedy et al. 2015). 1 is all of it.
    """

    def __init__(
        self,
        size: Size,
        augmentations: Sequence[str | A.BasicTransform] = (),
        crop: str = "",
        zoom: float = 1.0,
    ):
        self.size, self.crop, self.zoom = size, crop, zoom
        if not 0 < zoom <= 1 or (crop and zoom < 1):
            raise ValueError(f"zoom is {zoom}; it is a share of the area, and 1 beside crop.")
        if crop not in CROPS:
            raise ValueError(f"crop is {crop!r}; known: '', 'center', 'random'.")
        if crop and (callable(size) or size[0] != size[1]):
            raise ValueError("to crop, size must be one square, such as (224, 224).")
        steps = [augmentation(step) if isinstance(step, str) else step for step in augmentations]
        turns = [step for step in steps if type(step).__name__ == "RandomRotate90"]
        self._turns = [] if callable(size) else turns
        self._steps = [step for step in steps if step not in turns]
        self._chains: dict[tuple[int, int], A.Compose] = {}

    def shape_for(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) that an image of this height and width is resized to."""
        return self.size(height, width) if callable(self.size) else self.size

    def least_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) below which an image of this height and width must not be decoded."""
        shape = self.shape_for(height, width)
        if self.crop:
            scale = _around(shape) / min(height, width)
            return math.ceil(scale * height), math.ceil(scale * width)
        if self._turns:
            shape = max(shape), max(shape)
        height, width = (math.ceil(side / math.sqrt(self.zoom)) for side in shape)
        return height, width

    def __call__(
        self,
        image: np.ndarray,
        seed: int | Sequence[int] = 0,
        shape: tuple[int, int] | None = None,
    ) -> torch.Tensor:
        """uint8 (H, W, 3) to a uint8 tensor (3, h, w); the same seed gives the same view.

        shape: (h, w), for an image that was decoded at a reduced size; by default it follows from
            the image's own.
        """
        return torch.from_numpy(self.view(image, seed, shape)).permute(2, 0, 1)

    def view(
        self,
        image: np.ndarray,
        seed: int | Sequence[int] = 0,
        shape: tuple[int, int] | None = None,
    ) -> np.ndarray:
        """The same as an array (h, w, 3), for looking at."""
        chain = self._chain(tuple(shape or self.shape_for(*image.shape[:2])))
        entropy = np.random.SeedSequence(seed).generate_state(1)[0]
        if self.crop:
            image = _strip(image, None if self.crop == "center" else np.random.default_rng(entropy))
        chain.set_random_seed(int(entropy))
        return np.ascontiguousarray(chain(image=image)["image"])

    def _chain(self, shape: tuple[int, int]) -> A.Compose:
        if shape not in self._chains:
            # Area averaging when shrinking: bilinear would skip pixels and lose a drone's arms.
            how = {"interpolation": cv2.INTER_LINEAR, "area_for_downscale": "image"}
            if not self.crop and self.zoom == 1:
                resize = [_step("Resize", *shape, **how)]
            elif not self.crop:
                wide = shape[1] / shape[0]
                part = {"scale": (self.zoom, 1.0), "ratio": (wide * 0.8, wide * 1.25)}
                resize = [_step("RandomResizedCrop", shape, **part, **how)]
            else:
                longer = _step("SmallestMaxSize", _around(shape), **how)
                resize = [longer, _step(CROPS[self.crop], *shape)]
            self._chains[shape] = _step("Compose", [*self._turns, *resize, *self._steps])
        return self._chains[shape]

    def __repr__(self) -> str:
        steps = [*self._turns, *self._steps]
        return f"Transform({self.size}, {steps}, crop={self.crop!r}, zoom={self.zoom})"


def _strip(image: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
    """A part of an image that is longer than ELONGATED times its width: the middle, or at random.

    The square that will be cut lies in it. Scaled as a whole, an image of 30,000 × 2 pixels would
    become one of hundreds of millions.
    """
    height, width = image.shape[:2]
    length = ELONGATED * min(height, width)
    if max(height, width) <= length:
        return image
    spare = max(height, width) - length
    start = spare // 2 if rng is None else int(rng.integers(spare + 1))
    part = slice(start, start + length)
    return image[part] if height > width else image[:, part]


def _around(shape: tuple[int, int]) -> int:
    return max(shape) * 8 // 7


def _step(name: str, *arguments, **options) -> A.BasicTransform | A.Compose:
    import albumentations

    return getattr(albumentations, name)(*arguments, **options)


def train_transform(
    size: Size = (224, 224),
    augmentations: Sequence[str] = tuple(AUGMENTATIONS),
    crop: bool = False,
    zoom: float = 1.0,
) -> Transform:
    """Resize to `size` (height, width) or by a rule, and augment, each name with its probability.

    A rule keeps aspect ratios, so with one the quarter turn (rotate90) is left out: a turned image
    would no longer have the shape of its batch. `crop` cuts a random part of this size instead of
    squashing; `zoom` below 1 looks at a random part of at least this share of the area.
    """
    return Transform(size, augmentations, "random" if crop else "", zoom)


def eval_transform(size: Size = (224, 224), crop: bool = False) -> Transform:
    """Resize to `size` (height, width) or by a rule, and nothing else: always the same view.

    `crop` cuts out the middle in this size instead of squashing.
    """
    return Transform(size, (), "center" if crop else "")


def augmentation(name: str, probability: float | None = None) -> A.BasicTransform:
    """One entry of AUGMENTATIONS; `probability=1` applies it always, to look at it."""
    if name not in AUGMENTATIONS:
        raise ValueError(f"no augmentation {name!r}; there are {', '.join(AUGMENTATIONS)}.")
    kind, parameters, default = AUGMENTATIONS[name]
    return _step(kind, **parameters, p=default if probability is None else probability)


def augmentation_gallery(
    image: np.ndarray, views: int = 4, size: tuple[int, int] = (224, 224), seed: int = 0
) -> dict[str, list[np.ndarray]]:
    """The image, each augmentation alone, always applied, then all together as in training.

    Returns: name to up to `views` different uint8 arrays of shape `size`; "original, resized" to
        the image as it is and its squashed form.
    """
    transforms = {
        name: Transform(size, [augmentation(name, probability=1)]) for name in AUGMENTATIONS
    }
    transforms["all, as in training"] = train_transform(size)
    gallery = {"original, resized": [image, eval_transform(size).view(image)]}
    for name, transform in transforms.items():
        shown = [transform.view(image, seed=(seed, view)) for view in range(views)]
        gallery[name] = list({view.tobytes(): view for view in shown}.values())
    return gallery
