"""Whatever is saved is written whole or not at all, and a full disk is told in a sentence."""

import os
import subprocess
import sys

import matplotlib.pyplot as plt
import pytest

from helpers import course
from helpers.files import WriteError, write_file, write_files
from helpers.models import TransferModel, load_backbone, save_model
from helpers.plots.style import save
from helpers.training import History


def figure(place):
    save(plt.figure(), place / "figure.png")


def history(place):
    History([{"step": 1}], [{"epoch": 1}]).to_csv(place)


def metrics(place):
    course.record_result("drones", "vgg16", "two phases", accuracy=0.5)


def model(place):
    small = TransferModel(load_backbone("test_efficientnet", pretrained=False), 2, seed=0)
    save_model(place, small, {"classes": ["a", "b"], "size": [64, 64]})


@pytest.mark.parametrize("write", [figure, history, metrics, model])
def test_a_full_disk_is_told_and_what_was_there_stays(tmp_path, monkeypatch, write):
    monkeypatch.setattr(course, "run_folder", lambda task: tmp_path)
    write(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    words = r"cannot be written \(No space left on device\); free some space, or choose another"
    with pytest.raises(WriteError, match=words) as caught:
        write(tmp_path)
    assert str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_files_that_belong_together_are_replaced_together(tmp_path, monkeypatch):
    first, second = tmp_path / "a", tmp_path / "b"
    write_files({first: "1", second: "1"})
    flush, flushed = os.fsync, []

    def full(handle):
        flushed.append(handle)
        if len(flushed) == 2:
            raise OSError(28, "No space left on device")
        flush(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match="b: cannot be written"):
        write_files({first: "2", second: "2"})
    assert first.read_text() == second.read_text() == "1" and len(os.listdir(tmp_path)) == 2


def test_a_folder_in_a_files_place_is_told(tmp_path):
    (tmp_path / "here").mkdir()
    with pytest.raises(WriteError, match="here: cannot be written"):
        write_file(tmp_path / "here", b"x")
    (tmp_path / "file").write_text("x")
    with pytest.raises(WriteError, match="cannot be written"):
        write_file(tmp_path / "file" / "below", "x")


def test_what_a_killed_process_left_goes_with_the_next_write(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (f".last.pt.{ended.pid}-1.tmp", f".last.pt.{os.getppid()}-1.tmp", ".mine.tmp"):
        (tmp_path / name).write_text("half")
    write_file(tmp_path / "best.pt", "x")
    assert sorted(os.listdir(tmp_path)) == [
        f".last.pt.{os.getppid()}-1.tmp",
        ".mine.tmp",
        "best.pt",
    ]
