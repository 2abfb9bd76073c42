from collections.abc import Callable

import numpy as np
import pytest
import torch


@pytest.fixture
def noisy() -> Callable:
    """Logits whose sigmoid, at a temperature of `sureness`, is the true probability; labels."""

    def draw(seed=0, count=4000, sureness=1.0):
        rng = np.random.default_rng(seed)
        honest = rng.normal(-1, 2, (count, 3))
        labels = rng.random(honest.shape) < 1 / (1 + np.exp(-honest))
        return torch.tensor(sureness * honest), torch.tensor(labels, dtype=torch.float32)

    return draw
