"""For maintainers: runs the notebooks' bootstrap cell as on Colab, in a fresh environment.

    python -m tools.check_colab                          # needs a few GB and some minutes
    python -m tools.check_colab numpy==2.0.2 torch==2.11.0 torchvision==0.26.0

Colab is a Python with torch, torchvision and numpy, a shell of google.colab, a folder /content, and
a clone of the repository's address: git is told to take that from the last commit here. The cell of
every notebook must leave the three versions alone and make `import helpers` work.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat

from tools.environment import ROOT

COLAB = ("torch", "torchvision", "numpy<2.3", "ipython>=7.34")
SHELL = """
from IPython.core.interactiveshell import InteractiveShell

class Shell(InteractiveShell):
    __module__ = "google.colab._shell"

shell = Shell.instance()
"""
PROBE = """
import numpy, torch, torchvision
print(numpy.__version__, torch.__version__, torchvision.__version__)
"""
AFTER = """
import os, helpers, data_scripts, torchmetrics
assert os.path.samefile("../helpers", os.path.dirname(helpers.__file__))
"""


def colab_script(cells: Sequence[str], content: Path) -> str:
    """Python code that runs `cells` in one IPython shell as on Colab, with /content at `content`.

    It ends with the first error, whose traceback IPython prints.
    """
    cells = [cell.replace("/content", str(content)) for cell in cells]
    return f"{SHELL}\nfor cell in {cells!r}:\n    shell.run_cell(cell).raise_error()\n"


def repository_address() -> str:
    """The address of [project.urls] in pyproject.toml, as in https://github.com/owner/name."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(r'^Repository = "(.*)"$', text, re.MULTILINE)[1]


def colab_environment(repository: Path) -> dict[str, str]:
    """Variables with which git finds `repository` at the project's address."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return environment | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": repository_address(),
    }


def check(packages: Sequence[str], work: Path) -> None:
    """Raises CalledProcessError or AssertionError where a cell does not do what it should."""
    python = work / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", work / "venv"], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)

    def run(code: str, folder: Path) -> str:
        return subprocess.run(
            [python, "-c", code], cwd=folder, env=colab_environment(ROOT), check=True, text=True,
            stdout=subprocess.PIPE,
        ).stdout  # fmt: skip

    before = run(PROBE, work)
    print(f"before: {before}", end="")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cell = nbformat.read(path, as_version=4).cells[1].source
        content = work / path.stem
        content.mkdir()
        run(colab_script([cell, cell, AFTER], content), content)
        after = run(PROBE, work)
        assert after == before, f"{path.name}: the versions have changed to {after}"
        print(f"{path.name}: ok", flush=True)


def main() -> None:
    """The command line; leaves with status 1 where a cell fails."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            check(sys.argv[1:] or COLAB, Path(folder))
        except (AssertionError, subprocess.CalledProcessError) as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
