import pytest
import torch

from helpers.data.datasets import ImageFolderDataset, MultilabelDataset
from helpers.data.loaders import make_loader
from helpers.data.shapes import ShapeRule
from helpers.data.transforms import eval_transform, train_transform
from helpers.evaluation.metrics import accuracy, evaluate
from helpers.models.backbones import load_backbone
from helpers.models.transfer import TransferModel
from helpers.training import recipes
from helpers.training.callbacks import LearningRateSchedule

SIZE = (64, 64)


@pytest.fixture
def photos(photo_folder):
    train = ImageFolderDataset(photo_folder / "train")
    return train, ImageFolderDataset(photo_folder / "val", classes=train.classes)


@pytest.mark.parametrize("pooling", ["avg", "spp"])
def test_heads_of_several_seeds_on_images_of_any_size(photos, pooling):
    """The better rate is found; the same seeds give the same heads, other seeds other ones."""
    splits = {"train": photos[0], "val": photos[1], "test": photos[1]}
    backbone, rule = load_backbone("efficientnet_lite0"), ShapeRule(max_pixels=128 * 128)
    told = {"size": rule, "views": (1,)}
    models, features, rate = recipes.adapt(
        backbone, splits, pooling, seeds=(0, 1), rates=(1e-7, 1e-4), **told
    )
    assert rate == 1e-4 and len(models) == 2
    (again,), _, _ = recipes.adapt(backbone, splits, pooling, seeds=(1,), rates=(rate,), **told)
    first, second, repeated = (model.head[1].weight for model in (*models, again))
    assert torch.equal(second, repeated) and not torch.equal(first, second)
    logits = models[0].head.eval()(features.features[0])
    assert accuracy(logits, features.labels) >= 0.75


def test_adapting_to_several_labels_trains_a_sigmoid_per_label(labelled_photos):
    data = MultilabelDataset(labelled_photos / "labels.csv", labelled_photos / "photos")
    splits = {"train": data, "val": data, "test": data}
    backbone = load_backbone("efficientnet_lite0")
    rule = ShapeRule(max_pixels=128 * 256)
    (model,), features, _ = recipes.adapt(backbone, splits, size=rule, seeds=(0,), views=(1, 2))
    loader = make_loader(features, 8)
    scores = evaluate(model.head, loader, recipes.criterion_for(model), recipes.metrics_for(model))
    assert model.task == "multilabel" and scores["map"] > 0.9 and scores["loss"] < 0.6


def test_fine_tuning_takes_images_of_any_size(photos):
    rule = ShapeRule(max_pixels=128 * 160)
    model = TransferModel(load_backbone("efficientnet_lite0"), 2, "spp")
    train = photos[0].with_transform(train_transform(rule))
    val = photos[1].with_transform(eval_transform(rule))
    history = recipes.fine_tune(model.unfreeze(), train, val, [], 2, batch_size=4)
    assert len(history.epochs) == 2
    assert len(history.batches) > 2 * 24 // 16  # several shapes, so several batches


def test_a_head_fitted_again_starts_anew_and_leaves_the_model_alone(photos):
    backbone = load_backbone("efficientnet_lite0")
    splits = {"train": photos[0], "val": photos[1], "test": photos[1]}
    model = TransferModel(backbone, 2).freeze()
    features = recipes.frozen_features(model, splits, SIZE, views=(1,))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first, same, other = (
        recipes.refit_head(model, features["train"], features["val"], seed).head
        for seed in (0, 0, 1)
    )
    assert torch.equal(first[1].weight, same[1].weight)
    assert not torch.equal(first[1].weight, other[1].weight)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_heads_rate_falls_to_almost_nothing_and_few_images_get_more_epochs(photos):
    model = TransferModel(load_backbone("efficientnet_lite0"), 2).freeze()
    splits = {"train": photos[0], "val": photos[1]}
    features = recipes.frozen_features(model, splits, SIZE, views=(1,))["train"]
    history = recipes.train_head(model, features, None)
    rates = [row["lr"] for row in history.batches]
    assert len(rates) >= 400 and max(rates) == pytest.approx(recipes.HEAD_RATE, rel=0.01)
    assert rates[-1] < recipes.HEAD_RATE / 50
    assert recipes.train_head(model, features, None, max_epochs=0).epochs == []
    constant = LearningRateSchedule(lambda progress: 1.0)
    history = recipes.train_head(model, features, None, [constant], max_epochs=2)
    assert {row["lr"] for row in history.batches} == {recipes.HEAD_RATE}
