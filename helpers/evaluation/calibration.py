"""Thresholds of several labels, and how far to trust a probability."""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from sklearn.metrics import f1_score
from torch import nn
from torchmetrics.functional.classification import binary_calibration_error


def tune_thresholds(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """For each label the threshold with the best F1 on these images: (N, L) to (L,).

    Between neighbouring probabilities any threshold answers alike; the middle is taken, and among
    equally good ones that nearest to 0.5. A label that never occurs keeps 0.5. Tune on validation
    images, never on those that the result is reported on.
    """
    thresholds = []
    for column, truth in zip(np.asarray(probabilities).T, np.asarray(labels).T > 0.5, strict=True):
        values = np.unique(column)
        candidates = np.append((values[1:] + values[:-1]) / 2, 0.5)
        predicted = column[:, None] >= candidates
        hits = (predicted & truth[:, None]).sum(axis=0)
        f1 = 2 * hits / np.maximum(predicted.sum(axis=0) + truth.sum(), 1)
        best = candidates[f1 >= f1.max() - 1e-12]
        thresholds.append(best[np.abs(best - 0.5).argmin()])
    return np.array(thresholds)


def bagged_thresholds(
    probabilities: np.ndarray, labels: np.ndarray, rounds: int = 100, seed: int = 0
) -> tuple[np.ndarray, float]:
    """Thresholds (L,) that lean less on single images, and what they gain, without a test set.

    They are tuned on resamples of the N images, drawn with replacement, and averaged (bagging,
    Breiman 1996). The images that a resample leaves out judge its thresholds: the second result is
    the mean gain of macro F1 over thresholds of 0.5 there.

    Args:
        probabilities, labels: (N, L).
        rounds: resamples.
        seed: of the drawing.
    """
    rng, count = np.random.default_rng(seed), len(labels)
    thresholds, gains = [], []
    for _ in range(rounds):
        drawn = rng.integers(0, count, count)
        left = np.setdiff1d(np.arange(count), drawn)
        if not len(left):  # of a handful of images a resample may hold all
            continue
        thresholds.append(tune_thresholds(probabilities[drawn], labels[drawn]))
        tuned, half = (
            f1_score(labels[left], probabilities[left] >= at, average="macro", zero_division=0)
            for at in (thresholds[-1], 0.5)
        )
        gains.append(tuned - half)
    if not gains:
        return np.full(labels.shape[1], 0.5), 0.0
    return np.mean(thresholds, axis=0), float(np.mean(gains))


def fit_temperature(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The T > 0 for which sigmoid(logits / T) fits best, by binary cross entropy (Guo et al. 2017).

    Above 1 the model was too sure of itself. Order and so mAP stay as they are.
    """
    labels = labels.float()

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        return nn.functional.binary_cross_entropy_with_logits(scaled, labels).item()

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error: when the model says 80 %, is it right 80 % of the time?

    The mean gap between the two over ten bins of equal width, weighted by what a bin holds.

    probabilities, labels: of any one shape; all cells count alike.
    """
    cells = torch.tensor(np.ravel(probabilities)), torch.tensor(np.ravel(labels)).int()
    return binary_calibration_error(*cells, n_bins=10, norm="l1").item()
