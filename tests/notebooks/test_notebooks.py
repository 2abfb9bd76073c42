"""The notebooks as they are committed: in step with their scripts, executed, clean."""

import ast
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
        assert re.search(r"\.fit\(|train_head\(|fine_tune\(|\.watch\(", before)


def test_the_shortcut_is_not_stopped_by_images_that_have_it_too():
    text = (FOLDER / "scripts" / "06_gradcam_analysis.py").read_text(encoding="utf-8")
    section = text.partition("# ## A trap")[2].partition("# ## Our own classifier")[0]
    assert "train_head(" in section
    assert "EarlyStopping(" not in section and 'features["val"]' not in section


def tag(cell):
    return next(iter(cell.metadata.get("tags", [])), "")


def shows(cell):
    """Whether a code cell's outputs hold a figure or a table."""
    kinds = {kind for o in cell.get("outputs", []) for kind in o.get("data", {})}
    return bool(kinds & {"image/png", "image/jpeg", "text/html"})


def unread(cells):
    """The first figure or table that no reading follows before the next heading, or that is the
    third in a row; "" where all are read."""
    waiting = []
    for cell in cells:
        is_text = cell.cell_type == "markdown"
        if tag(cell) == "reading" or (is_text and cell.source.startswith("**What we saw.**")):
            waiting = []
        elif is_text and waiting and re.search(r"^#+ |\*\*Predict", cell.source, re.M):
            return waiting[0]
        elif not is_text and shows(cell):
            waiting.append(cell.source)
            if len(waiting) > 2:
                return waiting[0]
    return waiting[0] if waiting else ""


@each_notebook
def test_every_figure_and_table_is_read(path):
    cells = nbformat.read(path, as_version=4).cells
    assert sum(map(shows, cells)) >= 5
    assert not unread(cells), f"nobody reads what this shows: {unread(cells)[:200]}"


def test_what_nobody_reads_is_found():
    figure, text = new_code_cell("plot()"), new_markdown_cell
    figure.outputs = [{"output_type": "display_data", "data": {"image/png": ""}, "metadata": {}}]
    reading = new_code_cell("say()", metadata={"tags": ["reading"]})
    assert unread([figure, reading, text("## Next")]) == unread([figure, figure, reading]) == ""
    assert unread([figure, text("**What we saw.** It rises.")]) == ""
    for cells in ([figure], [figure, text("## Next")], [figure, figure, figure, reading]):
        assert unread(cells) == "plot()"


SECTIONS = ("In five lines", "Check yourself", "Exercises", "Read on")


@each_script
def test_a_notebook_has_objectives_predictions_recap_quiz_and_reading(path):
    text = path.read_text(encoding="utf-8")
    goals = text.partition("After this notebook you can**")[2].partition("# **Before you start")[0]
    assert len(re.findall(r"^# - ", goals, re.M)) == 3
    assert "# **Time:**" in text and "minute" in text.partition("# **Time:**")[2][:120]
    assert len(re.findall(r"\*\*Predict:\*\*", text)) >= 5
    parts = dict(re.findall(r"^# ## (.*?)\n(.*?)(?=^# ## |\Z)", text, re.M | re.S))
    assert [name for name in parts if name in SECTIONS] == list(SECTIONS)
    assert re.findall(r"^# (\d)\. ", parts["In five lines"], re.M) == list("12345")
    assert parts["Check yourself"].count("<details>") == 3
    assert parts["Read on"].count("](http") >= 3
    links = set(re.findall(r"(Next|Previous):\s+(?:# )?\[", text))
    assert "Next" in links or path == SCRIPTS[-1]
    assert "Previous" in links or path == SCRIPTS[0]


@each_script
def test_plumbing_is_out_of_sight(path):
    cells = [cell for cell in jupytext.read(path).cells if cell.cell_type == "code"]
    for cell in cells:
        if tag(cell) in ("setup", "reading", "solution", "record"):
            assert cell.source.startswith("# @title ") and cell.metadata["cellView"] == "form"
            assert cell.metadata["jupyter"] == {"source_hidden": True}
        if tag(cell) not in ("setup", "reading", "record"):
            lines = [line for line in cell.source.splitlines() if line.strip()]
            assert len(lines) <= 42, f"too long to follow: {lines[0]}"
        elif tag(cell) != "record" and "record_result" in cell.source:
            raise AssertionError("results are recorded in a folded cell")
        assert depth(ast.parse(cell.source)) <= 2, f"three loops in one: {cell.source[:80]}"
    assert tag(cells[1]) == "setup"


def depth(node):
    """How deep comprehensions are nested in one another; those in a row do not count."""
    own = isinstance(node, ast.ListComp | ast.DictComp | ast.SetComp | ast.GeneratorExp)
    return own + max(map(depth, ast.iter_child_nodes(node)), default=0)
