"""Results that notebooks leave in metrics.json, as tables.

{"task": "drones", "data": "rendered", "results": {"mobilenet_v2": {"phase1": {"accuracy": 0.81,
"seconds": 12.3}, "phase2": {...}}}}
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

PHASES = {"phase1": "1 adaptation", "phase2": "2 fine-tuning"}


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

    What tells neither a score nor a duration, such as how good maps are, is no line of the table.
    """
    found = []
    for path in paths:
        try:
            metrics = json.loads(path.read_text(encoding="utf-8"))
            for backbone, phases in metrics["results"].items():
                for phase, values in phases.items():
                    if not {"accuracy", "map", "seconds"} & set(values):
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
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ResultsError(
                f"{path} is not a metrics.json of this course ({type(error).__name__}: {error}); "
                "remove it and run its notebook again."
            ) from None
    return found


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
    """The results as a table for the README."""
    names = [field.name for field in fields(Result)]
    rows = [names, ["---"] * 4 + ["---:"] * 2, *(list(astuple(r)) for r in results)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
