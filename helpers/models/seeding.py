"""Random numbers from a seed, for a while: afterwards every generator is as it was."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from accelerate.utils import set_seed


@contextmanager
def seeded(*entropy: int) -> Iterator[None]:
    """Python's, NumPy's and PyTorch's random numbers follow from `entropy` inside the block.

    Several numbers, such as a seed and an epoch, are mixed into one seed, so that neighbours give
    streams that have nothing in common. Whoever calls a function that draws random numbers thus
    finds their own as they were before.
    """
    # How many there are is mixed in too: else a zero at the end would change nothing.
    mixed = int(np.random.SeedSequence((len(entropy), *entropy)).generate_state(1)[0])
    python, numpy = random.getstate(), np.random.get_state()
    mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            set_seed(mixed)
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        if mps is not None:
            torch.mps.set_rng_state(mps)
