import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from helpers.data.datasets import DataError, ImageFolderDataset, MultilabelDataset
from helpers.data.dealing import split_by_group, split_by_labels
from helpers.data.groups import copy_groups
from helpers.data.images import original_of, read_image
from helpers.data.report import inspect_folder
from helpers.data.splits import load_multilabel_splits, load_splits, split_multilabel


def test_copies_of_one_original_stay_together():
    names = [f"photo{i}.rf.{copy}.jpg" for i in range(60) for copy in "ab"]
    labels = [i % 2 for i in range(60) for _ in "ab"]
    originals = [original_of(name) for name in names]
    groups = [int(name.removeprefix("photo")) for name in originals]
    shares = {"train": 0.6, "val": 0.15, "test": 0.25}
    parts = split_by_group(groups, labels, shares, seed=3)
    assert sorted(i for part in parts.values() for i in part) == list(range(120))
    homes = [{originals[i] for i in part} for part in parts.values()]
    assert not homes[0] & homes[1] and not homes[0] & homes[2] and not homes[1] & homes[2]
    assert {name: len(part) for name, part in parts.items()} == {"train": 76, "val": 16, "test": 28}
    assert parts == split_by_group(groups, labels, shares, seed=3)
    assert parts != split_by_group(groups, labels, shares, seed=4)


@pytest.mark.parametrize("count", [3, 4, 6, 7, 20])
def test_every_part_gets_its_share_or_at_least_one(count):
    shares = {"train": 0.6, "val": 0.15, "test": 0.25}
    parts = split_by_group(range(count), [0] * count, shares)
    assert all(abs(len(parts[n]) - shares[n] * count) <= 1 and parts[n] for n in shares)


def test_copies_of_copies_are_one_group_and_equal_names_in_two_classes_are_not(tmp_path):
    def put(path, shade):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (shade, 0, 0)).save(tmp_path / path)

    put("a/x.png", 1)
    put("a/y.rf.1.png", 1)  # the same content as x
    put("a/y.rf.2.png", 2)  # another copy of y
    put("a/z.png", 3)
    put("b/z.png", 4)  # another picture that happens to have the same name
    put("b/w.png", 3)  # a/z.png, filed under a second class
    data = ImageFolderDataset(tmp_path)
    names = [path.relative_to(tmp_path).as_posix() for path in data.paths]
    group = dict(zip(names, copy_groups(data), strict=True))
    assert group["a/x.png"] == group["a/y.rf.1.png"] == group["a/y.rf.2.png"]
    assert group["a/z.png"] == group["b/w.png"]
    assert len(set(group.values())) == 3


def test_valid_is_another_name_for_val_and_train_must_not_be_missing(photo_folder, tmp_path):
    shutil.copytree(photo_folder, tmp_path / "data")
    (tmp_path / "data" / "val").rename(tmp_path / "data" / "valid")
    assert len(load_splits(tmp_path / "data")["val"]) == 12
    shutil.rmtree(tmp_path / "data" / "train")
    with pytest.raises(DataError, match="there is val but no train"):
        load_splits(tmp_path / "data")


def test_own_folder_of_class_folders_is_split(photo_folder):
    splits = load_splits(photo_folder / "train")
    assert list(splits) == ["train", "val", "test"]
    names = [path for part in splits.values() for path in part.paths]
    assert sorted(names) == sorted(ImageFolderDataset(photo_folder / "train").paths)
    assert all(part.classes == ["circle", "cross"] for part in splits.values())


def test_the_reports_table_tells_what_is_broken_and_what_is_a_copy(photo_folder, tmp_path):
    shutil.copytree(photo_folder, tmp_path / "photos")
    (tmp_path / "photos" / "val" / "cross" / "note.jpg").write_text("text")
    first = tmp_path / "photos" / "train" / "circle" / "circle_03.png"
    shutil.copy(first, tmp_path / "photos" / "val" / "circle" / "again.png")
    table = inspect_folder(tmp_path / "photos").table().set_index("file")
    assert len(table) == 38 and table["split"].value_counts().to_dict() == {"train": 24, "val": 14}
    assert "not an image" in table.loc["note.jpg", "problem"]
    assert table.loc["again.png", "copy_of"] == "train/circle/circle_03.png"
    assert (table["problem"] != "").sum() == 1 and (table["copy_of"] != "").sum() == 1
    train = table[table["split"] == "train"]
    assert train.loc["circle_03.png", "width"] == read_image(first).shape[1]
    assert set(inspect_folder(photo_folder / "val").table()["split"]) == {"all"}


def test_missing_test_split_is_taken_from_train(photo_folder):
    splits = load_splits(photo_folder)
    assert len(splits["val"]) == 12 and len(splits["test"]) == 6 and len(splits["train"]) == 18


def test_exact_copies_do_not_leak_between_splits(photo_folder, tmp_path):
    for name in ("circle", "cross"):
        (tmp_path / name).mkdir()
        for path in (photo_folder / "train" / name).iterdir():
            shutil.copy(path, tmp_path / name / path.name)
            shutil.copy(path, tmp_path / name / f"copy_of_{path.name}")
    splits = load_splits(tmp_path)
    digests = [{r.sha256 for r in part.reports} for part in splits.values()]
    assert (
        not digests[0] & digests[1] and not digests[0] & digests[2] and not digests[1] & digests[2]
    )


def test_too_few_images_to_split_is_told(photo_folder, tmp_path):
    for name in ("circle", "cross"):
        (tmp_path / name).mkdir()
        shutil.copy(photo_folder / "val" / name / f"{name}_00.png", tmp_path / name)
    with pytest.raises(DataError, match=r"circle: 1 different images are too few.*val and test"):
        load_splits(tmp_path)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(60, 300),
    rates=st.lists(st.floats(0.03, 0.7), min_size=1, max_size=6),
    copies=st.booleans(),
    seed=st.integers(0, 9),
)
def test_every_label_keeps_its_share_on_both_sides(count, rates, copies, seed):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, count * 3 // 4, count) if copies else np.arange(count)
    labels = (rng.random((count, len(rates))) < rates)[groups].astype(np.float32)
    shares = {"train": 0.85, "val": 0.15}
    parts = split_by_labels(groups, labels, shares, seed)
    assert sorted(parts["train"] + parts["val"]) == list(range(count))
    assert not set(groups[parts["train"]]) & set(groups[parts["val"]])
    assert parts == split_by_labels(groups, labels, shares, seed)
    apart = np.abs(labels[parts["val"]].sum(axis=0) - 0.15 * labels.sum(axis=0))
    # images; a random split is off by more than 10 at times
    assert (apart <= 4).all() and abs(len(parts["val"]) - 0.15 * count) <= 4


def test_a_rare_label_stays_with_the_training_images():
    labels = np.zeros((40, 2), np.float32)
    labels[7, 0] = 1
    labels[::2, 1] = 1
    parts = split_by_labels(range(40), labels, {"train": 0.85, "val": 0.15})
    assert 7 in parts["train"] and len(parts["val"]) == 6


def test_labelled_images_are_split_with_their_copies(labelled_photos, tmp_path):
    for name in ("train", "test"):
        shutil.copytree(labelled_photos / "photos", tmp_path / name)
        shutil.copy(labelled_photos / "labels.csv", tmp_path / f"{name}_label.csv")
    shutil.copy(tmp_path / "train" / "photo_01.png", tmp_path / "train" / "again.png")
    shutil.copy(tmp_path / "train" / "photo_02.png", tmp_path / "train" / "photo_03.rf.x.png")
    with (tmp_path / "train_label.csv").open("a") as file:
        file.write("\nagain.png,1,0\nphoto_03.rf.x.png,0,0\n")
    train = MultilabelDataset(tmp_path / "train_label.csv", tmp_path / "train")
    names = [path.stem for path in train.paths]
    group = dict(zip(names, copy_groups(train), strict=True))
    assert group["again"] == group["photo_01"] and len(set(group.values())) == 23
    assert group["photo_03.rf.x"] == group["photo_02"] == group["photo_03"]
    for seed in range(5):
        parts = split_multilabel(train, seed=seed)
        assert len(parts["train"]) + len(parts["val"]) == 26 and 3 <= len(parts["val"]) <= 5
        digests = [{r.sha256 for r in part.reports} for part in parts.values()]
        assert not digests[0] & digests[1]
        again = split_multilabel(train, seed=seed)
        assert [p.digest for p in again.values()] == [p.digest for p in parts.values()]
        for part in parts.values():
            rows = [names.index(path.stem) for path in part.paths]
            assert part.labels.tolist() == train.labels[rows].tolist()
    splits = load_multilabel_splits(tmp_path)
    assert list(splits) == ["train", "val", "test"] and len(splits["test"]) == 24
    assert splits["val"].digest == split_multilabel(train)["val"].digest
    (tmp_path / "test").rename(tmp_path / "val")
    (tmp_path / "test_label.csv").rename(tmp_path / "val_label.csv")
    shutil.copytree(tmp_path / "val", tmp_path / "test")
    (tmp_path / "test_label.csv").write_text("file,cross,circle\nphoto_05.png,1,0\n")
    splits = load_multilabel_splits(tmp_path)
    assert [len(part) for part in splits.values()] == [26, 24, 1]
    assert splits["test"].labels.tolist() == [[0, 1]]


def test_too_few_labelled_images_to_split_is_told(labelled_photos):
    data = MultilabelDataset(labelled_photos / "labels.csv", labelled_photos / "photos")
    with pytest.raises(DataError, match=r"labels\.csv: 2 images are too few to split off 15%"):
        split_multilabel(data.subset([0, 1]))


def test_one_picture_under_two_labels_is_told_once_with_the_worst_pairs(photo_folder, tmp_path):
    shutil.copytree(photo_folder, tmp_path / "photos")
    first = tmp_path / "photos" / "train" / "circle" / "circle_00.png"
    shutil.copy(first, tmp_path / "photos" / "train" / "cross" / "wrong.png")
    shutil.copy(first, tmp_path / "photos" / "val" / "circle" / "again.png")
    lines = []
    load_splits(tmp_path / "photos", log=lines.append)
    (warning,) = lines
    assert "of 13 images in val have a twin in train" in warning
    assert "one scene under different labels, 2 times" in warning
    assert "train/circle/circle_00.png (circle) and train/cross/wrong.png (cross)" in warning
