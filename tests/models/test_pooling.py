"""Spatial pyramid pooling: against a plain loop over bins, and inside the model."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers.data.datasets import ImageFolderDataset
from helpers.data.loaders import make_loader
from helpers.data.shapes import ShapeRule
from helpers.data.transforms import eval_transform, train_transform
from helpers.models.features import compute_features
from helpers.models.inference import predict
from helpers.models.pooling import SpatialPyramidPooling, pool_adaptively, pool_by_slices
from helpers.models.saving import load_model, save_model
from helpers.training.trainer import Trainer

RULE = ShapeRule(max_pixels=160 * 160)


def by_hand(maps: torch.Tensor, levels, mode: str) -> torch.Tensor:
    """One bin after the other, as the paper tells it."""
    height, width = maps.shape[2:]
    columns = []
    for level in levels:
        for channel in range(maps.shape[1]):
            for i in range(level):
                for j in range(level):
                    rows = slice(i * height // level, -(-(i + 1) * height // level))
                    cols = slice(j * width // level, -(-(j + 1) * width // level))
                    bin_ = maps[:, channel, rows, cols].flatten(1)
                    columns.append(bin_.amax(dim=1) if mode == "max" else bin_.mean(dim=1))
    return torch.stack(columns, dim=1)


RANDOM = np.random.default_rng(0).integers(1, 30, (46, 2)).tolist()


@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 7), (13, 29), *map(tuple, RANDOM)])
def test_equals_a_plain_loop_over_bins_and_so_do_gradients(shape, mode):
    generator = torch.Generator().manual_seed(shape[0] * 100 + shape[1])
    ours = torch.randn(2, 3, *shape, generator=generator, dtype=torch.double, requires_grad=True)
    theirs = ours.detach().clone().requires_grad_()
    pooled = SpatialPyramidPooling((4, 2, 1), mode)(ours)
    expected = by_hand(theirs, (4, 2, 1), mode)
    assert pooled.shape == (2, 3 * 21) and torch.allclose(pooled, expected)
    weights = torch.randn(pooled.shape, generator=generator, dtype=torch.double)
    (pooled * weights).sum().backward()
    (expected * weights).sum().backward()
    assert torch.allclose(ours.grad, theirs.grad)


def test_length_does_not_depend_on_the_map():
    pool = SpatialPyramidPooling()
    assert pool(torch.zeros(1, 1280, 7, 7)).shape == (1, 26880)
    assert pool(torch.zeros(1, 1280, 3, 11)).shape == (1, 26880)


def test_unknown_levels_and_modes_are_told():
    with pytest.raises(ValueError, match="at least 1"):
        SpatialPyramidPooling((4, 0))
    with pytest.raises(ValueError, match="known: 'max' and 'avg'"):
        SpatialPyramidPooling(mode="mean")


@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("size", [(7, 7), (1, 1), (3, 10), (5, 28), (2, 9)])
def test_slices_give_what_the_librarys_pooling_gives(mode, size):
    """On Apple's MPS the slices take its place."""
    maps = torch.randn(2, 5, *size, generator=torch.Generator().manual_seed(0))
    for level in (1, 2, 3, 4, 6):
        slices, library = (pool(maps, level, mode) for pool in (pool_by_slices, pool_adaptively))
        assert slices.shape == (2, 5, level, level)
        assert torch.equal(slices, library) or torch.allclose(slices, library, atol=1e-6)


def test_freeze_save_and_load_with_a_pyramid(make_model, tmp_path):
    model = make_model(pooling="spp", levels=(3, 1)).freeze()
    assert model.head[1].in_features == 1280 * 10
    before = {key: value.clone() for key, value in model.features.state_dict().items()}
    optimizer = torch.optim.SGD(model.head.parameters(), lr=0.1)
    images = torch.randn(2, 3, 96, 160, generator=torch.Generator().manual_seed(0))
    nn.functional.cross_entropy(model.train()(images), torch.tensor([0, 1])).backward()
    optimizer.step()
    assert all(torch.equal(v, before[k]) for k, v in model.features.state_dict().items())
    save_model(tmp_path, model, {"classes": ["a", "b"], "size": [96, 160]})
    again, config = load_model(tmp_path)
    assert config["pooling"] == "spp" and config["levels"] == [3, 1]
    assert torch.equal(again.predict_proba(images), model.predict_proba(images))


def test_frozen_features_of_any_size_give_the_logits_of_the_plain_loop(
    make_model, photo_folder, monkeypatch
):
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "no")  # bf16 would round
    model = make_model(pooling="spp").freeze().eval()
    photos = ImageFolderDataset(photo_folder / "train", train_transform(RULE), seed=5)
    features = compute_features(model, photos, views=(2, 3))
    for epoch in (2, 3):
        photos.set_epoch(epoch)
        features.set_epoch(epoch)
        for index in (0, 7, 23):
            image, label = photos[index]
            row, kept_label = features[index]
            assert label == kept_label
            with torch.no_grad():
                assert torch.allclose(model(image[None]), model.head(row[None]), atol=1e-4)


@pytest.mark.parametrize("pooling", ["avg", "spp"])
def test_images_of_any_size_train_and_are_predicted_in_order(make_model, photo_folder, pooling):
    model = make_model(pooling=pooling).freeze()
    train = ImageFolderDataset(photo_folder / "train", train_transform(RULE))
    val = ImageFolderDataset(photo_folder / "val", eval_transform(RULE))
    optimizer = torch.optim.AdamW(model.head.parameters(), lr=1e-3)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer)
    budget = 4 * 160 * 160
    loader = make_loader(val, pixel_budget=budget)
    train_loader = make_loader(train, shuffle=True, pixel_budget=budget)
    history = trainer.fit(train_loader, loader, max_epochs=2)
    assert history.epochs[1]["train_loss"] < history.epochs[0]["train_loss"]
    outputs, targets = predict(model, loader)
    assert targets.tolist() == val.labels
    one_by_one = torch.cat([model.eval()(val[i][0][None]) for i in range(len(val))])
    assert torch.allclose(outputs, one_by_one, atol=1e-4)
