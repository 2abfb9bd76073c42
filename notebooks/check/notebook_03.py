"""Checks of notebook 03's exercises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from check.verdict import close, need, number, verdict
from helpers.evaluation import accuracy_interval


@verdict
def ex_03_1(rate: float) -> str:
    rate = number(rate)
    need(rate > 0, "a learning rate has to be above 0.")
    need(
        rate < 2e-3, "that is phase 1's own rate or more: pretrained features would not survive it."
    )
    need(
        rate <= 2e-4 * 1.001,
        "that is more than a tenth of phase 1's rate; start at a tenth or less.",
    )
    need(rate >= 2e-6, "so small that phase 2 would hardly move; a tenth to a hundredth is usual.")
    return "A tenth or less, and early stopping will tell if even that was too much."


@verdict
def ex_03_2(points: float) -> str:
    low, high = accuracy_interval(180, 200)
    width = 100 * (high - low)
    need(not close(points, width / 100, 0.02), "that is a share; give percentage points.")
    need(not close(points, width / 2, 0.05), "that is half of it, one side; give the whole width.")
    need(
        abs(number(points) - width) < 0.3,
        f"{number(points):.1f} is not it: low, high = evaluation.accuracy_interval(180, 200), "
        "and then "
        "100 * (high - low).",
    )
    return "Two models that differ by three points on 200 images may well be equally good."


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
