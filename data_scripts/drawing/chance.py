"""Random choices that both painters make."""

from __future__ import annotations

import numpy as np


def pick(rng: np.random.Generator, weights: dict):
    """A key of a dict of weights."""
    keys, values = list(weights), np.array(list(weights.values()), float)
    return keys[rng.choice(len(keys), p=values / values.sum())]
