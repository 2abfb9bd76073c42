"""Several labels at once: scores, thresholds, and how far to trust a probability."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from scipy.optimize import minimize_scalar
from sklearn.metrics import average_precision_score, f1_score
from torch import nn


def scores(
    logits: torch.Tensor, labels: torch.Tensor, thresholds: np.ndarray | float = 0.5
) -> dict[str, float]:
    """Every number by which a multilabel classifier is judged.

    Args:
        logits, labels: (N, L).
        thresholds: of probability, one for all labels or one each (L,).

    Returns: map (mean over labels of average precision, of labels that occur), micro_f1 (all cells
        together), macro_f1 (mean over labels), exact_match (share of images with all labels
        right), hamming_loss (share of wrong cells), bce (mean binary cross entropy).
    """
    probabilities, truth = logits.sigmoid().numpy(), labels.numpy().astype(bool)
    said = probabilities >= np.asarray(thresholds)
    occurs = truth.any(axis=0)
    return {
        "map": float(average_precision_score(truth[:, occurs], probabilities[:, occurs])),
        "micro_f1": float(f1_score(truth, said, average="micro", zero_division=0)),
        "macro_f1": float(f1_score(truth, said, average="macro", zero_division=0)),
        "exact_match": float((said == truth).all(axis=1).mean()),
        "hamming_loss": float((said != truth).mean()),
        "bce": nn.functional.binary_cross_entropy_with_logits(logits, labels.float()).item(),
    }


def tune_thresholds(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """For each label the threshold with the best F1 on these images: (N, L) to (L,).

    Between neighbouring probabilities any threshold answers alike; the middle is taken, and among
    equally good ones that nearest to 0.5. A label that never occurs keeps 0.5. Tune on validation
    images, never on those that the result is reported on.
    """
    found = []
    for column, truth in zip(np.asarray(probabilities).T, np.asarray(labels).T > 0.5, strict=True):
        values = np.unique(column)
        candidates = np.append((values[1:] + values[:-1]) / 2, 0.5)
        said = column[:, None] >= candidates
        hits = (said & truth[:, None]).sum(axis=0)
        f1 = 2 * hits / np.maximum(said.sum(axis=0) + truth.sum(), 1)
        best = candidates[f1 >= f1.max() - 1e-12]
        found.append(best[np.abs(best - 0.5).argmin()])
    return np.array(found)


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
    found, gains = [], []
    for _ in range(rounds):
        drawn = rng.integers(0, count, count)
        left = np.setdiff1d(np.arange(count), drawn)
        found.append(tune_thresholds(probabilities[drawn], labels[drawn]))
        tuned, half = (
            f1_score(labels[left], probabilities[left] >= at, average="macro", zero_division=0)
            for at in (found[-1], 0.5)
        )
        gains.append(tuned - half)
    return np.mean(found, axis=0), float(np.mean(gains))


def fit_temperature(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The T > 0 for which sigmoid(logits / T) fits best, by binary cross entropy (Guo et al. 2017).

    Above 1 the model was too sure of itself. Order and so mAP stay as they are.
    """
    labels = labels.float()

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        return nn.functional.binary_cross_entropy_with_logits(scaled, labels).item()

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def reliability(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> pd.DataFrame:
    """Do things said with 80 % happen in 80 % of the cases? One row per bin that holds any.

    Args:
        probabilities, labels: of any one shape; all cells count alike.
        bins: of equal width between 0 and 1.

    Returns: columns said (mean probability), happened (share of ones), cells (how many).
    """
    told, truth = np.ravel(probabilities), np.ravel(labels)
    where = np.minimum((told * bins).astype(int), bins - 1)
    frame = pd.DataFrame({"bin": where, "said": told, "happened": truth})
    grouped = frame.groupby("bin")
    table = grouped.mean()
    table["cells"] = grouped.size()
    return table.reset_index(drop=True)


def calibration_error(table: pd.DataFrame) -> float:
    """Expected calibration error of a reliability table: the mean gap, weighted by cells."""
    return float(
        (table["cells"] * (table["said"] - table["happened"]).abs()).sum() / table["cells"].sum()
    )
