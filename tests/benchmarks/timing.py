"""Rounds in which several ways to do the same work take turns, and what they show."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field

import torch
from torch import nn


@dataclass
class Run:
    """One way, one round: seconds of wall clock; images and pixels that the network was shown."""

    seconds: float
    images: int = 0
    pixels: int = 0


@dataclass
class Outcome:
    """A ratio for each round, and the value that their median is wanted to reach.

    wanted: the least ratio, or the most where `at_most` is set.
    """

    name: str
    definition: str
    wanted: float
    ratios: list[float]
    at_most: bool = False
    details: dict = field(default_factory=dict)

    @property
    def measured(self) -> float:
        return statistics.median(self.ratios)

    @property
    def ok(self) -> bool:
        return self.measured <= self.wanted if self.at_most else self.measured >= self.wanted

    def report(self) -> dict:
        """All of it as plain numbers and text, for JSON."""
        spread = {"least": min(self.ratios), "most": max(self.ratios)}
        return {**asdict(self), "measured": self.measured, "spread": spread, "ok": self.ok}


class Shown:
    """Counts what a module is shown: a hook for `register_forward_pre_hook`."""

    def __init__(self):
        self.images = self.pixels = 0

    def __call__(self, module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        count, _, height, width = inputs[0].shape
        self.images += count
        self.pixels += count * height * width


def take_turns(
    ways: Mapping[str, Callable[[int], object]],
    rounds: int,
    shown: Mapping[str, Shown] | None = None,
) -> list[dict[str, Run]]:
    """Each round runs every way in turn: A B A B. Round 0 warms up and is not kept.

    Args:
        ways: name to a function of the round's number.
        rounds: how many to keep.
        shown: the counters of those ways that show images to a network.

    Returns: for each round kept, name to Run.
    """
    kept = []
    for number in range(rounds + 1):
        results = {}
        for name, work in ways.items():
            counter = (shown or {}).get(name, Shown())
            images, pixels = counter.images, counter.pixels
            _wait()
            started = time.perf_counter()
            work(number)
            _wait()
            seconds = time.perf_counter() - started
            results[name] = Run(seconds, counter.images - images, counter.pixels - pixels)
        kept.append(results)
    return kept[1:]


def details(runs: list[dict[str, Run]]) -> dict:
    """Median speeds of each way, and all rounds."""
    summary = {}
    for name in runs[0]:
        mine = [results[name] for results in runs]
        summary[name] = {"seconds": statistics.median(run.seconds for run in mine)}
        if mine[0].images:
            speeds = [run.images / run.seconds for run in mine]
            megapixels = [run.pixels / 1e6 / run.seconds for run in mine]
            summary[name]["images_per_second"] = statistics.median(speeds)
            summary[name]["megapixels_per_second"] = statistics.median(megapixels)
        summary[name]["rounds"] = [asdict(run) for run in mine]
    return summary


def _wait() -> None:
    if torch.cuda.is_available():  # which works behind our back
        torch.cuda.synchronize()
