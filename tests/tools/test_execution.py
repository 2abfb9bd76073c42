"""Running notebooks: which, with which Python and paths, and what is reported of a failure."""

import os
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import execute
from tools.environment import course_environment


def test_paths_in_variables_hold_in_the_notebooks_folder(tmp_path):
    given = {"TORCH_HOME": "../weights", "COURSE_MIRROR": "http://x.org/y", "COURSE_DATA": "real"}
    made = course_environment(given | {"JUPYTER_PATH": "/elsewhere"}, tmp_path)
    assert made["TORCH_HOME"] == str(tmp_path / "../weights")
    assert made["COURSE_MIRROR"] == "http://x.org/y"
    assert made["COURSE_DATA"] == "real"
    assert "JUPYTER_PATH" not in made
    own = course_environment({"COURSE_DATA": "mine", "TORCH_HOME": ""}, tmp_path)
    assert own["COURSE_DATA"] == str(tmp_path / "mine")
    assert own["TORCH_HOME"] == ""


def test_kernels_may_keep_what_they_have_compiled(tmp_path):
    made = course_environment({"PYTHONDONTWRITEBYTECODE": "1", "HOME": "/home/ada"}, tmp_path)
    assert made.items() >= {"HOME": "/home/ada"}.items() and "PYTHONDONTWRITEBYTECODE" not in made


def test_notebooks_are_found_by_number(tmp_path):
    for name in ("01_a.ipynb", "02_b.ipynb", "10_c.ipynb"):
        (tmp_path / name).touch()
    names = [path.name for path in execute.find_notebooks(["10", "2"], tmp_path)]
    assert names == ["02_b.ipynb", "10_c.ipynb"]
    assert len(execute.find_notebooks([], tmp_path)) == 3
    with pytest.raises(LookupError, match=r"no notebook 07 in .*there are 01, 02, 10"):
        execute.find_notebooks(["07", "01"], tmp_path)


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a notebook of a title and these code cells, for this Python's kernel."""
    for name, value in course_environment(os.environ, tmp_path).items():
        monkeypatch.setenv(name, value)

    def make(*sources):
        cells = [new_markdown_cell("title"), *map(new_code_cell, sources)]
        nbformat.write(new_notebook(cells=cells), tmp_path / "01_x.ipynb")
        return tmp_path / "01_x.ipynb"

    return make


def test_execution_uses_this_python_and_names_the_failing_cell(write, tmp_path, monkeypatch):
    other = tmp_path / "user" / "kernels" / "python3" / "kernel.json"  # a kernel of the user's own
    other.parent.mkdir(parents=True)
    other.write_text('{"argv": ["false"], "display_name": "other", "language": "python"}')
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "user"))
    code = "import os, sys\nprint(sys.executable)\nprint(os.getcwd())"
    path = write(code, "\n1 / 0", "print('never')")
    before = path.read_bytes()
    run = execute.execute(path)
    assert path.read_bytes() == before
    assert run.notebook.cells[1].outputs[0].text.split() == [sys.executable, str(tmp_path)]
    assert run.error == "in cell 3 of 4 (`1 / 0`): ZeroDivisionError: division by zero"
    execute.write_page(run, tmp_path / "build" / "01_x.ipynb")
    assert "ZeroDivisionError" in (tmp_path / "build" / "01_x.html").read_text(encoding="utf-8")


def test_a_kernel_that_dies_is_reported(write):
    run = execute.execute(write("import os", "os._exit(1)"))
    assert run.error.startswith("in cell 3 of 3 (`os._exit(1)`): the kernel died")


def test_a_page_shows_what_folded_cells_say_and_not_their_code(tmp_path):
    shown, folded = (
        new_code_cell(name, execution_count=1) for name in ("in_sight", "out_of_sight")
    )
    for cell, word in ((shown, "first"), (folded, "second")):
        cell.outputs = [new_output("stream", name="stdout", text=word)]
    folded.metadata["tags"] = ["reading"]
    book = new_notebook(cells=[shown, folded])
    execute.write_page(execute.Run(book, 1.0, ""), tmp_path / "01_x.ipynb")
    page = (tmp_path / "01_x.html").read_text(encoding="utf-8")
    assert "first" in page and "second" in page
    assert "in_sight" in page and "out_of_sight" not in page
    assert "out_of_sight" in nbformat.read(tmp_path / "01_x.ipynb", 4).cells[1].source
