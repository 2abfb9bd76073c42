import json
from pathlib import Path

import pytest

from helpers import course


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    monkeypatch.setattr(course, "ROOT", tmp_path)
    for name in ("COURSE_DATA", "COURSE_BACKBONE"):
        monkeypatch.delenv(name, raising=False)


def test_missing_data_is_made_once(monkeypatch, tmp_path):
    made = []

    def make(folder):
        made.append(folder)
        folder.mkdir(parents=True)

    monkeypatch.setitem(course._MAKE, ("rendered", "drones"), make)
    folder = tmp_path / "data" / "rendered" / "drones"
    assert course.data_folder("drones") == course.data_folder("drones") == folder
    assert made == [folder]


@pytest.mark.parametrize("data", ["rendered", "real", "mine"])
def test_the_shortcut_is_rendered_whatever_the_data(data, monkeypatch, tmp_path):
    made = []

    def make(folder):
        made.append(folder)
        folder.mkdir(parents=True)

    monkeypatch.setattr("data_scripts.render_shortcut.render_dataset", make)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path) if data == "mine" else data)
    assert course.data_folder("shortcut") == course.data_folder("shortcut")
    assert made == [tmp_path / "data" / "rendered" / "shortcut"]


@pytest.mark.parametrize("task", ["drones", "panoramas", "shortcut"])
def test_images_of_an_older_renderer_are_told(task, tmp_path, capsys):
    folder = tmp_path / "data" / "rendered" / task
    folder.mkdir(parents=True)
    (folder / "recipe.json").write_text('{"renderer_version": 0}')
    course.data_folder(task)
    assert "older version; remove it" in capsys.readouterr().out


def test_own_folder_with_or_without_the_tasks_name(monkeypatch, tmp_path):
    own = tmp_path / "mine"
    own.mkdir()
    monkeypatch.setenv("COURSE_DATA", str(own))
    assert course.data_form() == "own" and course.data_folder("drones") == own
    (own / "drones").mkdir()  # a class of that name: its folder holds images, no folders
    assert course.data_folder("drones") == own
    (own / "drones" / "train").mkdir()
    assert course.data_folder("drones") == own / "drones"
    first = course.run_folder("drones")
    monkeypatch.setenv("COURSE_DATA", str(own / "drones"))
    assert course.run_folder("drones") != first  # results of two folders do not mix
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "typo"))
    with pytest.raises(course.CourseError, match=r"typo.*no such folder.*'rendered'"):
        course.data_folder("drones")


def test_own_labelled_images_with_or_without_the_tasks_name(monkeypatch, tmp_path):
    own = tmp_path / "mine"
    (own / "panoramas").mkdir(parents=True)
    monkeypatch.setenv("COURSE_DATA", str(own))
    (own / "panoramas" / "1.jpg").touch()  # a class of that name
    assert course.data_folder("panoramas") == own
    (own / "panoramas" / "train_label.csv").touch()
    assert course.data_folder("panoramas") == own / "panoramas"
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "typo"))
    with pytest.raises(course.CourseError, match=r"typo.*no such folder.*train_label\.csv"):
        course.data_folder("panoramas")


def test_real_panoramas_are_fetched_once(monkeypatch, tmp_path):
    made = []

    def fetch(folder):
        made.append(folder)
        folder.mkdir(parents=True)

    monkeypatch.setattr("data_scripts.fetch_panoramas.fetch_dataset", fetch)
    monkeypatch.setenv("COURSE_DATA", "real")
    assert course.data_folder("panoramas") == course.data_folder("panoramas") == made[0]
    assert made == [tmp_path / "data" / "real" / "panoramas"]


def test_data_that_nothing_makes_is_told(monkeypatch, tmp_path):
    monkeypatch.delitem(course._MAKE, ("rendered", "panoramas"), raising=False)
    with pytest.raises(course.CourseError, match=r"no rendered panoramas: .*'real' or a folder"):
        course.data_folder("panoramas")
    folder = tmp_path / "data" / "rendered" / "panoramas"
    folder.mkdir(parents=True)  # put there by hand
    assert course.data_folder("panoramas") == folder
    with pytest.raises(course.CourseError, match=r"no rendered kites: set COURSE_DATA to a folder"):
        course.data_folder("kites")


def values(path):
    content = json.loads(path.read_text())
    assert content["task"] == "drones" and content["data"] == "rendered"
    return [tuple(row.values()) for row in content["rows"]]


def test_each_result_is_a_row_of_its_own(tmp_path):
    course.record_result("drones", "vgg16", "two phases", "phase 1", accuracy=0.81237, images=200)
    course.record_result("drones", "vgg16", "any size", method="crop, large", accuracy=0.9)
    path = course.record_result("drones", "lite0", "two phases", "phase 1", accuracy=0.7)
    assert path == tmp_path / "Save_Model" / "runs" / "rendered" / "drones" / "metrics.json"
    assert values(path) == [
        ("vgg16", "two phases", "phase 1", "", "accuracy", 0.8124),
        ("vgg16", "two phases", "phase 1", "", "images", 200),
        ("vgg16", "any size", "", "crop, large", "accuracy", 0.9),
        ("lite0", "two phases", "phase 1", "", "accuracy", 0.7),
    ]
    rows = json.loads(path.read_text())["rows"]
    assert list(rows[0]) == ["backbone", "experiment", "phase", "method", "metric", "value"]
    assert [p.name for p in path.parent.iterdir()] == ["metrics.json"]  # nothing half-written


def test_a_result_measured_again_takes_the_place_of_the_former():
    course.record_result("drones", "vgg16", "shortcut", method="biased", hits=0.5, seconds=3)
    path = course.record_result("drones", "vgg16", "shortcut", method="biased", hits=1, area=0.2)
    assert [row[-2:] for row in values(path)] == [("hits", 1), ("seconds", 3), ("area", 0.2)]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"task": "drones", "data": "rendered", "results": {"vgg16": {"phase1": {}}}}',
        '{"task": "drones", "data": "rendered", "rows": [{"backbone": "vgg16", "value": 1}]}',
    ],
    ids=["empty", "cut off", "a list", "old form", "row without fields"],
)
def test_unreadable_results_are_never_written_over(content):
    path = course.run_folder("drones") / "metrics.json"
    path.write_text(content)
    with pytest.raises(course.CourseError, match=r"drones.metrics\.json is not .*: remove it"):
        course.record_result("drones", "vgg16", "two phases", "phase 1", accuracy=0.8)
    assert path.read_text() == content


def test_backbone_can_be_chosen_from_outside(monkeypatch):
    assert course.backbone_name() == "auto"
    monkeypatch.setenv("COURSE_BACKBONE", "vgg16")
    assert course.backbone_name() == "vgg16"


def test_data_without_boxes_has_none(tmp_path):
    assert course.object_boxes(tmp_path) == {}


def test_a_second_table_of_labels_is_found_where_there_is_one(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert course.checked_labels(tmp_path) is None
    monkeypatch.setenv("COURSE_DATA", "real")
    rater = course.checked_labels(tmp_path).relative_to(course.ROOT)
    assert (Path(course.__file__).parents[1] / rater).is_file()
    (tmp_path / "train_label_truth.csv").touch()
    assert course.checked_labels(tmp_path) == tmp_path / "train_label_truth.csv"
