import importlib.metadata
import json

import numpy as np
import pytest
import torch

from helpers.data.shapes import ShapeRule
from helpers.errors import ModelError
from helpers.models.backbones import load_backbone
from helpers.models.features import FeatureDataset
from helpers.models.saving import load_model, save_model
from helpers.models.transfer import TransferModel
from helpers.training.recipes import train_head

IMAGES = torch.randint(
    0, 256, (4, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)
)
CONFIG = {"classes": ["circle", "cross"], "size": [64, 64], "learning_rate": 1e-3}


def _step(model, rate=0.1):
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=rate)
    model.train()
    loss = torch.nn.functional.cross_entropy(model(IMAGES), torch.tensor([0, 1, 0, 1]))
    loss.backward()
    optimizer.step()
    return model


def _changed(before: dict, model) -> set[str]:
    return {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])}


def _snapshot(model) -> dict:
    return {k: v.clone() for k, v in model.state_dict().items()}


def test_frozen_backbone_is_bit_identical_after_steps(make_model):
    model = make_model().freeze()
    before = _snapshot(model)
    for _ in range(3):
        _step(model)
    assert _changed(before, model) == {"head.1.weight", "head.1.bias"}


def test_without_freezing_batch_norm_would_drift(make_model):
    """What freeze() must prevent: gradients off, yet running statistics move."""
    model = make_model()
    model.features.requires_grad_(False)
    before = _snapshot(model)
    _step(model)
    assert any("running_mean" in key for key in _changed(before, model))


def test_unfreeze_lets_everything_learn_but_batch_norm_statistics(make_model):
    model = make_model().freeze().unfreeze()
    before = _snapshot(model)
    changed = _changed(before, _step(model))
    assert {k for k, _ in model.named_parameters()} == changed
    updating = make_model().unfreeze(update_batch_norm=True)
    before = _snapshot(updating)
    assert sum("running_mean" in k for k in _changed(before, _step(updating))) == sum(
        "running_mean" in k for k in before
    )


def test_unfreeze_last_blocks_leaves_the_first_ones_alone(make_model):
    model = make_model().unfreeze(last_n_blocks=2)
    before = _snapshot(model)
    changed = _changed(before, _step(model))
    assert any(k.startswith("features.model.conv_head") for k in changed)
    assert any(k.startswith("features.model.blocks.6") for k in changed)
    assert not any(k.startswith("features.model.blocks.5") for k in changed)
    assert not any("running" in k for k in changed)
    assert _changed(_snapshot(model), _step(model.unfreeze(last_n_blocks=0))) == {
        "head.1.weight",
        "head.1.bias",
    }
    with pytest.raises(ValueError, match="there are 9 blocks"):
        model.unfreeze(last_n_blocks=10)


def test_discriminative_rates_fall_towards_the_input(make_model):
    model = make_model().unfreeze()
    groups = model.parameter_groups(1e-4, block_decay=0.5, head_factor=10)
    rates = [g["lr"] for g in groups]
    assert rates[-1] == pytest.approx(1e-3) and rates[-2] == pytest.approx(1e-4)
    assert rates[:-1] == pytest.approx([1e-4 * 0.5**d for d in reversed(range(9))])
    listed = [p for g in groups for p in g["params"]]
    assert len(listed) == len(set(listed)) == len(list(model.parameters()))
    assert [g["name"] for g in model.freeze().parameter_groups(1e-3)] == ["head"]
    torch.optim.AdamW(groups)  # an optimizer takes them as they are


def test_models_of_one_backbone_have_nothing_to_do_with_each_other():
    backbone = load_backbone("test_efficientnet", pretrained=False)
    imagenet = {k: v.clone() for k, v in backbone.features.state_dict().items()}
    frozen, other = TransferModel(backbone, 2).freeze(), TransferModel(backbone, 2)
    frozen.train()
    _step(other.unfreeze(update_batch_norm=True))
    assert not any(p.requires_grad for p in frozen.features.parameters())
    assert not any(m.training for m in frozen.features.modules())
    for features in (frozen.features, backbone.features):
        assert all(torch.equal(v, imagenet[k]) for k, v in features.state_dict().items())


def test_heads_may_share_a_frozen_backbone_until_one_is_unfrozen():
    backbone = load_backbone("test_efficientnet", pretrained=False)
    first = TransferModel(backbone, 2, seed=0).freeze()
    second, again = first.with_new_head(1), first.with_new_head(1)
    assert second.features is first.features and second.head is not first.head
    assert torch.equal(second.head[1].weight, again.head[1].weight)
    assert not torch.equal(second.head[1].weight, first.head[1].weight)
    before = _snapshot(first)
    _step(second)
    assert not _changed(before, first)
    _step(second.unfreeze())
    assert second.features is not first.features and not _changed(before, first)
    assert first.features.state_dict().keys() == second.features.state_dict().keys()
    with pytest.raises(ValueError, match="only a frozen backbone"):
        second.with_new_head(0)


def test_a_head_is_trained_on_another_device_and_comes_back(make_model, monkeypatch):
    """As on a GPU: backbone and head must be in one place afterwards."""
    model, places = make_model().freeze(), []
    move = torch.nn.Module.to

    def note(module, *where, **options):
        places.append((module, where))
        return move(module, *where, **options)

    monkeypatch.setattr(torch.nn.Module, "to", note)
    features = FeatureDataset(torch.randn(1, 8, 1280), torch.arange(8) % 2)
    train_head(model, features, None, max_epochs=1)
    assert places[-1] == (model.head, (torch.device("cpu"),))
    assert not model.head.training
    other = model.with_new_head(0)
    other._buffers["_scale"] = torch.ones(1)
    assert model._scale.numel() == 3  # what is moved of one stays where it is in the other


def test_a_seed_decides_the_head_and_leaves_other_random_numbers_alone():
    backbone = load_backbone("test_efficientnet", pretrained=False)
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    heads = [TransferModel(backbone, 2, seed=seed).head[1].weight for seed in (0, 0, 1)]
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(heads[0], heads[1]) and not torch.equal(heads[0], heads[2])


@pytest.mark.parametrize("size", [(131, 900), (32, 32), (224, 75)])
def test_average_pooling_takes_images_of_any_size(make_model, size):
    logits = make_model(3)(torch.zeros(2, 3, *size))
    assert logits.shape == (2, 3) and logits.isfinite().all()


def test_predict_gives_probabilities_and_keeps_the_mode(make_model):
    model = make_model().train()
    first, second = model.predict_proba(IMAGES), model.predict_proba(IMAGES)
    assert torch.equal(first, second)  # eval mode: no dropout
    assert first.sum(dim=1).tolist() == pytest.approx([1] * 4) and model.training
    labels = make_model(3, task="multilabel").predict_proba(IMAGES)
    assert ((labels > 0) & (labels < 1)).all() and labels.sum(dim=1).tolist() != [1] * 4


def test_looking_at_a_new_model_changes_nothing_in_it(make_model):
    """A forward pass before fit() must not move running statistics."""
    model = make_model()
    before = _snapshot(model)
    model(IMAGES)
    assert not model.training and not _changed(before, model)


def test_the_model_normalises_as_its_backbone_is_used_to(make_model):
    model = make_model()
    normalised = (IMAGES.float() / 255 - 0.5) / 0.5  # of this backbone
    assert torch.allclose(model.normalise(IMAGES), normalised, atol=1e-6)
    assert torch.equal(model.normalise(normalised), normalised)  # done already
    with torch.no_grad():
        assert torch.allclose(model(IMAGES), model(normalised), atol=1e-4)
    assert not {"_offset", "_scale"} & set(model.state_dict())
    for images, words in ((IMAGES.long(), "torch.int64; give uint8"), (IMAGES[0], "shape")):
        with pytest.raises(ValueError, match=words):
            model(images)


def test_images_follow_the_model_to_its_device(make_model):
    """As on a GPU: the model has been moved, the images have not."""
    assert make_model(3).to("meta")(IMAGES).shape == (4, 3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_predictions_come_back_to_the_cpu(make_model):
    model = make_model().to("cuda")
    assert model.predict_proba(IMAGES).device.type == "cpu"


def test_a_head_that_load_model_could_not_rebuild_is_refused(make_model, tmp_path):
    model = make_model()
    model.head = torch.nn.Sequential(torch.nn.Linear(1280, 8), torch.nn.Linear(8, 2))
    with pytest.raises(ModelError, match="could not rebuild"):
        save_model(tmp_path, model, CONFIG)


def test_saved_model_predicts_the_same(make_model, tmp_path):
    model = _step(make_model().unfreeze()).eval()
    again, config = load_model(save_model(tmp_path / "model", model, CONFIG))
    assert torch.allclose(again.predict_proba(IMAGES), model.predict_proba(IMAGES), atol=1e-6)
    assert config["classes"] == CONFIG["classes"]


def test_config_holds_what_a_stranger_needs(make_model, tmp_path):
    save_model(tmp_path, make_model(task="multilabel"), {**CONFIG, "thresholds": [0.4, 0.6]})
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["backbone"] == "efficientnet_lite0" and config["mean"] == [0.5, 0.5, 0.5]
    assert config["thresholds"] == [0.4, 0.6] and config["learning_rate"] == 1e-3
    assert config["versions"]["torch"] == importlib.metadata.version("torch")
    model, loaded = load_model(tmp_path)
    assert loaded == config and model.task == "multilabel" and not model.training


def test_saving_needs_fitting_classes(make_model, tmp_path):
    with pytest.raises(ModelError, match="names 3 classes, the model has 2"):
        save_model(tmp_path, make_model(), {"classes": ["a", "b", "c"], "size": [64, 64]})
    with pytest.raises(ModelError, match="'size' is None"):
        save_model(tmp_path, make_model(), {"classes": ["a", "b"]})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"size": 64}, "'size' is 64: give .height, width."),
        ({"thresholds": [0.5] * 3}, "has 3 thresholds for 2 labels"),
        ({"history": object()}, "cannot be kept as JSON"),
    ],
)
def test_a_config_that_does_not_fit_is_told_and_nothing_written(
    make_model, tmp_path, change, words
):
    with pytest.raises(ModelError, match=words):
        save_model(tmp_path / "new", make_model(task="multilabel"), {**CONFIG, **change})
    assert not (tmp_path / "new").exists()


def test_what_the_model_knows_is_taken_from_the_model(make_model, tmp_path):
    """Whoever saves with the config of another model gets this one back."""
    other = {**CONFIG, "task": "multiclass", "mean": [0, 0, 0], "dropout": 0.7, "levels": [2]}
    thresholds = np.array([0.25, 0.75], np.float32)
    model = make_model(task="multilabel")
    save_model(tmp_path, model, {**other, "thresholds": thresholds, "rate": np.float32(0.5)})
    again, config = load_model(tmp_path)
    assert again.task == "multilabel" and again.mean == model.mean and again.dropout == 0.2
    assert config["thresholds"] == [0.25, 0.75] and config["rate"] == 0.5
    save_model(tmp_path / "again", again, {**config, "size": ShapeRule()})
    loaded = load_model(tmp_path / "again")[1]
    assert save_model(tmp_path / "third", again, loaded) == tmp_path / "third"  # a rule, as JSON


def test_loading_leaves_random_numbers_alone(make_model, tmp_path):
    save_model(tmp_path, make_model(), CONFIG)
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    load_model(tmp_path)
    assert torch.equal(torch.rand(1), expected)


def test_an_interrupted_save_keeps_the_old_model(make_model, tmp_path, monkeypatch):
    model = make_model().eval()
    save_model(tmp_path, model, CONFIG)
    monkeypatch.setattr("os.fsync", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_model(tmp_path, _step(make_model()), CONFIG)
    assert torch.equal(load_model(tmp_path)[0].predict_proba(IMAGES), model.predict_proba(IMAGES))
    assert len(list(tmp_path.iterdir())) == 2


def _interrupt(handle):
    raise KeyboardInterrupt


def _edit(old, new):
    def edit(folder):
        path = folder / "config.json"
        path.write_text(path.read_text().replace(old, new))

    return edit


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda f: (f / "config.json").unlink(), r"config\.json: missing"),
        (lambda f: (f / "model.safetensors").unlink(), r"model\.safetensors: missing"),
        (lambda f: (f / "config.json").write_text("{"), r"config\.json: not a model's config"),
        (lambda f: (f / "config.json").write_text("{}"), r"config\.json: not a model's config"),
        (lambda f: (f / "model.safetensors").write_bytes(b"x" * 99), r"safetensors: damaged"),
        (_edit("efficientnet_lite0", "no_such_net"), "config.json: not a model's config .no back"),
        (
            _edit('"avg"', '"max"'),
            "config.json: not a model's config .*'pooling' is 'max': give 'avg' or 'spp'",
        ),
        (_edit("0.5,", ""), "config.json: not a model's config"),
        (
            _edit('"circle",', '"circle", "third",'),
            r"model\.safetensors: damaged, or not what config\.json describes",
        ),
    ],
)
def test_a_damaged_model_is_told_by_file(make_model, tmp_path, damage, words):
    save_model(tmp_path, make_model(), CONFIG)
    damage(tmp_path)
    with pytest.raises(ModelError, match=words) as caught:
        load_model(tmp_path)
    assert "\n" not in str(caught.value)


def test_unknown_options_are_told(make_model):
    for options, words in (
        ({"pooling": "max"}, "pooling is 'max'"),
        ({"task": "regression"}, "multilabel"),
        ({"num_classes": 0}, "at least one"),
    ):
        with pytest.raises(ValueError, match=words):
            make_model(**options)
    assert isinstance(make_model(), TransferModel)
