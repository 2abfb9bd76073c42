"""Every file of a folder is used, or counted under a reason."""

import os
import shutil

import pytest
from PIL import Image

from helpers.data import DataError, ImageFolderDataset, load_multilabel_splits, load_splits
from helpers.data.listing import describe_ignored, list_files
from helpers.data.splits import split_folders


def save(path, colour=(200, 30, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 30), colour).save(path)


@pytest.fixture
def pets(tmp_path):
    """Two classes of one image each."""
    save(tmp_path / "pets" / "cat" / "a.png")
    save(tmp_path / "pets" / "dog" / "b.png", (30, 30, 200))
    return tmp_path / "pets"


@pytest.mark.parametrize(
    "names",
    [("Train", "Test"), ("training", "testing"), ("TRAIN", "Validation"), ("train", "VALID")],
)
def test_splits_are_known_by_their_usual_names_in_any_case(photo_folder, tmp_path, names):
    for name, part in zip(names, ("train", "val"), strict=True):
        shutil.copytree(photo_folder / part, tmp_path / name)
    splits = load_splits(tmp_path, log=lambda text: None)
    assert splits["train"].classes == ["circle", "cross"]
    other = "test" if names[1].lower().startswith("test") else "val"
    assert splits[other].folder == tmp_path / names[1] and len(splits[other]) == 12


@pytest.mark.parametrize("names", [("val", "valid"), ("train", "Training"), ("test", "TESTING")])
def test_two_folders_of_one_split_are_refused(photo_folder, tmp_path, names):
    for name in {"train", *names}:
        shutil.copytree(photo_folder / "val", tmp_path / name)
    with pytest.raises(DataError, match=r"'.*' and '.*' are both a \w+ folder; keep one"):
        load_splits(tmp_path)


def test_a_class_that_holds_only_folders_is_refused(pets):
    save(pets / "set1" / "inner" / "c.png")
    with pytest.raises(DataError, match="set1: holds folders such as 'inner', but no image"):
        ImageFolderDataset(pets)
    save(pets / "set1" / "d.png")
    assert len(ImageFolderDataset(pets, log=lambda text: None)) == 4


@pytest.mark.parametrize("suffix", [".avif", ".jfif", ".jpe", ".jp2", ".JPG"])
def test_unusual_endings_are_images(pets, suffix):
    kinds = {".avif": "AVIF", ".jp2": "JPEG2000"}
    image = Image.new("RGB", (40, 30), "green")
    image.save(pets / "cat" / f"x{suffix}", format=kinds.get(suffix, "JPEG"))
    data = ImageFolderDataset(pets)
    assert len(data) == 3 and data[1][0].shape == (30, 40, 3)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_what_people_would_miss_is_told_with_its_reason_and_what_nobody_misses_is_counted(pets):
    for number in range(3):
        (pets / "cat" / f"IMG_{number}.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    (pets / "dog" / "annexed.jpg").symlink_to(pets / "nowhere.jpg")
    os.mkfifo(pets / "dog" / "pipe.jpg")
    save(pets / "loose.png")
    save(pets / "cat" / ".ipynb_checkpoints" / "0-checkpoint.png")
    save(pets / "__MACOSX" / "cat" / "a.png")
    (pets / "cat" / "Thumbs.db").write_bytes(b"x")
    (pets / "notes.txt").write_text("x")
    lines = []
    data = ImageFolderDataset(pets, log=lines.append)
    assert len(data) == 2
    (line,) = lines
    assert line.startswith(f"{pets}: left out ")
    for part in (
        "3 .heic files: convert to JPEG",
        "1 broken link: fetch what is meant",
        "1 pipes or devices",
        "1 image outside the class folders: move into one",
    ):
        assert part in line
    assert "hidden" not in line and "notes" not in line
    assert {reason.partition(":")[0]: len(paths) for reason, paths in data.ignored.items()} == {
        ".heic files": 3,
        "broken links": 1,
        "pipes or devices": 1,
        "images outside the class folders": 1,
        "hidden files": 3,
        "other files (no images by their names)": 1,
    }


def test_linked_folders_are_followed_once(pets, tmp_path):
    save(tmp_path / "elsewhere" / "c.png")
    (pets / "cat" / "more").symlink_to(tmp_path / "elsewhere")
    (pets / "cat" / "again").symlink_to(pets / "cat")
    (pets / "bird").symlink_to(tmp_path / "elsewhere")
    data = ImageFolderDataset(pets, log=lambda text: None)
    assert data.classes == ["bird", "cat", "dog"] and len(data) == 4
    assert [len(paths) for paths in data.ignored.values()] == [1]


def test_a_folder_that_may_not_be_read_is_told(pets, monkeypatch):
    save(pets / "cat" / "secret" / "c.png")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    lines = []
    ImageFolderDataset(pets, log=lines.append)
    assert "1 folder that may not be read: check permissions" in lines[0]


def test_a_class_with_nothing_but_heic_says_what_to_do(pets):
    (pets / "fish").mkdir()
    (pets / "fish" / "a.heic").write_bytes(b"x")
    with pytest.raises(DataError, match=r"fish: holds no image \(1 \.heic file: convert"):
        ImageFolderDataset(pets)


def test_images_beside_the_splits_and_without_a_row_are_told(
    photo_folder, labelled_photos, tmp_path
):
    shutil.copytree(photo_folder, tmp_path / "classes")
    save(tmp_path / "classes" / "unsorted" / "x.png")
    lines = []
    load_splits(tmp_path / "classes", log=lines.append)
    assert any("1 image beside the splits: move into train, val or test" in s for s in lines)
    for name in ("train", "test"):
        shutil.copytree(labelled_photos / "photos", tmp_path / "labels" / name)
        shutil.copy(labelled_photos / "labels.csv", tmp_path / "labels" / f"{name}_label.csv")
    save(tmp_path / "labels" / "train" / "unlabelled.png")
    lines.clear()
    splits = load_multilabel_splits(tmp_path / "labels", log=lines.append)
    assert any("1 image without a row in the table" in s for s in lines)
    assert not any("unlabelled" in str(p) for part in splits.values() for p in part.paths)


def test_the_listing_adds_up(pets):
    save(pets / "cat" / "deep" / "er" / "x.jpeg")
    (pets / "cat" / "y.mov").write_bytes(b"x")
    listing = list_files(pets)
    on_disk = sum(len(files) for _, _, files in os.walk(pets))
    assert len(listing.images) + sum(map(len, listing.ignored.values())) == on_disk == 4
    assert describe_ignored(listing.ignored) == "1 .mov file: save frames as JPEG"


def test_a_class_may_be_called_like_a_split(pets):
    for name in ("Train", "bus"):
        save(pets / name / "x.png")
    assert split_folders(pets) == {}
    assert ImageFolderDataset(pets).classes == ["Train", "bus", "cat", "dog"]
