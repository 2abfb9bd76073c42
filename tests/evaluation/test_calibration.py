import numpy as np
import pytest
import torch

from helpers.evaluation import (
    bagged_thresholds,
    calibration_error,
    fit_temperature,
    multilabel_scores,
    tune_thresholds,
)


def test_tuned_thresholds_are_the_best_there_are(noisy):
    logits, labels = noisy(count=60)
    probabilities, truth = logits.sigmoid().numpy(), labels.numpy()
    tuned = tune_thresholds(probabilities, truth)
    best = multilabel_scores(logits, labels, tuned)["macro_f1"]
    for threshold in np.linspace(0, 1, 201):
        assert multilabel_scores(logits, labels, threshold)["macro_f1"] <= best + 1e-9
    assert (tuned < 0.5).any()  # rare labels are found late


def test_thresholds_stay_at_a_half_where_nothing_speaks_for_another():
    probabilities = np.array([[0.2, 0.1], [0.9, 0.2], [0.1, 0.3]])
    truth = np.array([[0, 0], [1, 0], [0, 0]])
    assert tune_thresholds(probabilities, truth).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(("shift", "pays"), [(0.0, False), (1.5, True)])
def test_bagged_thresholds_know_whether_tuning_pays(shift, pays):
    """Honest probabilities of common labels leave nothing to gain; shifted ones do."""
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 1.5, (3000, 2))
    labels = (rng.random(honest.shape) < 1 / (1 + np.exp(-honest))).astype(np.float32)
    probabilities = 1 / (1 + np.exp(shift - honest))
    thresholds, gain = bagged_thresholds(probabilities[:300], labels[:300], rounds=30)
    tuned, half = (
        multilabel_scores(
            torch.logit(torch.tensor(probabilities[300:])), torch.tensor(labels[300:]), at
        )
        for at in (thresholds, 0.5)
    )
    real = tuned["macro_f1"] - half["macro_f1"]
    assert gain == pytest.approx(real, abs=0.04) and (gain > 0.1) == pays
    again = bagged_thresholds(probabilities[:300], labels[:300], rounds=30)
    assert np.array_equal(again[0], thresholds) and again[1] == gain


@pytest.mark.parametrize("sureness", [0.5, 1.0, 3.0])
def test_temperature_undoes_too_much_sureness(noisy, sureness):
    logits, labels = noisy(sureness=sureness)
    assert fit_temperature(logits, labels) == pytest.approx(sureness, rel=0.1)


def test_calibration_error_shows_who_is_too_sure(noisy):
    errors = {}
    for sureness in (1.0, 4.0):
        logits, labels = noisy(sureness=sureness)
        errors[sureness] = calibration_error(logits.sigmoid().numpy(), labels.numpy())
    assert errors[1.0] < 0.02 < 0.08 < errors[4.0]


def test_calibration_error_by_hand():
    """A mean over bins, weighted by cells; the 0.95 and the 1.0 are both right."""
    error = calibration_error(np.array([[0.05, 0.15], [0.95, 1.0]]), np.array([[0, 1], [1, 1]]))
    assert error == pytest.approx((0.05 + 0.85 + 2 * 0.025) / 4)


def test_thresholds_of_a_handful_of_images_are_finite():
    probabilities, labels = np.array([[0.2, 0.9], [0.8, 0.1]]), np.array([[0, 1], [1, 0]])
    for count in (1, 2):
        thresholds, gain = bagged_thresholds(probabilities[:count], labels[:count], rounds=5)
        assert np.isfinite(thresholds).all() and np.isfinite(gain)
