"""A saved model and a photo: what anyone who was handed the folder would do."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from helpers.data.images import ImageError
from helpers.data.shapes import ShapeRule
from helpers.errors import ModelError
from helpers.models.backbones import load_backbone
from helpers.models.saving import (
    load_model,
    predict_photo,
    save_model,
    transform_from_config,
)
from helpers.models.transfer import TransferModel

ANY_SIZE = {"min_side": 128, "max_side": 256, "max_pixels": 160 * 160, "multiple": 32}


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (120, 300, 3), np.uint8))
    return path


def test_a_saved_multilabel_model_answers_alike_in_a_new_process(make_model, photo, tmp_path):
    model = make_model(task="multilabel")
    transform = transform_from_config({"size": ANY_SIZE})
    image = transform(cv2.imread(str(photo))[..., ::-1])
    before = model.predict_proba(image[None])[0].tolist()
    low, high = before[0] - 1e-3, before[1] + 1e-3  # the first is said, the second not
    config = {
        "classes": ["sea", "sunset"],
        "size": ShapeRule(**ANY_SIZE),
        "thresholds": [low, high],
    }
    save_model(tmp_path / "model", model, config)
    script = (
        "import sys\n"
        "from helpers.models import load_model, predict_photo\n"
        "print(predict_photo(*load_model(sys.argv[1]), sys.argv[2]).to_json(double_precision=15))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "model"), str(photo)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    table = pd.DataFrame(json.loads(done.stdout.splitlines()[-1]))
    assert table["probability"].tolist() == pytest.approx(before, abs=1e-6)
    assert table["threshold"].tolist() == pytest.approx([low, high], abs=1e-12)
    assert table["answer"].to_dict() == {"sea": "yes", "sunset": "no"}


def test_of_classes_one_is_answered(make_model, photo, tmp_path):
    config = {"classes": ["bird", "drone"], "size": [96, 128]}
    model, config = load_model(save_model(tmp_path / "model", make_model(), config))
    table = predict_photo(model, config, photo)
    assert table["probability"].sum() == pytest.approx(1) and "threshold" not in table
    assert table["answer"].to_dict()[table["probability"].idxmax()] == "yes"
    assert (table["answer"] == "yes").sum() == 1
    assert transform_from_config(config)(np.zeros((50, 70, 3), np.uint8)).shape == (3, 96, 128)


def test_a_file_that_is_no_image_is_named(make_model, tmp_path):
    config = {"classes": ["bird", "drone"], "size": [96, 96]}
    saved = load_model(save_model(tmp_path / "model", make_model(), config))
    (tmp_path / "notes.jpg").write_text("not an image")
    with pytest.raises(ImageError, match="notes.jpg"):
        predict_photo(*saved, tmp_path / "notes.jpg")


def test_a_model_saved_by_version_0_1_0_answers_as_it_did_then():
    model, config = load_model(Path(__file__).with_name("saved_by_0_1_0"))
    rows, columns = np.mgrid[0:120, 0:300]
    image = np.stack([rows * 2, columns * 255 // 299, (rows + columns) % 256], axis=2)
    table = predict_photo(model, config, image.astype(np.uint8))
    then = [0.4656989872455597, 0.4708399474620819, 0.5019341111183167]
    assert table["probability"].tolist() == pytest.approx(then, abs=1e-5)
    assert table["answer"].tolist() == ["yes", "no", "no"]


def test_a_temperature_makes_probabilities_modest_and_leaves_the_answer(
    make_model, photo, tmp_path
):
    config = {"classes": ["bird", "drone"], "size": [96, 128]}
    hot = {**config, "temperature": 4.0}
    plain, modest = (
        predict_photo(*load_model(save_model(tmp_path / name, make_model(), each)), photo)
        for name, each in (("plain", config), ("hot", hot))
    )
    logits = np.log(plain["probability"])
    wanted = np.exp(logits / 4) / np.exp(logits / 4).sum()
    assert modest["probability"].tolist() == pytest.approx(wanted.tolist(), abs=1e-5)
    assert modest["answer"].tolist() == plain["answer"].tolist()
    for bad in (0, -1.0, "warm", float("inf")):
        with pytest.raises(ModelError, match="'temperature' is .* give a number above 0"):
            save_model(tmp_path / "bad", make_model(), {**config, "temperature": bad})


@pytest.fixture
def saved(tmp_path):
    """The folder of a small model."""
    backbone = load_backbone("test_efficientnet", pretrained=False)
    config = {"classes": ["bird", "drone"], "size": [96, 96]}
    return save_model(tmp_path / "saved", TransferModel(backbone, 2, "spp", seed=0), config)


def test_pictures_in_memory_are_answered_like_files(saved, photo):
    model, config = load_model(saved)
    rgb = cv2.imread(str(photo))[..., ::-1]
    wanted = predict_photo(model, config, photo)["probability"].to_numpy()
    grey = np.repeat(rgb[..., :1], 3, axis=2)
    for given, like in {
        "uint8": (rgb, rgb),
        "Pillow": (Image.fromarray(np.ascontiguousarray(rgb)), rgb),
        "floats": (rgb / 255, rgb),
        "uint16": (rgb.astype(np.uint16) * 257, rgb),
        "RGBA": (np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)]), rgb),
        "grey": (rgb[..., 0], grey),
        "one channel": (rgb[..., :1], grey),
    }.values():
        answer = predict_photo(model, config, given)["probability"].to_numpy()
        if like is grey:
            wanted = predict_photo(model, config, grey)["probability"].to_numpy()
        assert answer == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        (np.zeros((3, 50, 60), np.uint8), r"shape \(3, 50, 60\); give \(height, width, 3\)"),
        (np.zeros((50,), np.uint8), r"shape \(50,\)"),
        (np.zeros((0, 5, 3), np.uint8), r"shape \(0, 5, 3\)"),
        (np.full((50, 60, 3), 300.0), "float64, from 300 to 300; give uint8"),
        (np.full((50, 60, 3), np.nan), "float64, from nan to nan; give uint8"),
        (np.full((50, 60, 3), -1), "int64, from -1 to -1; give uint8"),
    ],
)
def test_what_is_no_picture_is_told(saved, photo, words):
    with pytest.raises(ImageError, match=words):
        predict_photo(*load_model(saved), photo)


def test_a_flipped_byte_anywhere_in_the_weights_is_told(saved):
    path, rng = saved / "model.safetensors", np.random.default_rng(0)
    content = path.read_bytes()
    for place in rng.integers(len(content), size=20):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        with pytest.raises(ModelError, match=r"model\.safetensors: (damaged|not the weights)"):
            load_model(saved)
    path.write_bytes(content)
    load_model(saved)


def test_answers_that_are_no_numbers_are_refused(saved, photo):
    model, config = load_model(saved)
    with torch.no_grad():
        model.head[1].bias[0] = float("nan")
    with pytest.raises(ModelError, match="1 of 1 inputs are not finite: its weights are damaged"):
        predict_photo(model, config, photo)
    without = {key: value for key, value in config.items() if key != "weights_sha256"}
    save_model(saved, model, config)
    (saved / "config.json").write_text(json.dumps(without))  # as versions before did
    with pytest.raises(ModelError, match=r"head\.1\.bias holds numbers that are not finite"):
        load_model(saved)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"levels": [3000]}, "'levels' is .3000.: give up to 8 numbers from 1 to 32"),
        ({"levels": [3, 3]}, "its head has 2 outputs and [0-9,]+ inputs"),
        ({"levels": "421"}, "'levels' is '421'"),
        ({"size": "huge"}, r"'size' is 'huge': give \(height, width\) or a ShapeRule"),
        ({"size": [96, 0]}, r"'size' is \[96, 0\]"),
        ({"size": {"min_side": 10**6}}, "'size' is"),
        ({"size": {"minimum": 5}}, "'size' is"),
        ({"classes": ["bird", "bird"]}, "'classes' is .*different names"),
        ({"classes": []}, "'classes' is"),
        ({"classes": None}, "'classes' is None"),
        ({"crop": 1}, "'crop' is 1: give true or false"),
        ({"crop": True, "size": [96, 128]}, "'crop' needs a square 'size'"),
        ({"temperature": -1}, "'temperature' is -1: give a number above 0"),
        ({"thresholds": [0.5, 0.5]}, "'thresholds' are of labels, not of classes"),
        ({"task": "multilabel"}, "it has 0 thresholds for 2 labels"),
        ({"dropout": 1.5}, "'dropout' is 1.5"),
        ({"dropout": True}, "'dropout' is True"),
        ({"mean": [0.5, 0.5]}, "'mean' is"),
        ({"std": [0.5, 0.5, 0]}, "'std' is .*three numbers above 0"),
        ({"backbone": 5}, "'backbone' is 5"),
        ({"backbone": "../../etc"}, "not a model's config"),
        ({"weights_sha256": "x"}, "'weights_sha256' is 'x': give 64 hexadecimal digits"),
    ],
)
def test_every_field_of_a_config_is_checked_before_anything_is_built(saved, change, words):
    path = saved / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ModelError, match=words) as caught:
        load_model(saved)
    assert "\n" not in str(caught.value) and "save" in str(caught.value) or "safetensors" in words


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe{", b"[" * 100_000, b"5", b'{"size": NaN}', b"[1e999]", b"{}", b"null"],
)
def test_a_config_that_is_no_json_object_is_told(saved, content):
    (saved / "config.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"config\.json: not a model's config"):
        load_model(saved)


def test_saving_is_as_strict_as_loading_and_leaves_nothing_behind(saved, tmp_path):
    model, _ = load_model(saved)
    good = {"classes": ["bird", "drone"], "size": [96, 96]}
    for change, words in (
        ({"size": "huge"}, "'size' is 'huge'"),
        ({"size": [96, 10**6]}, "'size' is"),
        ({"crop": "yes"}, "'crop' is 'yes'"),
        ({"classes": ["bird", "bird"]}, "'classes' is"),
        ({"rate": object()}, "cannot be kept as JSON"),
    ):
        with pytest.raises(ModelError, match=words):
            save_model(tmp_path / "new", model, {**good, **change})
        assert not (tmp_path / "new").exists()


def test_extras_of_any_numbers_are_kept_as_far_as_json_can(saved, tmp_path):
    model, config = load_model(saved)
    extras = {"map": float("nan"), "crop": np.bool_(True), "rates": np.array([0.5, 1])}
    save_model(tmp_path / "new", model, {**config, **extras})
    again = load_model(tmp_path / "new")[1]
    assert again["map"] is None and again["crop"] is True and again["rates"] == [0.5, 1]
    path = tmp_path / "new" / "config.json"
    path.write_text(path.read_text().replace('"map": null', '"map": NaN'))  # of older versions
    assert load_model(tmp_path / "new")[1]["map"] is None
