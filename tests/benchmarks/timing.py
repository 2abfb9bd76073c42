"""Rounds in which several ways to do the same work take turns, and the ratio that comes out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
import torch


@dataclass
class Outcome:
    """A ratio for each round; their median should reach `wanted`, or not exceed it (`at_most`)."""

    name: str
    definition: str
    wanted: float
    ratios: list[float]
    at_most: bool = False
    details: dict = field(default_factory=dict)

    @property
    def measured(self) -> float:
        return float(np.median(self.ratios))

    @property
    def ok(self) -> bool:
        return self.measured <= self.wanted if self.at_most else self.measured >= self.wanted

    def report(self) -> dict:
        """All of it as plain numbers and text, for JSON."""
        return {**asdict(self), "measured": self.measured, "ok": self.ok}

    def __str__(self) -> str:
        wanted = f"{'≤' if self.at_most else '≥'} {self.wanted:.1f}"
        rounds = f"{min(self.ratios):.2f} to {max(self.ratios):.2f}"
        verdict = "ok" if self.ok else "missed"
        return f"{self.name:<50} {self.measured:>6.2f} ({rounds}; wanted {wanted}) {verdict}"


def take_turns(ways: Mapping[str, Callable[[int], object]], rounds: int) -> dict[str, np.ndarray]:
    """Each round runs every way in turn, A B A B; round 0 warms up and is not kept.

    Args:
        ways: name to a function of the round's number.
        rounds: how many to keep.

    Returns: name to seconds of wall clock (rounds,).
    """
    seconds = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, work in ways.items():
            started = time.perf_counter()
            work(number)
            if torch.cuda.is_available():  # which works behind our back
                torch.cuda.synchronize()
            seconds[name].append(time.perf_counter() - started)
    return {name: np.array(each[1:]) for name, each in seconds.items()}


def speeds(seconds: Mapping[str, np.ndarray], images: np.ndarray | int) -> dict[str, dict]:
    """Medians over the rounds; images: that one way's round works on."""
    return {
        name: {
            "seconds": float(np.median(each)),
            "images_per_second": float(np.median(images / each)),
        }
        for name, each in seconds.items()
    }
