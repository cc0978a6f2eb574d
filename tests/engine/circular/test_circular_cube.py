"""Curves side by side in one cube, and what is refused."""

import numpy as np
import pytest

from data.errors import UserError
from data.population.population import Volume
from engine.circular_velocity.binned_jeans import BinnedJeansSettings, axisymmetric_jeans
from engine.circular_velocity.cube import circular_velocity_cube
from engine.circular_velocity.curve import Curve, map_curve, root
from engine.circular_velocity.jeans_curve import JeansCurveSettings, jeans_curve
from engine.cubes.grid import make_grid
from engine.cubes.store import read_cube, write_cube
from engine.draws import Draws


def curve(radii, values):
    values = np.asarray(values, float)
    deviations = np.stack([np.full(len(values), 3.0), np.full(len(values), -3.0)])
    return Curve(np.asarray(radii, float), Draws(values, deviations), np.full(len(values), 7))


def test_curves_share_the_radii_that_they_have_in_common(tmp_path):
    cube = circular_velocity_cube(
        {
            "map": curve([7.0, 7.5 + 1e-9, 8.0], [230, 229, 228]),
            "jeans": curve([7.5, 8.0, 8.5], [231, np.nan, 227]),
        },
        {"run_id": "r"},
    )
    assert cube.v_circ.dims == ("method", "R")
    np.testing.assert_allclose(cube.R, [7, 7.5, 8, 8.5])
    np.testing.assert_allclose(cube.v_circ.sel({"method": "map"}), [230, 229, 228, np.nan])
    np.testing.assert_allclose(cube.v_circ.sel({"method": "jeans"}), [np.nan, 231, np.nan, 227])
    np.testing.assert_allclose(cube.v_circ_sd.sel({"method": "map"}), [3, 3, 3, np.nan])
    assert cube.n_used.sel({"method": "jeans"}).to_numpy().tolist() == [0, 7, 7, 7]
    assert cube.v_circ.attrs["ancillary_variables"] == "v_circ_sd n_used"
    assert read_cube(write_cube(cube, tmp_path, "circular_velocity")).identical(cube)


def test_no_curve_is_refused():
    with pytest.raises(UserError, match="No circular-velocity curve"):
        circular_velocity_cube({}, {})


def test_root_of_what_may_be_negative():
    squares = Draws(np.array([100.0, 4.0, -1.0]), np.array([[44.0, -9.0, 0.0]]))
    found = root(squares)
    np.testing.assert_allclose(found.mean, [10, 2, np.nan])
    np.testing.assert_allclose(found.deviations, [[2, -2, np.nan]])


def test_map_that_does_not_reach_the_plane_is_refused():
    grid = make_grid((8.0, 0.0, 5.0), 2.0, 0.5, 9)
    cells = len(grid.points)
    field = Draws(np.zeros((cells, 3)), np.empty((0, cells, 3)))
    with pytest.raises(UserError, match="does not reach the plane"):
        map_curve(grid, field, np.ones(cells, bool), np.array([8.0]))


@pytest.mark.parametrize("wrong", [{"scale_length": 0.0}, {"step": np.nan}, {"draws": 1}])
def test_wrong_settings_of_the_curve_are_refused(wrong):
    with pytest.raises(UserError):
        JeansCurveSettings(**wrong)


@pytest.mark.parametrize("wrong", [{"step": -1.0}, {"pieces": (0, 4)}, {"min_stars": 1}])
def test_wrong_settings_of_the_bins_are_refused(wrong):
    with pytest.raises(UserError):
        BinnedJeansSettings(**wrong)


def test_too_few_stars_are_refused():
    x = np.random.default_rng(0).normal(size=(50, 3)) + np.array([8.0, 0, 0])
    with pytest.raises(UserError, match="stars near the plane"):
        jeans_curve(x, np.zeros((50, 3)))
    with pytest.raises(UserError, match="stars near the plane"):
        jeans_curve(x + np.array([0, 0, 50.0]), np.zeros((50, 3)))
    with pytest.raises(UserError, match="bins in R and z"):
        axisymmetric_jeans(x, np.ones((50, 3)), Volume((8.0, 0.0, 0.0), 4.0))
