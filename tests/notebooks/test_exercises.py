"""Exercises: an untouched template says what to do, a slip what is wrong, a solution passes."""

import albumentations
import check
import jupytext
import numpy as np
import pandas as pd
import pytest
import torch

from helpers import data, evaluation, explain, models, plots, training
from tools.environment import ROOT

SCRIPTS = sorted((ROOT / "notebooks" / "scripts").glob("*.py"))


def namespace():
    """What a notebook's set-up cell brings, and what exercises of notebook 01 ask about."""
    rng = np.random.default_rng(0)
    sides = rng.integers(100, 700, (40, 2))
    files = pd.DataFrame({"problem": "", "width": sides[:, 0], "height": sides[:, 1]})
    files["class"] = np.repeat(["few and wide", "many", "tall"], [4, 26, 10])
    files.loc[files["class"] == "few and wide", ["width", "height"]] = [300, 100]
    files.loc[0, "problem"] = "truncated"
    rows, columns = np.mgrid[:300, :300]
    photo = np.stack([rows % 256, columns % 256, (rows * columns) % 256], axis=2).astype(np.uint8)
    return {
        "A": albumentations, "np": np, "pd": pd, "torch": torch, "check": check, "data": data,
        "evaluation": evaluation, "explain": explain, "models": models, "plots": plots,
        "training": training, "files": files, "photo": photo,
    }  # fmt: skip


def exercises():
    """(notebook and number, template, solution) of every exercise."""
    found = []
    for path in SCRIPTS:
        cells = [cell for cell in jupytext.read(path).cells if cell.cell_type == "code"]
        tagged = [(cell.metadata.get("tags", [""])[0], cell.source) for cell in cells]
        asked = [at for at, (tag, _) in enumerate(tagged) if tag == "exercise"]
        assert len(asked) >= 3, f"{path.name}: fewer than three exercises"
        for number, at in enumerate(asked, start=1):
            assert tagged[at + 1][0] == "solution", (
                f"{path.name}: exercise {number} has no solution"
            )
            name = f"{path.stem[:2]}_{number}"
            found.append(pytest.param(name, tagged[at][1], tagged[at + 1][1], id=name))
    return found


def said(code, capsys):
    exec(code, namespace())
    return capsys.readouterr().out


@pytest.mark.parametrize(("name", "template", "solution"), exercises())
def test_the_template_says_what_to_do_and_the_solution_passes(name, template, solution, capsys):
    assert f"check.ex_{name}(" in template and f"check.ex_{name}(" in solution
    untouched = said(template, capsys)
    assert untouched.startswith("✗ Not yet: ") and len(untouched) > 40
    assert "replace the ..." in untouched or "None" in untouched or "still ask" in untouched
    solved = said(solution, capsys)
    assert solved.startswith("✓ Right. ") and "✗" not in solved


SLIPS = [
    ("01_1", "check.ex_01_1('many', files)", "divide by how many it has in all"),
    ("01_1", "check.ex_01_1('tall', files)", "another class has more"),
    ("01_1", "check.ex_01_1(0.5, files)", "0.5 is no class; give one of few and wide, many, tall"),
    ("01_2", "check.ex_01_2(lambda counts: min(counts) / max(counts))", "turn it round"),
    ("01_2", "check.ex_01_2(lambda counts: max(counts) / min(counts))", "a class without images"),
    ("01_3", "check.ex_01_3(data.eval_transform((224, 224)), photo)", "as sharp as the image"),
    ("01_3", "check.ex_01_3(data.eval_transform((64, 64)), photo)", "of shape (3, 64, 64)"),
    ("02_1", "check.ex_02_1(8960)", "also has a bias"),
    ("02_2", "check.ex_02_2(models.multiplications)", "that is the plain convolution"),
    ("02_2", "check.ex_02_2(lambda h, w, i, o: h * w * 9 * i)", "add the 1 × 1"),
    ("02_3", "check.ex_02_3(lambda net: net.requires_grad_(False))", "still in training mode"),
    ("02_3", "check.ex_02_3(lambda net: net.requires_grad_(False).eval())", "train() of its own"),
    ("03_1", "check.ex_03_1(lambda net: net.parameters())", "a list of dicts"),
    (
        "03_1",
        "check.ex_03_1(lambda net: [{'params': net.features.parameters(), 'lr': 2e-4}])",
        "not every parameter of network.head",
    ),
    (
        "03_1",
        "check.ex_03_1(lambda net: [{'params': net.parameters(), 'lr': 2e-3}])",
        "phase 1's own rate",
    ),
    ("03_2", "check.ex_03_2(300)", "you need more"),
    ("03_2", "check.ex_03_2(2000)", "fewer will do"),
    ("03_3", "check.ex_03_3(3)", "give the class itself"),
    ("04_1", "check.ex_04_1(50)", "number of bins"),
    ("04_2", "check.ex_04_2(5.6)", "round down"),
    ("04_3", "check.ex_04_3(lambda m, l: models.SpatialPyramidPooling(l)(m))", "those are maxima"),
    ("05_1", "check.ex_05_1(0.675)", "harmonic"),
    ("05_2", "check.ex_05_2((10 / 12, 2 / 12))", "exact match counts whole images"),
    ("05_2", "check.ex_05_2(0.5)", "give two numbers"),
    ("05_3", "check.ex_05_3(lambda p, y, recall: 0.9)", "recall of"),
    ("05_3", "check.ex_05_3(lambda p, y, recall: 0.0)", "lower than it has to be"),
    ("06_1", "check.ex_06_1(lambda m: (m - m.min()) / (m.max() - m.min()))", "divide by zero"),
    (
        "06_2",
        "check.ex_06_2(lambda m, box: box[1] <= m.argmax() % 20 <= box[3])",
        "rows and columns",
    ),
    ("06_3", "check.ex_06_3(lambda p, image, patch: np.zeros((32, 48)))", "4 × 6 places"),
    ("07_1", "check.ex_07_1(0.05)", "weight each"),
    ("07_1", "check.ex_07_1(2.5)", "give a share"),
    ("07_2", "check.ex_07_2(0.95 / 0.8)", "the *logits* are divided"),
    ("07_2", "check.ex_07_2(0.47081)", "the other way round"),
    ("07_3", "check.ex_07_3(lambda p, y: abs(p.mean() - y.mean()))", "cancel out"),
]


@pytest.mark.parametrize(("name", "code", "words"), SLIPS)
def test_a_slip_is_told_with_its_cause(name, code, words, capsys):
    answer = said(code, capsys)
    assert answer.startswith("✗ Not yet: ") and words in answer, (name, answer)


def test_an_error_in_the_learners_code_is_a_sentence_too(capsys):
    check.ex_02_2(lambda *sizes: 1 / 0)
    assert "your code stopped with ZeroDivisionError" in capsys.readouterr().out
