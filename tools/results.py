"""The results that notebooks keep in metrics.json, as tables for the terminal and the README."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from helpers.course import ROW_KEYS, read_results
from helpers.evaluation import accuracy_interval

TRAININGS = ("two phases", "any size", "drawings to photos")  # experiments with a score
FORMS = {"real": "photos", "rendered": "drawn"}
TITLES = {
    "drones": "Drones and birds: accuracy (on the test, unless cross-validated)",
    "panoramas": (
        "Panoramas, five labels: mean average precision (mAP; on the test, unless cross-validated)"
    ),
}
LINES = {
    "phase 1": "phase 1, adaptation",
    "phase 2": "phase 2, fine-tuning",
    "image pyramid": "image pyramid, linear model",
    "ensemble": "ensemble of the last two",
}
HEADLINES = {  # task, data, experiment, phase, method: what the README's first table calls it
    ("drones", "real", "two phases", "phase 1", ""): "bird or drone? frozen network",
    ("drones", "real", "two phases", "phase 2", ""): "bird or drone? fine-tuned",
    ("drones", "rendered", "drawings to photos", "", "all photos"): (
        "bird or drone? trained on drawings alone"
    ),
    ("panoramas", "real", "older recipe", "phase 2", ""): "landscapes, an older recipe",
    ("panoramas", "real", "two phases", "phase 2", ""): "landscapes, fine-tuned",
    ("panoramas", "real", "two phases", "ensemble", ""): "landscapes, ensemble",
}
CAPTION = """
*Photos that no training has seen: accuracy with its 95 % interval, and for landscapes, which have
five labels, mean average precision. [All results](#results).*"""
PHASES = {"phase 1": "1 adaptation", "phase 2": "2 fine-tuning"}
# the notebook's number, before a method
PREFIXES = {"any size": "4 ", "drawings to photos": "3 photos: "}
MEASURES = {
    "pointing game": "Right answers whose map is brightest on the object, as a share",
    "deletion and insertion": (
        "Mean probability while pixels are deleted (low is good) or inserted (high)"
    ),
    "shortcut": "Right answers, and answers that another sky changes, as shares",
    "label errors": "Wrong ones among the first suspects, as many as there are wrong labels",
    "calibration": "Expected calibration error on the test (0 is best)",
}
MODEL = ["task", "data", "backbone"]


def read_rows(paths: Iterable[Path]) -> pd.DataFrame:
    """Every row of these metrics.json files, with the file's task and form of data.

    Raises: CourseError if a file is none of this course's.
    """
    rows = [
        {"task": content["task"], "data": content["data"], **row}
        for content in map(read_results, paths)
        for row in content["rows"]
    ]
    return pd.DataFrame(rows, columns=["task", "data", *ROW_KEYS, "value"])


def recipe_rows(path: Path) -> pd.DataFrame:
    """The older recipe's rows from the recipes.json that `tests.benchmarks.older_recipe` writes."""
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    rows = [
        (
            "panoramas",
            data,
            kept["backbone"],
            "older recipe",
            name.removeprefix("older "),
            "",
            *pair,
        )
        for data, kept in content.items()
        for name, figures in kept["recipes"].items()
        if name.startswith("older")
        for pair in figures.items()
    ]
    return pd.DataFrame(rows, columns=["task", "data", *ROW_KEYS, "value"])


def results_table(rows: pd.DataFrame) -> pd.DataFrame:
    """A line for each trained model: score (accuracy in per cent, or mAP) and seconds, as text."""
    trained = rows[rows["experiment"].isin(TRAININGS)]
    wide = trained.pivot_table(
        index=[*MODEL, "experiment", "phase", "method"],
        columns="metric",
        values="value",
        sort=False,
    ).reset_index()
    wide = wide.reindex(columns=wide.columns.union(["accuracy", "map", "spread", "seconds"]))
    prefix = wide["experiment"].map(PREFIXES).fillna("")
    phase = wide["phase"].replace(PHASES) + prefix + wide["method"]
    scores = [score(line.accuracy, line.map, line.spread) for line in wide.itertuples()]
    seconds = ["–" if pd.isna(value) else f"{value:,.0f}" for value in wide["seconds"]]
    table = wide[MODEL].assign(phase=phase, score=scores, seconds=seconds)
    return table.rename_axis(columns=None)


def score(accuracy: float, mean_precision: float, spread: float) -> str:
    """'88.3 ± 0.8 %' or '97.5 mAP'; `spread` is the standard deviation of several seeds."""
    value = mean_precision if pd.isna(accuracy) else accuracy
    if pd.isna(value):
        return "–"
    unit = "mAP" if pd.isna(accuracy) else "%"
    return f"{100 * value:.1f}{'' if pd.isna(spread) else f' ± {100 * spread:.1f}'} {unit}"


def text_table(rows: pd.DataFrame) -> str:
    """The results for a terminal; "" where nothing was trained."""
    table = results_table(rows)
    return "" if table.empty else table.set_index([*MODEL, "phase"]).to_string()


def front_tables(rows: pd.DataFrame) -> str:
    """The results for the README: a table for each task, a column for each data and backbone.

    Photos come before drawings, so that a phone shows them first. A score with a number of test
    images has its 95 % interval, one of several seeds their standard deviation. The older recipe
    stands beside ours, or not at all.
    """
    tables = []
    for task, group in comparable(rows).groupby("task", sort=False):
        wide = group.pivot_table(
            index=["experiment", "phase", "method"],
            columns=["data", "backbone", "metric"],
            values="value",
            sort=False,
        ).sort_index(axis=1)
        models = sorted(
            {(data, backbone) for data, backbone, _ in wide.columns},
            key=lambda model: (list(FORMS).index(model[0]), model[1]),
        )
        table = pd.DataFrame({"": [line_name(*key) for key in wide.index]})
        for data, backbone in models:
            part = wide[data, backbone]
            cells = [front_score(line._asdict()) for line in part.itertuples(index=False)]
            table[f"{FORMS[data]}<br>{backbone}"] = cells
        tables.append(markdown(TITLES.get(task, task), table))
    return "\n\n".join(tables)


def comparable(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with a score: ours, and the older recipe's where there is one of ours beside it."""
    models = rows[MODEL].agg(tuple, axis=1)
    ours = rows["experiment"].isin(TRAININGS)
    beside = (rows["experiment"] == "older recipe") & models.isin(models[ours])
    return rows[ours | beside]


def headline_table(rows: pd.DataFrame) -> str:
    """The few results on real photos that the README begins with; "" where there are none."""
    keys, rows = ["task", "data", "experiment", "phase", "method"], comparable(rows)
    cells: dict[str, dict[str, str]] = {}
    for key, name in HEADLINES.items():
        group = rows[(rows[keys] == list(key)).all(axis=1)]
        for backbone, part in group.groupby("backbone"):
            metrics = dict(zip(part["metric"], part["value"], strict=True))
            # narrow columns, for a phone
            value = front_score(metrics).replace(" (", "<br>(")
            cells.setdefault(name, {})[backbone.replace("_", "<br>", 1)] = value
    if not cells:
        return ""
    table = pd.DataFrame(cells).T.sort_index(axis=1).fillna("–").rename_axis("on photos")
    return f"{markdown('', table.reset_index())}\n{CAPTION}"


def line_name(experiment: str, phase: str, method: str) -> str:
    """What the README calls a line of results."""
    if experiment == "any size":
        return method if "on the test" in method else f"{method}, cross-validated"
    if experiment == "drawings to photos":
        return f"trained on drawings, tested on photos: {method.removesuffix(' photos')}"
    return LINES.get(phase, phase) if experiment == "two phases" else f"{experiment}, {phase}"


def front_score(metrics: Mapping[str, float]) -> str:
    """'95.0 % (91–97)', '88.3 ± 0.8 %', or mAP as '0.907'; "–" where nothing was measured."""
    accuracy, precision, spread, images = (
        metrics.get(name, math.nan) for name in ("accuracy", "map", "spread", "test_images")
    )
    if not math.isnan(precision):
        return f"{precision:.3f}"
    if math.isnan(accuracy) or not math.isnan(spread) or math.isnan(images):
        return score(accuracy, math.nan, spread)
    low, high = accuracy_interval(round(accuracy * images), int(images))
    return f"{100 * accuracy:.1f} % ({100 * low:.0f}–{100 * high:.0f})"


def measures_tables(rows: pd.DataFrame) -> str:
    """What trains nothing, for the README: a table for each experiment, a line for each method.

    The columns are phases, or metrics, whichever there are several of.
    """
    tables = []
    measured = rows[~rows["experiment"].isin(TRAININGS)]
    for (*_, name), group in measured.groupby([*MODEL, "experiment"], sort=False):
        keys = [key for key in ("phase", "metric") if group[key].nunique() > 1] or ["metric"]
        column = group[keys].agg(", ".join, axis=1)
        wide = group.assign(column=column).pivot_table(
            index="method", columns="column", values="value", sort=False
        )
        text = wide.map(lambda value: "–" if pd.isna(value) else f"{value:.2f}")
        tables.append(markdown(MEASURES.get(name, name), text.reset_index(names="")))
    return "\n\n".join(tables)


def markdown(title: str, table: pd.DataFrame) -> str:
    """A table of text under a bold title, if any; all columns but the first are right-aligned."""
    lines = [table.columns, ["---", *["---:"] * (len(table.columns) - 1)]]
    # A number and its unit stay on one line.
    lines += ([first, *(v.replace(" ", "\u00a0") for v in rest)] for first, *rest in table.values)
    heading = [f"**{title}**", ""] if title else []
    return "\n".join([*heading, *(f"| {' | '.join(line)} |" for line in lines)])
