"""Slices and maps: what is drawn is what the cube says."""

from __future__ import annotations

import holoviews as hv
import numpy as np
import pytest

from dashboard.views import cube_maps
from engine.cubes.quantities import QUANTITIES, UNITS
from engine.cubes.slices import PLANES, grid_values, nearest, sun_position, take_slice
from tests.dashboard.synthetic import FLAGS, SUN, acceleration_at, acceleration_cube

hv.extension("bokeh")


def truth(x):
    return acceleration_at(*x.T).T


@pytest.fixture(scope="module")
def cube():
    return acceleration_cube(n=9, estimators=("boltzmann", "potential"))


def scalar(key, a, x, y):
    """The quantity of one vector, written out by hand."""
    radius = np.hypot(x, y)
    return {
        "abs": np.sqrt(a[0] ** 2 + a[1] ** 2 + a[2] ** 2),
        "x": a[0],
        "y": a[1],
        "z": a[2],
        "R": (a[0] * x + a[1] * y) / radius,
        "phi": (a[0] * y - a[1] * x) / radius,
    }[key]


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("key", QUANTITIES)
@pytest.mark.parametrize("estimator", ["boltzmann", "potential"])
def test_a_drawn_cell_is_the_cell_of_the_cube(cube, plane, key, estimator):
    index = grid_values(cube, plane).size // 2 - 1
    cut = take_slice(cube, plane, index, key, "1e-10 m/s2", estimator)
    table = cube_maps.value_map(cut, show_untrusted=True).dframe()
    assert len(table) == np.isfinite(cut.value).sum() > 20
    factor = UNITS["1e-10 m/s2"].factor
    for row in table.sample(12, random_state=1).itertuples():
        h, v, across = PLANES[plane]
        i = np.flatnonzero((row.h0 < cut.horizontal) & (cut.horizontal < row.h1)).item()
        j = np.flatnonzero((row.v0 < cut.vertical) & (cut.vertical < row.v1)).item()
        cell = cube.sel(estimator=estimator).isel({h: i, v: j, across: index})
        acceleration = cell["acceleration"].to_numpy()
        expected = scalar(key, acceleration, float(cell["x"]), float(cell["y"]))
        assert row.drawn == pytest.approx(expected * factor, rel=1e-9)


def test_the_error_of_a_signed_component_is_the_cubes_own(cube):
    cut = take_slice(cube, "x-z", 4, "z")
    expected = cube["acceleration_sd"].sel(estimator="boltzmann", component="z").isel(y=4)
    np.testing.assert_allclose(cut.sd, expected.transpose("x", "z"))
    drawn = cube_maps.error_map(cut, relative=True, show_untrusted=True).dframe()
    np.testing.assert_allclose(drawn.drawn, 100 * drawn.sd / np.abs(drawn.value))


def test_untrusted_cells_are_hidden_until_asked_for(cube):
    cut = take_slice(cube, "x-y", 4, "abs")
    hidden = cube_maps.value_map(cut).dframe()
    shown = cube_maps.value_map(cut, show_untrusted=True).dframe()
    doubted = hidden.believe != "yes"
    assert 0 < doubted.sum() < len(hidden)
    assert hidden.drawn[doubted].isna().all()
    assert hidden.drawn[~doubted].notna().all()
    assert shown.drawn.notna().all()
    assert "edge of the volume" in hidden.believe[doubted].iloc[0]


def test_value_and_truth_share_their_colour_limits(cube):
    cut = take_slice(cube, "x-y", 4, "R", truth=truth)
    limits = [
        hv.Store.lookup_options("bokeh", draw(cut), "plot").kwargs["clim"]
        for draw in (cube_maps.value_map, cube_maps.truth_map)
    ]
    assert limits[0] == limits[1]
    assert limits[0][0] == -limits[0][1]


def test_truth_and_difference_are_those_of_the_field(cube):
    cut = take_slice(cube, "x-z", 4, "x", truth=truth)
    inside = np.isfinite(cut.value)
    x, z = np.meshgrid(cut.horizontal, cut.vertical, indexing="ij")
    exact = acceleration_at(x, np.full_like(x, cut.at), z)[0]
    np.testing.assert_allclose(cut.truth[inside], exact[inside])
    np.testing.assert_allclose(
        cut.difference("sigma")[inside], (cut.value - exact)[inside] / cut.sd[inside]
    )
    percent = 100 * (cut.value - exact) / np.abs(exact)
    np.testing.assert_allclose(cut.difference("percent")[inside], percent[inside])


def test_a_slice_without_truth_refuses_to_draw_it(cube):
    cut = take_slice(cube, "x-y", 4, "abs")
    with pytest.raises(ValueError, match="no truth"):
        cube_maps.truth_map(cut)
    with pytest.raises(ValueError, match="no truth"):
        cut.difference("sigma")


def test_arrows_point_where_the_acceleration_points(cube):
    cut = take_slice(cube, "x-y", 4, "abs")
    table = cube_maps.arrows(cut, at_most=4).dframe()
    assert 3 < len(table) <= 16
    for row in table.itertuples():
        i, j = nearest(cut.horizontal, row.h), nearest(cut.vertical, row.v)
        assert np.cos(row.angle) == pytest.approx(
            cut.vector[0, i, j] / np.hypot(*cut.vector[:, i, j])
        )
        assert cut.trusted[i, j]


def test_edges_hold_their_centres_and_meet():
    centres = np.array([-2.0, -0.5, 0.0, 0.5, 2.0])
    edges = cube_maps.edges(centres)
    assert (edges[:-1] < centres).all()
    assert (centres < edges[1:]).all()


def test_every_slice_of_a_cube_can_be_drawn(cube):
    """Also those at the top of the ball, where few cells or none are left."""
    for plane in PLANES:
        for index in range(grid_values(cube, plane).size):
            cut = take_slice(cube, plane, index, "phi", truth=truth)
            for draw in (cube_maps.value_map, cube_maps.error_map, cube_maps.difference_map):
                hv.render(draw(cut), backend="bokeh")


def test_the_unit_is_that_of_the_system_international():
    # v^2 / R of 229 km/s at 8.122 kpc, in SI by hand.
    si = (229e3) ** 2 / (8.122 * 3.0856775814913673e19)
    assert 229**2 / 8.122 * UNITS["1e-10 m/s2"].factor == pytest.approx(si * 1e10)


def test_the_scales_of_a_plane_are_equal(cube):
    for plane in PLANES:
        horizontal, vertical = cube_maps.square_ranges(cube, plane)
        assert np.ptp(horizontal) == pytest.approx(np.ptp(vertical))


def test_the_sun_is_where_the_cube_says(cube):
    assert sun_position(cube) == SUN
    assert FLAGS["near_edge"] in cube["trust_flags"].attrs["flag_masks"]
