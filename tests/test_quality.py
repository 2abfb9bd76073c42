"""What tools say of the code: its style, its types, and which part may import which."""

import subprocess
import sys

import pytest

from tools.environment import ROOT

LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run()"
COMMANDS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "types": ["-m", "pyrefly", "check", "--python-interpreter-path", sys.executable],
    "imports": ["-c", LINT_IMPORTS, "--no-cache"],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_tool_finds_nothing(command):
    ran = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
