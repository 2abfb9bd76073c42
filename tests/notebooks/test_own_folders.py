"""All notebooks on two small folders of one's own: three unequal classes, and three labels.

They run to the end; what needs a truth, boxes, a second rater or drawings is skipped in a sentence,
and nothing is said about none of none.
"""

import os
import re
import shutil

import cv2
import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers import course
from tools.environment import course_environment
from tools.execute import NOTEBOOKS, execute, find_notebooks

CLASSES = {"circle": 30, "cross": 18, "square": 12}
LABELS = ("circle", "cross", "line")


def draw(names, rng, size):
    """A noisy ground with these shapes on it, side by side."""
    height, width = size
    image = rng.integers(90, 166, (height, width, 3), dtype=np.uint8)
    for place, name in enumerate(names):
        colour = tuple(int(c) for c in rng.choice([20, 235], 3))
        x, y = int((place + rng.uniform(0.3, 0.7)) * width / len(names)), int(height / 2)
        reach = int(0.3 * min(height, width / len(names)))
        if name == "circle":
            cv2.circle(image, (x, y), reach, colour, -1)
        elif name == "square":
            cv2.rectangle(image, (x - reach, y - reach), (x + reach, y + reach), colour, -1)
        else:
            cv2.line(image, (x - reach, y), (x + reach, y), colour, 5)
        if name == "cross":
            cv2.line(image, (x, y - reach), (x, y + reach), colour, 5)
    return image


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The folder, as COURSE_DATA; afterwards nothing of its runs is left."""
    folder, rng = tmp_path_factory.mktemp("own"), np.random.default_rng(0)
    for name, count in CLASSES.items():
        (folder / "drones" / name).mkdir(parents=True)
        for number in range(count):
            size = rng.integers(70, 180, 2)
            cv2.imwrite(f"{folder}/drones/{name}/{number:02d}.jpg", draw([name], rng, size))
    for split, count in (("train", 40), ("test", 12)):
        (folder / "panoramas" / split).mkdir(parents=True)
        rows = [",".join(("filename", *LABELS))]
        for number in range(count):
            held = [label for label in LABELS if rng.random() < 0.4]
            image = draw(held, rng, (90, rng.integers(120, 200)))
            cv2.imwrite(f"{folder}/panoramas/{split}/{number:02d}.jpg", image)
            rows.append(",".join((f"{number:02d}.jpg", *(str(int(n in held)) for n in LABELS))))
        (folder / "panoramas" / f"{split}_label.csv").write_text("\n".join(rows) + "\n")
    before = dict(os.environ)
    os.environ.update(COURSE_DATA=str(folder), COURSE_BACKBONE="efficientnet_lite0")
    os.environ.update(course_environment(os.environ, folder))
    yield folder
    shutil.rmtree(course.runs_folder(), ignore_errors=True)
    os.environ.clear()
    os.environ.update(before)


SKIPPED = {
    "01": ["no quadcopters of two kinds"],
    "02": [],
    "03": ["has learned from photos"],
    "04": ["No boxes here", "Best on landscapes"],
    "05": ["Nobody has labelled these images a second time"],
    "06": ["no boxes.csv"],
    "07": ["nobody knows which suspects are guilty", "nothing to correct them with"],
}


@pytest.fixture(scope="module")
def ran(own):
    """All notebooks, one after the other in one kernel, which is emptied between them.

    Starting seven kernels would take a minute. Returns what went wrong, and name to cells.
    """
    every, places = new_notebook(), {}
    for path in find_notebooks([]):
        every.cells.append(new_code_cell("%reset -f"))
        start = len(every.cells)
        every.cells += nbformat.read(path, as_version=4).cells
        places[path.name] = slice(start, len(every.cells))
    (own / "every").mkdir()
    nbformat.write(every, own / "every" / "every.ipynb")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(NOTEBOOKS), os.getenv("PYTHONPATH", "")])
    run = execute(own / "every" / "every.ipynb")
    return run.error, {name: run.notebook.cells[place] for name, place in places.items()}


@pytest.mark.parametrize("path", find_notebooks([]), ids=lambda path: path.name)
def test_a_notebook_runs_on_ones_own_images(ran, path):
    error, cells = ran[0], ran[1][path.name]
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert code[-1].execution_count, error
    outputs = [output for cell in code for output in cell.outputs]
    assert not [o for o in outputs if o.output_type == "error"], error
    texts = [o.get("text", "") or o.get("data", {}).get("text/markdown", "") for o in outputs]
    text = "\n".join(texts)
    for sentence in SKIPPED[path.name[:2]]:
        assert sentence in text, f"not told: {sentence}"
    assert not re.search(r"\bnan\b|\b0 of 0\b|\b0 of these 0\b|\binf\b", text), text
    assert not [o for o in outputs if o.output_type == "stream" and o.name == "stderr"]
