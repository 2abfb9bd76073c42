"""Tables of results, from rows to the terminal and the README."""

import json

import pandas as pd
import pytest

from helpers.course import CourseError
from tools import results


@pytest.fixture
def write(tmp_path):
    """Writes a metrics.json of (experiment, phase, method, metric, value); returns its rows."""

    def make(*lines, backbone="vgg16", name="metrics.json", data="rendered"):
        fields = ("backbone", "experiment", "phase", "method", "metric", "value")
        rows = [dict(zip(fields, (backbone, *line), strict=True)) for line in lines]
        content = {"task": "drones", "data": data, "rows": rows}
        (tmp_path / name).write_text(json.dumps(content))
        return tmp_path / name

    return make


TRAINED = (
    ("two phases", "phase 1", "", "accuracy", 0.8125),
    ("two phases", "phase 1", "", "seconds", 1012.34),
    ("two phases", "phase 2", "", "loss", 1),
    ("two phases", "phase 2", "", "accuracy", 0.9),
    ("any size", "", "crop", "map", 0.9215),
    ("any size", "", "crop", "spread", 0.0123),
    ("any size", "", "any size, average", "seconds", 1),
    ("drawings to photos", "", "drones", "accuracy", 0.985),
    ("drawings to photos", "", "drones", "test_images", 200),
)


def test_results_table(write):
    path = write(*TRAINED, ("pointing game", "phase 1", "A", "hits", 0.97))
    rows = results.read_rows([path])
    text = results.text_table(rows)
    assert "drones rendered vgg16    1 adaptation" in text and "92.2 ± 1.2 mAP" in text
    assert "3 photos: drones" in text and "98.5 %" in text
    assert "pointing" not in text


def test_without_results_there_are_no_tables():
    rows = results.read_rows([])
    assert results.text_table(rows) == results.front_tables(rows) == ""
    assert results.measures_tables(rows) == results.headline_table(rows) == ""


def test_front_table_has_photos_beside_drawings_and_a_column_for_each_backbone(write):
    images = (*TRAINED, ("two phases", "phase 2", "", "test_images", 200))
    paths = [
        write(*images, data="rendered"),
        write(*images[:4], backbone="mobilenet_v2", name="other.json"),
        write(*images[3:4], data="real", name="metrics_real.json"),
    ]
    rows = results.read_rows(paths)
    assert results.front_tables(rows).splitlines() == [
        "**Drones and birds: accuracy (on the test, unless cross-validated)**",
        "",
        "|  | photos<br>vgg16 | drawn<br>mobilenet_v2 | drawn<br>vgg16 |",
        "| --- | ---: | ---: | ---: |",
        "| phase 1, adaptation | – | 81.2\u00a0% | 81.2\u00a0% |",
        "| phase 2, fine-tuning | 90.0\u00a0% | 90.0\u00a0% | 90.0\u00a0%\u00a0(85–93) |",
        "| crop, cross-validated | – | – | 0.921 |",
        "| any size, average, cross-validated | – | – | – |",
        "| trained on drawings, tested on photos: drones | – | – | 98.5\u00a0%\u00a0(96–99) |",
    ]


def test_the_readme_begins_with_photos(write):
    fine = ("two phases", "phase 2", "", "accuracy", 0.97)
    paths = [
        write(fine, data="real", name="real.json"),
        write(fine, ("two phases", "phase 1", "", "accuracy", 0.5), data="rendered"),
        write(
            ("drawings to photos", "", "all photos", "accuracy", 0.82),
            ("drawings to photos", "", "all photos", "test_images", 466),
            backbone="mobilenet_v2",
            name="other.json",
        ),
    ]
    table, caption = results.headline_table(results.read_rows(paths)).split("\n\n")
    assert table.splitlines() == [
        "| on photos | mobilenet<br>v2 | vgg16 |",
        "| --- | ---: | ---: |",
        "| bird or drone? fine-tuned | – | 97.0\u00a0% |",
        "| bird or drone? trained on drawings alone | 82.0\u00a0%<br>(78–85) | – |",
    ]
    assert "no training has seen" in caption
    assert results.headline_table(results.read_rows(paths[1:2])) == ""


def test_the_older_recipe_stands_beside_ours_or_not_at_all(tmp_path):
    kept = {"older phase 2": {"map": 0.8234, "bce": 0.3}, "ours phase 2": {"map": 0.9}}
    path = tmp_path / "recipes.json"
    path.write_text(json.dumps({"real": {"backbone": "vgg16", "recipes": kept}}))
    rows = results.recipe_rows(path)
    assert results.front_tables(rows) == ""
    ours = rows.head(1).assign(experiment="two phases", value=0.9)
    table = results.front_tables(pd.concat([ours, rows]))
    assert table.splitlines()[2:] == [
        "|  | photos<br>vgg16 |",
        "| --- | ---: |",
        "| phase 2, fine-tuning | 0.900 |",
        "| older recipe, phase 2 | 0.823 |",
    ]
    assert results.recipe_rows(tmp_path / "none.json").empty


def test_measures_tables(write):
    path = write(
        *TRAINED,
        ("pointing game", "phase 1", "B", "hits", 0.97),
        ("pointing game", "phase 2", "A, large", "hits", 1),
        ("shortcut", "", "biased", "unbiased test", 0.5),
        ("shortcut", "", "biased", "biased test", 0.995),
        ("new", "", "one", "area", 0.123),
    )
    pointing, shortcut, new = results.measures_tables(results.read_rows([path])).split("\n\n**")
    assert pointing.splitlines() == [
        "**Right answers whose map is brightest on the object, as a share**",
        "",
        "|  | phase 1 | phase 2 |",
        "| --- | ---: | ---: |",
        "| B | 0.97 | – |",
        "| A, large | – | 1.00 |",
    ]
    assert shortcut.splitlines()[2:] == [
        "|  | unbiased test | biased test |",
        "| --- | ---: | ---: |",
        "| biased | 0.50 | 0.99 |",
    ]
    assert new.splitlines()[2:] == ["|  | area |", "| --- | ---: |", "| one | 0.12 |"]


def test_results_of_an_older_course_are_refused(tmp_path):
    (tmp_path / "metrics.json").write_text('{"task": "drones", "results": {}}')
    with pytest.raises(CourseError, match=r"metrics\.json is not .* older version: remove it"):
        results.read_rows([tmp_path / "metrics.json"])
