"""For maintainers: executes the notebooks in place and refreshes what the README shows.

    python -m tools.publish           # on rendered data
    python -m tools.publish real      # on the real photos: numbers alone

Scripts are the source of the notebooks. On rendered data every notebook runs and keeps its
outputs, with the first of BACKBONES; its figures go to the top of Save_Model/. Those that train run
again with the other backbones, and the metrics of all go to Save_Model/<task>/metrics.json. On real
photos nothing is kept but Save_Model/<task>/metrics_real.json: no photo, and no figure that shows
one. The README's tables between its markers, `headline`, `results` and `measures`, are written from
both.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
import pandas as pd
from jupytext.cli import jupytext
from nbformat import NotebookNode

from data_scripts.domain_shift import photos_folder
from helpers.course import CourseError, setup
from helpers.models.backbones import BackboneError, load_backbone
from tools.environment import ROOT, course_environment
from tools.execute import NOTEBOOKS, execute, find_notebooks, report
from tools.results import front_tables, headline_table, measures_tables, read_rows, recipe_rows

PUBLISHED = ROOT / "Save_Model"
RUNS = PUBLISHED / "runs"
BACKBONES = ("efficientnet_lite0", "mobilenet_v2")
TRAINING = ("02", "03", "04", "05")  # notebooks with results of a backbone's own
METRICS = {"rendered": "metrics.json", "real": "metrics_real.json"}
RECIPES = PUBLISHED / "panoramas" / "recipes.json"
README = ROOT / "README.md"
FIGURES = {".jpg", ".png"}
KEPT = ("tags", "cellView", "jupyter")  # of a cell's metadata
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
        kept = {key: cell.metadata[key] for key in KEPT if key in cell.metadata}
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
    """The README's text with the tables of these metrics files between their markers.

    Raises: PublishError where there are no markers.
    """
    rows = read_rows(metrics)
    compared = pd.concat([rows, recipe_rows(RECIPES)])
    tables = {
        "headline": headline_table(compared),
        "results": front_tables(compared),
        "measures": measures_tables(rows),
    }
    for name, table in tables.items():
        start, end = f"<!-- {name}:start -->\n", f"<!-- {name}:end -->"
        before, found, rest = text.partition(start)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise PublishError(f"README.md has no lines {start.strip()} and {end} for the table.")
        text = f"{before}{start}{table}\n{end}{after}"
    return text


def copy_figures(runs: Path, published: Path) -> None:
    """Copies each task's figures to the top of `published`."""
    for figure in (path for path in sorted(runs.glob("*/*")) if path.suffix in FIGURES):
        shutil.copyfile(figure, published / figure.name)


def copy_metrics(form: str, runs: Path, published: Path) -> None:
    """Copies each task's metrics.json of a form of data, under the form's name for it."""
    for metrics in (runs / form).glob("*/metrics.json"):
        (published / metrics.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(metrics, published / metrics.parent.name / METRICS[form])


def published_metrics(published: Path) -> list[Path]:
    """The metrics files that the README's tables are made of."""
    return sorted(path for name in METRICS.values() for path in published.glob(f"*/{name}"))


def run(path: Path, backbone: str) -> NotebookNode:
    """The executed notebook; PublishError where it fails."""
    os.environ["COURSE_BACKBONE"] = backbone
    done = execute(path)
    report(path, done)
    if done.error:
        raise PublishError(f"{path.name} is not published, nor what comes after it.")
    return done.notebook


def publish(form: str) -> None:
    """Everything in turn; a notebook that fails stops it and keeps its former outputs."""
    with_tables(README.read_text(encoding="utf-8"), [])  # before minutes of work
    if form == "rendered" and not photos_folder().is_dir():
        raise PublishError(
            "notebook 03 is published with its figures on real photos: "
            "python -m data_scripts.fetch_drones"
        )
    for backbone in BACKBONES:
        load_backbone(backbone)
    for old in (RUNS / form).glob("*/metrics.json"):
        old.unlink()  # what earlier runs have left is not what is published
    take_scripts()
    first, *others = BACKBONES
    if form == "rendered":
        for path in find_notebooks([]):
            nbformat.write(clean(run(path, first)), path)
        copy_figures(RUNS / form, PUBLISHED)
    else:
        others = BACKBONES
    for backbone in others:
        for path in find_notebooks(TRAINING):
            run(path, backbone)
    copy_metrics(form, RUNS, PUBLISHED)
    tables = with_tables(README.read_text(encoding="utf-8"), published_metrics(PUBLISHED))
    README.write_text(tables, encoding="utf-8")


def main() -> None:
    """The command line; leaves with status 1 and a sentence where something went wrong."""
    form = sys.argv[1] if len(sys.argv) > 1 else "rendered"
    if form not in METRICS:
        sys.exit(f"publish {form}? There is {' and '.join(METRICS)}.")
    os.environ.update(course_environment(os.environ, Path.cwd()), COURSE_DATA=form)
    setup()
    try:
        publish(form)
    except (PublishError, BackboneError, CourseError, LookupError) as error:
        sys.exit(error.args[0])
    print("published; look at `git diff --stat` before you commit")


if __name__ == "__main__":
    main()
