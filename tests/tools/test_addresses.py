"""Addresses of the repository: all of them the project's, and after a fork the fork's."""

import re
import shutil
import subprocess

import nbformat
import pytest

from tools.check_colab import repository_address
from tools.environment import ROOT

REPOSITORY = repository_address().removeprefix("https://github.com/")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PLACES = (
    "*.md",
    "*.cff",
    ".github/**/*.yml",
    "notebooks/**/[0-9]*",
    "tools/bootstrap_cell.py",
    "pyproject.toml",
)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_first_cell_has_the_colab_badge(path):
    first = nbformat.read(path, as_version=4).cells[0]
    page = f"https://colab.research.google.com/github/{REPOSITORY}/blob/main/notebooks/{path.name}"
    assert first.cell_type == "markdown"
    assert page in first.source


def test_every_address_is_the_projects():
    ours = r"(?:github\.com|colab\.research\.google\.com/github)/([\w.-]+)/transfer-learning-course"
    paths = [path for place in PLACES for path in ROOT.glob(place)]
    assert len(paths) > 10
    for path in paths:
        owners = set(re.findall(ours, path.read_text(encoding="utf-8")))
        assert owners <= {REPOSITORY.split("/")[0]}, f"{path.name}: run make badges"


@pytest.fixture
def make_badges(tmp_path):
    """Calls `make badges` in a small repository with some of our files."""
    if shutil.which("make") is None or shutil.which("git") is None:
        pytest.skip("make or git is not installed")
    for name in ("Makefile", "pyproject.toml", "README.md"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)

    def call(repository):
        return subprocess.run(
            ["make", "-s", "badges", f"REPO={repository}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    return call


def test_badges_there_and_back(make_badges, tmp_path):
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    for repository in ("ada/course.2", "ada/course.2", REPOSITORY):
        ran = make_badges(repository)
        assert ran.returncode == 0, ran.stderr
        readme = (tmp_path / "README.md").read_text(encoding="utf-8")
        assert set(re.findall(r"colab\.[\w.]+/github/([^/]+/[^/]+)/", readme)) == {repository}
        assert f"git clone https://github.com/{repository}\n" in readme
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("bad", ["", "name", "a/b/c", "https://github.com/a/b", "-a/b", "a/b.git"])
def test_badges_want_owner_and_name(bad, make_badges, tmp_path):
    ran = make_badges(bad)
    assert ran.returncode != 0
    assert "make badges REPO=owner/name" in ran.stderr
    assert (tmp_path / "README.md").read_bytes() == (ROOT / "README.md").read_bytes()
