"""The difficulty's figures on a handful of pictures: all are there, and seeds are kept apart."""

import json

import cv2
import numpy as np
import pytest

from data_scripts import difficulty, render_drones
from data_scripts.panoramas import LABELS
from helpers.evaluation import linear_logits


@pytest.fixture(scope="module")
def drones(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rendered") / "drones"
    return render_drones.render_dataset(folder, per_class=8, processes=1, progress=False)


@pytest.fixture
def panoramas(tmp_path):
    """Noise, with every label in half of train and of test."""
    rng = np.random.default_rng(0)
    for split, count in (("train", 12), ("test", 8)):
        (tmp_path / split).mkdir()
        rows = [",".join(["filename", *LABELS])]
        for number in range(count):
            cells = ((number + np.arange(5)) % 2).astype(str)
            rows.append(",".join([f"{number}.png", *cells]))
            image = rng.integers(0, 256, (60, 90 + number, 3), np.uint8)
            cv2.imwrite(str(tmp_path / split / f"{number}.png"), image)
        (tmp_path / f"{split}_label.csv").write_text("\n".join(rows))
    return tmp_path


def test_figures_of_panoramas_are_kept_beside_other_seeds(panoramas, tmp_path):
    kept = tmp_path / "difficulty.json"
    kept.write_text('{"seed 0": {"images": 1200}}')
    asked = ["panoramas", "--seed", "2", "--epochs", "1", "--folder", str(panoramas)]
    assert difficulty.main([*asked, "--out", str(kept)]) == 0
    content = json.loads(kept.read_text())
    assert list(content) == ["seed 0", "seed 2"] and content["seed 0"] == {"images": 1200}
    figures = content["seed 2"]
    assert list(figures) == ["images", "share", "colour", "frozen", "adapted", "fine_tuned"]
    assert figures["images"] == 20 and tuple(figures["share"]) == LABELS
    for name in ("colour", "frozen", "adapted", "fine_tuned"):
        mean, *each = figures[name].values()
        assert len(each) == 5 and mean == pytest.approx(np.mean(each), abs=1e-4)


def test_figures_of_drones(drones, tmp_path):
    figures = difficulty.measure_drones(drones, 0, epochs=0, photos=tmp_path)
    assert list(figures) == ["images", "chance", "colour", "frozen", "adapted"]
    assert figures["chance"] == 0.25
    assert all(0 <= figures[name] <= 1 for name in ("colour", "frozen", "adapted"))


def test_colour_alone_tells_red_from_blue():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (20, 12, 12, 3), np.uint8)
    images[::2, ..., 0], images[1::2, ..., 2] = 250, 250
    rows = np.stack([difficulty.colour_histogram(image) for image in images])
    assert rows.shape == (20, 512) and np.allclose((rows**2).sum(axis=1), 1)
    labels = np.arange(20) % 2
    logits = linear_logits(rows[:10], labels[:10], rows[10:], C=1.0)
    assert (logits.argmax(dim=1).numpy() == labels[10:]).all()


def test_a_folder_belongs_to_one_task(capsys):
    with pytest.raises(SystemExit):
        difficulty.main(["--folder", "anywhere"])
    assert "name it" in capsys.readouterr().err
