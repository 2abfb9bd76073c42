"""Runs notebooks in order into build/notebooks/, as .ipynb and .html, and prints the results.

python -m tools.execute          # all
python -m tools.execute 02 03    # some
"""

from __future__ import annotations

import os
import re
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

from helpers.course import runs_folder
from tools.environment import ROOT, course_environment
from tools.results import ResultsError, read_results, text_table

NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build" / "notebooks"
RUNS = ROOT / "Save_Model" / "runs"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


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
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=None,
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=ERROR"],  # what a kernel logs is no part of a notebook
    )
    start, error = time.perf_counter(), ""
    try:
        client.execute()
    except CellExecutionError:
        error = describe_failure(notebook)
    except DeadKernelError:
        error = f"the kernel died {place(notebook, unfinished(notebook))}: was there enough memory?"
    return Run(notebook, time.perf_counter() - start, error)


def describe_failure(notebook: NotebookNode) -> str:
    """Which cell failed and the last line of its error."""
    for index, cell in enumerate(notebook.cells):
        if "raises-exception" in cell.metadata.get("tags", []):
            continue
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                text = COLOURS.sub("", f"{output.ename}: {output.evalue}").strip()
                return f"{place(notebook, index)}: {text.splitlines()[-1]}"
    return "a cell failed without an error output"


def unfinished(notebook: NotebookNode) -> int:
    """Index of the first code cell that never got its number."""
    waiting = (
        index
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None
    )
    return next(waiting, len(notebook.cells) - 1)


def place(notebook: NotebookNode, index: int) -> str:
    """'in cell 7 of 20 (`trainer.fit(...)`)': counted from 1, markdown included."""
    lines = [line for line in notebook.cells[index].source.splitlines() if line.strip()]
    return f"in cell {index + 1} of {len(notebook.cells)} (`{lines[0] if lines else ''}`)"


def write_page(run: Run, path: Path) -> None:
    """Writes the executed notebook at `path` (.ipynb) and as HTML beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(run.notebook, path)
    page, _ = HTMLExporter().from_notebook_node(
        run.notebook, resources={"metadata": {"name": path.stem}}
    )
    path.with_suffix(".html").write_text(page, encoding="utf-8")


def report(path: Path, run: Run) -> None:
    """One line on the terminal."""
    state = f"failed {run.error}" if run.error else "ok"
    print(f"{path.stem:<32} {run.seconds:7.1f} s  {state}", flush=True)


def main(numbers: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    numbers = sys.argv[1:] if numbers is None else numbers
    os.environ.update(course_environment(os.environ, Path.cwd()))
    try:
        for path in find_notebooks(numbers):
            run = execute(path)
            write_page(run, BUILD / path.name)
            report(path, run)
            if run.error:
                print(f"see {os.path.relpath(BUILD / path.name)}", file=sys.stderr)
                return 1
        results = read_results(sorted(runs_folder().glob("*/metrics.json")))
    except (LookupError, ResultsError) as error:
        print(error.args[0], file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    if results:
        print(f"\n{text_table(results)}")
    print(f"\nThe executed notebooks are in {os.path.relpath(BUILD)}/.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
