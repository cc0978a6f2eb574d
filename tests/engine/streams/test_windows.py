"""The grid of windows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import UserError
from engine.streams.windows import Window, windows


def test_gd1_grid_by_hand() -> None:
    """A width of 3 at steps of 1 over -11.5 to -2.9: lower edges -14 to -3."""
    grid = windows("pm_phi1", [-11.5, -7.0, -2.94, np.nan], 3.0, 1.0)
    assert [window.low for window in grid] == [float(low) for low in range(-14, -2)]
    assert all(window.high == window.low + 3 for window in grid)


@given(
    st.lists(st.floats(-40, 40), min_size=1, max_size=30),
    st.sampled_from([0.5, 1.0, 2.0, 6.0]),
    st.sampled_from([0.1, 0.25, 0.5]),
)
@settings(max_examples=60, deadline=None)
def test_every_value_is_seen_as_often(values: list[float], width: float, step: float) -> None:
    """Each value lies in width/step windows, and no window is quite empty of the range."""
    grid = windows("mu", values, width, step)
    for value in values:
        seen = sum(bool(window.contains([value])[0]) for window in grid)
        assert abs(seen - width / step) <= 1  # floats at an edge
    assert grid[0].high > min(values) - 1e-6
    assert grid[-1].low <= max(values) + 1e-6


def test_edges_belong_to_the_lower_side() -> None:
    """A star at a common edge is in one of two adjacent windows."""
    edge = np.array([2.0])
    assert Window("mu", 2, 3).contains(edge)[0]
    assert not Window("mu", 1, 2).contains(edge)[0]
    assert not Window("mu", 1, 2).contains([np.nan])[0]


@pytest.mark.parametrize(
    ("values", "width", "step", "word"),
    [
        ([np.nan], 3, 1, "No star"),
        ([1.0], 0, 1, "are invalid"),
        ([1.0], 1, 2, "leave stars out"),
        ([0.0, 1e9], 3, 1, "windows"),
    ],
)
def test_refusals(values: list[float], width: float, step: float, word: str) -> None:
    """What makes no grid is refused with a sentence."""
    with pytest.raises(UserError, match=word):
        windows("mu", values, width, step)
    with pytest.raises(UserError, match="empty"):
        Window("mu", 3, 3)
