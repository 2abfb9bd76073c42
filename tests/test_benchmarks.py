"""The benchmarks' plumbing on a few small images; what they time is nobody's business here."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.course import record_result
from helpers.data import ImageFolderDataset, MultilabelDataset, read_image
from helpers.models import Backbone
from tests.benchmarks import __main__ as command
from tests.benchmarks import decoding, four_folds, memory, older_recipe, timing, training


@pytest.fixture
def photos(photo_folder):
    return ImageFolderDataset(photo_folder / "train").subset(range(9, 15))


class Contents:
    """A hook that keeps what each image holds, whatever batch it came in."""

    def __init__(self):
        self.seen, self.batches = [], []

    def __call__(self, module, inputs):
        self.batches.append(len(inputs[0]))
        self.seen += [(*image.shape, round(image.double().sum().item(), 1)) for image in inputs[0]]


@pytest.fixture
def make_pyramid(make_model):
    """Makes models with a pyramid; `make_pyramid.contents` has the Contents of each."""

    def make():
        model = make_model(pooling="spp")
        make.contents.append(Contents())
        model.features.register_forward_pre_hook(make.contents[-1])
        return model

    make.contents = []
    return make


def test_all_ways_train_on_the_same_images(make_pyramid, photos):
    speed, megapixels = training.fine_tuning(
        make_pyramid, photos, rounds=1, batches=9, batch_size=4
    )
    buckets, squares, one_by_one = make_pyramid.contents
    assert sorted(buckets.seen) == sorted(one_by_one.seen) and len(buckets.seen) == 2 * len(photos)
    assert {image[1:3] for image in squares.seen} == {(224, 224)}
    assert len(squares.seen) == len(buckets.seen)
    assert max(buckets.batches) > 1 and set(one_by_one.batches) == {1}
    seconds = {name: each["seconds"] for name, each in speed.details.items()}
    assert speed.ratios == [seconds["one by one"] / seconds["buckets"]]
    pixels = [sum(h * w for _, h, w, _ in content.seen) for content in (buckets, squares)]
    expected = pixels[0] / pixels[1] * seconds["squares"] / seconds["buckets"]
    assert megapixels.ratios == [pytest.approx(expected)]


def test_one_by_one_is_the_same_model(make_pyramid, photos):
    shaped = photos.with_transform(training.train_transform(training.RULE, ()))
    model, plain = make_pyramid().freeze(), make_pyramid().freeze()
    for each in (model, plain):
        each.head[0].p = 0.0
    optimizer = torch.optim.SGD(plain.head.parameters(), lr=0.0)
    outputs = []
    plain.head.register_forward_hook(lambda *given: outputs.append(given[-1]))
    training.train_one_by_one(plain, optimizer, shaped)
    expected = training.make_loader(shaped, 1)
    logits = torch.cat([model(images) for images, _ in expected])
    assert torch.allclose(torch.cat(outputs).sum(0), logits.sum(0), atol=1e-3)


def test_adaptation_looks_at_every_view_once(make_model, photos):
    contents = []

    def make():
        model = make_model(pooling="spp")
        contents.append(Contents())
        model.pool.register_forward_pre_hook(contents[-1])  # frozen features take another backbone
        return model

    outcome = training.adaptation(make, photos, 1, batches=9, batch_size=4, epochs=2)
    once, one_by_one = contents
    views = outcome.details["views"]
    assert len(once.seen) == views * len(one_by_one.seen) == 2 * views * len(photos)
    seconds = outcome.details["seconds"]
    assert outcome.ratios == [2 * seconds["one by one"] / seconds["features once"]]


def test_parts_are_whole_buckets_and_cover_the_epoch(photos):
    shaped = photos.with_transform(training.train_transform(training.RULE))
    count = len(training.make_loader(shaped, 4))
    parts = training.parts_of_an_epoch(photos, 1, count, batch_size=4)
    assert sorted(path for part in parts for path in part.paths) == sorted(photos.paths)
    assert all(len(training.make_loader(part, 4)) == 1 for part in parts)


def test_decoding_and_memory(photos, tmp_path):
    outcome = decoding.decoding(tmp_path, photos.paths[:1], rounds=1, size=(1200, 1600))
    assert outcome.details["decoded"] == [300, 400] and outcome.details["shape"] == [192, 256]

    def probe(folder, budget):
        return memory.peak_of_an_epoch("efficientnet_lite0", folder, budget)

    budget = 4 * 224 * 224
    outcome = memory.memory(tmp_path, photos.paths, probe, 1, budget, huge=(400, 600))
    (row,) = outcome.details["rounds"]
    assert row["measured"]["images"] == len(photos) + 2
    assert row["measured"]["fullest_batch_pixels"] <= budget
    assert [point["fullest_batch_pixels"] for point in row["predicted_from"]] == [
        budget // 4,
        budget // 2,
    ]


def test_ways_take_turns_and_the_first_round_warms_up():
    calls = []
    ways = {name: lambda number, name=name: calls.append((number, name)) for name in "ab"}
    seconds = timing.take_turns(ways, rounds=2)
    assert calls == [(0, "a"), (0, "b"), (1, "a"), (1, "b"), (2, "a"), (2, "b")]
    assert [len(each) for each in seconds.values()] == [2, 2]


@pytest.mark.parametrize(("ratio", "status"), [(2.0, 0), (1.9, 1)])
def test_command_prints_and_keeps(ratio, status, photos, tmp_path, monkeypatch, capsys):
    outcomes = [
        timing.Outcome("speed", "images per second", 2.0, [ratio, ratio, 9.0]),
        timing.Outcome("memory", "bytes", 1.2, [1.0], at_most=True),
    ]
    monkeypatch.setattr(command, "measure", lambda *given: iter(outcomes))
    monkeypatch.setattr(command, "load_splits", lambda folder: {"train": photos})
    monkeypatch.setattr(command, "data_folder", lambda task: tmp_path)
    monkeypatch.setattr(command, "resolve_backbone", lambda name: "one")
    monkeypatch.setattr(command, "OUTPUT", tmp_path / "new" / "numbers.json")
    assert command.main() == status
    speed, _ = capsys.readouterr().out.splitlines()
    assert speed.split()[:2] == ["speed", f"{ratio:.2f}"]
    assert speed.endswith("missed" if status else "ok")
    content = json.loads(command.OUTPUT.read_text())
    assert content["benchmarks"][0]["measured"] == ratio
    assert content["images"]["count"] == 6 and content["machine"]["threads"] >= 1


def test_older_recipe_drifts_where_ours_stands_still(make_model, labelled_photos):
    """What the comparison is about: frozen weights, but batch norm in train mode."""
    model = make_model()
    backbone = Backbone("any", model.features, [], 1280, 32, model.mean, model.std, "pretrained")
    older = older_recipe.older_model(backbone, 2).train()
    before = {name: value.clone() for name, value in older.state_dict().items()}
    view = older_recipe.square_view(older_recipe.AUGMENTED)
    data = MultilabelDataset(labelled_photos / "labels.csv", labelled_photos / "photos", view)
    probabilities = older(torch.stack([data[index][0] for index in range(4)]))
    assert probabilities.shape == (4, 2) and 0 <= probabilities.min() <= probabilities.max() <= 1
    assert any(
        not torch.equal(value, before[name])
        for name, value in older.state_dict().items()
        if "running" in name
    )
    assert torch.equal(data[0][0], data[0][0]) and data[0][0].shape == (3, 224, 224)
    data.set_epoch(1)
    assert not torch.equal(data[0][0], view(read_image(data.paths[0]), seed=(0, 0, 0)))


def test_scores_of_probabilities():
    labels = torch.tensor([[1.0, 0], [0, 1.0], [1.0, 1.0], [0, 0]])
    scores = older_recipe.scores_of(0.8 * labels + 0.1, labels)
    assert scores.keys() == set(older_recipe.FIGURES)
    assert scores["map"] == scores["exact_match"] == 1 and scores["hamming_loss"] == 0
    assert scores["bce"] == pytest.approx(0.10536, abs=1e-4)  # -log 0.9


def test_comparison_needs_what_the_notebook_has_measured(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.course.run_folder", lambda task: tmp_path)
    monkeypatch.setattr(older_recipe, "run_folder", lambda task: tmp_path)
    with pytest.raises(SystemExit, match="run notebook 05"):
        older_recipe.notebook_scores("mobilenet_v2")
    for phase, value in (("phase 1", 0.8), ("phase 2", 0.9)):
        record_result("panoramas", "vgg16", "two phases", phase, map=value)
    record_result("panoramas", "vgg16", "label errors", "", map=0.1)
    assert older_recipe.notebook_scores("vgg16") == {
        "ours phase 1": {"map": 0.8},
        "ours phase 2": {"map": 0.9},
    }


def test_the_older_recipe_is_trained_once(tmp_path, monkeypatch):
    monkeypatch.setattr(older_recipe, "OUTPUT", tmp_path / "recipes.json")
    monkeypatch.setattr(older_recipe, "data_form", lambda: "real")
    assert older_recipe.kept_scores("vgg16") == {}
    recipes = {"older phase 1": {"map": 0.7}, "ours phase 1": {"map": 0.8}}
    kept = {"real": {"backbone": "vgg16", "recipes": recipes}}
    (tmp_path / "recipes.json").write_text(json.dumps(kept))
    assert older_recipe.kept_scores("vgg16") == {"older phase 1": {"map": 0.7}}
    assert older_recipe.kept_scores("mobilenet_v2") == {}


def test_folds_of_all_labelled_photos_keep_names_labels_and_sides(tmp_path):
    for split, first in (("train", 0), ("test", 3)):
        (tmp_path / split).mkdir()
        names = [f"{number}.jpg" for number in range(first, first + 3)] + ["same.jpg"]
        for number, name in enumerate(names):
            image = Image.new("RGB", (40 + number, 40), (60 * number, first * 40, 90))
            image.save(tmp_path / split / name)
        rows = [f"{name},{number % 2},{1 - number % 2}" for number, name in enumerate(names)]
        table = "\n".join(["filename,sea,trees", *rows])
        (tmp_path / f"{split}_label.csv").write_text(table)
    photos = four_folds.labelled_photos(tmp_path, tmp_path / "scratch")
    assert len(photos) == 8 and photos.classes == ["sea", "trees"]

    four_folds.write_fold(photos, np.array([1, 6]), tmp_path / "fold")
    parts = {
        split: MultilabelDataset(
            tmp_path / "fold" / f"{split}_label.csv", tmp_path / "fold" / split
        )
        for split in ("train", "test")
    }
    assert {split: len(part) for split, part in parts.items()} == {"train": 6, "test": 2}
    for place, index in enumerate((1, 6)):
        image, labels = parts["test"][place]
        assert np.array_equal(image, photos[index][0])
        assert np.array_equal(labels, photos[index][1])
