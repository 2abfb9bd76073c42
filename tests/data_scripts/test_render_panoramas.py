"""The rendered panoramas: reproducible, labelled as drawn, wrong only where that is meant."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import digests
from PIL import Image

from data_scripts.panoramas.photography import LEAST, Panorama, photograph
from data_scripts.panoramas.scenes import LABELS, PART_LABELS, describe, draw_labels, panorama_size
from data_scripts.panoramas.trees import SPECIES, tree_shape
from data_scripts.panoramas.weather import day
from data_scripts.render_panoramas import (
    render_dataset,
    render_file,
    render_panorama,
    with_errors,
)

TRAIN, TEST = 8, 5


def table(path: Path) -> tuple[list[str], list[str], np.ndarray]:
    """Header, file names and labels (N, L) of a CSV file."""
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    return header, [row[0] for row in rows], np.array([[int(x) for x in row[1:]] for row in rows])


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered") / "panoramas"
    return render_dataset(folder, TRAIN, TEST, seed=0, processes=1, progress=False)


@pytest.fixture(scope="module")
def pictures() -> list[Panorama]:
    return [render_panorama([3, k]) for k in range(10)]


def test_same_bytes_with_two_processes(dataset: Path, tmp_path: Path) -> None:
    again = render_dataset(tmp_path / "again", TRAIN, TEST, seed=0, processes=2, progress=False)
    assert digests(again) == digests(dataset)


def test_another_seed_gives_other_pictures(dataset: Path, tmp_path: Path) -> None:
    for seed, same in ((0, True), (1, False)):
        file = tmp_path / f"{seed}.jpg"
        render_file((seed, 1, 2, str(file)))
        assert (file.read_bytes() == (dataset / "test" / "panorama_0003.jpg").read_bytes()) is same


def test_more_pictures_leave_the_first_ones_as_they_are(dataset: Path, tmp_path: Path) -> None:
    file = tmp_path / "first.jpg"
    render_file((0, 0, 0, str(file)))
    assert file.read_bytes() == (dataset / "train" / "panorama_0001.jpg").read_bytes()


def test_layout_and_tables(dataset: Path) -> None:
    for split, count in (("train", TRAIN), ("test", TEST)):
        header, names, labels = table(dataset / f"{split}_label.csv")
        assert header == ["filename", "desert", "mountains", "sea", "sunset", "trees"]
        assert names == sorted(path.name for path in (dataset / split).iterdir())
        assert labels.shape == (count, 5) and set(labels.ravel()) <= {0, 1}
    assert sorted(path.name for path in dataset.iterdir()) == [
        ".complete", "recipe.json", "test", "test_label.csv", "train", "train_label.csv",
        "train_label_truth.csv",
    ]  # fmt: skip
    recipe = json.loads((dataset / "recipe.json").read_text())
    assert (recipe["seed"], recipe["train"], recipe["test"]) == (0, TRAIN, TEST)
    assert recipe["renderer_version"] >= 1


def test_tables_say_what_was_drawn(dataset: Path) -> None:
    for number, name in enumerate(("train_label_truth.csv", "test_label.csv")):
        _, _, labels = table(dataset / name)
        shown = render_panorama([0, number, 1]).scene.labels
        assert tuple(np.array(LABELS)[labels[1] == 1]) == shown


def test_wrong_labels_are_the_stated_share_of_the_training_cells(dataset: Path) -> None:
    _, names, labels = table(dataset / "train_label.csv")
    _, true_names, truth = table(dataset / "train_label_truth.csv")
    assert names == true_names
    assert (labels != truth).sum() == round(0.04 * TRAIN * 5)


def test_errors_of_a_full_data_set() -> None:
    truth = np.random.default_rng(0).integers(0, 2, (900, 5))
    labels = with_errors(truth, seed=0)
    wrong = labels != truth
    assert wrong.sum() == 180 and set(labels.ravel()) == {0, 1}
    assert wrong.sum(axis=0).min() > 15  # no label is spared
    assert np.array_equal(labels, with_errors(truth, seed=0))
    assert not np.array_equal(labels, with_errors(truth, seed=1))


def test_files_open_as_rgb(dataset: Path) -> None:
    for path in dataset.rglob("*.jpg"):
        with Image.open(path) as picture:
            picture.load()
            assert picture.format == "JPEG" and picture.mode == "RGB"
            assert min(picture.size) >= 216 and max(picture.size) <= 1600


def test_sizes_are_many_and_most_are_wide() -> None:
    sizes = np.array([panorama_size(np.random.default_rng(k)) for k in range(500)])
    aspects = sizes[:, 1] / sizes[:, 0]
    assert 216 <= sizes.min() < 230 and 1400 < sizes.max() <= 1600
    assert (aspects > 1.8).mean() > 0.35 and (aspects < 1).mean() > 0.02
    assert 3.7 < aspects.max() <= 4.2 and aspects.min() >= 0.6


def test_labels_occur_together_as_in_life() -> None:
    sets = [draw_labels(np.random.default_rng([7, k])) for k in range(3000)]
    share = {name: np.mean([name in labels for labels in sets]) for name in LABELS}

    def both(first: str, second: str) -> float:
        return float(np.mean([first in labels and second in labels for labels in sets]))

    assert all(0.08 < share[name] < 0.6 for name in LABELS)
    assert share["desert"] == min(share.values()) and share["trees"] == max(share.values())
    assert 0.08 < np.mean([not labels for labels in sets]) < 0.2
    assert both("desert", "trees") < 0.5 * share["desert"] * share["trees"]  # seldom together
    assert both("desert", "sea") < 0.5 * share["desert"] * share["sea"]
    assert both("sea", "sunset") > share["sea"] * share["sunset"]  # often together
    assert both("mountains", "trees") > 0.07


def test_parts_are_there_for_the_labels_and_no_others() -> None:
    for k in range(400):
        rng = np.random.default_rng([8, k])
        labels = draw_labels(rng)
        scene = describe(rng, labels)
        drawn = {PART_LABELS[part] for part in scene.parts} - {None}
        assert drawn == set(labels) == set(scene.labels)


def test_what_a_label_names_is_seen(pictures: list[Panorama]) -> None:
    for picture in pictures:
        assert set(picture.shares) == set(picture.scene.labels)
        assert all(share >= LEAST[label] for label, share in picture.shares.items())


def test_mountains_rise_high_or_not_at_all(pictures: list[Panorama]) -> None:
    ranges = [photograph(np.random.default_rng([9, k]), ("mountains",)) for k in range(3)]
    others = ((), (), ("desert",), ("desert",), ("trees",))
    flats = [photograph(np.random.default_rng([9, k]), labels) for k, labels in enumerate(others)]
    for picture in [*pictures, *ranges, *flats]:
        if "mountains" in picture.scene.labels:
            assert picture.shares["mountains"] >= 0.05
        assert picture.rise <= 0.03  # of other land


def warm_share(picture: Panorama) -> float:
    """Share of the sky that is orange, red or pink."""
    smooth = cv2.blur(picture.image, (15, 15)).astype(int)  # of grain
    sky = smooth[: int(picture.scene.horizon * len(smooth))]
    warm = np.maximum(sky[..., 0] - sky[..., 2], sky[..., 0] - sky[..., 1])
    return float((warm > 40).mean())


@pytest.mark.parametrize("others", [(), ("sea",)])
def test_the_sky_is_warm_at_sunset_and_at_no_other_time(others: tuple[str, ...]) -> None:
    for k in range(8):
        rng = np.random.default_rng([10, k])
        assert warm_share(photograph(rng, (*others, "sunset"))) > 0.15
        assert warm_share(photograph(rng, others)) < 0.1  # a red balloon, a hill of poppies


def test_skies_are_not_burnt_out(pictures: list[Panorama]) -> None:
    for picture in pictures:
        assert (picture.image.min(axis=2) > 250).mean() < 0.03


@pytest.mark.parametrize("species", SPECIES)
def test_trees_have_light_and_shade_and_are_not_white(species: str) -> None:
    mood = day(np.random.default_rng(3), "clear")
    for snow in (0.0, 0.5):
        picture = tree_shape(np.random.default_rng(4), species, 220, mood, "green", snow).picture
        seen = picture[..., 3] > 200
        assert 0.03 < seen.mean() < 0.8
        tone = picture[seen][:, :3].astype(int)
        assert tone.mean(axis=1).std() > 8
        assert (tone.min(axis=1) > 200).mean() < 0.1


@pytest.mark.parametrize("labels", [(), ("desert",), ("mountains", "sea"), ("sunset", "trees")])
def test_labels_can_be_asked_for(labels: tuple[str, ...]) -> None:
    assert photograph(np.random.default_rng(5), labels).scene.labels == labels


def test_an_unknown_label_is_named() -> None:
    with pytest.raises(ValueError, match="'city'.*desert"):
        photograph(np.random.default_rng(5), ("sea", "city"))


def test_pictures_differ_and_are_no_blanks(pictures: list[Panorama]) -> None:
    small = []
    for picture in pictures:
        assert picture.image.dtype == np.uint8 and picture.image.shape[2] == 3
        assert picture.image.shape[:2] == picture.scene.shape
        assert picture.image.std() > 8 and 15 < picture.image.mean() < 245
        assert 10 <= picture.quality <= 95
        small.append(cv2.resize(picture.image, (16, 16), interpolation=cv2.INTER_AREA).astype(int))
    apart = [np.abs(a - b).mean() for k, a in enumerate(small) for b in small[:k]]
    assert min(apart) > 3


def test_same_seed_same_picture() -> None:
    first, second, other = (render_panorama(seed) for seed in (4, 4, 5))
    assert np.array_equal(first.image, second.image) and first.scene == second.scene
    assert other.image.shape != first.image.shape or (other.image != first.image).any()
    with pytest.raises(ValueError, match="seed is -3"):
        render_panorama(-3)
