"""For maintainers: executes the notebooks in place and refreshes what the README shows.

    python -m tools.publish

Scripts are the source of the notebooks. On rendered data every notebook runs and keeps its
outputs, its figures go to the top of Save_Model/, its metrics to Save_Model/<task>/metrics.json,
and the README's tables between its `results` and its `measures` markers are written from those.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from nbformat import NotebookNode

from tools.environment import ROOT, course_environment
from tools.execute import RUNS, execute, find_notebooks, report
from tools.pair import PairError, bring_in_step, pairs, write_notebook
from tools.results import ResultsError, markdown_table, measures_tables, read_results

PUBLISHED = ROOT / "Save_Model"
README = ROOT / "README.md"
FIGURES = {".jpg", ".png"}


class PublishError(RuntimeError):
    """Why nothing (more) was published, in one sentence."""


def clean(notebook: NotebookNode, root: Path = ROOT) -> NotebookNode:
    """Strips in place what differs from run to run or from computer to computer."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = NotebookNode({"tags": tags} if tags else {})
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


def with_table(text: str, table: str, name: str = "results") -> str:
    """The README's text with `table` between the markers of that name.

    Raises: PublishError where there are none.
    """
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    marked = re.compile(f"({start}\n).*?({end})", re.DOTALL)
    if not marked.search(text):
        raise PublishError(f"README.md has no lines {start} and {end} for the table.")
    return marked.sub(lambda found: f"{found[1]}{table}\n{found[2]}", text)


def with_tables(text: str, metrics: list[Path]) -> str:
    """The README's text with what these metrics.json files tell."""
    text = with_table(text, markdown_table(read_results(metrics)))
    return with_table(text, measures_tables(metrics), "measures")


def copy_results(runs: Path = RUNS / "rendered", published: Path = PUBLISHED) -> list[Path]:
    """Copies each task's figures and metrics.json; returns the metrics.json files published."""
    for task in sorted(path for path in runs.glob("*") if path.is_dir()):
        for figure in sorted(p for p in task.iterdir() if p.suffix in FIGURES):
            shutil.copyfile(figure, published / figure.name)
        if (task / "metrics.json").exists():
            (published / task.name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(task / "metrics.json", published / task.name / "metrics.json")
    return sorted(path for path in published.glob("*/metrics.json") if path.parent.name != "runs")


def publish() -> None:
    """Everything in turn; a notebook that fails stops it and keeps its former outputs."""
    with_tables(README.read_text(encoding="utf-8"), [])  # before an hour of work
    for old in (RUNS / "rendered").glob("*/metrics.json"):
        old.unlink()  # earlier runs with other backbones are not what is published
    for notebook, script in pairs():
        bring_in_step(notebook, script)
    for path in find_notebooks([]):
        run = execute(path)
        report(path, run)
        if run.error:
            raise PublishError(f"{path.name} is not published, nor what comes after it.")
        write_notebook(clean(run.notebook), path)
    metrics = copy_results()
    README.write_text(with_tables(README.read_text(encoding="utf-8"), metrics), encoding="utf-8")


def main() -> int:
    """The command line; returns the exit status."""
    os.environ.update(course_environment(os.environ, Path.cwd()), COURSE_DATA="rendered")
    try:
        publish()
    except (PublishError, PairError, ResultsError, LookupError) as error:
        print(error.args[0], file=sys.stderr)
        return 1
    print("published; look at `git diff --stat` before you commit")
    return 0


if __name__ == "__main__":
    sys.exit(main())
