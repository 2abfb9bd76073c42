import pytest
import torch

from helpers import recipes
from helpers.backbones import load_backbone
from helpers.batching import ShapeRule
from helpers.callbacks import EarlyStopping
from helpers.datasets import ImageFolderDataset, MultilabelDataset, make_loader
from helpers.metrics import accuracy
from helpers.models import TransferModel
from helpers.trainer import Trainer
from helpers.transforms import eval_transform, train_transform

SIZE = (64, 64)


@pytest.fixture
def photos(photo_folder):
    train = ImageFolderDataset(photo_folder / "train")
    return train, ImageFolderDataset(photo_folder / "val", classes=train.classes)


def adapt(folder, photos, backbone="efficientnet_lite0"):
    return recipes.phase1_model(folder, backbone, *photos, size=SIZE)


def test_phase_1_is_trained_once_and_found_again(tmp_path, photos, capsys, monkeypatch):
    model, config, history = adapt(tmp_path, photos)
    assert "training it now" in capsys.readouterr().out
    monkeypatch.setattr(recipes, "compute_features", None)  # training again would fail
    again, same_config, same_history = adapt(tmp_path, photos)
    assert capsys.readouterr().out == "" and same_config == config
    assert same_history.epochs == history.epochs
    assert all((v == again.state_dict()[k]).all() for k, v in model.state_dict().items())


def test_a_model_of_other_images_is_not_taken_for_ours(tmp_path, photos, capsys):
    """Else images that it was trained on could come back in the test set."""
    adapt(tmp_path, photos)
    train, val = photos
    fewer = train.subset(range(1, len(train)))
    adapt(tmp_path, (fewer, val))
    adapt(tmp_path, (fewer, val))
    assert capsys.readouterr().out.count("training it now") == 2


def test_phase_1_leaves_every_backbone_tensor_bit_identical(tmp_path, photos):
    """After training, saving and loading: running statistics included."""
    model, _, history = adapt(tmp_path, photos)
    imagenet = load_backbone("efficientnet_lite0").features.state_dict()
    assert len(imagenet) > 290 and len(history.epochs) > 1
    assert all((v == imagenet[k]).all() for k, v in model.features.state_dict().items())


def test_both_phases_learn_circles_from_crosses(tmp_path, photos):
    model, config, history = adapt(tmp_path, photos)
    train = photos[0].with_transform(train_transform(SIZE, model.mean, model.std))
    val = photos[1].with_transform(eval_transform(SIZE, model.mean, model.std))
    early = EarlyStopping(patience=9)
    trainer = recipes.fine_tune(
        model.unfreeze(), train, val, [early], 4, config["learning_rate"] / 10, batch_size=8
    )
    losses = trainer.history.epoch_frame()["val_loss"]
    assert losses.min() < history.epoch_frame()["val_loss"].min()
    assert trainer.history.epoch_frame()["val_accuracy"].max() >= 0.75


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
    judge = Trainer(model.head, recipes.criterion_for(model), metrics=recipes.metrics_for(model))
    scores = judge.evaluate(make_loader(features, 8))
    assert model.task == "multilabel" and scores["map"] > 0.9 and scores["loss"] < 0.6


def test_fine_tuning_takes_images_of_any_size(photos):
    rule = ShapeRule(max_pixels=128 * 160)
    model = TransferModel(load_backbone("efficientnet_lite0"), 2, "spp")
    train = photos[0].with_transform(train_transform(rule, model.mean, model.std))
    val = photos[1].with_transform(eval_transform(rule, model.mean, model.std))
    trainer = recipes.fine_tune(model.unfreeze(), train, val, [], 2, batch_size=4)
    assert len(trainer.history.epochs) == 2
    assert len(trainer.history.batches) > 2 * 24 // 16  # several shapes, so several batches


def test_a_head_fitted_again_starts_anew_and_leaves_the_model_alone(photos):
    backbone = load_backbone("efficientnet_lite0")
    splits = {"train": photos[0], "val": photos[1], "test": photos[1]}
    model = TransferModel(backbone, 2).freeze()
    features = recipes.frozen_features(model, splits, SIZE, views=(1,))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first, same, other = (
        recipes.refit_head(model, features["train"], features["val"], seed).unwrapped_model
        for seed in (0, 0, 1)
    )
    assert torch.equal(first[1].weight, same[1].weight)
    assert not torch.equal(first[1].weight, other[1].weight)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_phase_2_begins_where_notebook_03_ends_or_is_run_briefly(
    tmp_path, photos, capsys, monkeypatch
):
    phase1 = adapt(tmp_path / "phase1", photos)[:2]
    before = {name: value.clone() for name, value in phase1[0].state_dict().items()}
    model, config = recipes.phase2_model(tmp_path / "phase2", phase1, *photos, images=24)
    assert "short fine-tuning" in capsys.readouterr().out
    assert all(torch.equal(value, before[name]) for name, value in phase1[0].state_dict().items())
    assert max(phase1[0].block_distances(model)) > 0 and not model.training
    assert config["classes"] == photos[0].classes and config["size"] == list(SIZE)
    monkeypatch.setattr(recipes, "fine_tune", None)  # training again would fail
    again, same = recipes.phase2_model(tmp_path / "phase2", phase1, *photos)
    assert same == config and max(model.block_distances(again)) == 0
    fewer = photos[0].subset(range(1, len(photos[0])))
    with pytest.raises(TypeError):  # of other images: trained anew
        recipes.phase2_model(tmp_path / "phase2", phase1, fewer, photos[1])
