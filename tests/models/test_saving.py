"""A saved model and a photo: what anyone who was handed the folder would do."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from helpers.data.images import ImageError
from helpers.data.shapes import ShapeRule
from helpers.models.saving import (
    ModelError,
    load_model,
    predict_photo,
    save_model,
    transform_from_config,
)

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
