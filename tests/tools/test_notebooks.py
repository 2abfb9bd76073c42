"""The notebooks as they are committed: in step with their scripts, executed, clean."""

import re
from itertools import zip_longest

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.environment import ROOT

FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
STEMS = sorted({path.stem for path in [*NOTEBOOKS, *FOLDER.glob("scripts/*.py")]})
SYNC = "run jupytext --sync notebooks/scripts/*.py"

SCRIPTS = sorted(FOLDER.glob("scripts/*.py"))
IMPORT = re.compile(r"(import|from) \w")

each_script = pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def drift(notebook, script):
    """The first cell whose type or source differs, in words; "" where the two are in step."""
    for number, (ours, theirs) in enumerate(zip_longest(notebook.cells, script.cells), start=1):
        if ours is None or theirs is None:
            side = "notebook" if theirs is None else "script"
            return f"cell {number} is only in the {side}: {(ours or theirs).source[:60]!r}"
        if (ours.cell_type, ours.source) != (theirs.cell_type, theirs.source):
            return f"cell {number} differs: {ours.source[:60]!r} and {theirs.source[:60]!r}"
    return ""


@pytest.mark.parametrize("stem", STEMS)
def test_notebook_and_script_are_in_step(stem):
    notebook, script = FOLDER / f"{stem}.ipynb", FOLDER / "scripts" / f"{stem}.py"
    assert notebook.exists() and script.exists(), f"{stem} has no twin: {SYNC}"
    difference = drift(nbformat.read(notebook, as_version=4), jupytext.read(script))
    assert not difference, f"{notebook.name}, {difference}; {SYNC}"


def test_drift_names_the_cell():
    one = new_notebook(cells=[new_markdown_cell("title"), new_code_cell("x = 1")])
    other = new_notebook(cells=[new_markdown_cell("title"), new_code_cell("x = 2")])
    assert drift(one, one) == ""
    assert drift(one, other).startswith("cell 2 differs: 'x = 1' and 'x = 2'")
    other.cells[0] = new_code_cell("title")
    assert drift(one, other).startswith("cell 1 differs")
    other.cells = one.cells[:1]
    assert drift(one, other).startswith("cell 2 is only in the notebook")


@each_notebook
def test_second_cell_fetches_the_course_on_colab(path):
    second = nbformat.read(path, as_version=4).cells[1]
    bootstrap = (ROOT / "tools" / "bootstrap_cell.py").read_text(encoding="utf-8").strip()
    assert second.cell_type == "code"
    assert second.source == bootstrap, "copy tools/bootstrap_cell.py into the script's second cell"
    assert second.metadata.get("cellView") == "form", "Colab hides the code of such a cell"


@each_notebook
def test_outputs_are_kept_and_clean(path):
    notebook = nbformat.read(path, as_version=4)
    code = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    assert all(c.execution_count for c in code), "not executed: make publish"
    assert any(c.outputs for c in code), "no outputs kept: make publish"
    home = re.compile(r"(/root|/home|/Users|/tmp|/content)/\w|[A-Z]:\\\\Users")
    for cell in code:
        tolerated = "raises-exception" in cell.metadata.get("tags", [])
        failed = any(o.output_type == "error" for o in cell.outputs)
        assert tolerated or not failed, f"an error is kept in: {cell.source[:80]}"
        for output in cell.outputs:
            text = "".join([output.get("text", ""), output.get("data", {}).get("text/plain", "")])
            assert not home.search(text), f"a path of one computer is shown: {text[:200]}"
    assert path.stat().st_size < 3_000_000, "too heavy for a phone: smaller figures"


IMPORT_LINES = 10


@each_script
def test_imports_of_a_notebook_are_few(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if IMPORT.match(line)]
    assert len(lines) <= IMPORT_LINES, "name the sub-package, or move what needs them to helpers"
    assert not [line for line in lines if line.endswith("(")], "one line for each import"


@each_script
def test_early_stopping_is_reset_only_after_a_training(path):
    """Whoever resets one that has watched nothing teaches a ritual."""
    text = path.read_text(encoding="utf-8")
    for before in re.findall(r"EarlyStopping\((.*?)\.reset\(", text, re.S):
        assert re.search(r"\.fit\(|train_head\(|fine_tune\(", before)


def test_the_shortcut_is_not_stopped_by_images_that_have_it_too():
    text = (FOLDER / "scripts" / "06_gradcam_analysis.py").read_text(encoding="utf-8")
    section = text.partition("# ## A shortcut")[2]
    assert "train_head(" in section
    assert "EarlyStopping(" not in section and 'features["val"]' not in section
