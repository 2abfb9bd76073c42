"""The benchmarks' plumbing on a few small images; what they time is nobody's business here."""

import json

import pytest
import torch

from helpers.data.datasets import ImageFolderDataset, MultilabelDataset
from helpers.data.images import read_image
from helpers.models.backbones import Backbone
from tests.benchmarks import __main__ as command
from tests.benchmarks import decoding, memory, older_recipe, peak, timing, training

BUDGET = 4 * 224 * 224


@pytest.fixture
def make_pyramid(make_model):
    return lambda: make_model(pooling="spp")


@pytest.fixture
def photos(photo_folder):
    return ImageFolderDataset(photo_folder / "train").subset(range(9, 15))


class Contents:
    """A hook that keeps what each image holds, whatever batch it came in."""

    def __init__(self):
        self.seen = []

    def __call__(self, module, inputs):
        self.seen += [(*image.shape, round(image.double().sum().item(), 2)) for image in inputs[0]]


def test_both_ways_train_on_the_same_pixels(make_pyramid, photos):
    contents = []

    def make():
        model = make_pyramid()
        contents.append(Contents())
        model.features.register_forward_pre_hook(contents[-1])
        return model

    speed, megapixels = training.fine_tuning(make, photos, rounds=1, batches=9, budget=BUDGET)
    buckets, one_by_one, squares = (content.seen for content in contents)
    assert sorted(buckets) == sorted(one_by_one) and len(buckets) == 2 * len(photos)
    assert {image[1:3] for image in squares} == {(224, 224)} and len(squares) == len(buckets)
    (ours,), (theirs,) = (speed.details[way]["rounds"] for way in ("buckets", "one by one"))
    assert ours["images"] == theirs["images"] == 6 and ours["pixels"] == theirs["pixels"]
    assert speed.ratios == [theirs["seconds"] / ours["seconds"]]
    assert megapixels.wanted == 0.9


def test_plain_form_is_the_same_model(make_pyramid):
    model, images = make_pyramid().unfreeze().train(), torch.randn(2, 3, 96, 160)
    model.head[0].p = 0.0
    expected = model(images)
    plain = training.plain_form(model)
    assert torch.allclose(plain(images), expected, atol=1e-4)
    assert not any(module.training for module in plain.modules() if "Norm" in str(type(module)))


def test_adaptation_counts_every_view(make_pyramid, photos):
    outcome = training.adaptation(
        make_pyramid, photos, 1, batches=9, budget=BUDGET, views=(1, 2, 3), epochs=2
    )
    (ours,) = outcome.details["features once"]["rounds"]
    (theirs,) = outcome.details["one by one"]["rounds"]
    assert ours["images"] == outcome.details["views"] * theirs["images"] == 3 * len(photos)
    assert ours["pixels"] == 3 * theirs["pixels"]
    assert outcome.ratios == [2 * theirs["seconds"] / ours["seconds"]]


def test_decoding_and_memory(make_pyramid, photos, tmp_path):
    outcome = decoding.decoding(tmp_path, training.RULE, rounds=1, count=1, size=(1200, 1600))
    assert outcome.details["decoded"] == [300, 400] and outcome.details["shape"] == [192, 256]
    outcome = memory.memory(
        tmp_path,
        make_pyramid,
        photos.paths,
        lambda folder, budget: peak.peak_of_an_epoch(folder, make_pyramid, budget),
        BUDGET,
        huge=(400, 600),
        rounds=1,
    )
    (measured,) = (row["measured"] for row in outcome.details["rounds"])
    assert measured["images"] == len(photos) + 2
    assert measured["largest_image"] == [400, 600] and measured["smallest_image"] == [24, 24]
    assert measured["fullest_batch_pixels"] <= BUDGET
    full_size = outcome.details["largest_image_at_full_size"]["saved_by_autograd_bytes"]
    per_pixel = outcome.details["saved_by_autograd"]["bytes_per_pixel"]
    assert full_size == pytest.approx(per_pixel * 400 * 600, rel=0.01)


def test_parts_are_whole_buckets_and_cover_the_epoch(photos):
    shaped = photos.with_transform(training.train_transform(training.RULE))
    count = len(training.SizeBucketBatchSampler(shaped.shapes, BUDGET, shuffle=True))
    parts = training.parts_of_an_epoch(shaped, 1, count, BUDGET)
    assert sorted(path for part in parts for path in part.paths) == sorted(photos.paths)
    for part in parts:
        assert len(training.make_bucket_loader(part, BUDGET)) == 1


def test_ways_take_turns_and_the_first_round_warms_up():
    calls = []
    ways = {name: lambda number, name=name: calls.append((number, name)) for name in "ab"}
    runs = timing.take_turns(ways, rounds=2)
    assert calls == [(0, "a"), (0, "b"), (1, "a"), (1, "b"), (2, "a"), (2, "b")]
    assert [list(round_) for round_ in runs] == [["a", "b"]] * 2


def outcomes(ratio):
    yield timing.Outcome("speed", "images per second", 2.0, [ratio, ratio, 9.0])
    yield timing.Outcome("memory", "bytes", 1.2, [1.0], at_most=True)


@pytest.mark.parametrize(("ratio", "quick", "status"), [(2.0, 0, 0), (1.9, 0, 1), (1.9, 1, 0)])
def test_command_tells_and_keeps(ratio, quick, status, photos, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "measure", lambda *given: list(outcomes(ratio)))
    monkeypatch.setattr(command, "load_splits", lambda folder: {"train": photos})
    monkeypatch.setattr(command, "data_folder", lambda task: tmp_path)
    monkeypatch.setattr(command, "resolve_backbone", lambda name: "one")
    kept = tmp_path / "new" / "numbers.json"
    assert command.main(["--output", str(kept), *["--quick"] * quick]) == status
    told = capsys.readouterr().out.splitlines()
    assert told[1].split() == ["speed", "≥", "2.0", f"{ratio:.2f}", f"{ratio:.2f}", "9.00"] + [
        "ok" if ratio >= 2 else "missed"
    ]
    content = json.loads(kept.read_text())
    assert content["benchmarks"][0]["measured"] == ratio
    assert content["benchmarks"][0]["spread"] == {"least": ratio, "most": 9.0}
    assert content["images"]["count"] == 6 and content["machine"]["threads"] >= 1
    assert [path.name for path in kept.parent.iterdir()] == ["numbers.json"]


def test_older_recipe_drifts_where_ours_stands_still(make_model, labelled_photos):
    """What the comparison is about: frozen weights, but batch norm in train mode."""
    model = make_model()
    backbone = Backbone("any", model.features, [], 1280, 32, model.mean, model.std, "pretrained")
    older = older_recipe.older_model(backbone, 2).train()
    before = {name: value.clone() for name, value in older.state_dict().items()}
    view = older_recipe.SquareView(backbone, augment=True)
    data = MultilabelDataset(labelled_photos / "labels.csv", labelled_photos / "photos", view)
    probabilities = older(torch.stack([data[index][0] for index in range(4)]))
    assert probabilities.shape == (4, 2) and 0 <= probabilities.min() <= probabilities.max() <= 1
    drifted = [name for name, value in older.state_dict().items() if "running" in name
               and not torch.equal(value, before[name])]  # fmt: skip
    assert drifted
    assert torch.equal(data[0][0], data[0][0]) and data[0][0].shape == (3, 224, 224)
    data.set_epoch(1)
    assert not torch.equal(data[0][0], view(read_image(data.paths[0]), seed=(0, 0, 0)))


def test_comparison_needs_what_the_notebook_has_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(older_recipe, "run_folder", lambda task: tmp_path)
    with pytest.raises(SystemExit, match="run notebook 05"):
        older_recipe.notebook_numbers("mobilenet_v2")
    phases = {"phase1": {"map": 0.8}, "phase2": {"map": 0.9}}
    (tmp_path / "metrics.json").write_text(json.dumps({"results": {"vgg16": phases}}))
    found = older_recipe.notebook_numbers("vgg16")
    assert found == {"ours phase 1": {"map": 0.8}, "ours phase 2": {"map": 0.9}}


def test_the_older_recipe_is_trained_once(tmp_path, monkeypatch):
    monkeypatch.setattr(older_recipe, "OUTPUT", tmp_path / "recipes.json")
    monkeypatch.setattr(older_recipe, "data_form", lambda: "real")
    assert older_recipe.kept_numbers("vgg16") == {}
    recipes = {"older phase 1": {"map": 0.7}, "ours phase 1": {"map": 0.8}}
    kept = {"real": {"backbone": "vgg16", "recipes": recipes}}
    (tmp_path / "recipes.json").write_text(json.dumps(kept))
    assert older_recipe.kept_numbers("vgg16") == {"older phase 1": {"map": 0.7}}
    assert older_recipe.kept_numbers("mobilenet_v2") == {}
