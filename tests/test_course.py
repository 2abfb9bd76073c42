import json
import os
import platform
import subprocess
import sys

import pytest

from helpers import course

REPOSITORY = course.ROOT


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


def values(path):
    content = json.loads(path.read_text())
    assert content["task"] == "drones" and content["data"] == "rendered"
    return [tuple(row.values()) for row in content["rows"]]


def test_each_result_is_a_row_of_its_own(tmp_path):
    course.record_result("drones", "vgg16", "two phases", "phase 1", accuracy=0.81237, images=200)
    course.record_result("drones", "vgg16", "any size", method="crop, large", accuracy=0.9)
    course.record_result("drones", "lite0", "two phases", "phase 1", accuracy=0.7)
    path = tmp_path / "Save_Model" / "runs" / "rendered" / "drones" / "metrics.json"
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
    course.record_result("drones", "vgg16", "shortcut", method="biased", hits=1, area=0.2)
    path = course.run_folder("drones") / "metrics.json"
    assert [row[-2:] for row in values(path)] == [("hits", 1), ("seconds", 3), ("area", 0.2)]


def test_a_reading_lists_the_sentences_that_hold(monkeypatch):
    shown = []
    monkeypatch.setattr(course, "display", lambda what: shown.append(what.data))
    course.say("**7** of 8 are right.", "", "One is not.")
    course.say("", "Alone.")
    course.say("", "")
    assert shown == [
        "**What we saw.**\n\n- **7** of 8 are right.\n- One is not.",
        "**What we saw.** Alone.",
    ]


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
def test_unreadable_results_are_kept_aside_and_cost_nothing_new(content, capsys):
    path = course.run_folder("drones") / "metrics.json"
    path.write_text(content)
    with pytest.raises(course.CourseError, match=r"drones.metrics\.json is not .*: remove it"):
        course.read_results(path)
    course.record_result("drones", "vgg16", "two phases", "phase 1", accuracy=0.8)
    assert path.with_name("metrics_unreadable1.json").read_text() == content
    assert "could not be read: it is metrics_unreadable1.json now" in capsys.readouterr().out
    assert [row["value"] for row in course.read_results(path)["rows"]] == [0.8]


def test_backbone_can_be_chosen_from_outside(monkeypatch):
    assert course.backbone_name() == "auto"
    monkeypatch.setenv("COURSE_BACKBONE", "vgg16")
    assert course.backbone_name() == "vgg16"


def allocator(monkeypatch, refused=(), **functions):
    """What `setup` asks of a C library that has these functions and refuses some parameters."""
    asked = []

    class Library:
        def mallopt(self, parameter, value):
            asked.append((parameter, value))
            return int(parameter not in refused)

    for name in functions:
        setattr(Library, name, functions[name])
    monkeypatch.setattr(course.sys, "platform", "linux")
    monkeypatch.setattr(course.ctypes, "CDLL", lambda name: Library())
    for name in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_"):
        monkeypatch.delenv(name, raising=False)
    return asked


def test_setup_keeps_freed_memory_unless_the_user_has_decided(monkeypatch):
    asked = allocator(monkeypatch, gnu_get_libc_version=None)
    course.setup()
    assert [parameter for parameter, _ in asked] == [-3, -1]
    assert all(value == 2**31 - 1 for _, value in asked)
    asked.clear()
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "131072")
    course.setup()
    assert [parameter for parameter, _ in asked] == [-3]


def test_setup_maps_nothing_where_glibc_refuses_a_high_threshold(monkeypatch):
    asked = allocator(monkeypatch, refused=(-3,), gnu_get_libc_version=None)
    course.setup()
    assert (-4, 0) in asked
    asked.clear()
    monkeypatch.setenv("MALLOC_MMAP_MAX_", "9")
    course.setup()
    assert -4 not in [parameter for parameter, _ in asked]


def test_setup_leaves_other_allocators_alone(monkeypatch):
    asked = allocator(monkeypatch)  # another C library
    course.setup()
    monkeypatch.setattr(course.sys, "platform", "darwin")
    course.setup()
    assert asked == []


def kept_megabytes(**environment):
    """How much of 50 MB a fresh Python holds on to, when it has called `setup` and freed them."""
    code = """
import os
from pathlib import Path
import numpy as np
from helpers.course import setup

def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

setup()
before = megabytes()
array = np.ones(50_000_000, np.uint8)
del array
print(megabytes() - before)
"""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean | {"PYTHONPATH": str(REPOSITORY)} | environment,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")
def test_freed_memory_is_kept_for_the_next_tensor_unless_the_environment_says_otherwise():
    assert kept_megabytes() > 40
    assert kept_megabytes(MALLOC_MMAP_THRESHOLD_="1000000") < 10
    assert kept_megabytes(MALLOC_TRIM_THRESHOLD_="1000000") < 10
