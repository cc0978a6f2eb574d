"""Two cubes beside one another: refusals, differences, pulls and their summary."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import UserError
from engine.cubes.compare import agreement, check_comparable, difference, pull
from tests.dashboard.synthetic import acceleration_cube


@pytest.fixture
def first():
    return acceleration_cube(n=7, seed=1)


@pytest.fixture
def second():
    return acceleration_cube(n=7, seed=2)


def refused(first, second, *words):
    for a, b in ((first, second), (second, first)):
        with pytest.raises(UserError) as refusal:
            check_comparable(a, b, "acceleration")
        for word in words:
            assert word in str(refusal.value)


def test_two_seeds_of_one_map_can_be_compared(first, second):
    check_comparable(first, second, "acceleration")


def test_the_same_grid_in_single_precision_is_the_same_grid(first, second):
    check_comparable(first, second.assign_coords(z=second["z"].astype(np.float32)), "acceleration")


def test_a_shifted_grid_is_refused(first, second):
    refused(first, second.assign_coords(x=second["x"] + 0.1), "grids differ", "along x", "0.1")


def test_a_finer_grid_is_refused(first):
    refused(first, acceleration_cube(n=9), "grids differ", "along x", "7", "9")


def test_an_axis_that_is_not_a_number_is_refused(first, second):
    refused(first, second.assign_coords(y=second["y"] * np.nan), "grids differ", "along y")


def test_other_units_are_refused(first, second):
    second["acceleration"].attrs["units"] = "m s-2"
    refused(first, second, "units", "m s-2", "km2 s-2 kpc-1")


def test_the_same_unit_spelt_otherwise_is_not_refused(first, second):
    second["acceleration"].attrs["units"] = "km2/(kpc s2)"
    check_comparable(first, second, "acceleration")


@pytest.mark.parametrize("unit", ["", "nonsense <b>"])
def test_a_unit_that_nobody_knows_is_refused(first, second, unit):
    second["acceleration"].attrs["units"] = unit
    refused(first, second, "units")


def test_a_missing_variable_and_other_dimensions_are_refused(first, second):
    refused(first, second.drop_vars("acceleration"), "no 'acceleration'")
    refused(first, second.isel(z=3), "dimensions")


def test_pulls_of_two_draws_of_one_truth_are_normal():
    rng = np.random.default_rng(0)
    truth, sd_a, sd_b = rng.normal(size=40_000), 0.7, 1.9
    a = truth + sd_a * rng.standard_normal(truth.size)
    b = truth + sd_b * rng.standard_normal(truth.size)
    errors = np.full_like(a, sd_a), np.full_like(b, sd_b)
    pulls = pull(a, errors[0], b, errors[1])
    assert pulls.mean() == pytest.approx(0, abs=0.02)
    assert pulls.std() == pytest.approx(1, abs=0.015)
    found = agreement(a, errors[0], b, errors[1], np.ones(a.shape, bool))
    assert found.rms_pull == pytest.approx(1, abs=0.015)
    assert found.within_one == pytest.approx(0.6827, abs=0.01)


def test_difference_is_second_minus_first_and_changes_sign_with_their_order():
    a, b, sd = np.array([1.0, 2.0]), np.array([4.0, 2.5]), np.array([3.0, 3.0])
    apart, error = difference(a, sd, b, np.array([4.0, 4.0]))
    np.testing.assert_allclose(apart, [3.0, 0.5])
    np.testing.assert_allclose(error, 5.0)
    np.testing.assert_allclose(pull(a, sd, b, sd), -pull(b, sd, a, sd))


def test_a_pull_without_errors_is_none():
    zero = np.zeros(2)
    assert np.isnan(pull(np.array([1.0, 2.0]), zero, np.array([1.0, 3.0]), zero)).all()


def test_a_summary_uses_only_what_both_trust():
    a, b = np.array([1.0, 2.0, np.nan, 4.0]), np.array([1.1, 900.0, 3.0, 4.4])
    one = np.ones(4)
    found = agreement(a, one, b, one, np.array([True, False, True, True]))
    assert (found.cells, found.share) == (2, pytest.approx(2 / 3))
    assert found.median_difference == pytest.approx(0.25)
    assert found.median_relative == pytest.approx(0.1)


def test_where_no_cell_is_left_nothing_is_said():
    a = np.array([1.0, np.nan])
    found = agreement(a, a, a, a, np.zeros(2, bool))
    assert (found.cells, found.share) == (0, 0.0)
    assert np.isnan([found.median_difference, found.rms_pull, found.within_one]).all()
    nothing = agreement(a[1:], a[1:], a[1:], a[1:], np.ones(1, bool))
    assert np.isnan(nothing.share)


def test_equal_fields_of_zeros_need_no_relative_difference():
    zero, one = np.zeros(3), np.ones(3)
    found = agreement(zero, one, zero, one, np.ones(3, bool))
    assert np.isnan(found.median_relative)
    assert found.rms_pull == 0
