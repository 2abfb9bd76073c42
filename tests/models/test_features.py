import pytest
import torch
from torch import nn

from helpers.data.datasets import ImageFolderDataset, MultilabelDataset
from helpers.data.loaders import make_loader, set_epoch
from helpers.data.shapes import ShapeRule
from helpers.data.transforms import eval_transform, train_transform
from helpers.models.features import FeatureDataset, compute_features, image_pyramid_features
from helpers.training.callbacks import LearningRateSchedule
from helpers.training.trainer import Trainer

SIZE = (64, 64)


@pytest.fixture(autouse=True)
def _full_precision(monkeypatch):
    """Equal to the plain loop's they are in float32; bf16, where the processor has it, rounds."""
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "no")


@pytest.fixture
def photos(photo_folder):
    return ImageFolderDataset(photo_folder / "train", train_transform(SIZE), seed=5)


def test_features_give_the_logits_of_the_plain_loop(make_model, photos):
    model = make_model().freeze().eval()
    features = compute_features(model, photos, views=(0, 1, 2), batch_size=7)
    assert features.features.shape == (3, 24, 1280)
    for epoch in (0, 1, 2):
        photos.set_epoch(epoch)
        features.set_epoch(epoch)
        with torch.no_grad():
            plain = torch.cat([model(images) for images, _ in make_loader(photos, 5)])
            kept = torch.cat([model.head(rows) for rows, _ in make_loader(features, 5)])
        assert torch.allclose(plain, kept, atol=1e-4)
    assert not torch.allclose(features.features[0], features.features[1], atol=1e-2)


def test_head_trained_on_features_is_the_head_of_the_plain_loop(make_model, photos):
    """Same seed: same order, same views, same dropout, so the same classifier in the end."""

    def train(module, parameters, data):
        trainer = Trainer(
            module,
            nn.CrossEntropyLoss(),
            torch.optim.AdamW(parameters, lr=1e-2),
            [LearningRateSchedule()],
            seed=3,
        )
        trainer.fit(make_loader(data, 6, shuffle=True, seed=3), None, max_epochs=2)

    slow = make_model().freeze()
    train(slow, slow.head.parameters(), photos)
    fast = make_model().freeze()
    features = compute_features(fast, photos, views=(0, 1, 2))
    train(fast.head, fast.head.parameters(), features)
    for name, value in slow.head.state_dict().items():
        assert torch.allclose(value, fast.head.state_dict()[name], atol=1e-4)


def test_mode_and_epoch_are_left_as_they_were(make_model, photos):
    model = make_model().train()
    model.head.eval()
    photos.set_epoch(4)
    compute_features(model, photos, views=(9,))
    assert model.training and not model.head.training and photos.epoch == 4


def test_an_interrupt_leaves_the_data_set_at_its_epoch(make_model, photos, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    photos.set_epoch(4)
    monkeypatch.setattr("helpers.models.features.predict", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compute_features(make_model(), photos, views=(7,))
    assert photos.epoch == 4


def test_views_follow_the_epoch_with_workers_too():
    data = FeatureDataset(torch.arange(3.0).view(3, 1, 1), torch.zeros(1))
    loader = make_loader(data, workers=1)
    views = []
    for epoch in (0, 1, 2):
        set_epoch(loader, epoch)
        views += [features.item() for features, _ in loader]
    assert views == [0, 1, 2]


def test_features_leave_the_model_where_it_is(make_model, photos, monkeypatch):
    """As with a GPU: the model works there and comes back."""
    model, places = make_model(), []
    move = torch.nn.Module.to

    def note(module, *where, **options):
        places.append(where)
        return move(module, *where, **options)

    monkeypatch.setattr(torch.nn.Module, "to", note)
    compute_features(model, photos.subset(range(3)))
    assert places[-1] == (torch.device("cpu"),)


@pytest.mark.parametrize("size", [SIZE, ShapeRule()], ids=["fixed", "any size"])
def test_features_of_several_labels_stand_in_the_order_of_the_table(
    make_model, labelled_photos, size
):
    table, folder = labelled_photos / "labels.csv", labelled_photos / "photos"
    data = MultilabelDataset(table, folder, eval_transform(size))
    model = make_model().freeze().eval()
    features = compute_features(model, data, batch_size=5)
    assert torch.equal(features.labels, torch.as_tensor(data.labels))
    with torch.no_grad():
        plain = torch.cat([model.embed(data[i][0][None]) for i in (0, 5, 23)])
    assert torch.allclose(features.features[0, [0, 5, 23]], plain, atol=1e-4)
    loss = nn.BCEWithLogitsLoss()(model.head(features.features[0]), features.labels)
    assert loss.isfinite()


def test_bf16_features_point_the_same_way_and_stay_float32(make_model, photos, monkeypatch):
    dataset = photos.with_transform(eval_transform((64, 64)))
    model, features = make_model(), {}
    for precision in ("no", "bf16"):
        monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", precision)
        features[precision] = compute_features(model, dataset).features[0]
    assert features["bf16"].dtype == torch.float32
    assert not torch.equal(features["bf16"], features["no"])
    alike = torch.cosine_similarity(features["no"], features["bf16"])
    assert alike.min() >= 0.99 and alike.mean() >= 0.995


@pytest.mark.parametrize("precision", ["no", "bf16"])
def test_features_come_again_and_the_model_keeps_its_modules_and_numbers(
    make_model, photos, precision, monkeypatch
):
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", precision)
    model = make_model()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modules = dict(model.named_modules())
    first, again = (compute_features(model, photos).features for _ in range(2))
    assert torch.equal(first, again)
    assert dict(model.named_modules()) == modules
    assert before.keys() == model.state_dict().keys()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.skipif(torch.cuda.is_available(), reason="on a GPU the processor is not asked")
@pytest.mark.parametrize(("has_bf16", "precision"), [(True, "bf16"), (False, "no")])
def test_bf16_is_used_where_the_processor_has_it(
    make_model, photos, has_bf16, precision, monkeypatch
):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: has_bf16, raising=False)
    features = {}
    for chosen in ("", precision):
        monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", chosen)
        features[chosen] = compute_features(make_model(), photos.subset(range(3))).features
    assert torch.equal(features[""], features[precision])


def test_an_image_pyramid_has_each_size_alone_and_all_side_by_side(make_model, photos):
    model, plain = make_model().freeze(), photos.with_transform(None)
    sizes = {"small": (64, 64), "any": ShapeRule(min_side=128, max_pixels=160 * 160)}
    pyramid = image_pyramid_features(model, {"train": plain, "val": plain.subset([3])}, sizes)
    features, (row,) = pyramid["train"], pyramid["val"]["small"]
    assert torch.allclose(row, features["small"][3], atol=1e-2)
    assert list(features) == ["small", "any", "side by side"]
    for name, size in sizes.items():
        alone = compute_features(model, plain.with_transform(eval_transform(size)))
        assert torch.equal(features[name], alone.features[0])
    both = torch.cat([features["small"], features["any"]], dim=1)
    assert torch.equal(features["side by side"], both) and both.shape == (24, 2 * 1280)
    assert plain.transform is None
    with pytest.raises(ValueError, match="needs a size"):
        image_pyramid_features(model, {"train": plain}, {})
