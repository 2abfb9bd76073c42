"""data_scripts/tasks.py: the folder of each task's data, made where it is missing."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from data_scripts import tasks
from data_scripts.folders import stamp
from helpers.data import ImageFolderDataset


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    monkeypatch.delenv("COURSE_DATA", raising=False)


@pytest.fixture
def made(monkeypatch):
    """The folders that a maker was called for; it makes them empty."""
    folders = []

    def make(folder):
        folders.append(folder)
        folder.mkdir(parents=True)
        stamp(folder)

    for source in tasks.SOURCES.values():
        monkeypatch.setattr(source.maker.replace(":", "."), make)
    return folders


def test_importing_the_table_is_cheap():
    code = "import data_scripts.tasks, sys; print(sys.modules.keys() & {'cv2', 'torch', 'numpy'})"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert printed.stdout == "set()\n"


@pytest.mark.parametrize(("task", "form"), tasks.SOURCES)
def test_missing_data_is_made_once(task, form, made, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", form)
    folder = tmp_path / "data" / form / task
    assert tasks.data_folder(task) == tasks.data_folder(task) == folder
    assert made == [folder]


@pytest.mark.parametrize("data", ["rendered", "real", "mine"])
def test_the_shortcut_is_rendered_whatever_the_data(data, made, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path) if data == "mine" else data)
    assert tasks.data_folder("shortcut") == tasks.data_folder("shortcut")
    assert made == [tmp_path / "data" / "rendered" / "shortcut"]


@pytest.mark.parametrize("task", ["drones", "panoramas", "shortcut"])
@pytest.mark.parametrize("older", [True, False])
def test_images_of_an_older_renderer_give_a_warning(task, older, tmp_path, capsys):
    folder = tmp_path / "data" / "rendered" / task
    folder.mkdir(parents=True)
    version = 0 if older else tasks.SOURCES[task, "rendered"].version
    (folder / "recipe.json").write_text(f'{{"renderer_version": {version}}}')
    stamp(folder)
    tasks.data_folder(task)
    assert ("older version; remove it" in capsys.readouterr().out) is older


def test_a_half_made_folder_is_told(made, tmp_path):
    folder = tasks.data_folder("drones")
    for number in range(30):
        (folder / f"{number}.jpg").write_bytes(b"x")
    stamp(folder)
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "1.jpg").unlink()
    tasks.data_folder("drones")  # somebody has tidied up
    for number in range(2, 12):
        (folder / f"{number}.jpg").unlink()
    for _ in range(2):
        with pytest.raises(tasks.TaskError, match="is not whole: delete it, and it is made anew"):
            tasks.data_folder("drones")
        (folder / ".complete").unlink(missing_ok=True)


WAIT = """
import sys, time
from pathlib import Path
from data_scripts import tasks
tasks.ROOT = Path(sys.argv[1])
import data_scripts.render_drones as renderer
from data_scripts.folders import replacing

def slow(folder):
    with replacing(folder) as unfinished:
        for number in range(9):
            (unfinished / f"{number}.jpg").write_bytes(b"x")
            time.sleep(0.2)
        Path(sys.argv[1], "made").open("a").write("x")

renderer.render_dataset = slow
print(len(list(tasks.data_folder("drones").glob("*.jpg"))))
"""


def test_processes_that_want_the_same_data_make_it_once_and_whole(tmp_path):
    command = [sys.executable, "-c", WAIT, str(tmp_path)]
    runs = [subprocess.Popen(command, stdout=-1, stderr=-1, text=True) for _ in range(3)]
    outputs = [run.communicate(timeout=60) for run in runs]
    assert [out for out, _ in outputs] == ["9\n"] * 3, outputs
    assert (tmp_path / "made").read_text() == "x"
    assert any("waiting for it" in err for _, err in outputs)


def test_own_folder_with_or_without_the_tasks_name(monkeypatch, tmp_path):
    own = tmp_path / "mine"
    own.mkdir()
    monkeypatch.setenv("COURSE_DATA", str(own))
    assert tasks.data_folder("drones") == own
    (own / "drones").mkdir()  # a class of that name: its folder holds images, no folders
    assert tasks.data_folder("drones") == own
    (own / "drones" / "train").mkdir()
    assert tasks.data_folder("drones") == own / "drones"
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "typo"))
    with pytest.raises(tasks.TaskError, match=r"typo.*no such folder.*'rendered'"):
        tasks.data_folder("drones")


def test_own_labelled_images_with_or_without_the_tasks_name(monkeypatch, tmp_path):
    own = tmp_path / "mine"
    (own / "panoramas").mkdir(parents=True)
    monkeypatch.setenv("COURSE_DATA", str(own))
    (own / "panoramas" / "1.jpg").touch()  # a class of that name
    assert tasks.data_folder("panoramas") == own
    (own / "panoramas" / "train_label.csv").touch()
    assert tasks.data_folder("panoramas") == own / "panoramas"
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "typo"))
    with pytest.raises(tasks.TaskError, match=r"typo.*no such folder.*train_label\.csv"):
        tasks.data_folder("panoramas")


def test_data_that_nothing_makes_is_an_error(monkeypatch, tmp_path):
    monkeypatch.delitem(tasks.SOURCES, ("panoramas", "rendered"))
    with pytest.raises(tasks.TaskError, match=r"no rendered panoramas: .*'real' or a folder"):
        tasks.data_folder("panoramas")
    folder = tmp_path / "data" / "rendered" / "panoramas"
    folder.mkdir(parents=True)  # put there by hand
    assert tasks.data_folder("panoramas") == folder
    with pytest.raises(tasks.TaskError, match=r"no rendered kites: set COURSE_DATA to a folder"):
        tasks.data_folder("kites")


def test_data_without_boxes_has_none(tmp_path):
    assert tasks.object_boxes(tmp_path) == {}


def test_there_is_a_second_table_of_labels_of_panoramas(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert tasks.second_label_table(tmp_path) is None
    monkeypatch.setenv("COURSE_DATA", "real")
    assert tasks.second_label_table(tmp_path).is_file()
    (tmp_path / "train_label_truth.csv").touch()
    assert tasks.second_label_table(tmp_path) == tmp_path / "train_label_truth.csv"


def test_shares_of_the_objects_are_those_of_their_boxes(tmp_path):
    for name in ("bird", "drone"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (50, 40)).save(tmp_path / name / "1.png")
    data = ImageFolderDataset(tmp_path)
    assert tasks.object_shares(tmp_path, data) is None
    (tmp_path / "boxes.csv").write_text("file,left,top,right,bottom\nbird/1.png,0,10,20,30\n")
    shares = tasks.object_shares(tmp_path, data)
    assert shares[0] == 20 * 20 / (50 * 40) and np.isnan(shares[1])
