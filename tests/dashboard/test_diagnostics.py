"""The fields that help to judge a map."""

import numpy as np
import pytest

from dashboard.components.theme import figure_colours
from dashboard.views.diagnostics import (
    available,
    diagnostic_map,
    take_diagnostic,
)
from dashboard.views.style import styled
from engine.cubes.fields import SHOWN
from tests.dashboard.synthetic import acceleration_cube

ESTIMATORS = ("potential", "boltzmann")


@pytest.fixture
def cube():
    """Add what an older cube has not."""
    cube = acceleration_cube(n=9, estimators=ESTIMATORS)
    vector = cube["acceleration"].dims
    sd = cube["acceleration_sd"].to_numpy()
    parts = np.stack([0.6 * sd, 0.8 * sd, 0 * sd])
    ratio = np.stack([0 * sd[0, 0], 0 * sd[0, 0] + 0.05])
    return cube.assign(
        acceleration_sd_by=(("source", *vector), parts),
        acceleration_bias=(vector, 0 * sd + [[[[3.0]]], [[[4.0]]], [[[0.0]]]]),
        disagreement=(("estimator", "x", "y", "z"), ratio),
        curl=(("estimator", "x", "y", "z"), ratio),
        selection_gradient=(vector[1:], 0 * sd[0] + 0.1),
        inflation=(vector[1:], sd[0] * 0 + [[[[1.5]]], [[[1.1]]], [[[2.5]]]]),
    ).assign_coords(source=["initialisation", "sample", "noise"])


def test_an_older_cube_offers_what_it_has():
    assert available(acceleration_cube(n=9)) == ["residual", "condition", "tracers", "edge"]


def test_vectors_are_shown_by_their_length_and_ratios_in_per_cent(cube):
    where = ("x-y", len(cube["z"]) // 2)
    bias = take_diagnostic(cube, "bias", *where)
    assert np.nanmax(bias) == pytest.approx(5.0) == np.nanmin(bias)
    assert np.nanmax(take_diagnostic(cube, "inflation", *where)) == pytest.approx(2.5)
    assert np.nanmax(take_diagnostic(cube, "disagreement", *where)) == 0
    other = take_diagnostic(cube, "disagreement", *where, "boltzmann")
    assert np.nanmax(other) == pytest.approx(5.0)
    sample = take_diagnostic(cube, "sample", *where)
    whole = np.sqrt((cube["acceleration_sd"][0].isel(z=where[1]) ** 2).sum("component"))
    inside = np.isfinite(sample)
    np.testing.assert_allclose(sample[inside], 0.8 * whole.to_numpy()[inside])


@pytest.mark.parametrize("plane", ["x-y", "x-z", "y-z"])
@pytest.mark.parametrize("key", list(SHOWN))
def test_every_diagnostic_of_a_cube_can_be_drawn(cube, key, plane):
    assert key in available(cube)
    values = take_diagnostic(cube, key, plane, 4)
    outside = cube["edge_distance"].isel({"xyz"[("y-z", "x-z", "x-y").index(plane)]: 4}) <= 0
    assert np.isnan(values[outside.transpose(*plane.split("-")).to_numpy()]).all()
    element = diagnostic_map(cube, key, plane, values)
    assert len(element) == np.isfinite(values).sum()
    styled(element, figure_colours(dark=True), grid=False)
