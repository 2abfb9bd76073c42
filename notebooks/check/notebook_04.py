"""Checks of notebook 04's exercises."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from check.verdict import close, need, number, verdict
from helpers.data import PIXEL_BUDGET
from helpers.models import SpatialPyramidPooling


@verdict
def ex_04_1(features: int) -> str:
    bins = 36 + 9 + 4 + 1
    need(
        not close(features, bins, 1e-9),
        "that is the number of bins; each keeps one number a channel.",
    )
    need(not close(features, 12 * 512, 1e-9), "level 6 has 6 × 6 bins, not 6.")
    need(
        close(features, bins * 512, 1e-9),
        f"{number(features):,.0f} is not it: add up level × level for each level, times 512 "
        "channels.",
    )
    return "Any map gives 25,600 numbers, so one linear layer fits all."


@verdict
def ex_04_2(images: int) -> str:
    exact = PIXEL_BUDGET / (320 * 448)
    need(not close(images, exact, 1e-6), "only whole images fit: round down.")
    need(
        close(images, int(exact), 1e-9),
        f"{number(images):g} is not it: the budget is 16 × 224 × 224 pixels, one image has 320 × "
        "448.",
    )
    return "More pixels an image, fewer images a batch: the cost of a batch stays about the same."


@verdict
def ex_04_3(pyramid: Callable[[torch.Tensor, Sequence[int]], torch.Tensor]) -> str:
    generator = torch.Generator().manual_seed(0)
    for shape, levels in (((2, 5, 7, 7), (3, 1)), ((1, 3, 5, 11), (3, 2)), ((2, 2, 2, 9), (4, 1))):
        maps = torch.randn(shape, generator=generator)
        given = pyramid(maps, levels)
        need(given is not None, "your function returns None: replace the ... by your code.")
        wanted = SpatialPyramidPooling(levels, mode="avg")(maps)
        need(
            tuple(given.shape) == tuple(wanted.shape),
            f"maps {shape} with levels {levels} give {tuple(given.shape)}; {tuple(wanted.shape)} "
            "was "
            "expected: flatten each level's bins from dimension 1 on, and join them along "
            "dimension 1.",
        )
        maxima = SpatialPyramidPooling(levels)(maps)
        need(not torch.allclose(given, maxima), "those are maxima; this exercise wants means.")
        need(
            torch.allclose(given, wanted, atol=1e-5),
            f"the shape is right, the numbers are not (levels {levels}): are the levels joined "
            "in the "
            "order given?",
        )
    return "Means or maxima, three levels or two: a pyramid is a few lines."
