"""config.json, beside a saved model's weights: what it must hold, checked before it is used."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers.data.shapes import ShapeRule
from helpers.errors import ModelError
from helpers.models.transfer import POOLINGS, TASKS

MOST_BYTES = 10_000_000  # of the file
MOST_SIDE, MOST_LEVEL, MOST_LEVELS, MOST_CLASSES = 100_000, 32, 8, 100_000


def read_config(path: Path) -> dict:
    """The checked content of a config.json.

    Raises: ModelError, naming the file and the field that is wrong.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("it is far too large")
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=lambda name: None)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not a model's config ({error}); save the model again.") from None
    try:
        return checked(content)
    except ModelError as error:
        raise ModelError(f"{path}: not a model's config ({error}); save the model again.") from None


def checked(config: Any) -> dict:
    """The config itself, if each of its fields is what it must be.

    Raises: ModelError, which names the first field that is not.
    """
    if not isinstance(config, dict):
        raise ModelError("it is no object of fields")
    for name, (is_right, wanted) in FIELDS.items():
        if name in OPTIONAL and config.get(name) is None:
            continue
        if name not in config:
            raise ModelError(f"{name!r} is missing")
        if not is_right(config[name]):
            raise ModelError(f"{name!r} is {_short(config[name])}: give {wanted}")
    thresholds, classes = config.get("thresholds"), config["classes"]
    if config["task"] == "multilabel":
        if thresholds is None or len(thresholds) != len(classes):
            count = 0 if thresholds is None else len(thresholds)
            raise ModelError(f"it has {count} thresholds for {len(classes)} labels")
    elif thresholds is not None:
        raise ModelError("'thresholds' are of labels, not of classes")
    if config.get("crop") and _is_rule(config["size"]):
        raise ModelError("'crop' needs a 'size' of (height, width), not a rule")
    if config.get("crop") and config["size"][0] != config["size"][1]:
        raise ModelError("'crop' needs a square 'size'")
    return config


def bins(config: dict) -> int:
    """Numbers for each channel that the head sees: Σ l² of a pyramid, else 1."""
    levels = config["levels"] if config["pooling"] == "spp" else [1]
    return sum(level**2 for level in levels)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 1000


def _is_number(value: object, low: float = -1e6, high: float = 1e6) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and low <= value <= high  # a NaN lies nowhere


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_list(value: object, of: Callable[[Any], bool], fewest: int, most: int) -> bool:
    return isinstance(value, list) and fewest <= len(value) <= most and all(map(of, value))


def _is_names(value: Any) -> bool:
    return _is_list(value, _is_text, 1, MOST_CLASSES) and len(set(value)) == len(value)


def _is_rule(value: object) -> bool:
    try:
        fields = isinstance(value, dict) and all(_is_whole(v, 1, 10**9) for v in value.values())
        return fields and ShapeRule(**value).max_side <= MOST_SIDE
    except (TypeError, ValueError):
        return False


def _is_size(value: Any) -> bool:
    return _is_rule(value) or _is_list(value, lambda side: _is_whole(side, 1, MOST_SIDE), 2, 2)


FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "classes": (_is_names, "a list of different names, one per output"),
    "size": (_is_size, f"(height, width) or a ShapeRule, of at most {MOST_SIDE:,} pixels"),
    "crop": (lambda value: isinstance(value, bool), "true or false"),
    "thresholds": (
        lambda value: _is_list(value, _is_number, 1, MOST_CLASSES),
        "a list of probabilities, one per label",
    ),
    "temperature": (lambda value: _is_number(value, 1e-6), "a number above 0"),
    "backbone": (_is_text, "a backbone's name"),
    "weights": (_is_text, "where its weights came from"),
    "pooling": (lambda value: value in POOLINGS, " or ".join(map(repr, POOLINGS))),
    "levels": (
        lambda value: _is_list(
            value, lambda level: _is_whole(level, 1, MOST_LEVEL), 1, MOST_LEVELS
        ),
        f"up to {MOST_LEVELS} numbers from 1 to {MOST_LEVEL}",
    ),
    "dropout": (lambda value: _is_number(value, 0, 0.999), "a share from 0 to below 1"),
    "task": (lambda value: value in TASKS, " or ".join(map(repr, TASKS))),
    "mean": (lambda value: _is_list(value, _is_number, 3, 3), "three numbers"),
    "std": (
        lambda value: _is_list(value, lambda number: _is_number(number, 1e-6), 3, 3),
        "three numbers above 0",
    ),
    "weights_sha256": (
        lambda value: isinstance(value, str) and bool(re.fullmatch("[0-9a-f]{64}", value)),
        "64 hexadecimal digits",
    ),
}
# crop and temperature were not there from the beginning, nor was the digest.
OPTIONAL = ("crop", "thresholds", "temperature", "weights_sha256")
