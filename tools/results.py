"""Results that notebooks leave in metrics.json, as tables.

{"task": "drones", "data": "rendered", "results": {"mobilenet_v2": {"phase1": {"accuracy": 0.81,
"seconds": 12.3}, "phase2": {...}}}}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from itertools import groupby
from pathlib import Path

PHASES = {"phase1": "1 adaptation", "phase2": "2 fine-tuning"}
TRAINED = {"accuracy", "map", "seconds"}  # an entry with one of these is a line of results
MEASURES = {
    "6 maps": "Right answers whose map is brightest on the object, as a share",
    "6 faithful": "Mean probability while pixels are deleted (low is good) or inserted (high)",
    "6 shortcut": "Right answers, and answers that another sky turns over, as shares",
}


class ResultsError(ValueError):
    """A metrics.json that cannot be read, in one sentence."""


@dataclass(frozen=True)
class Result:
    """One line of the table: accuracy in per cent or mAP, and the duration in seconds."""

    task: str
    data: str
    backbone: str
    phase: str
    score: str
    seconds: str


def read_results(paths: Iterable[Path]) -> list[Result]:
    """Every trained model in the given metrics.json files, in the files' own order.

    What tells neither a score nor a duration, such as how good maps are, is for `measures_tables`.
    """
    found = []
    for path in paths:
        with _metrics(path) as metrics:
            for backbone, phases in metrics["results"].items():
                for phase, values in phases.items():
                    if not TRAINED & set(values):
                        continue
                    seconds = values.get("seconds")
                    found.append(
                        Result(
                            str(metrics["task"]),
                            str(metrics["data"]),
                            backbone,
                            PHASES.get(phase, phase),
                            _score(values),
                            "–" if seconds is None else f"{seconds:,.0f}",
                        )
                    )
    return found


@contextmanager
def _metrics(path: Path) -> Iterator[dict]:
    """The file's content; what goes wrong with it meanwhile becomes one sentence."""
    try:
        yield json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultsError(
            f"{path} is not a metrics.json of this course ({type(error).__name__}: {error}); "
            "remove it and run its notebook again."
        ) from None


def _score(values: dict) -> str:
    """Of several seeds the mean and their standard deviation, both in points."""
    spread = f" ± {100 * values['spread']:.1f}" if "spread" in values else ""
    if "accuracy" in values:
        return f"{100 * values['accuracy']:.1f}{spread} %"
    return f"{100 * values['map']:.1f}{spread} mAP" if "map" in values else "–"


def text_table(results: Iterable[Result]) -> str:
    """The results under their column names, for a terminal."""
    rows = [[field.name for field in fields(Result)], *(list(astuple(r)) for r in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.rjust(width) if column >= 4 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def markdown_table(results: Iterable[Result]) -> str:
    """The results for the README: a table for each model, narrow enough for a phone."""
    tables = []
    for model, rows in groupby(results, lambda result: astuple(result)[:3]):
        lines = [("phase", "score", "seconds"), ("---", "---:", "---:")]
        whole = ((r.phase, r.score.replace(" ", "\u00a0"), r.seconds) for r in rows)
        lines += whole
        tables.append(_titled("{}, {}, {}".format(*model), lines))
    return "\n\n".join(tables)


def measures_tables(paths: Iterable[Path]) -> str:
    """What has neither a score nor a duration, for the README: a table per entry.

    A name such as "pointing GradCAM, phase 1" is a row and, after the comma, a column.
    """
    tables = []
    for path in paths:
        with _metrics(path) as metrics:
            for phases in metrics["results"].values():
                for kind in (kind for kind, values in phases.items() if not TRAINED & set(values)):
                    cells = {name.partition(", ")[::2]: v for name, v in phases[kind].items()}
                    columns = list(dict.fromkeys(column for _, column in cells))
                    lines = [
                        ("", *(c or "value" for c in columns)),
                        ("---", *["---:"] * len(columns)),
                    ]
                    for row in dict.fromkeys(row for row, _ in cells):
                        found = [cells.get((row, column)) for column in columns]
                        lines.append((row, *("–" if v is None else f"{v:.2f}" for v in found)))
                    tables.append(_titled(MEASURES.get(kind, kind), lines))
    return "\n\n".join(tables)


def _titled(title: str, lines: Iterable[Iterable[str]]) -> str:
    return "\n".join([f"**{title}**", "", *("| " + " | ".join(line) + " |" for line in lines)])
