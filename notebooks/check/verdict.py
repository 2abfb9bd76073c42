"""How a check answers: one line, right or not yet, and why."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any


class Problem(Exception):
    """What is not right yet, as a sentence for the learner."""


def verdict(check: Callable[..., str]) -> Callable[..., None]:
    """Print what a check finds: its praise where all is right, else what is wrong and why.

    A check gets the learner's answer first; it raises Problem, or returns what to remember.
    Whatever else goes wrong in the learner's code becomes a sentence too.
    """

    @wraps(check)
    def judged(*arguments: Any) -> None:
        try:
            if any(argument is ... for argument in arguments):
                raise Problem("replace the ... by your answer, then run the cell again.")
            praise = check(*arguments)
        except Problem as problem:
            print(f"✗ Not yet: {problem}")
        except Exception as error:
            print(f"✗ Not yet: your code stopped with {type(error).__name__}: {error}")
        else:
            print(f"✓ Right. {praise}")

    return judged


def need(holds: Any, sentence: str) -> None:
    """Raise Problem with this sentence unless something holds."""
    if not holds:
        raise Problem(sentence)


def number(value: Any, what: str = "your answer") -> float:
    """A number from whatever the learner gave: an int, a NumPy scalar, a tensor of one value."""
    need(value is not None, f"{what} is None: does your function return something?")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Problem(f"{what} is {value!r}; a single number is wanted.") from None


def close(value: Any, wanted: float, tolerance: float = 1e-3) -> bool:
    """Whether two numbers are the same for all that matters."""
    return math.isclose(number(value), wanted, rel_tol=tolerance, abs_tol=tolerance)
