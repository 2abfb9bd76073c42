"""Installs the course into the Python that runs this script; the notebooks' second cell calls it.

pip is held to the versions that are there of what a notebook's kernel may have loaded already and
what Colab builds for its GPUs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = ("torch", "torchvision", "numpy")


def constraints() -> str:
    """The installed versions of KEPT as lines of a constraints file.

    Without a local label: pip takes 2.11.0+cu128 for 2.11.0, but no index lists the former.
    """
    lines = []
    for name in KEPT:
        try:
            lines.append(f"{name}=={version(name).partition('+')[0]}\n")
        except PackageNotFoundError:
            continue  # then pip may choose
    return "".join(lines)


def main() -> int:
    """Returns pip's exit status."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "constraints.txt"
        kept.write_text(constraints(), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "-q", "-e", str(ROOT), "-c", str(kept)]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
