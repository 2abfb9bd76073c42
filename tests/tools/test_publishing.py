"""Publishing: scripts become notebooks, outputs become clean, tables reach the README."""

import os
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from helpers.course import record_result
from tools import publish
from tools.environment import ROOT
from tools.execute import Run


def test_notebooks_take_their_cells_from_scripts(tmp_path):
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")  # has jupytext's settings
    scripts = tmp_path / "notebooks" / "scripts"
    scripts.mkdir(parents=True)
    script, path = scripts / "01_x.py", tmp_path / "notebooks" / "01_x.ipynb"
    script.write_text('# %% [markdown]\n# # Title\n\n# %% cellView="form"\n1\n\n# %%\nx = 2\n')
    publish.take_scripts(scripts)
    ran = publish.clean(nbformat.read(path, as_version=4))
    ran.cells[1].outputs = [new_output("stream", name="stdout", text="1\n")]
    nbformat.write(ran, path)
    script.write_text(script.read_text().replace("x = 2", "x = 3"))
    os.utime(script, (1e9, 1e9))  # the notebook is newer
    publish.take_scripts(scripts)
    new = nbformat.read(path, as_version=4)
    assert [cell.source for cell in new.cells] == ["# Title", "1", "x = 3"]
    assert [cell.id for cell in new.cells] == [cell.id for cell in ran.cells]
    assert new.cells[1].outputs == ran.cells[1].outputs
    assert new.cells[1].metadata == {"cellView": "form"}
    assert new.metadata == ran.metadata
    assert "x = 3" in script.read_text()


def test_published_notebooks_hold_nothing_of_one_computer(tmp_path):
    cell = new_code_cell("print(1)")
    cell.metadata.update(tags=["exercise"], execution={"iopub.execute_input": "2026-01-01"})
    text = f"saved {tmp_path}/Save_Model/x.jpg below {tmp_path}"
    cell.outputs = [new_output("stream", name="stdout", text=text)]
    notebook = new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})
    notebook.metadata["language_info"] = {"name": "python", "version": "3.11.7"}
    publish.clean(notebook, tmp_path)
    assert cell.outputs[0].text == "saved Save_Model/x.jpg below ."
    assert cell.metadata == {"tags": ["exercise"]}
    assert notebook.metadata.keys() == {"kernelspec", "language_info"}
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    assert notebook.metadata["language_info"] == {"name": "python"}


def test_figures_and_metrics_are_published(tmp_path):
    task = tmp_path / "runs" / "rendered" / "drones"
    (task / "model").mkdir(parents=True)
    names = ("curves.png", "Mis-classified Images.jpg", "weights.safetensors", "metrics.json")
    for name in names:
        (task / name).write_bytes(b"content")
    publish.copy_figures(tmp_path / "runs" / "rendered", tmp_path)
    publish.copy_metrics("rendered", tmp_path / "runs", tmp_path)
    assert publish.published_metrics(tmp_path) == [tmp_path / "drones" / "metrics.json"]
    assert {path.name for path in tmp_path.iterdir()} == {
        "runs", "drones", "curves.png", "Mis-classified Images.jpg",
    }  # fmt: skip


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Publishing into tmp_path, with notebooks that only leave a figure and a row of results."""
    readme = tmp_path / "README.md"
    names = ("results", "measures", "headline")
    markers = [f"<!-- {name}:{end} -->" for name in names for end in ("start", "end")]
    readme.write_text("\n".join([*markers, ""]))
    runs, ran = tmp_path / "runs", []

    def execute(path):
        form, backbone = os.environ["COURSE_DATA"], os.environ["COURSE_BACKBONE"]
        ran.append((path.name[:2], backbone))
        task = runs / form / "drones"
        task.mkdir(parents=True, exist_ok=True)
        (task / f"{form}.jpg").write_bytes(backbone.encode())
        monkeypatch.setattr("helpers.course.runs_folder", lambda: runs / form)
        record_result("drones", backbone, "two phases", "phase 1", accuracy=0.5)
        return Run(new_notebook(), 1.0, "")

    for name, value in (
        ("PUBLISHED", tmp_path), ("RUNS", runs), ("README", readme), ("execute", execute),
        ("RECIPES", tmp_path / "none.json"), ("take_scripts", lambda: None),
        ("load_backbone", str), ("report", lambda path, run: None),
        ("photos_folder", lambda: tmp_path),
    ):  # fmt: skip
        monkeypatch.setattr(publish, name, value)
    monkeypatch.setattr(publish.nbformat, "write", lambda notebook, path: None)
    monkeypatch.setenv("COURSE_BACKBONE", "auto")  # publishing sets it: afterwards it is as before
    return tmp_path, ran


def test_drawings_are_published_with_figures_and_photos_as_numbers_alone(published, monkeypatch):
    folder, ran = published
    monkeypatch.setenv("COURSE_DATA", "rendered")
    publish.publish("rendered")
    assert ran[:7] == [(f"0{number}", publish.BACKBONES[0]) for number in range(1, 8)]
    assert [number for number, name in ran[7:]] == list(publish.TRAINING)
    assert (folder / "rendered.jpg").read_text() == publish.BACKBONES[0]
    monkeypatch.setenv("COURSE_DATA", "real")
    publish.publish("real")
    assert {name for _, name in ran[-8:]} == set(publish.BACKBONES)
    assert sorted(path.name for path in folder.glob("*.jpg")) == ["rendered.jpg"]
    assert {path.name for path in (folder / "drones").iterdir()} == {
        "metrics.json", "metrics_real.json",
    }  # fmt: skip
    heading = (folder / "README.md").read_text().splitlines()[3]
    assert heading.count("photos<br>") == heading.count("drawn<br>") == 2


def test_drawings_are_not_published_without_photos_to_test_them_on(published, monkeypatch):
    folder, ran = published
    monkeypatch.setattr(publish, "photos_folder", lambda: folder / "none")
    with pytest.raises(publish.PublishError, match=r"python -m data_scripts\.fetch_drones"):
        publish.publish("rendered")
    assert ran == []


def test_nothing_is_published_of_a_form_that_is_none(monkeypatch):
    monkeypatch.setattr("sys.argv", ["publish", "painted"])
    with pytest.raises(SystemExit, match="publish painted\\? There is rendered and real"):
        publish.main()


def test_readme_tables_stand_between_their_markers():
    readme = (
        "top\n<!-- results:start -->\nstale\n<!-- results:end -->\n"
        "<!-- headline:start -->\nstale\n<!-- headline:end -->\n"
        "<!-- measures:start -->\nstale\n<!-- measures:end -->\nbottom\n"
    )
    metrics = ROOT / "Save_Model" / "drones" / "metrics.json"
    made = publish.with_tables(readme, [metrics])
    assert made.startswith(
        "top\n<!-- results:start -->\n**Drones and birds: accuracy (on the test, unless cross-"
    )
    assert made.endswith("|\n<!-- measures:end -->\nbottom\n") and "stale" not in made
    for name in ("headline", "results", "measures"):
        with pytest.raises(publish.PublishError, match=f"README.md has no lines <!-- {name}:start"):
            publish.with_tables(readme.replace(name, "other"), [])


def test_readme_tables_are_what_was_published():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert publish.with_tables(text, publish.published_metrics(publish.PUBLISHED)) == text, (
        "a number was typed by hand: make publish"
    )
