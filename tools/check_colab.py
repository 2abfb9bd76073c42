"""For maintainers: runs the notebooks' bootstrap cell as on Colab, in a fresh environment.

    python -m tools.check_colab                          # needs a few GB and some minutes
    python -m tools.check_colab numpy==2.0.2 torch==2.11.0 torchvision==0.26.0

Colab is a Python with torch, torchvision and numpy, a package google.colab, and a clone of the
repository's address: git is told to take that from the working tree as it is now. The cell of every
notebook must leave the three versions alone and make `import helpers` work.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat

from tools.badges import current_repository
from tools.environment import ROOT

CELL = ROOT / "tools" / "bootstrap_cell.py"
COLAB = ("torch", "torchvision", "numpy<2.3")
PROBE = """
import numpy, torch, torchvision
print(numpy.__version__, torch.__version__, torchvision.__version__)
"""
AFTER = """
import os, helpers, data_scripts, torchmetrics
assert os.path.samefile("../helpers", os.path.dirname(helpers.__file__))
"""


def snapshot(root: Path, target: Path) -> None:
    """Commits the files of the working tree that git does not ignore to a new repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=root, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name)
    commit_all(target)


def commit_all(folder: Path) -> None:
    """Makes `folder` a git repository with everything in it in one commit."""
    who = ("-c", "user.name=check", "-c", "user.email=check@example.invalid")
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), (*who, "commit", "-qm", "check")):
        subprocess.run(["git", *command], cwd=folder, check=True)


def colab_environment(repository: Path, fake: Path) -> dict[str, str]:
    """Variables with which Python finds google.colab and git finds `repository` at our address.

    `fake` is a folder for the package; other modules in it come before the real ones.
    """
    (fake / "google" / "colab").mkdir(parents=True, exist_ok=True)
    (fake / "google" / "colab" / "__init__.py").touch()
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return environment | {
        "PYTHONPATH": str(fake),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.com/{current_repository()}",
    }


def bootstrap_cells() -> dict[str, str]:
    """{name: source} of each notebook's second cell, or of the cell itself without notebooks."""
    paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
    cells = {path.name: nbformat.read(path, as_version=4).cells[1].source for path in paths}
    return cells or {CELL.name: CELL.read_text(encoding="utf-8")}


def check(packages: Sequence[str], work: Path) -> None:
    """Raises CalledProcessError or AssertionError where a cell does not do what it should."""
    repository, python = work / "repository", work / "venv" / "bin" / "python"
    repository.mkdir()
    snapshot(ROOT, repository)
    subprocess.run([sys.executable, "-m", "venv", work / "venv"], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
    environment = colab_environment(repository, work / "fake")

    def run(code: str, folder: Path) -> str:
        return subprocess.run(
            [python, "-c", code], cwd=folder, env=environment, check=True, text=True,
            stdout=subprocess.PIPE,
        ).stdout  # fmt: skip

    before = run(PROBE, work)
    print(f"before: {before}", end="")
    for name, cell in bootstrap_cells().items():
        content = work / Path(name).stem  # what /content is on Colab
        content.mkdir()
        run(f"{cell}\n{cell}\n{AFTER}", content)
        after = run(PROBE, work)
        assert after == before, f"{name}: the versions have changed to {after}"
        print(f"{name}: ok", flush=True)


def main() -> int:
    """The command line; returns the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            check(sys.argv[1:] or COLAB, Path(folder))
        except (AssertionError, subprocess.CalledProcessError) as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
