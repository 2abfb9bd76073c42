import json

import pytest

from helpers import course


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    monkeypatch.setattr(course, "ROOT", tmp_path)
    for name in ("COURSE_DATA", "COURSE_BACKBONE"):
        monkeypatch.delenv(name, raising=False)


def test_each_folder_of_your_own_has_its_own_results(monkeypatch, tmp_path):
    folders = []
    for own in ("mine", "mine/drones", "other/mine"):
        monkeypatch.setenv("COURSE_DATA", str(tmp_path / own))
        assert course.data_form() == "own"
        folders.append(course.run_folder("drones"))
    assert len(set(folders)) == 3


def test_results_of_phases_and_backbones_stand_beside_each_other(tmp_path):
    course.record_result("drones", "mobilenet_v2", "phase1", accuracy=0.81237, images=200)
    course.record_result("drones", "mobilenet_v2", "phase2", accuracy=0.9)
    path = course.record_result("drones", "vgg16", "phase1", accuracy=0.7)
    content = json.loads(path.read_text())
    assert content["task"] == "drones" and content["data"] == "rendered"
    assert content["results"]["mobilenet_v2"] == {
        "phase1": {"accuracy": 0.8124, "images": 200},
        "phase2": {"accuracy": 0.9},
    }
    assert path == tmp_path / "Save_Model" / "runs" / "rendered" / "drones" / "metrics.json"


def test_backbone_can_be_chosen_from_outside(monkeypatch):
    assert course.backbone_name() == "auto"
    monkeypatch.setenv("COURSE_BACKBONE", "vgg16")
    assert course.backbone_name() == "vgg16"
