"""Runs notebooks in order into build/notebooks/, as .ipynb and .html, and prints the results.

python -m tools.execute          # all
python -m tools.execute 02 03    # some
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from helpers.course import CourseError, runs_folder
from tools.environment import ROOT, course_environment
from tools.results import read_rows, text_table

NOTEBOOKS = ROOT / "notebooks"
# A page can't fold cells: of those that are folded in a notebook it shows what came out alone.
FOLDED = {"enabled": True, "remove_input_tags": {"setup", "reading", "record"}}
PAGE = Config(
    HTMLExporter={"preprocessors": ["nbconvert.preprocessors.TagRemovePreprocessor"]},
    TagRemovePreprocessor=FOLDED,
)
BUILD = ROOT / "build" / "notebooks"


@dataclass(frozen=True)
class Run:
    """An executed notebook, its duration in seconds, and what went wrong ("" if nothing did)."""

    notebook: NotebookNode
    seconds: float
    error: str


def find_notebooks(numbers: Sequence[str], folder: Path = NOTEBOOKS) -> list[Path]:
    """The notebooks of these numbers (all where none is given), in the course's order."""
    known = {path.name.partition("_")[0]: path for path in sorted(folder.glob("[0-9]*_*.ipynb"))}
    wanted = {number.zfill(2) for number in numbers} or known.keys()
    unknown = sorted(wanted - known.keys())
    if unknown or not known:
        raise LookupError(
            f"no notebook {', '.join(unknown) or 'at all'} in {folder.name}/; "
            f"there are {', '.join(known) or 'none'}."
        )
    return [path for number, path in known.items() if number in wanted]


def execute(path: Path) -> Run:
    """Runs every cell of the notebook at `path` with this Python, in the notebook's own folder.

    The file itself is not written to. `course_environment` sees to it that the kernel called
    python3 is this Python's.
    """
    notebook = nbformat.read(path, as_version=4)
    place = ""

    def remember(cell: NotebookNode, cell_index: int) -> None:
        nonlocal place
        line = next(filter(str.strip, cell.source.splitlines()), "")
        place = f"in cell {cell_index + 1} of {len(notebook.cells)} (`{line}`)"

    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=None,
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=ERROR"],  # what a kernel logs is no part of a notebook
        on_cell_start=remember,
    )
    start, error = time.perf_counter(), ""
    try:
        client.execute()
    except CellExecutionError as failure:
        error = f"{place}: {failure.ename}: {failure.evalue}".strip().splitlines()[0]
    except DeadKernelError:
        error = f"{place}: the kernel died; was there enough memory?"
    return Run(notebook, time.perf_counter() - start, error)


def write_page(run: Run, path: Path) -> None:
    """Writes the executed notebook at `path` (.ipynb) and as HTML beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(run.notebook, path)
    page, _ = HTMLExporter(config=PAGE).from_filename(str(path))
    path.with_suffix(".html").write_text(page, encoding="utf-8")


def report(path: Path, run: Run) -> None:
    """One line on the terminal."""
    state = f"failed {run.error}" if run.error else "ok"
    print(f"{path.stem:<32} {run.seconds:7.1f} s  {state}", flush=True)


def main() -> None:
    """The command line; leaves with status 1 and a sentence where something went wrong."""
    os.environ.update(course_environment(os.environ, Path.cwd()))
    try:
        for path in find_notebooks(sys.argv[1:]):
            run = execute(path)
            write_page(run, BUILD / path.name)
            report(path, run)
            if run.error:
                sys.exit(f"see {os.path.relpath(BUILD / path.name)}")
        table = text_table(read_rows(sorted(runs_folder().glob("*/metrics.json"))))
    except (LookupError, CourseError) as error:
        sys.exit(error.args[0])
    except KeyboardInterrupt:
        sys.exit("stopped")
    print(f"\n{table}\n\nThe executed notebooks are in {os.path.relpath(BUILD)}/.")


if __name__ == "__main__":
    main()
