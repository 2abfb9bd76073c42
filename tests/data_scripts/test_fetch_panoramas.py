"""data_scripts/fetch_panoramas.py; what it shares with the drones is tested there."""

import random
import re
from collections import Counter
from dataclasses import replace
from functools import partial

import pandas as pd
import pytest
from fake_archive import TOP, beside, pack, tree, write_rows
from sklearn.metrics import cohen_kappa_score

from data_scripts.archives import (
    Archive,
    ArchiveError,
    DownloadOptions,
    FetchError,
    Member,
    read_manifest,
)
from data_scripts.fetch_panoramas import (
    LABELS,
    PANORAMAS,
    PHOTOS,
    TWINS,
    fetch_dataset,
    is_used,
    label_tables,
    main,
    place_members,
    read_labels,
)
from helpers.course import ROOT
from helpers.data.datasets import MultilabelDataset

MIRROR = ROOT.parent / "shared" / "data"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """40 photos in a mirror, one of them twice, with labels for all; and the means to fetch."""
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "mirror"))
    noise = random.Random(0)
    files = {f"Image_data/{n:04}.jpg": noise.randbytes(100 + n) for n in range(1, 41)}
    files["Image_data/0030.jpg"] = files["Image_data/0007.jpg"]
    write_rows(tmp_path / "manifest.csv", files)
    (tmp_path / "mirror").mkdir()
    rows = [f"{n:04}.jpg,{n % 2},{n % 3 == 0:d}" for n in range(1, 41)]
    labels = tmp_path / "labels.csv"
    labels.write_text("\n".join(["filename,sea,trees", *rows]))
    photos = replace(
        PHOTOS,
        archive=Archive("fake.zip", "http://127.0.0.1:1/unused", tmp_path / "manifest.csv"),
        tables=partial(label_tables, labels=labels),
    )
    options = DownloadOptions(cache=tmp_path / "archives", bar=False, sleep=lambda seconds: None)
    fetch = partial(photos.fetch, tmp_path / "real" / "panoramas", options=options)
    fetch.files, fetch.labels = files, labels
    fetch.archive = pack(
        tmp_path / "mirror" / "fake.zip",
        files,
        extra=[f"{TOP}/Image_data/9999.jpg", f"{TOP}/Image_data/.DS_Store", f"{TOP}/image_data/a"],
    )
    return fetch


def test_photos_and_tables_lie_side_by_side(course):
    folder = course()
    assert {p.name for p in folder.iterdir()} == {
        "train",
        "test",
        "train_label.csv",
        "test_label.csv",
        "SOURCE.txt",
        ".complete",
    }
    assert "belong to their authors" in (folder / "SOURCE.txt").read_text()
    assert [p.name for p in beside(folder.parent)] == ["panoramas"]
    photos = {}
    for split, count in (("train", 30), ("test", 10)):
        table = pd.read_csv(folder / f"{split}_label.csv")
        assert list(table.columns) == ["filename", "sea", "trees"]
        assert sorted(p.name for p in (folder / split).iterdir()) == table["filename"].tolist()
        assert len(table) == count
        for name, sea, trees in table.itertuples(index=False):
            photos[f"Image_data/{name}"] = (folder / split / name).read_bytes()
            number = int(name[:4])
            assert (sea, trees) == (number % 2, number % 3 == 0)
    assert photos == course.files


def test_a_complete_folder_is_left_alone_and_what_is_missing_comes_back(course):
    folder = course()
    whole = tree(folder)
    course.archive.rename(course.archive.with_name("away.zip"))
    assert tree(course()) == whole
    (folder / "train_label.csv").unlink()
    (folder / "SOURCE.txt").unlink()
    assert tree(course()) == whole
    next((folder / "train").iterdir()).unlink()
    with pytest.raises(FetchError, match="no fake.zip"):
        course()
    course.archive.with_name("away.zip").rename(course.archive)
    assert tree(course()) == whole


def test_edited_labels_are_never_overwritten(course):
    folder = course()
    table = folder / "train_label.csv"
    edited = table.read_text().replace(",1,", ",0,")
    table.write_text(edited)
    course()
    assert table.read_text() == edited
    next((folder / "test").iterdir()).unlink()
    with pytest.raises(FetchError, match=r"train_label.csv in it was edited; move that file away"):
        course()
    assert table.read_text() == edited


def test_files_of_others_are_never_deleted(course):
    mine = course() / "train" / "mine.jpg"
    mine.write_bytes(b"mine")
    with pytest.raises(FetchError, match=r"1 file\(s\).*train/mine.jpg; move them away"):
        course()
    assert mine.read_bytes() == b"mine"


def test_a_wrong_archive_leaves_nothing_behind(course, tmp_path):
    pack(course.archive, course.files | {"Image_data/0003.jpg": b"other"})
    with pytest.raises(ArchiveError, match="0003.jpg is not the file that the manifest lists"):
        course()
    pack(course.archive, course.files, extra=["../evil.jpg"])
    with pytest.raises(ArchiveError, match="outside its folder"):
        course()
    assert not beside(tmp_path / "real")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("0009.jpg,1,1\n", ""), "labels.csv has no row for 0009.jpg; restore"),
        (("0009.jpg", "0909.jpg"), "labels.csv has no row for 0009.jpg"),
        (("0040.jpg,0,0", "0040.jpg,0,0\n0041.jpg,0,0"), "manifest has no photo for 0041.jpg"),
        (("0009.jpg,1,1", "0009.jpg,1,?"), "row 10, column 'trees': '.' is not 0 or 1.*restore it"),
        (("0009.jpg", "0008.jpg"), "row 10: '0008.jpg' was in row 9 already.*restore it"),
        (("filename,sea,trees", ""), "labels.csv, row 2: there is no header.*restore it"),
    ],
)
def test_labels_that_do_not_fit_are_an_error(course, change, words):
    course.labels.write_text(course.labels.read_text().replace(*change))
    with pytest.raises(FetchError, match=words):
        course()


def fake_members(names):
    return [Member(f"Image_data/{n}", 1, f"{i:064x}") for i, n in enumerate(names)]


def test_split_depends_on_the_names_alone():
    names = [f"{n:04}.jpg" for n in range(200)]
    places = place_members(fake_members(names))
    random.Random(1).shuffle(names)
    again = place_members(fake_members(names))
    assert again == places
    assert sum(place.startswith("test/") for place in places.values()) == round(200 * 512 / 2112)


@pytest.mark.parametrize("path", ["a.jpg", "image_data/a.jpg", "Image_data/x/a.jpg"])
def test_manifest_of_something_else(path):
    with pytest.raises(FetchError, match=f"lists {path}"):
        place_members([Member(path, 1, "0" * 64)])


def test_only_photos_with_labels_are_used():
    assert is_used("Image_data/0001.jpg")
    assert not any(map(is_used, ["Image_data/0003.jpg", "0001.jpg", "image_data/0001.jpg"]))


def test_command_line_prints_the_sentence(tmp_path, capsys):
    assert main(["--folder", str(tmp_path / "panoramas"), "--mirror", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "no panoramas_real.zip" in err


def test_committed_manifest_and_labels_give_a_sound_split():
    members = read_manifest(PANORAMAS.manifest)
    places = place_members(members)
    split = {path.rpartition("/")[2]: place.split("/")[0] for path, place in places.items()}
    assert Counter(split.values()) == {"train": 1600, "test": 512}
    copies = {}
    for member in members:
        copies.setdefault(member.sha256, []).append(member.path.rpartition("/")[2])
    twins = [*TWINS, *(names for names in copies.values() if len(names) > 1)]
    assert len(twins) == 3 and all(split[a] == split[b] for a, b in twins)
    labels = pd.read_csv(LABELS, index_col=0)
    shares = labels.groupby(split).mean()
    assert (shares.loc["test"] / shares.loc["train"]).between(0.9, 1.1).all()
    assert label_tables(places)["test_label.csv"].count("\n") == 513


def test_readme_of_the_labels_tells_what_the_tables_say():
    first = pd.read_csv(LABELS, index_col=0)
    second = pd.read_csv(LABELS.with_name("panorama_labels_second_rater.csv"), index_col=0)
    readme = LABELS.with_name("README.md").read_text(encoding="utf-8")
    assert f"{len(first):,} photos" in readme and f"{len(second)} of them" in readme
    none = (first.sum(axis="columns") == 0).sum()
    assert f"none ({none} photos)" in readme.replace("\n", " ")
    rows = re.findall(r"^\| (\w+) \|.*\| ([\d,]+) \| ([\d.]+) \| (\d+) \|$", readme, re.MULTILINE)
    both = first.loc[second.index]
    assert rows == [
        (
            name,
            f"{first[name].sum():,}",
            f"{cohen_kappa_score(both[name], second[name]):.2f}",
            str((both[name] != second[name]).sum()),
        )
        for name in read_labels()[0]
    ]


def test_the_real_archive(tmp_path):
    if not (MIRROR / PANORAMAS.name).is_file():
        pytest.skip(f"no ../shared/data/{PANORAMAS.name}: the archive is not beside this checkout")
    folder = fetch_dataset(
        tmp_path / "panoramas", mirror=str(MIRROR), options=DownloadOptions(bar=False)
    )
    messages = []
    train = MultilabelDataset(folder / "train_label.csv", folder / "train", log=messages.append)
    test = MultilabelDataset(
        folder / "test_label.csv", folder / "test", classes=train.classes, log=messages.append
    )
    assert train.labels.shape == (1600, 5) and test.labels.shape == (512, 5) and not messages
    assert not {r.sha256 for r in train.reports} & {r.sha256 for r in test.reports}
