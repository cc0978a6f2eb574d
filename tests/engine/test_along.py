"""A cube along a line, against fields that are known."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from data.errors import UserError
from data.mocks.potentials import named
from data.mocks.truth import Truth
from engine.cubes.along import sample, straight
from tests.dashboard.synthetic import SUN, acceleration_cube


def cube_of(field, sd, n=9, estimators=("one", "two"), trusted=None):
    """A cube of a vector field on an uneven grid; the second estimator is ten times the first."""
    x = 8.0 + np.linspace(-2, 2, n)
    y, z = np.linspace(-2, 2, n), np.sign(u := np.linspace(-1, 1, n)) * np.abs(u) ** 1.5 * 2
    mesh = np.stack(np.meshgrid(x, y, z, indexing="ij"))
    value = np.stack([field(mesh), 10 * field(mesh)])
    dims = ("estimator", "component", "x", "y", "z")
    good = np.ones((n, n, n), bool) if trusted is None else trusted
    return xr.Dataset(
        {
            "a": (dims, value),
            "a_sd": (dims, np.broadcast_to(sd(mesh), value.shape).copy()),
            "trusted": (dims[2:], good),
        },
        coords={"x": x, "y": y, "z": z, "estimator": list(estimators)},
        attrs={"default_estimator": "one"},
    )


def linear(x):
    return np.stack([2 * x[0] - x[1], x[2] + 5, x[0] * 0 - 3])


LINE = straight((6.3, -1.7, -1.9), (9.9, 1.2, 1.4), 37)


def test_a_linear_field_is_exact_and_its_error_too():
    found = sample(cube_of(linear, lambda x: 1 + 0.1 * x[:1]), "a", LINE)
    np.testing.assert_allclose(found.value, linear(LINE.T), atol=1e-12)
    np.testing.assert_allclose(found.sd[1], 1 + 0.1 * LINE[:, 0])
    assert found.trusted.all()
    assert found.s[-1] == pytest.approx(np.linalg.norm(LINE[-1] - LINE[0]))
    assert (np.diff(found.s) > 0).all()


def test_the_estimator_is_the_one_asked_for():
    cube = cube_of(linear, lambda x: x[:1])
    np.testing.assert_allclose(sample(cube, "a", LINE, "two").value, 10 * linear(LINE.T))


def test_the_order_of_dimensions_does_not_matter():
    cube = cube_of(linear, lambda x: 1 + x[:1])
    turned = cube.transpose("z", "x", "component", "y", "estimator")
    found = sample(turned, "a", LINE).value
    np.testing.assert_array_equal(found, sample(cube, "a", LINE).value)


def test_a_galaxy_is_followed_to_second_order_in_the_spacing():
    truth = Truth(named("milky-way")).acceleration

    def field(x):
        return truth(x.reshape(3, -1).T).T.reshape(x.shape)

    def off(n):
        found = sample(cube_of(field, lambda x: x[:1] * 0, n), "a", LINE).value
        return np.abs(found - truth(LINE).T).max()

    coarse, fine = off(17), off(33)
    assert fine < 0.45 * coarse
    assert fine < 0.1 * np.abs(truth(LINE)).max()


def test_a_place_is_believed_where_all_its_cells_are():
    trusted = np.ones((9, 9, 9), bool)
    trusted[4, 4, 4] = False  # at (8, 0, 0)
    line = straight((6, 0, 0), (10, 0, 0), 41)
    found = sample(cube_of(linear, lambda x: x[:1], trusted=trusted), "a", line)
    np.testing.assert_array_equal(found.trusted, np.abs(line[:, 0] - 8) > 0.5 - 1e-6)
    assert np.isfinite(found.value).all()


def test_beside_the_grid_and_beside_the_volume_is_no_number():
    cube = acceleration_cube(n=12)
    line = straight((2.0, 0.0, SUN[2]), (14.0, 0.0, SUN[2]), 61)
    found = sample(cube, "acceleration", line)
    outside = np.abs(line[:, 0] - SUN[0]) > 4
    assert np.isnan(found.value[:, outside]).all()
    assert not found.trusted[np.isnan(found.value).any(axis=0)].any()
    assert np.isfinite(found.value[:, np.abs(line[:, 0] - SUN[0]) < 3]).all()


def test_on_a_cell_it_is_that_cell_also_beside_one_without_a_number():
    cube = cube_of(linear, lambda x: 1 + x[:1])
    cube["a"][:, :, 5, 4, 4] = np.nan
    on = np.array([[float(cube["x"][4]), 0.0, 0.0], [float(cube["x"][3]), 0.0, 0.0]])
    found = sample(cube, "a", on)
    np.testing.assert_allclose(found.value, linear(on.T))
    assert found.trusted.all()


@pytest.mark.parametrize("shared", [0.0, 0.7, 1.0])
def test_the_error_is_enough_whatever_neighbours_share(shared):
    """4,000 noisy cubes: the scatter never passes the error, and meets it where all is shared."""
    rng = np.random.default_rng(0)
    tries, shape = 4000, (2, 2, 2)
    noise = np.sqrt(shared) * rng.standard_normal((tries, 1, 1, 1)) + np.sqrt(
        1 - shared
    ) * rng.standard_normal((tries, *shape))
    cube = xr.Dataset(
        {
            "a": (("draw", "x", "y", "z"), 3 * noise),
            "a_sd": (("draw", "x", "y", "z"), np.full_like(noise, 3.0)),
        },
        coords={axis: [0.0, 1.0] for axis in "xyz"},
    )
    found = sample(cube, "a", np.array([[0.5, 0.5, 0.5], [0.1, 0.9, 0.3]]))
    scatter, error = found.value.std(axis=0), found.sd[0]
    assert (scatter < 1.05 * error).all()
    if shared == 1.0:
        np.testing.assert_allclose(scatter, error, rtol=0.05)


def test_what_is_no_line_or_no_variable_is_said():
    with pytest.raises(UserError, match="coincide"):
        straight((1, 2, 3), (1, 2, 3))
    with pytest.raises(UserError, match="two positions"):
        straight((1, 2, np.nan), (1, 2, 3))
    with pytest.raises(UserError, match="no variable named 'b'"):
        sample(cube_of(linear, lambda x: x[:1]), "b", LINE)
