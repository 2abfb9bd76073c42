"""Trained on drawings, tested on photos: what is counted, and what is published of it."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from data_scripts import domain_shift
from data_scripts.fetch_drones import DRONES
from helpers import course
from helpers.course import ROW_KEYS

CLASSES = ["flying_bird", "large_quadcopter", "small_quadcopter", "winged_drone"]


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Five photos; one bird stands, one flies, of the third nobody has looked."""
    rng = np.random.default_rng(0)
    for name in ("bird/1.jpg", "bird/2.jpg", "bird/3.jpg", "drone/4.jpg", "drone/5.jpg"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8)).save(path)
    table = tmp_path / "birds.csv"
    table.write_text("file,in_flight\n1.jpg,1\n2.jpg,0\n")
    monkeypatch.setattr(domain_shift, "IN_FLIGHT", table)
    return tmp_path / "photos"


def test_any_drone_is_a_drone_and_birds_in_flight_are_counted_apart(
    photos, make_model, monkeypatch
):
    logits = torch.tensor([[9.0, 0, 0, 0], [1, 2, 0, 0], [9, 0, 0, 0], [1, 1, 1, 1], [5, 0, 0, 4]])
    truth = torch.tensor([0, 0, 0, 1, 1])
    monkeypatch.setattr(domain_shift, "predict", lambda model, loader: (logits, truth))
    table = domain_shift.real_photo_accuracy(make_model(4), CLASSES, photos)
    assert table["photos"].to_dict() == {
        "all photos": 5,
        "drones": 2,
        "birds": 3,
        "birds in flight": 1,
        "birds not in flight": 1,
    }
    # Torn between all four, the fourth photo is more likely a drone than a bird.
    assert table["accuracy"].tolist() == pytest.approx([3 / 5, 1 / 2, 2 / 3, 1, 0])
    assert table["mistaken for"].tolist() == [
        "flying_bird", "flying_bird", "large_quadcopter", "", "large_quadcopter",
    ]  # fmt: skip


def test_a_model_that_knows_no_bird_is_told_apart(photos, make_model):
    with pytest.raises(ValueError, match="bird, drone lack flying_bird"):
        domain_shift.real_photo_accuracy(make_model(2), ["bird", "drone"], photos)


def test_every_bird_of_the_test_was_looked_at():
    rows = csv.DictReader(DRONES.manifest.open(encoding="utf-8"))
    names = {row["path"].rsplit("/", 1)[-1] for row in rows}
    flies = domain_shift.birds_in_flight()
    assert flies.keys() <= names
    assert (len(flies), sum(flies.values())) == (245, 34)  # as labels/README.md says


@pytest.mark.skipif(
    not domain_shift.photos_folder().is_dir(), reason="the real photos are not here"
)
def test_the_table_knows_all_birds_of_the_fetched_test():
    names = {path.name for path in (domain_shift.photos_folder() / "bird").iterdir()}
    assert names == domain_shift.birds_in_flight().keys()


def test_published_figures_stand_in_where_there_are_no_photos(tmp_path, monkeypatch):
    rows = [
        dict(zip((*ROW_KEYS, "value"), row, strict=True))
        for row in (
            ("vgg16", "two phases", "phase 1", "", "accuracy", 0.5),
            ("vgg16", domain_shift.EXPERIMENT, "", "drones", "accuracy", 0.99),
            ("vgg16", domain_shift.EXPERIMENT, "", "drones", "test_images", 221),
            ("vgg16", domain_shift.EXPERIMENT, "", "birds", "accuracy", 0.6),
            ("vgg16", domain_shift.EXPERIMENT, "", "birds", "test_images", 245),
        )
    ]
    path = tmp_path / "drones" / "metrics.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"task": "drones", "data": "rendered", "rows": rows}))
    monkeypatch.setattr(course, "PUBLISHED", tmp_path)
    wanted = pd.DataFrame(
        {"photos": [221, 245], "accuracy": [0.99, 0.6]}, index=["drones", "birds"]
    )
    for backbone in ("vgg16", "another"):
        table = domain_shift.published_accuracy(backbone)
        assert table.columns.name == "published, vgg16"
        pd.testing.assert_frame_equal(table, wanted, check_names=False)
    rows[1:] = []
    path.write_text(json.dumps({"task": "drones", "data": "rendered", "rows": rows}))
    assert domain_shift.published_accuracy("vgg16").empty
