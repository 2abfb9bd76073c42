"""Checks of notebook 05's exercises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from check.verdict import close, need, number, verdict


@verdict
def ex_05_1(f1: float) -> str:
    need(not close(f1, 0.75), "that is the precision: 30 of the 40 found are right.")
    need(not close(f1, 0.6), "that is the recall: 30 of the 50 that are there are found.")
    need(
        not close(f1, 0.675),
        "that is the plain mean of precision and recall; F1 is the harmonic one.",
    )
    need(not close(f1, 200 / 3, 0.01), "in per cent; give a share, 0 to 1.")
    need(
        close(f1, 2 / 3, 0.006),
        f"{number(f1):.3f} is not it: precision is 30/40, recall 30/50, and F1 is "
        "2 · precision · recall / (precision + recall).",
    )
    return "The harmonic mean lies nearer to the smaller of the two: F1 forgives no weak side."


@verdict
def ex_05_2(scores: tuple[float, float]) -> str:
    need(
        isinstance(scores, tuple | list) and len(scores) == 2,
        "give two numbers: (exact match, Hamming loss).",
    )
    exact, hamming = scores
    need(
        not close(exact, 10 / 12),
        "that is the share of right answers; exact match counts whole images.",
    )
    need(close(exact, 0.5), "exact match: two of the four images have no mistake at all.")
    need(
        not close(hamming, 10 / 12),
        "that is the share of *right* answers; Hamming loss counts wrong ones.",
    )
    need(close(hamming, 2 / 12, 0.006), "Hamming loss: two of the twelve answers are wrong.")
    return "Two wrong answers of twelve look harmless, and spoil half of the images."


@verdict
def ex_05_3(threshold_for_recall: Callable[[np.ndarray, np.ndarray, float], float]) -> str:
    rng = np.random.default_rng(0)
    for count, recall in ((200, 0.95), (60, 0.5), (37, 1.0)):
        labels = rng.random(count) < 0.3
        probabilities = np.clip(0.45 * labels + 0.6 * rng.random(count), 0, 1)
        threshold = threshold_for_recall(probabilities, labels.astype(float), recall)
        at = number(threshold, "the threshold")
        reached = (probabilities[labels] >= at).mean()
        need(
            reached >= recall,
            f"with your threshold {at:.3f} a recall of {reached:.0%} is reached, {recall:.0%} was "
            "asked for. Look only at images that have the label, and take a probability that "
            "occurs among them: a quantile that lies between two of them may be just too high.",
        )
        higher = probabilities[probabilities > at]
        need(
            not len(higher) or (probabilities[labels] >= higher.min()).mean() < recall,
            f"your threshold {at:.3f} is lower than it has to be: a higher one still reaches "
            f"{recall:.0%}, with fewer false alarms.",
        )
    return "Now tune it on validation images, and see on the test what it costs in precision."
