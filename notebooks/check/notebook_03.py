"""Checks of notebook 03's exercises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from check.verdict import close, need, number, verdict
from helpers.evaluation import accuracy_interval


class _Small(nn.Module):
    """A network of the two parts that the exercise names."""

    def __init__(self):
        super().__init__()
        self.features, self.head = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU()), nn.Linear(4, 2)


@verdict
def ex_03_1(groups: Callable[[nn.Module], list[dict]]) -> str:
    network = _Small()
    given = groups(network)
    need(given is not None, "your function returns None: replace the ... by a return statement.")
    need(
        isinstance(given, (list, tuple)) and all(isinstance(group, dict) for group in given),
        'give a list of dicts, {"params": ..., "lr": ...} each.',
    )
    optimizer = torch.optim.AdamW(list(given))
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    for name, part, wanted in (
        ("features", network.features, 2e-4),
        ("head", network.head, 6e-4),
    ):
        need(
            all(id(p) in rates for p in part.parameters()),
            f"not every parameter of network.{name} is in a group, so it would never learn.",
        )
        rate = rates[id(next(part.parameters()))]
        need(
            name == "head" or not close(rate, 2e-3, 1e-6),
            "the backbone has phase 1's own rate: pretrained features might not survive it.",
        )
        need(
            close(rate, wanted, 1e-6),
            f"network.{name} learns at {rate:.0e}; {wanted:.0e} was expected.",
        )
    return "This is all that fine-tuning at two rates takes, in any project."


@verdict
def ex_03_2(needed: int) -> str:
    count = number(needed)
    need(count >= 1, f"{count:g} images? Give a number of images, such as 300.")
    low, high = accuracy_interval(round(0.9 * count), round(count))
    width = 100 * (high - low)
    need(
        width <= 4.15,
        f"with {count:,.0f} images the interval is {width:.1f} points wide: you need more.",
    )
    need(
        width >= 3.8,
        f"with {count:,.0f} images the interval is only {width:.1f} points wide: fewer will do.",
    )
    return "Half the width takes four times the images: a test set can hardly be too large."


@verdict
def ex_03_3(make: Callable[[int], object]) -> str:
    need(
        isinstance(make, type),
        "give the class itself, without calling it: check.ex_03_3(Patience).",
    )
    for losses, wanted in (
        ([3, 2, 1, 1.5, 1.4, 1.3], 5),
        ([3, 2.5, 2.6, 2.4, 2.5, 2.6], 6),
        ([1, 2, 0.9, 2, 2], 5),
    ):
        stopper, stopped = make(2), None
        for epoch, loss in enumerate(losses, start=1):
            answer = stopper.step(loss)
            need(answer is not None, "step() returns None: it has to return True (stop) or False.")
            if answer and stopped is None:
                stopped = epoch
        need(
            stopped == wanted,
            f"with a patience of 2 and losses {losses} you stop after epoch {stopped}; {wanted} "
            "was "
            "expected: two epochs in a row without a new best.",
        )
    stopper = make(2)
    answers = [bool(stopper.step(loss)) for loss in (1.0, np.nan, np.nan)]
    need(answers[-1], "a loss of nan never counts as better: after two of them it has to stop.")
    return "The course's version also restores the best weights, which are some epochs older."
