"""Stars in cells: equal to brute force, whatever the types, the mask and the values."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.views import binning
from dashboard.views.binning import Plane, fill

ROWS = 40_000
X, Y, SHAPE = (-1.5, 2.0), (-0.7, 0.9), (31, 57)


@pytest.fixture
def stars():
    rng = np.random.default_rng(11)
    x = rng.normal(size=ROWS).astype(np.float32)
    y = rng.normal(size=ROWS)
    v = (225 + 30 * rng.normal(size=ROWS)).astype(np.float32)
    x[:40], y[40:80], v[60:400] = np.nan, np.inf, np.nan
    x[80:84], y[84:88] = X[1], Y[0]  # on the ends of the frame
    return x, y, v


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Many blocks, so that several workers and a part block take part."""
    monkeypatch.setattr(binning, "_BLOCK", 4096)


def cells(x, y):
    """The cell of each star by the formula of the module; -1 for none."""
    places = []
    for column, (low, high), number in ((y, Y, SHAPE[0]), (x, X, SHAPE[1])):
        values = column.astype(float)
        with np.errstate(invalid="ignore"):
            place = np.floor((values - low) * (number / (high - low)))
            inside = (values >= low) & (values <= high)
        places.append(np.where(inside, np.minimum(place, number - 1), -np.inf))
    cell = places[0] * SHAPE[1] + places[1]
    return np.where(np.isfinite(cell), cell, -1).astype(int)


def brute(x, y, mask, weight=None):
    cell = cells(x, y)
    kept = mask & (cell >= 0)
    weight = None if weight is None else weight[kept].astype(float)
    return np.bincount(cell[kept], weight, minlength=SHAPE[0] * SHAPE[1]).reshape(SHAPE)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
def test_counts_equal_brute_force_star_for_star(stars, share):
    x, y, _ = stars
    mask = np.random.default_rng(1).random(ROWS) < share
    bits = np.packbits(mask, bitorder="little")
    (found,) = fill([Plane(x, y, X, Y, SHAPE)], ROWS, bits)
    np.testing.assert_array_equal(found.count, brute(x, y, mask))


@pytest.mark.parametrize("rows", [0, 1, 7, 4096, 4097])
def test_any_number_of_rows(stars, rows):
    x, y, _ = (column[-rows or ROWS :] for column in stars)
    mask = np.arange(rows) % 3 > 0
    bits = np.packbits(mask, bitorder="little")
    (found,) = fill([Plane(x[:rows], y[:rows], X, Y, SHAPE)], rows, bits)
    np.testing.assert_array_equal(found.count, brute(x[:rows], y[:rows], mask))


def test_panels_of_one_walk_are_those_of_walks_of_their_own(stars):
    x, y, v = stars
    wide = Plane(v, x, (100.0, 350.0), X, (8, 9))
    together = fill([Plane(x, y, X, Y, SHAPE), wide], ROWS)
    np.testing.assert_array_equal(together[0].count, brute(x, y, np.ones(ROWS, bool)))
    np.testing.assert_array_equal(together[1].count, fill([wide], ROWS)[0].count)


def test_mean_and_spread_of_a_third_quantity(stars):
    x, y, v = stars
    mask = np.random.default_rng(2).random(ROWS) < 0.7
    bits = np.packbits(mask, bitorder="little")
    (found,) = fill([Plane(x, y, X, Y, SHAPE, v)], ROWS, bits)
    has = mask & np.isfinite(v)
    number = brute(x, y, has)
    np.testing.assert_array_equal(found.count, number)
    row, column = np.unravel_index(number.argmax(), SHAPE)
    inside = has & (cells(x, y) == row * SHAPE[1] + column)
    assert found.mean[row, column] == pytest.approx(v[inside].astype(float).mean(), rel=1e-12)
    assert found.spread[row, column] == pytest.approx(v[inside].astype(float).std(), rel=1e-10)
    assert (np.isnan(found.mean) == (number == 0)).all()
    assert (np.isnan(found.spread) == (number < 2)).all()
    with np.errstate(invalid="ignore"):
        mean = brute(x, y, has, v) / number
    np.testing.assert_allclose(found.mean, mean, rtol=1e-12)


def test_a_small_spread_about_a_large_value_keeps_its_digits():
    """Sums of squares of the values themselves would leave no digit of it."""
    rng = np.random.default_rng(3)
    v = 1e9 + rng.normal(size=20_000)
    place = np.full(v.size, 0.5)
    (found,) = fill([Plane(place, place, (0, 1), (0, 1), (1, 1), v)], v.size)
    assert found.spread[0, 0] == pytest.approx(v.std(), rel=1e-9)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float32", "float64"])
def test_columns_of_any_type(dtype):
    values = np.array([0, 1, 1, 0, 1]).astype(dtype)
    (found,) = fill([Plane(values, values, (0, 1), (0, 1), (2, 2))], 5)
    np.testing.assert_array_equal(found.count, [[2, 0], [0, 3]])


def test_a_range_without_length_holds_the_stars_on_it():
    values = np.array([1.0, 1.0, 2.0])
    (found,) = fill([Plane(values, values, (1, 1), (0, 3), (2, 2))], 3)
    assert found.count.sum() == 2
