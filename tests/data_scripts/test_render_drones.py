"""The rendered drone data set: reproducible, within its stated ranges, flawed only as planned."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import digests
from PIL import Image, UnidentifiedImageError

from data_scripts import render_drones
from data_scripts.drawing.flaws import plant_flaws
from data_scripts.render_drones import (
    CLASSES,
    file_plan,
    render_dataset,
    render_drone,
    render_file,
    split_sizes,
)
from data_scripts.tasks import object_boxes

PER_CLASS = 8


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered") / "drones"
    return render_dataset(folder, PER_CLASS, seed=0, processes=1, progress=False)


@pytest.fixture(scope="module")
def pictures() -> dict[str, list[render_drones.Rendered]]:
    return {name: [render_drone(name, [3, k]) for k in range(10)] for name in CLASSES}


def test_same_bytes_with_two_processes_and_others_with_another_seed(
    dataset: Path, tmp_path: Path
) -> None:
    again = render_dataset(tmp_path / "again", PER_CLASS, seed=0, processes=2, progress=False)
    assert digests(again) == digests(dataset)
    number, picture, path = file_plan(PER_CLASS)[-1]
    for seed, same in ((0, True), (1, False)):
        file = tmp_path / f"{seed}.jpg"
        render_file((seed, number, picture, str(file)))
        assert (file.read_bytes() == (dataset / path).read_bytes()) is same


def test_planting_leaves_the_good_pictures_as_they_are(dataset: Path, tmp_path: Path) -> None:
    folder = tmp_path / "drones"
    shutil.copytree(dataset, folder)
    planted = json.loads((dataset / "planted.json").read_text())
    for path in planted:
        (folder / path).unlink()
    assert plant_flaws(folder, CLASSES, seed=0) == planted
    assert digests(folder) == digests(dataset)


def test_splits_hold_the_stated_shares(dataset: Path) -> None:
    assert split_sizes(200) == {"train": 120, "val": 30, "test": 50}
    planted = json.loads((dataset / "planted.json").read_text())
    for split, count in split_sizes(PER_CLASS).items():
        for name in CLASSES:
            files = {p.relative_to(dataset).as_posix() for p in (dataset / split / name).iterdir()}
            assert len(files - set(planted)) == count
            assert f"{split}/{name}/{name}_0001.jpg" in files
    recipe = json.loads((dataset / "recipe.json").read_text())
    assert (recipe["seed"], recipe["per_class"]) == (0, PER_CLASS)
    assert recipe["renderer_version"] >= 1


def test_boxes_say_where_each_object_is(dataset: Path) -> None:
    boxes, planted = object_boxes(dataset), json.loads((dataset / "planted.json").read_text())
    files = set(dataset.glob("*/*/*.jpg"))
    assert files - set(boxes) == {dataset / path for path in planted}
    for number, picture, path in file_plan(PER_CLASS)[::7]:
        mask = render_drone(CLASSES[number], [0, number, picture]).mask
        left, top, right, bottom = boxes[dataset / path]
        assert mask[top:bottom, left:right].sum() == mask.sum() > 0
        assert mask[:, [left, right - 1]].any() and mask[[top, bottom - 1]].any()


def test_planted_files_are_what_planted_json_says(dataset: Path) -> None:
    planted = json.loads((dataset / "planted.json").read_text())
    assert sorted(entry["flaw"] for entry in planted.values()) == [
        "cmyk", "copy", "grey", "text", "truncated",
    ]  # fmt: skip
    for path, entry in planted.items():
        file, flaw = dataset / path, entry["flaw"]
        assert path.startswith("train/")
        if flaw == "text":
            with pytest.raises(UnidentifiedImageError):
                Image.open(file)
            continue
        source = dataset / entry["made_from"]
        assert source.parent == file.parent and source != file
        if flaw == "copy":
            assert file.read_bytes() == source.read_bytes()
        elif flaw == "truncated":
            assert source.read_bytes().startswith(file.read_bytes())
            assert file.stat().st_size == pytest.approx(0.6 * source.stat().st_size, abs=1)
            with Image.open(file) as picture, pytest.raises(OSError, match="truncated"):
                picture.load()
        else:
            with Image.open(file) as picture, Image.open(source) as original:
                picture.load()
                assert picture.mode == {"cmyk": "CMYK", "grey": "L"}[flaw]
                assert picture.size == original.size


def test_good_files_open_as_rgb(dataset: Path) -> None:
    planted = json.loads((dataset / "planted.json").read_text())
    for path in dataset.rglob("*.jpg"):
        if path.relative_to(dataset).as_posix() in planted:
            continue
        with Image.open(path) as picture:
            picture.load()
            assert picture.mode == "RGB"


def test_sizes_and_aspect_ratios_within_range(pictures: dict) -> None:
    sizes = np.array([p.image.shape[:2] for group in pictures.values() for p in group])
    assert sizes.min() >= 130 and sizes.max() <= 1200
    aspects = sizes[:, 1] / sizes[:, 0]
    assert aspects.min() >= 0.5 and aspects.max() <= 2.0
    assert np.ptp(aspects) > 0.6 and np.ptp(sizes) > 400  # many shapes, as the web gives


def test_picture_size_does_not_depend_on_the_class() -> None:
    for k in range(3):
        sizes = {render_drone(name, [5, k]).image.shape for name in CLASSES}
        assert len(sizes) == 1


def test_object_takes_its_share_of_the_width(pictures: dict) -> None:
    for group in pictures.values():
        for rendered in group:
            assert rendered.image.dtype == np.uint8 and rendered.image.shape[2] == 3
            assert rendered.mask.shape == rendered.image.shape[:2]
            assert rendered.mask.dtype == bool
            left, top, right, bottom = rendered.box
            inside = rendered.mask[top:bottom, left:right]
            assert inside.sum() == rendered.mask.sum()
            for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]):
                assert edge.any()
            assert 0.07 <= (right - left) / rendered.mask.shape[1] <= 0.72


def test_mask_lies_on_the_object() -> None:
    """Where the mask is, the picture differs from the same scene's surroundings."""
    apart = []
    for k in range(9):
        rendered = render_drone("large_quadcopter", [11, k])
        grey = cv2.cvtColor(rendered.image, cv2.COLOR_RGB2GRAY).astype(float)
        around = cv2.dilate(rendered.mask.astype(np.uint8), np.ones((25, 25))) > rendered.mask
        apart.append(abs(grey[rendered.mask].mean() - grey[around].mean()))
    assert np.median(apart) > 8


def test_same_seed_same_picture() -> None:
    first, second = (render_drone("winged_drone", 4) for _ in range(2))
    assert np.array_equal(first.image, second.image)
    assert first.box == second.box and first.quality == second.quality
    assert 50 <= first.quality <= 95
    other = render_drone("winged_drone", 5)
    assert other.image.shape != first.image.shape or (other.image != first.image).any()


def test_unknown_class_and_bad_seed() -> None:
    with pytest.raises(ValueError, match="'kite'.*flying_bird"):
        render_drone("kite", 0)
    with pytest.raises(ValueError, match="seed is -3"):
        render_drone("flying_bird", -3)
