"""Checks of notebook 07's exercises."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from check.verdict import close, need, number, verdict
from helpers.evaluation import calibration_error


@verdict
def ex_07_1(gap: float) -> str:
    need(not close(gap, 0.75), "that is the share that is true; the gap is its distance from 0.8.")
    need(not close(gap, -0.05), "right size; give it without a sign, as a distance.")
    need(not close(gap, 5), "in per cent; give a share.")
    need(
        close(gap, 0.05), f"{number(gap):.3f} is not it: 30 of 40 are true, and 0.8 was predicted."
    )
    return "A bin that promises 80 % and keeps 75 % is a little too sure."


@verdict
def ex_07_2(probability: float) -> str:
    need(
        not close(probability, 1 / (1 + math.exp(-2))),
        "that is without a temperature: divide the logit first.",
    )
    need(
        not close(probability, 1 / (1 + math.exp(-2)) / 2),
        "the *logit* is divided by the temperature, not the probability.",
    )
    need(
        not close(probability, 1 / (1 + math.exp(-4))), "you multiplied by the temperature; divide."
    )
    need(
        close(probability, 1 / (1 + math.exp(-1))),
        f"{number(probability):.3f} is not it: 1 / (1 + exp(-2.0 / 2)).",
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
    return "0 for a model that keeps its promises; below 0.02 is good."
