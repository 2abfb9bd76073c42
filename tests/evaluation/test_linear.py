import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from helpers.evaluation.linear import compare_features, linear_logits, nearest_neighbours
from helpers.evaluation.metrics import multilabel_scores


@pytest.fixture
def rows():
    """120 rows of 6 numbers on very different scales; the first and the last tell something."""
    numbers = np.random.default_rng(0).normal(size=(120, 6))
    return torch.from_numpy(numbers * [1, 1, 1, 1, 1, 1000] + [0, 0, 0, 0, 0, 5000])


def test_classes_and_labels_are_told_apart_whatever_the_scale(rows):
    first, last = rows[:, 0] > 0, rows[:, -1] > 5000
    classes = 2 * first.long() + last.long()  # four, one in each quarter of a plane
    logits = linear_logits(rows[:80], classes[:80], rows[80:], C=1.0)
    assert logits.shape == (40, 4) and logits.dtype == torch.float32
    assert (logits.argmax(dim=1) == classes[80:]).float().mean() > 0.85

    labels = torch.stack([first, last], dim=1).float()
    logits = linear_logits(rows[:80], labels[:80], rows[80:], C=1.0)
    assert ((logits > 0) == labels[80:]).float().mean() > 0.9


def test_two_classes_have_two_logits_with_the_probabilities_of_scikit_learn(rows):
    scaled = (rows - rows.mean(dim=0)) / rows.std(dim=0, correction=0)
    classes = (rows[:, 0] > 0.3).long()
    wanted = LogisticRegression(C=0.1).fit(scaled, classes).predict_proba(scaled)
    logits = linear_logits(rows, classes, rows, C=0.1)
    np.testing.assert_allclose(logits.softmax(dim=1), wanted, atol=1e-3)
    several = linear_logits(rows, torch.stack([classes, 1 - classes], dim=1), rows, C=0.1)
    np.testing.assert_allclose(several.sigmoid(), wanted[:, ::-1], atol=1e-3)


def test_a_smaller_c_regularises_more(rows):
    classes = (rows[:, 0] > 0).long()
    small, large = (linear_logits(rows, classes, rows, c).abs().mean() for c in (0.001, 1.0))
    assert small < large / 10


def test_a_label_that_never_changes_is_named(rows):
    labels = torch.zeros(120, 2)
    labels[::2, 0] = 1
    with pytest.raises(ValueError, match="column 1 of the labels is 0 in all 120 rows"):
        linear_logits(rows, labels, rows, C=1.0)


def test_a_class_without_rows_is_named(rows):
    classes = 2 * (rows[:, 0] > 0).long()
    with pytest.raises(ValueError, match="class 1 has no rows"):
        linear_logits(rows, classes, rows, C=1.0)
    features, later = {"all": rows}, classes // 2
    with pytest.raises(ValueError, match="class 2 is in the validation rows alone"):
        compare_features(features, later, features, classes, [1.0])


def test_features_are_compared_at_the_c_with_the_lowest_loss(rows):
    # What the rows tell is true of only three in four labels: a regression that trusts them is
    # too sure, one that trusts nothing says nothing.
    noise = torch.from_numpy(np.random.default_rng(1).random(120) < 0.25)
    classes = ((rows[:, 0] > 0) ^ noise).long()
    choices = (1e-6, 0.03, 1e4)
    train = {"telling": rows[:80], "nothing": rows[:80, 1:5]}
    val = {"telling": rows[80:], "nothing": rows[80:, 1:5]}
    table, logits = compare_features(train, classes[:80], val, classes[80:], choices)
    assert list(table.index) == ["telling", "nothing"]
    assert table.loc["telling", "accuracy"] > table.loc["nothing", "accuracy"]
    for name in table.index:
        tried = [linear_logits(train[name], classes[:80], val[name], C) for C in choices]
        losses = [torch.nn.functional.cross_entropy(each, classes[80:]).item() for each in tried]
        best = int(np.argmin(losses))
        assert table.loc[name, "C"] == choices[best] and len(set(losses)) == 3
        assert table.loc[name, "loss"] == pytest.approx(min(losses))
        assert torch.equal(logits[name], tried[best])


def test_features_are_compared_for_several_labels(rows):
    labels = torch.stack([rows[:, 0] > 0, rows[:, -1] > 5000], dim=1).float()
    halves = {"all": rows[:80]}, labels[:80], {"all": rows[80:]}, labels[80:]
    table, logits = compare_features(*halves)
    scores = multilabel_scores(logits["all"], labels[80:])
    assert table.loc["all", ["loss", "map", "micro_f1"]].tolist() == pytest.approx(
        [scores["bce"], scores["map"], scores["micro_f1"]]
    )
    assert table.loc["all", "C"] == 0.03  # the labels hold no errors, so the least strict


def test_a_column_that_hardly_varies_in_a_few_rows_does_not_blow_up_others(rows):
    classes = (rows[:, 0] > 0).long()
    rows[:, 1] = 1e-9 * torch.arange(120)
    rows[100:, 1] = 1.0  # a billion standard deviations off
    logits = linear_logits(rows[:100], classes[:100], rows[100:], C=1.0)
    assert logits.abs().max() < 50


def test_nearest_neighbours_are_those_of_the_same_direction():
    ways = torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    rows = torch.cat([ways, 3 * ways + 0.1])
    assert nearest_neighbours(rows, [0, 3, 6], count=1).tolist() == [[4], [7], [2]]
    assert nearest_neighbours(rows, [1], count=4).shape == (1, 4)
    assert 1 not in nearest_neighbours(rows, [1], count=4)
