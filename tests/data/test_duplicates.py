"""One scene twice is found, whatever was done to it; pictures that merely have much sky are not."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from helpers.data.duplicates import fingerprint, linked, near_duplicates
from helpers.data.groups import copy_groups, twins_across
from helpers.data.splits import load_multilabel_splits, load_splits


def scene(seed, size=(240, 180)):
    """A picture of its own: soft patches of colour at all scales, uint8 RGB."""
    rng = np.random.default_rng(seed)
    total = np.zeros((size[1], size[0], 3))
    for cells, weight in ((3, 1.0), (6, 0.7), (12, 0.4), (40, 0.2)):
        patches = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), np.uint8))
        total += weight * np.asarray(patches.resize(size, Image.Resampling.BICUBIC), float)
    return Image.fromarray((total / 2.3).astype(np.uint8))


def saved_again(image, quality=40):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def drone_before_sky(place, colour):
    """A small dark thing before a plain sky: what hashes take for the same picture."""
    picture = np.full((180, 240, 3), colour, np.uint8)
    picture[place[0] : place[0] + 12, place[1] : place[1] + 40] = 30
    return Image.fromarray(picture)


CHANGES = {
    "saved again": saved_again,
    "half the size": lambda image: image.resize((120, 90)),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.08),
    "the next frame": lambda image: image.crop((3, 2, 240, 180)).resize((240, 180)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_scene_is_known_again(change):
    prints = [fingerprint(np.asarray(scene(seed))) for seed in range(20)]
    prints.append(fingerprint(np.asarray(CHANGES[change](scene(7)))))
    pairs = near_duplicates(prints)
    assert list(zip(pairs["first"], pairs["second"], strict=True)) == [(7, 20)]
    assert pairs["bits"][0] <= 10 and pairs["likeness"][0] > 0.9


def test_plain_skies_are_no_twins():
    skies = [
        drone_before_sky((90, 60), (150, 190, 240)),
        drone_before_sky((88, 150), (220, 220, 225)),
    ]
    assert near_duplicates([fingerprint(np.asarray(sky)) for sky in skies]).empty


def test_features_find_a_scene_from_another_angle_and_what_all_share_does_not_count():
    prints = [fingerprint(np.asarray(scene(seed))) for seed in range(30)]
    rng = np.random.default_rng(0)
    features = 50 + rng.normal(size=(30, 64)) * np.linspace(0.1, 9, 64)
    features[12] = features[3] + 0.2 * (features[5] - features.mean(axis=0))
    pairs = near_duplicates(prints, features)
    assert pairs[["first", "second"]].to_numpy().tolist() == [[3, 12]]
    assert pairs["cosine"][0] > 0.9
    assert near_duplicates(prints).empty


def test_many_images_in_blocks_give_what_few_give(monkeypatch):
    prints = [fingerprint(np.asarray(scene(seed % 9))) for seed in range(25)]
    whole = near_duplicates(prints)
    monkeypatch.setattr("helpers.data.duplicates.BLOCK", 4)
    blocks = near_duplicates(prints)
    assert len(whole) == 23 and sorted(map(tuple, whole.to_numpy())) == sorted(
        map(tuple, blocks.to_numpy())
    )
    assert near_duplicates([]).empty and near_duplicates(prints[:1]).empty


def test_chains_are_one_group():
    assert linked(5, [0, 1], [1, 4]).tolist() == [0, 0, 1, 2, 0]


@pytest.fixture
def videos(tmp_path):
    """Two classes of 12 scenes, each filmed three times under names of their own."""
    for label, first in (("bird", 0), ("drone", 100)):
        (tmp_path / label).mkdir()
        for number in range(12):
            picture = scene(first + number, (64, 48))
            for take, change in enumerate((saved_again, CHANGES["mirrored"], CHANGES["brighter"])):
                change(picture).save(tmp_path / label / f"{37 * number % 12:02}{take}_{label}.png")
    return tmp_path


def test_an_own_folder_is_split_by_scene(videos):
    texts = []
    splits = load_splits(videos, seed=1, log=texts.append)
    assert {name: len(part) for name, part in splits.items()} == {
        "train": 42,
        "val": 12,
        "test": 18,
    }
    assert twins_across(splits).empty and texts == []
    assert len(set(copy_groups(splits["train"]))) == 14


def test_given_splits_that_share_a_scene_are_taken_with_a_warning(videos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("given")
    for split, takes in (("train", "01"), ("test", "2")):
        for label in ("bird", "drone"):
            (folder / split / label).mkdir(parents=True)
            for path in sorted((videos / label).glob(f"*[{takes}]_*.png")):
                if split == "train" or path.name < "03":
                    path.rename(folder / split / label / path.name)
    texts = []
    splits = load_splits(folder, log=texts.append)
    assert len(splits["test"]) == 6
    lines = texts[0].split("\n  ")
    assert len(texts) == 1 and lines[0].startswith("one scene in two splits makes scores too good")
    assert lines[1] == "6 of 6 images in test have a twin in train"
    assert all(line.startswith("train/") and " and test/" in line for line in lines[2:])
    assert len(lines) == 5


def test_panoramas_of_one_scene_in_train_and_test_are_told(tmp_path):
    for split, seeds in (("train", range(20)), ("test", (3, 50, 51))):
        (tmp_path / split).mkdir()
        rows = ["filename,sea,trees"]
        for seed in seeds:
            saved_again(scene(seed, (64, 48)), 90 if split == "train" else 60).save(
                tmp_path / split / f"{split}{seed}.png"
            )
            rows.append(f"{split}{seed}.png,{seed % 2},{seed // 2 % 2}")
        (tmp_path / f"{split}_label.csv").write_text("\n".join(rows))
    texts = []
    load_multilabel_splits(tmp_path, log=texts.append)
    (text,) = texts
    assert "1 of 3 images in test have a twin in train" in text
    assert "train/train3.png and test/test3.png" in text
