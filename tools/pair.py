"""Keeps each notebook and its script in step: notebooks/NN_name.ipynb and notebooks/scripts/.

    python -m tools.pair                   # after an edit of a script: the usual way
    python -m tools.pair --from notebooks  # after an edit of a notebook outside JupyterLab

Outputs of cells that did not change are kept.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import jupytext
import nbformat
from jupytext.combine import combine_inputs_with_outputs
from nbformat import NotebookNode

from tools.environment import ROOT

NOTEBOOKS = ROOT / "notebooks"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


class PairError(RuntimeError):
    """Why a pair cannot be brought in step, in one sentence."""


def pairs(folder: Path = NOTEBOOKS) -> list[tuple[Path, Path]]:
    """Every (notebook, script), whether or not both exist yet, in the course's order."""
    stems = {path.stem for path in (*folder.glob("*.ipynb"), *folder.glob("scripts/*.py"))}
    return [(folder / f"{stem}.ipynb", folder / "scripts" / f"{stem}.py") for stem in sorted(stems)]


def drift(notebook: NotebookNode, script: NotebookNode) -> str:
    """The first cell whose type or source differs, in words; "" where the two are in step."""
    both = zip_longest(notebook.cells, script.cells)
    for number, (ours, theirs) in enumerate(both, start=1):
        if ours is None or theirs is None:
            side = "notebook" if theirs is None else "script"
            return f"cell {number} is only in the {side}: {(ours or theirs).source[:60]!r}"
        if (ours.cell_type, ours.source) != (theirs.cell_type, theirs.source):
            return f"cell {number} differs: {ours.source[:60]!r} and {theirs.source[:60]!r}"
    return ""


def read_script(path: Path) -> NotebookNode:
    """The notebook that a py:percent script stands for."""
    return jupytext.read(path, fmt="py:percent")


def write_notebook(notebook: NotebookNode, path: Path) -> bool:
    """Writes the notebook unless the file holds the same; True when it wrote."""
    notebook.metadata["kernelspec"] = dict(KERNEL)
    notebook.metadata.pop("jupytext", None)
    text = nbformat.writes(notebook) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def update_notebook(notebook: Path, script: Path) -> bool:
    """Takes the cells from the script, the outputs from the notebook; True when it wrote."""
    cells = read_script(script)
    if notebook.exists():
        old = nbformat.read(notebook, as_version=4)
        cells = combine_inputs_with_outputs(cells, old, fmt="py:percent")
    return write_notebook(cells, notebook)


def update_script(notebook: Path, script: Path) -> bool:
    """Takes the cells from the notebook; True when it wrote."""
    cells = nbformat.read(notebook, as_version=4)
    if script.exists() and not drift(cells, read_script(script)):
        return False
    config = jupytext.config.load_jupytext_config(str(NOTEBOOKS))
    text = jupytext.writes(cells, fmt="py:percent", config=config)
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(text, encoding="utf-8")
    return True


def bring_in_step(notebook: Path, script: Path, source: str = "") -> bool:
    """Updates one file of a pair from the other; True when it wrote.

    `source` is "scripts", "notebooks" or "": then the script, unless the notebook has another
    text and is the newer one, for that would lose somebody's edit: PairError.
    """
    if source == "notebooks" or (not source and not script.exists()):
        return update_script(notebook, script)
    if not source and notebook.exists():
        different = drift(nbformat.read(notebook, as_version=4), read_script(script))
        if different and notebook.stat().st_mtime > script.stat().st_mtime:
            raise PairError(
                f"{notebook.name} was changed after its script ({different}): say which one holds, "
                "python -m tools.pair --from notebooks or --from scripts."
            )
    return update_notebook(notebook, script)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--from", dest="source", choices=("scripts", "notebooks"), default="")
    source = parser.parse_args(arguments).source
    try:
        written = [n.stem for n, s in pairs() if bring_in_step(n, s, source)]
    except PairError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"updated: {', '.join(written)}" if written else "all pairs are in step")
    return 0


if __name__ == "__main__":
    sys.exit(main())
