"""Ways to feed a network, compared on images that the models had not seen."""

from functools import partial

import numpy as np
import pytest
import torch

from helpers.data import (
    ImageFolderDataset,
    MultilabelDataset,
    ShapeRule,
    eval_transform,
    make_loader,
)
from helpers.evaluation import accuracy
from helpers.models import load_backbone, predict
from helpers.training import adapt, comparison, cross_validate

RULE = ShapeRule(max_pixels=128 * 128)
QUICK = {"folds": 3, "views": (1,), "rates": (1e-3,)}


@pytest.fixture(autouse=True)
def fewer_epochs(monkeypatch):
    """A third of those that so few images get; the toys need no more."""
    monkeypatch.setattr(comparison, "train_head", partial(comparison.train_head, max_epochs=130))


@pytest.fixture(scope="module")
def backbone():
    return load_backbone("efficientnet_lite0")


@pytest.fixture
def photos(photo_folder):
    train = ImageFolderDataset(photo_folder / "train")
    return train, ImageFolderDataset(photo_folder / "val", classes=train.classes)


def test_every_image_is_judged_once_by_a_model_that_had_not_seen_it(photos, backbone, monkeypatch):
    def rows(part):
        return {row.numpy().tobytes() for row in part.features[0]}

    taught, judged = [], []
    train, predicted = comparison.train_head, comparison.predict

    def watched_training(model, part, val, *rest, **options):
        taught.append(rows(part) | rows(val))
        return train(model, part, val, *rest, **options)

    def watched_prediction(head, loader):
        judged.append(rows(loader.dataset))
        assert not judged[-1] & taught[-1]  # of the model that was trained last
        return predicted(head, loader)

    monkeypatch.setattr(comparison, "train_head", watched_training)
    monkeypatch.setattr(comparison, "predict", watched_prediction)
    monkeypatch.setattr(comparison, "train_transform", eval_transform)
    images = photos[0].joined(photos[1])
    result = cross_validate(backbone, images, size=(64, 64), **QUICK)
    assert len(result.right) == len(images) == sum(map(len, judged)) == 36
    assert np.bincount(result.fold).tolist() == [12, 12, 12]
    assert result.scores.mean() == pytest.approx(result.right.mean())
    assert result.right.mean() > 0.7


def test_the_better_rate_is_chosen_and_the_same_seed_gives_the_same_answers(photos, backbone):
    options = {**QUICK, "rates": (1e-7, 1e-3), "size": RULE}
    first, again = (cross_validate(backbone, photos[0], **options) for _ in range(2))
    assert first.rate == 1e-3
    assert torch.equal(first.logits, again.logits) and np.array_equal(first.fold, again.fold)


def test_a_pyramid_has_the_levels_that_were_asked_for(photos, backbone, monkeypatch):
    class Seen(Exception):
        pass

    def stop(model, *rest, **options):
        raise Seen(model.head[1].in_features)

    monkeypatch.setattr(comparison, "train_head", stop)
    with pytest.raises(Seen, match=str(5 * 1280)):
        cross_validate(backbone, photos[0], "spp", RULE, levels=(2, 1), **QUICK)


def test_copies_of_one_scene_stay_in_one_fold(photos, backbone):
    twice = photos[0].joined(photos[0])
    result = cross_validate(backbone, twice, size=(64, 64), **QUICK)
    assert np.array_equal(result.fold[:24], result.fold[24:])


def test_several_labels_are_judged_by_map(labelled_photos, backbone):
    data = MultilabelDataset(labelled_photos / "labels.csv", labelled_photos / "photos")
    result = cross_validate(backbone, data, size=(64, 96), **QUICK)
    assert result.labels.shape == (24, 2) and result.scores.mean() > 0.7


def test_the_way_that_was_chosen_is_adapted_anew(photos, backbone):
    splits = {"train": photos[0], "val": photos[1]}
    model = adapt(backbone, splits, "spp", RULE, learning_rate=1e-3, views=(1,))
    data = photos[1].with_transform(eval_transform(RULE))
    assert accuracy(*predict(model, make_loader(data))) >= 0.75


@pytest.mark.parametrize("lowest", range(7))
def test_rates_are_tried_downhill_from_the_middle(lowest):
    tried = []

    def loss(place):
        tried.append(place)
        return abs(place - lowest)

    assert comparison._lowest(loss, 7) == lowest
    assert tried[0] == 3 and len(set(tried)) <= 3 + abs(lowest - 3)
    assert comparison._lowest(lambda place: 0, 1) == 0
