"""Installs the course on Colab; the notebooks' second cell runs this inside its kernel.

pip is held to the versions that are there of what the kernel may have loaded already and of what
Colab builds for its GPUs.
"""

from __future__ import annotations

import importlib
import os
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


def install() -> None:
    """Raises RuntimeError with pip's message where pip fails."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "constraints.txt"
        kept.write_text(constraints(), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "-q", "-e", str(ROOT), "-c", str(kept)]
        pip = subprocess.run(command, capture_output=True, text=True, check=False)
    if pip.returncode:
        raise RuntimeError(f"pip could not install the course:\n{pip.stderr}")


# The path tells that this has run before in the same kernel; then there is nothing to do.
if __name__ == "__main__" and str(ROOT) not in sys.path:
    install()
    importlib.invalidate_caches()
    sys.path.insert(0, str(ROOT))  # pip's own note of the folder is read by the next kernel only
    os.chdir(ROOT / "notebooks")
