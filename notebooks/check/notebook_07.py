"""Checks of notebook 07's exercises."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from check.verdict import close, need, number, verdict
from helpers.evaluation import calibration_error


@verdict
def ex_07_1(error: float) -> str:
    need(not close(error, 0.1), "that is the gap of the first bin; average both bins.")
    need(
        not close(error, 0.05),
        "that is the plain mean of two gaps; weight each by how many answers its bin holds.",
    )
    need(not close(error, 2.5), "in per cent; give a share.")
    need(
        close(error, 0.025),
        f"{number(error):.3f} is not it: the gaps are 0.1 and 0, and the bins hold 100 and 300.",
    )
    return "Many easy answers make the error small: look at the figure, too."


@verdict
def ex_07_2(needed: float) -> str:
    wanted = math.log(19) / math.log(4)
    need(
        not close(needed, 0.95 / 0.8),
        "the *logits* are divided by the temperature, not the probabilities.",
    )
    need(not close(needed, 1 / wanted), "the other way round: the logits have to get smaller.")
    need(
        close(needed, wanted, 5e-3),
        f"{number(needed):.3f} is not it: the logit of 0.95 is log(0.95 / 0.05), that of 0.8 is "
        "log(0.8 / 0.2), and the temperature turns one into the other.",
    )
    return "A temperature above 1 moves every probability towards a half, and keeps their order."


@verdict
def ex_07_3(expected_calibration_error: Callable[[np.ndarray, np.ndarray], float]) -> str:
    rng = np.random.default_rng(0)
    for count, power in ((500, 1.0), (800, 2.0), (60, 0.5)):
        probabilities = rng.random(count)
        labels = (rng.random(count) < probabilities**power).astype(float)
        wanted = calibration_error(probabilities, labels)
        given = number(expected_calibration_error(probabilities, labels), "the error")
        bins = np.minimum((probabilities * 10).astype(int), 9)
        gaps = [
            probabilities[bins == b].mean() - labels[bins == b].mean()
            for b in range(10)
            if (bins == b).any()
        ]
        need(
            not (close(given, np.abs(gaps).mean()) and not close(given, wanted)),
            "that is the plain mean over bins; weight each bin by how many images it holds.",
        )
        need(
            not (
                close(abs(given), abs(probabilities.mean() - labels.mean()))
                and not close(given, wanted)
            ),
            "gaps of opposite sign cancel out: take the absolute gap of each bin.",
        )
        need(
            close(given, wanted),
            f"on {count} made-up predictions you get {given:.4f}, not {wanted:.4f}.",
        )
    return "On few images even an honest model has more than 0: compare on the same images only."
