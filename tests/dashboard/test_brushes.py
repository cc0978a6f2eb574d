"""Shapes become cuts, cuts become outlines, and modes combine them as they say."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.policy.brushes import box, combine, cuts, lasso, outlines, without
from data.selection import mask, validate

FRAME = ((0.0, 10.0), (-5.0, 5.0))
XY = ("x", "y")


class Points:
    """A thousand points in a square."""

    n_rows = 1000

    def __init__(self):
        rng = np.random.default_rng(8)
        self.x, self.y = rng.uniform(0, 10, 1000), rng.uniform(-5, 5, 1000)

    def has(self, name):
        return name in XY

    def column(self, name):
        return getattr(self, name)


@pytest.fixture
def points():
    return Points()


def drawn():
    return combine(None, box(XY, (1, 1, 2, 2)), "refine")


def test_a_box_is_two_ranges_whichever_corner_comes_first(points):
    tree = box(XY, (6, 2, 3, -1), FRAME)
    inside = (points.x >= 3) & (points.x <= 6) & (points.y >= -1) & (points.y <= 2)
    assert (mask(tree, points) == inside).all()


@pytest.mark.parametrize(
    ("bounds", "column"), [((3, -5, 6, 5), "x"), ((0, -1, 10, 2), "y"), ((3, -6, 6, 7), "x")]
)
def test_a_box_as_high_or_wide_as_the_frame_is_a_range(bounds, column):
    assert box(XY, bounds, FRAME)["column"] == column


def test_a_lasso_is_a_polygon_and_a_line_is_nothing(points):
    triangle = np.array([[1, -4], [9, -4], [5, 4.0]])
    tree = validate(lasso(XY, triangle))
    assert tree["kind"] == "polygon"
    assert 0 < mask(tree, points).sum() < 1000
    assert lasso(XY, triangle[:2]) is None
    assert lasso(XY, np.array([[1, 1], [2, np.nan], [3, 3], [np.inf, 0]])) is None


def test_modes(points):
    first, second = box(XY, (1, -3, 5, 3)), lasso(XY, np.array([[3, -4], [9, -4], [6, 4.0]]))
    named = {**first, "name": "first"}
    a, b = mask(first, points), mask(second, points)
    for mode, expected in {"refine": a & b, "add": a | b, "remove": a & ~b, "replace": b}.items():
        assert (mask(combine(named, second, mode), points) == expected).all(), mode
    for mode, expected in {"refine": b, "add": b, "remove": ~b, "replace": b}.items():
        assert (mask(combine(None, second, mode), points) == expected).all(), mode


def test_a_second_shape_in_the_same_columns_moves_the_first():
    speed = {"kind": "range", "column": "speed", "min": None, "max": 300.0}
    tree = combine(speed, box(XY, (1, 1, 2, 2)), "refine")
    tree = combine(tree, box(("R", "z"), (5, -1, 9, 1)), "refine")
    tree = combine(tree, box(XY, (3, 3, 4, 4)), "refine")
    assert len(cuts(tree)) == 3
    assert speed in cuts(tree)
    assert box(XY, (3, 3, 4, 4)) in cuts(tree)
    assert box(XY, (1, 1, 2, 2)) not in cuts(tree)


def test_a_cut_can_be_taken_out():
    tree = combine(drawn(), box(("R", "z"), (5, -1, 9, 1)), "refine")
    assert cuts(without(tree, 0)) == [box(("R", "z"), (5, -1, 9, 1))]
    assert without(without(tree, 0), 0) is None


def test_two_cuts_are_not_taken_for_a_box():
    """An `and` of two ranges at the top is two cuts; a box that is drawn stays one."""
    ranges = [
        {"kind": "range", "column": "distance_sun", "min": None, "max": 3.0},
        {"kind": "range", "column": "ruwe", "min": None, "max": 1.4},
    ]
    assert cuts({"kind": "and", "of": ranges}) == ranges
    assert cuts(drawn()) == [box(XY, (1, 1, 2, 2))]


def test_outlines_are_shown_on_the_panels_of_their_columns_only():
    tree = combine(drawn(), box(("R", "z"), (5, -1, 9, 1)), "refine")
    (line,) = outlines(tree, XY, FRAME)
    assert line.min(axis=0) == pytest.approx([1, 1])
    assert line.max(axis=0) == pytest.approx([2, 2])
    assert outlines(tree, ("v_R", "v_phi"), FRAME) == []
    assert outlines(None, XY, FRAME) == []


def test_a_range_is_outlined_beyond_the_open_sides_of_the_frame():
    (line,) = outlines({"kind": "range", "column": "x", "min": 2.0, "max": None}, XY, FRAME)
    assert line[:, 0].min() == 2
    assert line[:, 0].max() > 10
    assert line[:, 1].max() > 5
