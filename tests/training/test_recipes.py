import pytest
import torch

from helpers.data.datasets import ImageFolderDataset
from helpers.data.shapes import ShapeRule
from helpers.data.transforms import eval_transform, train_transform
from helpers.models.backbones import load_backbone
from helpers.models.transfer import TransferModel
from helpers.training import recipes
from helpers.training.callbacks import LearningRateSchedule

SIZE = (64, 64)


@pytest.fixture
def photos(photo_folder):
    train = ImageFolderDataset(photo_folder / "train")
    return train, ImageFolderDataset(photo_folder / "val", classes=train.classes)


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
