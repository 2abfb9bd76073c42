import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data.shapes import ShapeRule, distortion

SIDES = st.integers(1, 9000)


@given(SIDES, SIDES, st.integers(128, 400), st.integers(400, 1500))
@settings(max_examples=300, deadline=None)
def test_a_shape_keeps_aspect_ratio_and_limits(height, width, min_side, max_side):
    rule = ShapeRule(min_side, max_side, max_pixels=512 * 512)
    shape = rule(height, width)
    assert shape[0] % 32 == 0 and shape[1] % 32 == 0
    assert max(shape) <= max_side and shape[0] * shape[1] <= 512 * 512
    elongation = max(height, width) / min(height, width)
    if elongation <= 8:
        assert distortion([(height, width)], [shape])[0] <= 1.25**0.5 + 1e-9
    room = 1.5 * min_side * elongation <= max_side
    if room and 1.75 * min_side**2 * elongation <= rule.max_pixels:
        assert min(shape) >= min_side
    assert rule(width, height) == shape[::-1]


@pytest.mark.parametrize(
    ("size", "shape"),
    [((24, 24), (128, 128)), ((224, 224), (224, 224)), ((131, 900), (128, 864))],
)
def test_known_shapes(size, shape):
    assert ShapeRule()(*size) == shape


def test_a_rule_that_contradicts_itself_is_told():
    with pytest.raises(ValueError, match="min_side is 64; 128 is the least"):
        ShapeRule(min_side=64)
    with pytest.raises(ValueError, match="leave no room"):
        ShapeRule(min_side=256, max_pixels=200 * 200)
