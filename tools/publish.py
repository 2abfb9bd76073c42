"""For maintainers: executes the notebooks in place and refreshes what the README shows.

    python -m tools.publish

Scripts are the source of the notebooks. On rendered data every notebook runs and keeps its
outputs, its figures go to the top of Save_Model/, its metrics to Save_Model/<task>/metrics.json,
and the README's tables between its `results` and its `measures` markers are written from those.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from jupytext.cli import jupytext
from nbformat import NotebookNode

from helpers.course import CourseError
from tools.environment import ROOT, course_environment
from tools.execute import NOTEBOOKS, execute, find_notebooks, report
from tools.results import markdown_table, measures_tables, read_rows

PUBLISHED = ROOT / "Save_Model"
RUNS = PUBLISHED / "runs" / "rendered"
README = ROOT / "README.md"
FIGURES = {".jpg", ".png"}
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


class PublishError(RuntimeError):
    """Why nothing (more) was published, in one sentence."""


def take_scripts(folder: Path = NOTEBOOKS / "scripts") -> None:
    """Brings every notebook in step with its script, whichever of the two is newer."""
    scripts = [str(path) for path in sorted(folder.glob("*.py"))]
    for path in scripts:
        os.utime(path)  # jupytext takes the cells from the newer file
    jupytext(["--quiet", "--sync", *scripts])


def clean(notebook: NotebookNode, root: Path = ROOT) -> NotebookNode:
    """Strips in place what differs from run to run or from computer to computer."""
    notebook.metadata = NotebookNode(kernelspec=KERNEL, language_info={"name": "python"})
    for cell in notebook.cells:
        kept = {key: cell.metadata[key] for key in ("tags", "cellView") if key in cell.metadata}
        cell.metadata = NotebookNode(kept)
        for output in cell.get("outputs", []):
            if "text" in output:
                output["text"] = without_paths(output["text"], root)
            data = output.get("data", {})
            data.pop("application/vnd.jupyter.widget-view+json", None)
            for kind in {"text/plain", "text/html"} & data.keys():
                data[kind] = without_paths(data[kind], root)
    return notebook


def without_paths(text: str, root: Path) -> str:
    """`text` with paths below `root` relative to it, and the home folder as ~."""
    for folder, short in ((f"{root}/", ""), (str(root), "."), (str(Path.home()), "~")):
        text = text.replace(folder, short)
    return text


def with_tables(text: str, metrics: Sequence[Path]) -> str:
    """The README's text with the tables of these metrics.json files between their markers.

    Raises: PublishError where there are no markers.
    """
    rows = read_rows(metrics)
    for name, table in (("results", markdown_table(rows)), ("measures", measures_tables(rows))):
        start, end = f"<!-- {name}:start -->\n", f"<!-- {name}:end -->"
        before, found, rest = text.partition(start)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise PublishError(f"README.md has no lines {start.strip()} and {end} for the table.")
        text = f"{before}{start}{table}\n{end}{after}"
    return text


def copy_results(runs: Path = RUNS, published: Path = PUBLISHED) -> list[Path]:
    """Copies each task's figures and metrics.json; returns the metrics.json files published."""
    for figure in (path for path in sorted(runs.glob("*/*")) if path.suffix in FIGURES):
        shutil.copyfile(figure, published / figure.name)
    for metrics in runs.glob("*/metrics.json"):
        (published / metrics.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(metrics, published / metrics.parent.name / metrics.name)
    return sorted(published.glob("*/metrics.json"))


def publish() -> None:
    """Everything in turn; a notebook that fails stops it and keeps its former outputs."""
    with_tables(README.read_text(encoding="utf-8"), [])  # before minutes of work
    for old in RUNS.glob("*/metrics.json"):
        old.unlink()  # earlier runs with other backbones are not what is published
    take_scripts()
    for path in find_notebooks([]):
        run = execute(path)
        report(path, run)
        if run.error:
            raise PublishError(f"{path.name} is not published, nor what comes after it.")
        nbformat.write(clean(run.notebook), path)
    metrics = copy_results()
    README.write_text(with_tables(README.read_text(encoding="utf-8"), metrics), encoding="utf-8")


def main() -> None:
    """The command line; leaves with status 1 and a sentence where something went wrong."""
    os.environ.update(course_environment(os.environ, Path.cwd()), COURSE_DATA="rendered")
    try:
        publish()
    except (PublishError, CourseError, LookupError) as error:
        sys.exit(error.args[0])
    print("published; look at `git diff --stat` before you commit")


if __name__ == "__main__":
    main()
