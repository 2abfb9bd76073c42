"""The data with a shortcut: the sky tells the class in the biased parts, and only there."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from conftest import digests

from data_scripts import render_drones
from data_scripts.render_shortcut import (
    CLASSES,
    LONGEST,
    SHARES,
    SUNSET_CLASS,
    file_plan,
    part_sizes,
    render_before_sky,
    render_dataset,
    render_file,
)
from data_scripts.tasks import SOURCES, object_boxes
from helpers.data.datasets import ImageFolderDataset
from helpers.data.images import read_image
from helpers.data.splits import load_splits

PER_CLASS = 24


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered") / "shortcut"
    return render_dataset(folder, PER_CLASS, seed=0, processes=1, progress=False)


def sunsets(folder: Path) -> dict[Path, int]:
    """File to 1 for a sunset, from sky.csv."""
    with (folder / "sky.csv").open(encoding="utf-8", newline="") as file:
        return {folder / row["file"]: int(row["sunset"]) for row in csv.DictReader(file)}


def glow(path: Path, box: tuple[int, int, int, int]) -> float:
    """How much redder than blue the reddest tenth of a picture outside its box is, 0 to 255."""
    image = read_image(path).astype(float)
    left, top, right, bottom = box
    around = np.ones(image.shape[:2], bool)
    around[top:bottom, left:right] = False
    return float(np.quantile((image[..., 0] - image[..., 2])[around], 0.9))


def test_the_sky_tells_the_class_where_it_should(dataset: Path) -> None:
    skies = sunsets(dataset)
    assert set(skies) == set(dataset.rglob("*.jpg"))
    for part in SHARES:
        for name in CLASSES:
            shares = np.mean([skies[path] for path in (dataset / part / name).iterdir()])
            usual = float(name == SUNSET_CLASS)
            assert shares == {"extra": 1 - usual, "test_unbiased": 0.5}.get(part, usual)


def test_the_pictures_have_the_skies_that_are_told(dataset: Path) -> None:
    boxes = object_boxes(dataset)
    found = {path: glow(path, boxes[path]) > 30 for path in boxes}
    assert found == sunsets(dataset)


def test_in_the_unbiased_part_only_the_sky_differs(dataset: Path) -> None:
    boxes = object_boxes(dataset)
    by_day = sorted((dataset / "test_unbiased").rglob("*_day.jpg"))
    assert len(by_day) == part_sizes(PER_CLASS)["test_unbiased"]
    for path in by_day:
        at_sunset = path.with_name(path.name.replace("day", "sunset"))
        assert boxes[path] == boxes[at_sunset]
        assert read_image(path).shape == read_image(at_sunset).shape
    pair = [render_before_sky(CLASSES[1], sunset, [4, 1]) for sunset in (False, True)]
    assert np.array_equal(pair[0].mask, pair[1].mask)
    assert (pair[0].image != pair[1].image).any()


def test_no_object_is_in_two_parts() -> None:
    parts = {}
    for kind, thing, path in file_plan(PER_CLASS):
        parts.setdefault((kind // 2, thing), set()).add(path.split("/")[0])
    assert all(len(found) == 1 for found in parts.values())


def test_same_bytes_with_two_processes_and_others_with_another_seed(
    dataset: Path, tmp_path: Path
) -> None:
    again = render_dataset(tmp_path / "again", 12, seed=0, processes=2, progress=False)
    one = render_dataset(tmp_path / "one", 12, seed=0, processes=1, progress=False)
    assert digests(again) == digests(one)
    kind, thing, path = file_plan(PER_CLASS)[-1]
    for seed, same in ((0, True), (1, False)):
        file = tmp_path / f"{seed}.jpg"
        render_file((seed, kind, thing, str(file)))
        assert (file.read_bytes() == (dataset / path).read_bytes()) is same


def test_every_part_is_read_as_folders_of_classes(dataset: Path) -> None:
    splits = load_splits(dataset)
    for part in set(SHARES) - set(splits):
        splits[part] = ImageFolderDataset(dataset / part, classes=CLASSES)
    for part, count in part_sizes(PER_CLASS).items():
        assert splits[part].classes == list(CLASSES)
        assert np.bincount(splits[part].labels).tolist() == [count, count]
        assert not splits[part].skipped
    recipe = json.loads((dataset / "recipe.json").read_text())
    assert recipe == {"seed": 0, "per_class": PER_CLASS, "renderer_version": 2}


@pytest.mark.parametrize("per_class", [12, 13, 31, 192])
def test_sizes_add_up_and_pairs_are_whole(per_class: int) -> None:
    sizes = part_sizes(per_class)
    assert sum(sizes.values()) == per_class and min(sizes.values()) >= 1
    assert sizes["test_unbiased"] % 2 == 0


def test_boxes_lie_in_their_pictures(dataset: Path) -> None:
    boxes = object_boxes(dataset)
    assert set(boxes) == set(dataset.rglob("*.jpg"))
    for path, (left, top, right, bottom) in boxes.items():
        height, width = read_image(path).shape[:2]
        assert 0 <= left < right <= width and 0 <= top < bottom <= height
        assert max(height, width) <= LONGEST


@pytest.mark.parametrize(
    ("name", "size", "quality"),
    [
        ("flying_bird", (323, 326), 52),
        ("large_quadcopter", (577, 575), 85),
        ("small_quadcopter", (451, 327), 81),
        ("winged_drone", (267, 279), 50),
    ],
)
def test_without_a_given_sky_the_drones_stay_as_they_are(
    name: str, size: tuple[int, int], quality: int
) -> None:
    """The quality is the last number that is drawn: it tells of all that were drawn before it."""
    drone = render_drones.render_drone(name, [0, render_drones.CLASSES.index(name), 0])
    assert drone.image.shape[:2] == size and drone.quality == quality
    assert SOURCES["drones", "rendered"].version == 4


def test_unknown_class_and_bad_seed() -> None:
    with pytest.raises(ValueError, match="'kite'.*small_quadcopter"):
        render_before_sky("kite", True, [0])
    with pytest.raises(ValueError, match="seed is"):
        render_before_sky(CLASSES[0], True, [-3])
