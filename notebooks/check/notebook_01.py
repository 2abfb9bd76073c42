"""Checks of notebook 01's exercises."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch

from check.verdict import close, need, number, verdict
from helpers.data import Transform, eval_transform


@verdict
def ex_01_1(share: float, files: pd.DataFrame) -> str:
    usable = files[files["problem"] == ""]
    shorter = usable[["width", "height"]].min(axis=1)
    right, longer = (shorter < 224).mean(), (usable[["width", "height"]].max(axis=1) < 224).mean()
    need(
        not close(share, 100 * right) or close(share, right),
        "that is in per cent; give a share, 0 to 1.",
    )
    need(
        not close(share, longer) or close(right, longer),
        "that counts images whose *longer* side is below 224; take the minimum of each row.",
    )
    need(
        not close(share, (shorter < 224).sum()) or close(share, right),
        "that is a number of images; divide by how many usable ones there are.",
    )
    need(
        close(share, right),
        f"{number(share):.4f} is not it: keep the rows whose problem is '', take the smaller of "
        "width and height in each, and then the mean of 'is it below 224?'.",
    )
    return "The mean of booleans is the share of those that are true."


@verdict
def ex_01_2(imbalance: Callable[[Sequence[int]], float]) -> str:
    value = imbalance([30, 10, 20])
    need(value is not None, "your function returns None: replace the ... by a return statement.")
    need(not close(value, 1 / 3), "that is the smallest divided by the largest; turn it round.")
    need(close(value, 3), f"30, 10 and 20 images give {value}; 30 / 10 = 3 was expected.")
    need(close(imbalance([7, 7]), 1), "two classes of 7 images each are balanced: 1 was expected.")
    try:
        empty = imbalance([5, 0])
    except ZeroDivisionError:
        empty = None
    need(
        empty == float("inf"),
        'your function fails on a class without images, or hides it: return float("inf"), so that '
        "nobody overlooks it.",
    )
    return "Print such a number for every data set that you are handed."


@verdict
def ex_01_3(mine: Transform, photo: np.ndarray) -> str:
    need(callable(mine), "give a transform: data.Transform((224, 224), [...]).")
    views = [mine(photo, seed=seed) for seed in range(8)]
    first = views[0]
    need(
        isinstance(first, torch.Tensor),
        "your transform does not give a tensor; use data.Transform.",
    )
    need(
        first.dtype == torch.uint8 and tuple(first.shape) == (3, 224, 224),
        f"a view is {first.dtype} of shape {tuple(first.shape)}; uint8 (3, 224, 224) was expected.",
    )
    need(torch.equal(first, mine(photo, seed=0)), "the same seed gives two different views.")
    plain = eval_transform((224, 224))(photo).float()
    sharp = [_roughness(view.float()) for view in (plain, *views)]
    need(
        max(sharp[1:]) < 0.98 * sharp[0],
        "the views are as sharp as the image: is the blur in your list, with p=1?",
    )
    mirrored = [
        (view.float() - plain.flip(2)).abs().mean() < (view.float() - plain).abs().mean()
        for view in views
    ]
    need(any(mirrored), 'none of eight views is mirrored: add "mirror" to the list.')
    need(not all(mirrored), "all of eight views are mirrored; half of them should be.")
    return "Now look at it as the notebook does, and ask whether you could still name the class."


def _roughness(image: torch.Tensor) -> float:
    """How much neighbouring pixels differ."""
    return image.diff(dim=2).abs().mean().item()
