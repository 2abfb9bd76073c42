"""Checks of notebook 06's exercises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from check.verdict import need, verdict


@verdict
def ex_06_1(scaled: Callable[[np.ndarray], np.ndarray]) -> str:
    given = scaled(np.array([[2.0, 4.0], [6.0, 10.0]]))
    need(given is not None, "your function returns None: replace the ... by a return statement.")
    need(
        np.allclose(given, [[0, 0.25], [0.5, 1]], atol=1e-3),
        f"[[2, 4], [6, 10]] becomes {np.round(given, 3).tolist()}; [[0, 0.25], [0.5, 1]] was "
        "expected: "
        "subtract the minimum, then divide by the new maximum.",
    )
    flat = np.asarray(scaled(np.full((2, 2), 3.0)))
    need(np.isfinite(flat).all(), "a map that is 3 everywhere becomes nan: you divide by zero.")
    need((flat == 0).all(), "a map that is the same everywhere says nothing; make it 0 everywhere.")
    return "Every map has a scale of its own now: it tells where, never how much."


@verdict
def ex_06_2(hits: Callable[[np.ndarray, tuple[int, int, int, int]], bool]) -> str:
    one = np.zeros((10, 20))
    one[2, 15] = 1
    inside, beside = hits(one, (12, 0, 18, 5)), hits(one, (0, 0, 6, 5))
    need(inside is not None, "your function returns None: replace the ... by a return statement.")
    need(
        inside or not hits(one.T, (0, 12, 5, 18)),
        "rows and columns are swapped: a map's first index is the row, which is y.",
    )
    need(inside, "the brightest cell is in row 2, column 15, inside the box (12, 0, 18, 5): a hit.")
    need(not beside, "the box (0, 0, 6, 5) does not hold column 15: no hit.")
    need(
        not hits(np.ones((4, 4)), (0, 0, 4, 4)),
        "a map that is the same everywhere points nowhere: no hit, even if the box is the whole "
        "image.",
    )
    return "The course's version also counts a near miss, 15 of 224 pixels."


@verdict
def ex_06_3(occlusion: Callable[..., np.ndarray]) -> str:
    image = np.full((32, 48, 3), 120, np.uint8)
    image[8:16, 24:32] = 250

    def probability(picture: np.ndarray) -> float:
        return float(picture[8:16, 24:32].mean() / 255)

    before = image.copy()
    given = occlusion(probability, image, 8)
    need(given is not None, "your function returns None: replace the ... by your code.")
    need(np.array_equal(image, before), "you painted on the image itself; work on image.copy().")
    given = np.asarray(given, float)
    need(
        given.shape == (4, 6),
        f"an image of 32 × 48 in patches of 8 has 4 × 6 places; your map is {given.shape}.",
    )
    place = tuple(int(i) for i in np.unravel_index(given.argmax(), given.shape))
    need(place != (3, 1), "the map is transposed: the first index is the row.")
    need(
        given.max() > 0.1 or given.min() > -0.1,
        "the sign is wrong: the map should hold how much the probability *falls*.",
    )
    need(
        place == (1, 3),
        f"the probability depends on row 1, column 3 alone, and your map is highest at {place}.",
    )
    need(
        np.abs(np.delete(given.ravel(), 1 * 6 + 3)).max() < 1e-6, "elsewhere the fall has to be 0."
    )
    return "Slow, but it needs no gradients: it explains any model that you can only ask."
