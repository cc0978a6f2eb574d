"""The arithmetic of the coverage study, on errors of known size."""

import numpy as np
import pytest

from benchmarks.coverage import judge, summary


def mocks(width, count=40, shared=0.0, seed=0):
    """Errors of size 1, of which a part is shared by all cells of a mock."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        error = np.sqrt(1 - shared) * rng.standard_normal(500)
        error += np.sqrt(shared) * rng.standard_normal()
        yield judge(10 + error, np.full(500, width), np.full(500, 10.0))


def rows(**options):
    return [
        {"estimators": {"potential": {"median": 0.01, "a_x all": j}}} for j in mocks(**options)
    ]


def test_right_bars_hold_the_truth_as_often_as_they_say():
    (line,) = summary(rows(width=1.0))
    assert line["in68"] == pytest.approx(0.683, abs=0.01)
    assert line["in95"] == pytest.approx(0.95, abs=0.01)
    assert line["width"] == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(("width", "expected"), [(0.5, 0.383), (2.0, 0.954)])
def test_wrong_bars_are_seen(width, expected):
    (line,) = summary(rows(width=width))
    assert line["in68"] == pytest.approx(expected, abs=0.01)
    assert line["width"] == pytest.approx(width, rel=0.03)


def test_the_interval_knows_that_cells_of_a_mock_err_together():
    (apart,) = summary(rows(width=1.0))
    (together,) = summary(rows(width=1.0, shared=0.9))
    extent = [np.diff(line["in68_interval"])[0] for line in (apart, together)]
    assert extent[1] > 5 * extent[0]
    assert together["in68_interval"][0] < 0.683 < together["in68_interval"][1] + 0.05


def test_a_region_without_cells_says_nothing():
    assert judge(np.empty(0), np.empty(0), np.empty(0)) == {}
