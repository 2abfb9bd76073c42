import numpy as np
import pytest
import torch

from helpers.evaluation import calibration as multilabel
from helpers.evaluation.metrics import multilabel_metrics


def noisy(seed=0, count=4000, sureness=1.0):
    """Logits whose sigmoid, at a temperature of `sureness`, is the true probability; labels."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(-1, 2, (count, 3))
    labels = rng.random(honest.shape) < 1 / (1 + np.exp(-honest))
    return torch.tensor(sureness * honest), torch.tensor(labels, dtype=torch.float32)


def test_scores_agree_with_those_of_training():
    logits, labels = noisy(count=200)
    ours = multilabel.scores(logits, labels)
    theirs = multilabel_metrics(3)(logits, labels)
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value.item(), abs=1e-5), name
    assert ours["bce"] == pytest.approx(
        torch.nn.functional.binary_cross_entropy_with_logits(logits, labels.double()).item()
    )


def test_a_label_that_never_occurs_does_not_count_for_map():
    logits, labels = noisy(count=50)
    two = multilabel.scores(logits[:, :2], labels[:, :2])["map"]
    labels[:, 2] = 0
    assert multilabel.scores(logits, labels)["map"] == pytest.approx(two)


def test_thresholds_are_each_labels_own():
    logits, labels = torch.tensor([[2.0, 1.0], [3.0, -3.0]]), torch.tensor([[0.0, 1], [1, 0]])
    assert multilabel.scores(logits, labels, np.array([0.93, 0.5]))["exact_match"] == 1
    assert multilabel.scores(logits, labels, 0.5)["exact_match"] == 0.5


def test_tuned_thresholds_are_the_best_there_are():
    logits, labels = noisy(count=60)
    chances, truth = logits.sigmoid().numpy(), labels.numpy()
    tuned = multilabel.tune_thresholds(chances, truth)
    best = multilabel.scores(logits, labels, tuned)["macro_f1"]
    for threshold in np.linspace(0, 1, 201):
        assert multilabel.scores(logits, labels, threshold)["macro_f1"] <= best + 1e-9
    assert (tuned < 0.5).any()  # rare labels are found late


def test_thresholds_stay_at_a_half_where_nothing_speaks_for_another():
    chances = np.array([[0.2, 0.1], [0.9, 0.2], [0.1, 0.3]])
    truth = np.array([[0, 0], [1, 0], [0, 0]])
    assert multilabel.tune_thresholds(chances, truth).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(("shift", "pays"), [(0.0, False), (1.5, True)])
def test_bagged_thresholds_know_whether_tuning_pays(shift, pays):
    """Honest probabilities of common labels leave nothing to gain; shifted ones do."""
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 1.5, (3000, 2))
    labels = (rng.random(honest.shape) < 1 / (1 + np.exp(-honest))).astype(np.float32)
    chances = 1 / (1 + np.exp(shift - honest))
    thresholds, gain = multilabel.bagged_thresholds(chances[:300], labels[:300], rounds=30)
    tuned, half = (
        multilabel.scores(torch.logit(torch.tensor(chances[300:])), torch.tensor(labels[300:]), at)
        for at in (thresholds, 0.5)
    )
    real = tuned["macro_f1"] - half["macro_f1"]
    assert gain == pytest.approx(real, abs=0.04) and (gain > 0.1) == pays
    again = multilabel.bagged_thresholds(chances[:300], labels[:300], rounds=30)
    assert np.array_equal(again[0], thresholds) and again[1] == gain


@pytest.mark.parametrize("sureness", [0.5, 1.0, 3.0])
def test_temperature_undoes_too_much_sureness(sureness):
    logits, labels = noisy(sureness=sureness)
    assert multilabel.fit_temperature(logits, labels) == pytest.approx(sureness, rel=0.1)


def test_reliability_finds_who_is_too_sure():
    gaps = {}
    for sureness in (1.0, 4.0):
        logits, labels = noisy(sureness=sureness)
        table = multilabel.reliability(logits.sigmoid().numpy(), labels.numpy())
        assert table["cells"].sum() == labels.numel() and len(table) <= 10
        gaps[sureness] = multilabel.calibration_error(table)
    assert gaps[1.0] < 0.02 < 0.08 < gaps[4.0]


def test_reliability_by_hand():
    table = multilabel.reliability(np.array([0.05, 0.15, 0.95, 1.0]), np.array([0, 1, 1, 1]))
    assert table["happened"].tolist() == [0, 1, 1] and table["cells"].tolist() == [1, 1, 2]
    assert multilabel.calibration_error(table) == pytest.approx((0.05 + 0.85 + 2 * 0.025) / 4)
