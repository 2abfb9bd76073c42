"""Does the model really look where a map says? Measures that change the image, or the model.

Maps are (N, H, W), or a list of (H, W), as `explain.cam_maps` makes them or anything else does.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from scipy.integrate import trapezoid
from torchvision.transforms.functional import gaussian_blur

from helpers.explain.cams import Images, Targets, check_images, check_targets
from helpers.explain.pointing import Maps
from helpers.models.inference import evaluating, new_accelerator
from helpers.models.seeding import seeded
from helpers.models.transfer import TransferModel

BLUR = 10 / 224  # standard deviation, of the shorter side: 10 pixels of 224


def deletion_curves(
    model: TransferModel,
    images: Images,
    maps: Maps | Mapping[str, Maps],
    targets: Targets = None,
    steps: int = 16,
    ground: str = "mean",
    batch_size: int = 16,
) -> np.ndarray | dict[str, np.ndarray]:
    """Probability of the target while pixels are removed, the map's highest first.

    RISE (Petsiuk et al. 2018). If the model does look where the map says, the curve falls early:
    the smaller the area under it, the better. Pixels that a map ranks alike go in random order.

    Args:
        model: in any mode, which it keeps.
        images: (N, 3, H, W), or a list of (3, H, W).
        maps: as many, of the images' sizes; or several such, by name. Those share the predictions
            for the whole image and for none of it.
        targets: see `cam_maps`; None is the class that the model gives the whole image.
        steps: parts of equal size that the image is removed in; one prediction each.
        ground: what is put in place of a pixel: the image's "mean" colour, or its "blur".
        batch_size: altered images at a time.

    Returns: (N, steps + 1), from the whole image to none of it; for maps by name one by name.
    Raises: ValueError for maps, targets or a ground that do not fit.
    """
    return _curves(model, images, maps, targets, steps, ground, batch_size, insert=False)


def insertion_curves(
    model: TransferModel,
    images: Images,
    maps: Maps | Mapping[str, Maps],
    targets: Targets = None,
    steps: int = 16,
    ground: str = "blur",
    batch_size: int = 16,
) -> np.ndarray | dict[str, np.ndarray]:
    """Probability of the target while pixels are added to a blurred image, the highest first.

    As `deletion_curves`, from none of the image to the whole: the greater the area, the better.
    """
    return _curves(model, images, maps, targets, steps, ground, batch_size, insert=True)


def area_under(curves: np.ndarray) -> np.ndarray:
    """Curves (N, steps + 1) to the areas under them (N,) by the trapezoidal rule; widths are 1."""
    return trapezoid(curves, x=np.linspace(0, 1, np.shape(curves)[1]), axis=1)


def randomised_models(model: TransferModel, seed: int = 0) -> Iterator[tuple[str, TransferModel]]:
    """The model with ever more of it random, from the head down to the input.

    The cascading sanity check of Adebayo et al. 2018: a map that hardly changes meanwhile shows the
    image, not what the model learned. Compare with `rank_correlation`. Layers start anew as PyTorch
    starts them (`reset_parameters`), batch norm with its statistics.

    Yields: (name, model) from ("head", ...) over the last block to ("block 1", ...), as
        `parameter_groups` names them; each model is a copy of its own, on the same device.
    """
    device, changed = next(model.parameters()).device, copy.deepcopy(model).cpu()
    blocks = [(f"block {number}", block) for number, block in enumerate(changed._blocks, start=1)]
    for step, (name, block) in enumerate([*blocks, ("head", [changed.head])][::-1]):
        # Not the seed itself: training may have begun with it, and a head would start as it did.
        with seeded(seed, step):
            for module in block:
                module.apply(_reset)
        yield name, copy.deepcopy(changed).to(device)


def _reset(module: torch.nn.Module) -> None:
    if hasattr(module, "reset_parameters"):
        module.reset_parameters()


def _fit(images: Images, maps: Maps) -> None:
    check_images(images)
    shapes = [tuple(image.shape[1:]) for image in images]
    given = [np.shape(one) for one in maps]
    if shapes != given:
        raise ValueError(f"maps have shapes {given[:3]}..., images {shapes[:3]}...; make them fit.")


def _ranks(one_map: np.ndarray) -> np.ndarray:
    """A map's values to ranks in [0, 1], all different: equal ones in an order of no direction."""
    one_map = np.asarray(one_map)
    shuffled = np.random.default_rng(0).permutation(one_map.size)
    order = shuffled[np.argsort(one_map.ravel()[shuffled])]
    ranks = np.empty(one_map.size, np.float32)
    ranks[order] = np.linspace(0, 1, one_map.size, dtype=np.float32)
    return ranks.reshape(one_map.shape)


@torch.no_grad()
def _curves(
    model: TransferModel,
    images: Images,
    maps: Maps | Mapping[str, Maps],
    targets: Targets,
    steps: int,
    ground: str,
    batch_size: int,
    insert: bool,
) -> np.ndarray | dict[str, np.ndarray]:
    if ground not in GROUNDS:
        raise ValueError(f"ground is {ground!r}; known: {', '.join(GROUNDS)}.")
    named = maps if isinstance(maps, Mapping) else {"": maps}
    for one_kind in named.values():
        _fit(images, one_kind)
    targets = check_targets(model, targets, len(images))
    shares = torch.linspace(0, 1, steps + 1)[1:-1].view(-1, 1, 1, 1)
    curves = np.zeros((len(named), len(images), steps + 1))
    with evaluating(model, new_accelerator().device):
        for row, image in enumerate(images):
            image = model.normalise(image[None])[0].cpu()
            other = GROUNDS[ground](image)
            start, end = (other.expand_as(image), image) if insert else (image, other)
            altered = [start[None], end.expand_as(image)[None]]
            for one_kind in named.values():
                first = 1 - torch.from_numpy(_ranks(one_kind[row]))  # 0 the first to go or come
                altered.append(torch.where(first < shares, end, start))  # (steps - 1, 3, H, W)
            answers = torch.cat(
                [
                    model.probabilities(model(batch)).cpu()
                    for batch in torch.cat(altered).split(batch_size)
                ]
            )
            whole = answers[1 if insert else 0]
            answers = answers[:, whole.argmax() if targets is None else int(targets[row])]
            curves[:, row, 0], curves[:, row, -1] = answers[:2]
            curves[:, row, 1:-1] = answers[2:].view(len(named), steps - 1)
    return dict(zip(named, curves, strict=True)) if isinstance(maps, Mapping) else curves[0]


def _blurred(image: torch.Tensor) -> torch.Tensor:
    sigma = BLUR * min(image.shape[1:])
    width = 2 * int(2 * sigma) + 1
    for kernel in ([width, 1], [1, width]):  # one after the other: a tenth of the time of both
        image = gaussian_blur(image, kernel, [sigma] * 2)
    return image


GROUNDS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "mean": lambda image: image.mean(dim=(1, 2), keepdim=True),
    "blur": _blurred,
}
