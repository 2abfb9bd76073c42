"""The environment that notebooks run in, and a way to start a module in it.

    python -m tools.environment pytest --nbmake notebooks

A kernel works in notebooks/, so a relative path in a variable would mean something else there
than where `make` was typed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from helpers.course import FORMS

ROOT = Path(__file__).resolve().parents[1]
PATH_VARIABLES = ("TORCH_HOME", "COURSE_MIRROR", "COURSE_DATA")


def course_environment(environ: Mapping[str, str], base: Path) -> dict[str, str]:
    """A copy of `environ`: absolute paths, this Python's kernel first, modules compiled once.

    Left alone: an empty value, an address, and COURSE_DATA where it names a form.
    """
    environment = dict(environ)
    for name in PATH_VARIABLES:
        value = environment.get(name, "")
        if value and "://" not in value and not (name == "COURSE_DATA" and value in FORMS):
            environment[name] = str(base / Path(value).expanduser())
    # A kernel called python3 of the user's or of another place must not win over this Python's.
    environment.pop("JUPYTER_PATH", None)
    environment["JUPYTER_PREFER_ENV_PATH"] = "1"
    # The debugger's remark on frozen modules would end up among a notebook's outputs.
    environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    # Else a dozen processes, kernels among them, would each compile torch's modules anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def main() -> None:
    """Replaces this process by `python -m` with the arguments given."""
    if len(sys.argv) < 2:
        sys.exit("name a module to run: python -m tools.environment pytest tests")
    command = [sys.executable, "-m", *sys.argv[1:]]
    os.execve(sys.executable, command, course_environment(os.environ, Path.cwd()))


if __name__ == "__main__":
    main()
