"""The notebooks' second cell, played through an IPython shell that calls itself Colab's."""

import re
import shutil
import subprocess
import sys

import pytest

from tools.check_colab import colab_environment, colab_script
from tools.environment import ROOT

BOOTSTRAP = (ROOT / "tools" / "bootstrap_cell.py").read_text(encoding="utf-8").strip()
PIP = """
import os, sys
from pathlib import Path
if os.environ.get("BREAK_PIP"):
    sys.exit("ERROR: pip says why")
line = " ".join(sys.argv[1:]) + "|" + Path(sys.argv[-1]).read_text().replace("\\n", " ")
with open(os.environ["PIP_LOG"], "a") as log:
    log.write(line + "\\n")
"""
AFTER = """
import os, helpers
print(os.getcwd(), helpers.__file__)
"""


@pytest.fixture
def colab(tmp_path):
    """Runs cells as on Colab, with a small clone of the course and a pip that only logs."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    repository, fake, content = (tmp_path / name for name in ("repository", "fake", "content"))
    for name in ("tools/colab.py", "helpers/__init__.py", "notebooks/01.ipynb"):
        (repository / name).parent.mkdir(parents=True)
        (repository / name).touch()
    shutil.copyfile(ROOT / "tools" / "colab.py", repository / "tools" / "colab.py")
    who = ("-c", "user.name=test", "-c", "user.email=test@example.invalid")
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), (*who, "commit", "-qm", "test")):
        subprocess.run(["git", *command], cwd=repository, check=True)
    (fake / "pip").mkdir(parents=True)
    (fake / "pip" / "__init__.py").touch()
    (fake / "pip" / "__main__.py").write_text(PIP)
    content.mkdir()
    environment = colab_environment(repository) | {
        "PYTHONPATH": str(fake),
        "PIP_LOG": str(tmp_path / "pip.log"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }

    def run(*cells, elsewhere=False, **more):
        script = colab_script(cells, content)
        if elsewhere:
            script = script.replace("google.colab._shell", "ipykernel.zmqshell")
        return subprocess.run(
            [sys.executable, "-c", script], cwd=content, env=environment | more,
            capture_output=True, text=True,
        )  # fmt: skip

    run.content, run.log = content, tmp_path / "pip.log"
    return run


def test_bootstrap_on_colab(colab):
    ran = colab(BOOTSTRAP, BOOTSTRAP, AFTER)
    clone = colab.content / "course"
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.split() == [str(clone / "notebooks"), str(clone / "helpers/__init__.py")]
    (called,) = colab.log.read_text().splitlines()  # the second time nothing is installed
    assert re.match(rf"install -q -e {clone} -c \S+constraints.txt\|", called)
    kept = called.partition("|")[2].split()
    assert [line.partition("==")[0] for line in kept] == ["torch", "torchvision", "numpy"]
    assert "+" not in called
    assert colab(BOOTSTRAP, AFTER).returncode == 0  # a restarted kernel


def test_bootstrap_gives_the_message_of_git_and_of_pip(colab):
    ran = colab(BOOTSTRAP, AFTER, GIT_CONFIG_KEY_0="url.file:///no/such/place.insteadOf")
    assert ran.returncode == 1  # the second cell has not run: one error
    assert "fatal: '/no/such/place'" in ran.stderr
    assert "git clone" in ran.stderr and "exit status 128" in ran.stderr
    ran = colab(BOOTSTRAP, AFTER, BREAK_PIP="1")
    assert ran.returncode == 1
    assert "RuntimeError: pip could not install the course:\nERROR: pip says why" in ran.stderr
    assert colab(BOOTSTRAP, BOOTSTRAP, AFTER).returncode == 0  # once the cause is gone


def test_bootstrap_elsewhere_does_nothing(colab):
    before = "import os, sys\nbefore = os.getcwd(), list(sys.path)"
    after = "assert (os.getcwd(), sys.path) == before"
    ran = colab(before, BOOTSTRAP, after, elsewhere=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert list(colab.content.iterdir()) == []


def test_the_cell_is_short_and_titled():
    first, *rest = BOOTSTRAP.splitlines()
    assert first.startswith("# @title ") and len(rest) <= 4
