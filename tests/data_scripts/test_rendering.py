"""What the renderers share: a folder made whole or left alone, and one sentence for a mistake."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import digests
from fake_archive import beside

from data_scripts import render_drones, render_panoramas, render_shortcut
from helpers.course import ROOT

# renderer, numbers of pictures, one picture's result
RENDERERS = {
    "drones": (render_drones, {"per_class": 8}, (0, 0, 9, 9)),
    "panoramas": (render_panoramas, {"train": 8, "test": 5}, (0, 1, 0, 0, 1)),
    "shortcut": (render_shortcut, {"per_class": 12}, (0, 0, 9, 9)),
}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins for pictures, for tests of what happens around them."""
    data = cv2.imencode(".jpg", np.zeros((9, 9, 3), np.uint8))[1].tobytes()
    for renderer, _, result in RENDERERS.values():

        def stand_in(job: tuple, result: tuple = result) -> tuple[int, ...]:
            Path(job[3]).write_bytes(data)
            return result

        monkeypatch.setattr(renderer, "render_file", stand_in)


def rendered(name: str, folder: Path, **options: int) -> Path:
    """The small data set of a renderer, made in this process."""
    renderer, counts, _ = RENDERERS[name]
    return renderer.render_dataset(folder, **counts, processes=1, progress=False, **options)


@pytest.mark.parametrize("name", RENDERERS)
def test_interrupted_rendering_leaves_no_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []

    def stop(job: tuple) -> None:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(Path(job[3]).write_bytes(b"picture"))

    monkeypatch.setattr(RENDERERS[name][0], "render_file", stop)
    with pytest.raises(KeyboardInterrupt):
        rendered(name, tmp_path / name)
    assert len(done) == 3
    assert (beside(tmp_path)) == []


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", RENDERERS)
def test_its_own_folder_is_replaced_only_when_asked(name: str, tmp_path: Path) -> None:
    folder = rendered(name, tmp_path / name)
    before = digests(folder)
    with pytest.raises(FileExistsError, match="exists already.*overwrite"):
        rendered(name, folder, seed=1)
    assert digests(folder) == before
    rendered(name, folder, seed=1, overwrite=True)
    again = rendered(name, tmp_path / "again", seed=1)
    assert digests(folder) == digests(again) != before
    assert {path.name for path in beside(tmp_path)} == {name, "again"}  # nothing lies about


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("name", "mine"),
    [
        ("drones", "mine.txt"),
        ("drones", "train/kite/kite_0001.jpg"),
        ("drones", "val/flying_bird/winged_drone_0001.jpg"),
        ("panoramas", "mine.txt"),
        ("shortcut", "train/large_quadcopter/large_quadcopter_0001.jpg"),
        ("panoramas", "train/holiday.jpg"),
        ("panoramas", "more/panorama_0001.jpg"),
    ],
)
def test_a_folder_with_other_files_is_never_removed(
    name: str, mine: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder = rendered(name, tmp_path / name)
    (folder / mine).parent.mkdir(exist_ok=True)
    (folder / mine).write_text("keep me")
    before = digests(folder)
    arguments = ["--folder", str(folder), "--processes", "1"]
    assert RENDERERS[name][0].main([*arguments, "--overwrite"]) == 1
    printed = capsys.readouterr().err
    assert "was left alone, for it holds" in printed and len(printed.strip().splitlines()) == 1
    found = printed.split("holds ")[1].split(",")[0]
    assert Path(found) in [Path(mine), *Path(mine).parents]
    assert digests(folder) == before
    assert [path.name for path in beside(tmp_path)] == [name]


@pytest.mark.parametrize("name", RENDERERS)
@pytest.mark.parametrize("mine", ["", "mine.txt"])  # a file in the folder's place, or in it
def test_what_is_put_there_meanwhile_stays(
    name: str, mine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    renderer, place = RENDERERS[name][0], tmp_path / name / mine
    draw = renderer.render_file

    def put(job: tuple) -> tuple[int, ...]:
        place.parent.mkdir(exist_ok=True)
        place.write_text("keep me")
        return draw(job)

    monkeypatch.setattr(renderer, "render_file", put)
    with pytest.raises((ValueError, FileExistsError), match="is a file|for it holds mine.txt"):
        rendered(name, tmp_path / name, overwrite=True)
    assert place.read_text() == "keep me"
    assert [path.name for path in beside(tmp_path)] == [name]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", RENDERERS)
def test_a_failure_at_the_last_step_leaves_the_old_data(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = rendered(name, tmp_path / name)
    before, rename = digests(folder), Path.rename

    def fail(path: Path, target: Path) -> Path:
        if target == folder and (path / "recipe.json").exists() and "-old-" not in str(path):
            raise OSError("the disk is gone")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="disk is gone"):
        rendered(name, folder, seed=1, overwrite=True)
    assert digests(folder) == before
    assert [path.name for path in beside(tmp_path)] == [name]


@pytest.mark.parametrize(
    ("name", "option", "value", "words"),
    [
        ("drones", "--per-class", 6, "7 or more, so that train, val and test each get pictures"),
        ("drones", "--seed", -1, "0 or more"),
        ("drones", "--processes", 0, "1 or more"),
        ("shortcut", "--per-class", 11, "12 or more, so that each part gets pictures"),
        ("panoramas", "--train", 4, "5 or more"),
        ("panoramas", "--test", -1, "5 or more"),
        ("panoramas", "--seed", -1, "0 or more"),
        ("panoramas", "--processes", 0, "1 or more"),
    ],
)
def test_bad_arguments_get_one_clear_sentence(
    name: str, option: str, value: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert RENDERERS[name][0].main(["--folder", str(tmp_path / name), option, str(value)]) == 1
    asked = f"{option[2:].replace('-', '_')} is {value}"
    assert capsys.readouterr().err == f"{asked}: use a whole number of {words}\n"
    assert (beside(tmp_path)) == []


@pytest.mark.parametrize("name", RENDERERS)
def test_places_that_are_taken_get_one_clear_sentence(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    place, main = tmp_path / name, RENDERERS[name][0].main
    place.write_text("mine")
    assert main(["--folder", str(place)]) == 1
    assert capsys.readouterr().err == f"{place} is a file: name a folder\n"
    assert place.read_text() == "mine"
    assert main(["--folder", str(tmp_path)]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith(f"{tmp_path} exists already") and printed.count("\n") == 1


def test_of_two_renderers_at_once_one_makes_the_folder_and_the_other_says_so(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "shortcut"
    command = [sys.executable, "-m", "data_scripts.render_shortcut", "--folder", str(folder)]
    command += ["--processes", "1", "--per-class", "12"]
    runs = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    told = {run.returncode: printed for run in runs for printed in [run.communicate()]}
    assert set(told) == {0, 1}, "one makes it, one leaves it alone"
    images = len(list(folder.rglob("*.jpg")))
    assert told[0][0].decode() == f"{images} images in {folder}\n"
    assert f"{folder} exists already and was left alone" in told[1][1].decode()
    assert digests(folder) == digests(rendered("shortcut", tmp_path / "alone"))
    assert {path.name for path in beside(tmp_path)} == {"shortcut", "alone"}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_a_killed_renderer_leaves_no_workers_and_its_folder_goes_the_next_time(
    tmp_path: Path, quick: None
) -> None:
    folder = tmp_path / "drones"
    command = [sys.executable, "-m", "data_scripts.render_drones", "--folder", str(folder)]
    run = subprocess.Popen([*command, "--processes", "2", "--per-class", "200"], cwd=ROOT)
    wait_until(lambda: len(list(tmp_path.rglob("*.jpg"))) > 3)
    workers = children(run.pid)
    assert len(workers) >= 2
    run.kill()
    run.wait()
    wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    assert [path.suffix for path in beside(tmp_path)] == [".unfinished"]
    rendered("drones", folder)
    assert [path.name for path in beside(tmp_path)] == ["drones"]


def children(parent: int) -> list[int]:
    """Numbers of the processes that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened for a minute"
        time.sleep(0.1)
