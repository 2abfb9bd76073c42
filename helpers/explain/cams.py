"""Which parts of an image a TransferModel's answer rests on: class activation maps.

The formulas are pytorch-grad-cam's. How good a map is, `pointing` and `faithfulness` measure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from helpers.explain.methods import METHODS, Probe
from helpers.models.inference import evaluating, new_accelerator
from helpers.models.transfer import TransferModel

Images = torch.Tensor | Sequence[torch.Tensor]  # (N, 3, H, W), or N times (3, H, W) of any size
Targets = int | Sequence[int] | np.ndarray | torch.Tensor | None


def cam_maps(
    model: TransferModel,
    images: Images,
    targets: Targets = None,
    method: str | Sequence[str] = "GradCAM",
    batch_size: int = 16,
) -> np.ndarray | list[np.ndarray] | dict[str, np.ndarray | list[np.ndarray]]:
    """One map per image: where the evidence for one class, or one label, lies.

    A map is as coarse as the backbone's output (7 x 7 cells for 224 x 224 pixels), enlarged to the
    image. It is scaled by its own least and greatest value, so maps tell where, never how strongly:
    two of them can't be compared in strength. A map without any evidence, or the same evidence
    everywhere, is 0 everywhere.

    The methods, all on the backbone's output, so that nothing runs backwards through the backbone:
      GradCAM    channels weighted by their mean gradient (Selvaraju et al. 2017). With average
                 pooling this is the classifier's own weights (CAM, Zhou et al. 2016).
      GradCAM++  weights that count several objects of a class alike (Chattopadhay et al. 2018).
      LayerCAM   each cell weighted by its own gradient (Jiang et al. 2021).
      ScoreCAM   weights without gradients: the class's score of the image seen through each channel
                 (Wang et al. 2020). One more prediction per channel that is not all zero, hundreds
                 per image: about 25 seconds for 224 x 224 pixels on one CPU core.
      EigenCAM   first principal component of the channels (Muhammad & Yeasin 2020). It doesn't
                 depend on the class: the same map whatever `targets` says.

    GradCAM++ and LayerCAM count positive gradients alone. Of 1280 channels hundreds have one for
    any class, so their maps of two classes hardly differ: they find the object, not what speaks for
    one class and against the other. GradCAM's maps differ.

    Args:
        model: frozen or not, in any mode; it works on the fastest device and is afterwards where
            and as it was, gradients included.
        images: (N, 3, H, W), uint8 or normalised as the model wants it; or a list of (3, H, W),
            whose sizes may differ.
        targets: the output to explain, from 0 on: one for all images, or one per image. None takes
            the strongest output of each image.
        method: a name from above (METHODS), or several, which share the backbone's work.
        batch_size: images at a time.

    Returns: float32 (N, H, W) in [0, 1]; for a list of images a list of (H, W). For several methods
        one of these by name.
    Raises: ValueError for an unknown method, a target that the model has not, or images of another
        form.
    """
    methods = [method] if isinstance(method, str) else list(method)
    maps = _draw(model, images, [(name, targets) for name in methods], batch_size)
    return maps[0] if isinstance(method, str) else dict(zip(methods, maps, strict=True))


def label_maps(
    model: TransferModel,
    images: Images,
    labels: Sequence[int] | None = None,
    method: str = "GradCAM",
    batch_size: int = 16,
) -> np.ndarray | list[np.ndarray]:
    """One map per image and label: `cam_maps` for each label, with the backbone's work shared.

    Args:
        labels: outputs of the model, from 0 on; None for all of them.
        model, images, method, batch_size: see `cam_maps`.

    Returns: float32 (N, L, H, W) in [0, 1]; for a list of images a list of (L, H, W).
    Raises: ValueError as `cam_maps` does.
    """
    labels = range(model.num_classes) if labels is None else labels
    maps = _draw(model, images, [(method, int(label)) for label in labels], batch_size)
    if isinstance(images, torch.Tensor):
        return np.stack(maps, axis=1)
    return [np.stack(of_one) for of_one in zip(*maps, strict=True)]


def _draw(
    model: TransferModel, images: Images, requests: list[tuple[str, Targets]], batch_size: int
) -> list[np.ndarray | list[np.ndarray]]:
    """Maps as `cam_maps` returns them, one set for each (method, targets) that is wanted."""
    for method, _ in requests:
        if method not in METHODS:
            raise ValueError(f"method is {method!r}; known: {', '.join(METHODS)}.")
    check_images(images)
    targets = [check_targets(model, given, len(images)) for _, given in requests]
    maps: list[Any] = [[None] * len(images) for _ in requests]
    if isinstance(images, torch.Tensor):
        maps = [np.zeros((len(images), *images.shape[2:]), np.float32) for _ in requests]
    with (
        evaluating(model, new_accelerator().device),
        torch.inference_mode(False),
        torch.enable_grad(),
    ):
        probe = Probe(model)
        for rows, batch in batches(images, batch_size):
            batch = model.normalise(batch)  # here, so that each method gets the very same tensor
            for place, (method, _) in enumerate(requests):
                chosen, numbers = None, targets[place]
                if numbers is not None:
                    chosen = [ClassifierOutputTarget(int(numbers[row])) for row in rows]
                # Not in a `with`: the library's would print an IndexError and go on.
                cam = METHODS[method](probe, [probe.layer])
                for row, one_map in zip(rows, cam(batch, chosen), strict=True):
                    maps[place][row] = one_map
    return maps


def check_images(images: Images) -> None:
    """Raises: ValueError for images of another form than `cam_maps` takes."""
    is_tensor = isinstance(images, torch.Tensor)
    dimensions = 4 if is_tensor else 3
    for image in [images] if is_tensor else images:
        if image.ndim != dimensions or image.shape[-3] != 3:
            raise ValueError(
                f"images have shape {tuple(image.shape)}; give a tensor (N, 3, H, W), or a list of "
                "tensors (3, H, W)."
            )
        if image.dtype != torch.uint8 and not image.is_floating_point():
            raise ValueError(f"images are {image.dtype}; give uint8, as eval_transform makes them.")


def batches(images: Images, batch_size: int) -> Iterator[tuple[list[int], torch.Tensor]]:
    """Images of one shape together: their places (n,) and themselves (n, 3, H, W)."""
    shapes = [tuple(image.shape) for image in images]
    for shape in dict.fromkeys(shapes):
        rows = [row for row, other in enumerate(shapes) if other == shape]
        for start in range(0, len(rows), batch_size):
            chosen = rows[start : start + batch_size]
            yield chosen, torch.stack([images[row] for row in chosen])


def check_targets(model: TransferModel, targets: Targets, count: int) -> np.ndarray | None:
    """Targets as one number per image (count,), or None where the model is to choose.

    Raises: ValueError for a number that is no output of the model, or another count.
    """
    if targets is None:
        return None
    numbers = torch.as_tensor(targets).cpu().numpy()
    if numbers.dtype.kind not in "iu" or numbers.shape not in ((), (count,)):
        raise ValueError(
            f"targets are {numbers.dtype} of shape {numbers.shape} for {count} images; give one "
            "whole number, or one per image (label_maps makes a map of each label)."
        )
    wrong = numbers[(numbers < 0) | (numbers >= model.num_classes)]
    if wrong.size:
        raise ValueError(
            f"target {wrong.flat[0]} is no output of the model; it has {model.num_classes}, "
            f"numbered 0 to {model.num_classes - 1}."
        )
    return np.broadcast_to(numbers, (count,))
