import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from helpers.errors import DataError
from helpers.evaluation import (
    accuracy,
    accuracy_interval,
    average_precisions,
    evaluate,
    mean_average_precision,
    multiclass_metrics,
    multilabel_metrics,
    multilabel_scores,
    paired_bootstrap,
    paired_test,
    per_class_report,
    selection_bias,
)

# Given 0,0,0,1,1,2; predicted 0,0,1,1,1,0.
LOGITS = torch.eye(3)[[0, 0, 1, 1, 1, 0]]
LABELS = torch.tensor([0, 0, 0, 1, 1, 2])
CLASSES = ["a", "b", "c"]


def test_accuracy_and_macro_f1_by_hand():
    values = multiclass_metrics(3)(LOGITS, LABELS)
    assert values["accuracy"].item() == pytest.approx(4 / 6) == accuracy(LOGITS, LABELS)
    assert values["macro_f1"].item() == pytest.approx((2 / 3 + 4 / 5 + 0) / 3)


def test_per_class_report_by_hand():
    table = per_class_report(LABELS, LOGITS.argmax(dim=1), CLASSES)
    assert table.columns.tolist() == ["precision", "recall", "f1", "images"]
    assert table.loc["a", "precision"] == pytest.approx(2 / 3)
    assert table.loc["b", "recall"] == 1 and table.loc["b", "precision"] == pytest.approx(2 / 3)
    assert table.loc["c", "f1"] == 0 and table["images"].tolist() == [3, 2, 1]
    assert per_class_report([0], [0], ["accuracy", "b"])["images"].tolist() == [1, 0]


def test_paired_test_looks_only_at_images_that_changed_sides():
    first = [True] * 50 + [False] * 10 + [True] * 2 + [False] * 5
    second = [True] * 50 + [True] * 10 + [False] * 2 + [False] * 5
    mended, broken, p = paired_test(first, second)
    assert (mended, broken) == (10, 2)
    assert p == pytest.approx(2 * (1 + 12 + 66) / 2**12)  # both tails of 12 fair coins
    assert paired_test(first, first) == (0, 0, 1.0)


def test_interval_holds_the_share_and_narrows():
    low, high = accuracy_interval(90, 100)
    assert (low, high) == pytest.approx((0.8256, 0.9448), abs=1e-3)  # Wilson's formula by hand
    assert accuracy_interval(200, 200)[1] == pytest.approx(1) and accuracy_interval(200, 200)[0] < 1
    with pytest.raises(ValueError, match="5 of 4"):
        accuracy_interval(5, 4)


def test_multilabel_metrics_by_hand():
    """Logits that all lie between 0 and 1 are logits still, not probabilities."""
    logits = torch.tensor([[0.9, 0.4], [0.3, -1.0], [-2.0, 0.8], [-1.0, -3.0]])
    labels = torch.tensor([[1.0, 0], [0, 0], [0, 1], [1, 0]])
    collection = multilabel_metrics(2)
    collection.update(logits[:2], labels[:2])
    collection.update(logits[2:], labels[2:])
    values = collection.compute()
    # Label 0 ranks 1, 0, 1, 0: precision 1 and 2/3 at its images. Label 1 ranks its image first.
    assert values["map"].item() == pytest.approx(((1 + 2 / 3) / 2 + 1) / 2)
    # At a logit of 0: label 0 has one hit, one false alarm, one miss; label 1 a hit, a false alarm.
    assert values["micro_f1"].item() == pytest.approx(4 / 7)
    assert values["macro_f1"].item() == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert values["exact_match"].item() == pytest.approx(1 / 4)
    assert values["hamming_loss"].item() == pytest.approx(3 / 8)
    assert multilabel_metrics(2)(logits, labels) == values


def test_multilabel_scores_agree_with_those_of_training(noisy):
    logits, labels = noisy(count=200)
    ours = multilabel_scores(logits, labels)
    for name, value in multilabel_metrics(3)(logits, labels).items():
        assert ours[name] == pytest.approx(value.item(), abs=1e-5), name
    assert ours["bce"] == pytest.approx(
        torch.nn.functional.binary_cross_entropy_with_logits(logits, labels.double()).item()
    )


def test_precision_and_recall_of_labels_are_means_over_them(noisy):
    logits, labels = noisy(count=200)
    table = per_class_report(labels, logits > 0, ["a", "b", "c"])
    scores = multilabel_scores(logits, labels)
    for name in ("precision", "recall", "f1"):
        assert scores[f"macro_{name}"] == pytest.approx(table[name].mean())
    assert table["images"].tolist() == labels.sum(dim=0).tolist()
    assert table.loc["a", "recall"] == (logits > 0)[labels[:, 0] > 0, 0].double().mean().item()


def test_a_label_that_never_occurs_does_not_count_for_map(noisy):
    logits, labels = noisy(count=50)
    two = multilabel_scores(logits[:, :2], labels[:, :2])["map"]
    labels[:, 2] = 0
    assert multilabel_scores(logits, labels)["map"] == pytest.approx(two)


def test_thresholds_are_each_labels_own():
    logits, labels = torch.tensor([[2.0, 1.0], [3.0, -3.0]]), torch.tensor([[0.0, 1], [1, 0]])
    assert multilabel_scores(logits, labels, np.array([0.93, 0.5]))["exact_match"] == 1
    assert multilabel_scores(logits, labels, 0.5)["exact_match"] == 0.5


def test_average_precisions_have_map_as_their_mean_and_leave_out_what_never_occurs(noisy):
    logits, labels = noisy(count=200)
    labels[:, 1] = 0
    each = average_precisions(logits, labels, ["sea", "never", "trees"])
    assert list(each) == ["sea", "trees"]
    assert np.mean(list(each.values())) == pytest.approx(multilabel_scores(logits, labels)["map"])


def test_a_paired_bootstrap_sees_a_small_gain_on_every_image_and_none_by_chance():
    rng = np.random.default_rng(0)
    labels = torch.from_numpy((rng.random((200, 3)) < 0.4).astype("float32"))
    noisy = labels + torch.from_numpy(rng.normal(0, 1, (200, 3)).astype("float32"))
    better = noisy + 0.5 * labels
    low, high = paired_bootstrap(mean_average_precision, noisy, better, labels, rounds=100)
    gain = mean_average_precision(better, labels) - mean_average_precision(noisy, labels)
    assert 0 < low < gain < high
    other = labels + torch.from_numpy(rng.normal(0, 1, (200, 3)).astype("float32"))
    low, high = paired_bootstrap(mean_average_precision, noisy, other, labels, rounds=100)
    assert low < 0 < high
    assert paired_bootstrap(mean_average_precision, noisy, noisy, labels, rounds=5) == (0, 0)


def test_the_best_of_many_that_only_guess_looks_better_than_it_is():
    right = np.random.default_rng(0).random((100, 120)) < 0.5
    chosen, honest = selection_bias(right)
    assert chosen > honest + 0.05 and honest < 0.6
    assert selection_bias(right[:1])[0] == pytest.approx(right[0].mean(), abs=0.02)
    assert selection_bias(right, seed=1) == selection_bias(right, seed=1)


@pytest.mark.parametrize("label", [3, -1])
def test_labels_without_an_output_are_told(label):
    data = TensorDataset(torch.zeros(4, 2), torch.tensor([0, 1, label, 2]))
    with pytest.raises(
        DataError, match=f"1 of 4 labels are no number of an output, such as {label}"
    ):
        evaluate(torch.nn.Linear(2, 3), DataLoader(data, 2), torch.nn.CrossEntropyLoss())
