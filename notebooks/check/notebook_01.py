"""Checks of notebook 01's exercises."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch

from check.verdict import close, need, verdict
from helpers.data import Transform, eval_transform


@verdict
def ex_01_1(most_elongated: str, files: pd.DataFrame) -> str:
    usable = files[files["problem"] == ""]
    sides = usable[["width", "height"]]
    ratio = sides["width"] / sides["height"]
    long = sides.max(axis=1) / sides.min(axis=1) > 1.5
    shares, counts = (long.groupby(usable["class"]).agg(how) for how in ("mean", "sum"))
    wide = (ratio > 1.5).groupby(usable["class"]).mean()
    need(
        isinstance(most_elongated, str) and most_elongated in shares.index,
        f"{most_elongated!r} is no class; give one of {', '.join(shares.index)}.",
    )
    given = shares[most_elongated]
    for other, slip in (
        (wide, "tall ones count too: divide the longer side by the shorter."),
        (counts, "that class has the most such images; divide by how many it has in all."),
    ):
        need(given == shares.max() or other[most_elongated] < other.max(), slip)
    need(
        given == shares.max(),
        f"in {most_elongated} it is {given:.0%}, and another class has more: divide the longer "
        "side by the shorter, ask whether that is above 1.5, and take the mean for each class.",
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
