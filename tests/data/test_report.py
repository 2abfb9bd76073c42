"""The report of a folder: every file in one place, every reason told, nothing lost."""

import json
import os

import pytest
from corpus import FILES, FOLDERS, GOOD, USED, classes, encoded, files_on_disk, make, tables

from helpers import check
from helpers.data import inspect_folder
from helpers.data.listing import describe_ignored


@pytest.fixture(scope="module")
def every_kind_of_file(tmp_path_factory):
    """A class that holds each kind of file, beside a plain one; and its report."""
    folder = tmp_path_factory.mktemp("every") / "data"
    classes(folder, "plain")
    for name, (content, _) in FILES.items():
        make(folder / "kinds" / name, content)
    return folder, inspect_folder(folder)


def test_the_corpus_is_as_large_as_it_says():
    assert len(FILES) >= 100 and len(FOLDERS) >= 60


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file_is_where_it_belongs(every_kind_of_file, name):
    folder, report = every_kind_of_file
    path, expected = folder / "kinds" / name, FILES[name][1]
    reasons = [reason for reason, paths in report.ignored.items() if path in paths]
    if expected == USED:
        assert path not in report.unusable and not reasons
    elif expected.startswith("left out: "):
        assert path not in report.unusable
        assert len(reasons) == 1 and reasons[0].startswith(expected.removeprefix("left out: "))
    else:
        assert not reasons and expected in report.unusable[path]
        problem = report.unusable[path].removeprefix(f"{path}: ")
        assert "\n" not in problem and problem.endswith(".")


def test_the_counts_add_up_to_the_files_on_disk(every_kind_of_file):
    folder, report = every_kind_of_file
    expected = [outcome for _, outcome in FILES.values()]
    assert report.files == files_on_disk(folder) == len(FILES) + 2
    assert report.images["all"] == expected.count(USED) + 2
    left_out = sum(outcome.startswith("left out") for outcome in expected)
    assert len(report.unusable) == len(FILES) - expected.count(USED) - left_out
    assert describe_ignored(report.ignored, without=())


@pytest.mark.parametrize("name", FOLDERS)
def test_every_kind_of_folder_is_told_rightly_and_adds_up(tmp_path, name):
    fill, line = FOLDERS[name]
    root = tmp_path / "data"
    root.mkdir()
    fill(root)
    report = inspect_folder(root)
    assert line in str(report)
    assert report.files == files_on_disk(root)
    assert json.loads(json.dumps(report.as_dict()))["files"] == report.files


def test_the_command_prints_the_report_and_says_by_its_status_whether_all_is_usable(
    tmp_path, capsys
):
    classes(tmp_path / "data", "cat", "dog", count=6)
    assert check.main([str(tmp_path / "data")]) == 0
    assert capsys.readouterr().out == f"{inspect_folder(tmp_path / 'data')}\n"
    make(tmp_path / "data" / "cat" / "x.jpg", b"text")
    assert check.main([str(tmp_path / "data"), "--json"]) == 1
    content = json.loads(capsys.readouterr().out)
    assert content["images"] == {"all": 12} and list(content["unusable"]) == ["cat/x.jpg"]
    assert check.main([str(tmp_path / "nothing")]) == 1
    assert "there is no such folder" in capsys.readouterr().out


def test_quarantine_moves_what_is_unusable_and_back_again(tmp_path, capsys):
    folder, away = tmp_path / "data", tmp_path / "away"
    classes(folder, "cat", "dog", count=6)
    bad = {"cat/x.jpg": b"text", "dog/deep/x.jpg": b"", "dog/heic.jpg": b"\0\0\0\x18ftypheic"}
    for name, content in bad.items():
        make(folder / name, content)
    make(away / "cat" / "x.jpg", b"an earlier one")
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert check.main([str(folder), "--quarantine", str(away)]) == 1
    assert "moved 3 files" in capsys.readouterr().err
    assert inspect_folder(folder).all_usable
    assert (away / "cat" / "x.jpg").read_bytes() == b"an earlier one"
    assert (away / "cat" / "x_2.jpg").read_bytes() == b"text"
    assert check.main(["--undo", str(away)]) == 0
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    assert check.main(["--undo", str(away)]) == 2
    assert "is no quarantine" in capsys.readouterr().err
    assert check.main([str(folder), "--quarantine", str(folder / "bad")]) == 2
    assert "choose a folder outside of it" in capsys.readouterr().err
    assert not (folder / "bad").exists()


def test_undo_leaves_alone_what_is_in_the_way(tmp_path, capsys):
    folder, away = tmp_path / "data", tmp_path / "away"
    classes(folder, "cat", "dog")
    make(folder / "cat" / "x.jpg", b"text")
    check.main([str(folder), "--quarantine", str(away)])
    make(folder / "cat" / "x.jpg", encoded("JPEG"))
    assert check.main(["--undo", str(away)]) == 2
    assert "another file is there by now" in capsys.readouterr().err
    assert (folder / "cat" / "x.jpg").read_bytes() == encoded("JPEG")
    assert (away / "cat" / "x.jpg").read_bytes() == b"text"


def test_a_quarantine_that_was_moved_still_knows_where_its_files_belong(tmp_path, capsys):
    folder, away, moved = tmp_path / "data", tmp_path / "away", tmp_path / "moved"
    classes(folder, "cat", "dog")
    name = os.fsdecode(b"caf\xe9.jpg")  # as an old disk may have it
    make(folder / "cat" / name, b"text")
    check.main([str(folder), "--quarantine", str(away)])
    away.rename(moved)
    assert check.main(["--undo", str(moved)]) == 0
    assert (folder / "cat" / name).read_bytes() == b"text"
    check.main([str(folder), "--quarantine", str(away)])
    (away / "cat" / name).unlink()
    assert check.main(["--undo", str(away)]) == 2 and (away / "moved.csv").exists()
    assert "is gone, and not at" in capsys.readouterr().err


def test_a_mistake_in_the_table_quarantines_no_image(tmp_path):
    tables(tmp_path / "data", GOOD.replace("2.png,1,1", "2.png,2,1"))
    report = inspect_folder(tmp_path / "data")
    assert not report.unusable and "'2' is not 0 or 1" in report.rows[0]
    assert "1 image whose row in the table is wrong: correct it" in str(report)


def test_a_report_says_whatever_would_stop_the_loader(tmp_path):
    classes(tmp_path / "few", "cat", "dog")
    assert "2 different images are too few to split off val and test" in str(
        inspect_folder(tmp_path / "few")
    )
    tables(tmp_path / "half")
    (tmp_path / "half" / "test_label.csv").unlink()
    report = inspect_folder(tmp_path / "half")
    assert "test_label.csv: there is no such table" in str(report) and not report.all_usable
    classes(tmp_path / "other" / "train", "cat", "dog", count=6)
    classes(tmp_path / "other" / "val", "cat", "fox", seed=3)
    report = inspect_folder(tmp_path / "other")
    assert "'fox' is none of the classes" in str(report)
    assert "images not looked at" in str(report) and "beside" not in str(report)
