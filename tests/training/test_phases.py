import pytest
import torch

from helpers.data.datasets import ImageFolderDataset, MultilabelDataset
from helpers.data.transforms import eval_transform, train_transform
from helpers.models.backbones import load_backbone
from helpers.training import phases, recipes
from helpers.training.callbacks import EarlyStopping

SIZE = (64, 64)


@pytest.fixture
def photos(photo_folder):
    train = ImageFolderDataset(photo_folder / "train")
    return train, ImageFolderDataset(photo_folder / "val", classes=train.classes)


def adapt(folder, photos, backbone="efficientnet_lite0"):
    return phases.phase1_model(folder, backbone, *photos, size=SIZE)


def same_weights(one, other):
    theirs = other.state_dict()
    return all(torch.equal(value, theirs[name]) for name, value in one.state_dict().items())


def test_phase_1_is_trained_once_and_found_again(tmp_path, photos, capsys, monkeypatch):
    model, config, history = adapt(tmp_path, photos)
    assert "training it now" in capsys.readouterr().out
    monkeypatch.setattr(phases, "frozen_features", None)  # training again would fail
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


def test_phase_2_begins_where_notebook_03_ends_or_is_run_briefly(
    tmp_path, photos, capsys, monkeypatch
):
    phase1 = adapt(tmp_path / "phase1", photos)[:2]
    before = {name: value.clone() for name, value in phase1[0].state_dict().items()}
    model, config = phases.phase2_model(tmp_path / "phase2", phase1, *photos, images=24)
    assert "short fine-tuning" in capsys.readouterr().out
    assert all(torch.equal(value, before[name]) for name, value in phase1[0].state_dict().items())
    assert not same_weights(phase1[0], model) and not model.training
    assert config["classes"] == photos[0].classes and config["size"] == list(SIZE)
    monkeypatch.setattr(phases, "fine_tune", None)  # training again would fail
    again, same = phases.phase2_model(tmp_path / "phase2", phase1, *photos)
    assert same == config and same_weights(model, again)
    fewer = photos[0].subset(range(1, len(photos[0])))
    with pytest.raises(TypeError):  # of other images: trained anew
        phases.phase2_model(tmp_path / "phase2", phase1, fewer, photos[1])


def test_both_phases_learn_circles_from_crosses(tmp_path, photos):
    model, config, history = adapt(tmp_path, photos)
    train = photos[0].with_transform(train_transform(SIZE))
    val = photos[1].with_transform(eval_transform(SIZE))
    early = EarlyStopping(patience=9)
    tuned = recipes.fine_tune(
        model.unfreeze(), train, val, [early], 4, config["learning_rate"] / 10, batch_size=8
    )
    losses = tuned.epoch_frame()["val_loss"]
    assert losses.min() < history.epoch_frame()["val_loss"].iloc[0]
    assert tuned.epoch_frame()["val_accuracy"].max() >= 0.75


def test_the_panoramas_model_is_trained_once_and_found_again(
    tmp_path, labelled_photos, capsys, monkeypatch
):
    data = MultilabelDataset(labelled_photos / "labels.csv", labelled_photos / "photos")
    train, val = data.subset(range(18)), data.subset(range(18, 24))
    name = "efficientnet_lite0"
    model, config = phases.panorama_model(tmp_path, name, train, val, size=SIZE)
    assert "a short training" in capsys.readouterr().out
    assert model.task == "multilabel" and config["classes"] == data.classes
    monkeypatch.setattr(phases, "fine_tune", None)  # training again would fail
    again, same = phases.panorama_model(tmp_path, name, train, val, size=SIZE)
    assert same == config and same_weights(model, again)
    with pytest.raises(TypeError):  # of other images: trained anew
        phases.panorama_model(tmp_path, name, train.subset(range(17)), val, size=SIZE)
