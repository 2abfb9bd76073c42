import numpy as np
import pytest

from helpers import evaluation
from helpers.errors import DataError

CLASSES = ["sea", "sunset", "trees"]


@pytest.fixture(scope="module")
def planted():
    """Features that tell three labels, these with 5 % of the cells turned over, and which."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 20))
    truth = features @ rng.normal(size=(20, 3)) + 0.3 * rng.normal(size=(400, 3)) > 0
    wrong = rng.random(truth.shape) < 0.05
    return features, np.where(wrong, ~truth, truth).astype(np.float32), wrong


def in_order(frame, wrong):
    return wrong[frame["image"], frame["label"].map(CLASSES.index)]


def test_planted_errors_lead_the_ranking(planted):
    features, given, wrong = planted
    probabilities = evaluation.cross_validated_probabilities(features, given)
    suspects = evaluation.rank_label_issues(given, probabilities, CLASSES)
    count = int(wrong.sum())
    precision, recall = evaluation.precision_recall_at(in_order(suspects, wrong), count)
    assert precision == recall > 0.5 > 5 * wrong.mean()
    assert len(suspects) == given.size and suspects["quality"].is_monotonic_increasing
    row = suspects.iloc[0]
    assert given[row["image"], CLASSES.index(row["label"])] == row["given"]
    assert abs(row["given"] - row["probability"]) > 0.5  # the model says the opposite


def test_the_number_of_errors_is_estimated(planted):
    features, given, wrong = planted
    probabilities = evaluation.cross_validated_probabilities(features, given)
    count = evaluation.estimated_label_errors(given, probabilities)
    assert 0.5 * wrong.sum() < count < 2 * wrong.sum()
    certain = np.clip(given, 0.01, 0.99)
    assert evaluation.estimated_label_errors(given, certain) == 0


def test_no_image_is_judged_by_a_model_that_knows_it():
    """Labels by chance: who has seen an image knows its label, who has not can only guess."""
    rng = np.random.default_rng(1)
    features = np.repeat(rng.normal(size=(60, 200)), 2, axis=0)  # each image twice
    labels = np.repeat(rng.random((60, 1)) < 0.5, 2, axis=0)
    pairs = np.repeat(np.arange(60), 2)
    apart = evaluation.cross_validated_probabilities(features, labels, groups=pairs)
    leaked = evaluation.cross_validated_probabilities(features, labels)
    right = [((p > 0.5) == labels).mean() for p in (apart, leaked)]
    assert right[0] < 0.7 < 0.8 < right[1]


def test_a_label_that_is_too_rare_is_named():
    features, labels = np.random.default_rng(0).normal(size=(50, 4)), np.zeros((50, 2))
    labels[0, 0] = labels[:25, 1] = 1
    with pytest.raises(ValueError, match="label 0 has 1 images of 50: too few"):
        evaluation.cross_validated_probabilities(features, labels)


def test_precision_and_recall_among_the_first():
    wrong = np.array([1, 0, 1, 0, 0, 1], bool)
    assert evaluation.precision_recall_at(wrong, 3) == pytest.approx((2 / 3, 2 / 3))
    assert evaluation.precision_recall_at(wrong, 6) == pytest.approx((1 / 2, 1.0))


def test_plain_loss_ranks_by_what_the_model_gives_the_label():
    given, probabilities = np.array([[1, 0, 1]]), np.array([[0.9, 0.8, 0.4]])
    ranked = evaluation.rank_by_loss(given, probabilities, CLASSES)
    assert ranked["label"].tolist() == ["sunset", "trees", "sea"]
    assert ranked["quality"].tolist() == pytest.approx([0.2, 0.4, 0.9])


def test_suspects_are_compared_where_another_table_knows_the_image(tmp_path):
    (tmp_path / "second.csv").write_text("file;trees;sea;sunset\nb.jpg;1;1;0\nother.jpg;0;0;1\n")
    second = evaluation.second_labels(tmp_path / "second.csv", ["a.jpg", "b.jpg"], CLASSES)
    assert np.isnan(second[0]).all() and second[1].tolist() == [1, 0, 1]
    given = np.array([[1, 0, 0], [1, 1, 1]])
    suspects = evaluation.rank_by_loss(given, np.full((2, 3), 0.5), CLASSES)
    table = evaluation.with_second_labels(suspects, second, CLASSES)
    assert table["image"].tolist() == [1, 1, 1] and table["second"].tolist() == [1, 0, 1]
    assert table["wrong"].tolist() == [False, True, False]


def test_another_table_without_a_label_is_named(tmp_path):
    (tmp_path / "second.csv").write_text("file,sea\na.jpg,1\n")
    with pytest.raises(DataError, match="second.csv"):
        evaluation.second_labels(tmp_path / "second.csv", ["a.jpg"], CLASSES)
