"""Arcs, interpolation and tilts on fields whose answers are known by hand."""

import numpy as np
import pytest

from data.errors import UserError
from engine.cubes.grid import make_grid, make_lines
from engine.draws import Draws
from engine.symmetry.axisymmetry import arc_points, arc_symmetry, azimuthal, on_grid
from engine.symmetry.cylindrical import azimuth
from engine.symmetry.north_south import mirror_pairs
from engine.symmetry.tilt import centre_angle, direction_tilt, mirror_tilt

SUN = (8.122, 0.0, 0.0208)


def exact(values):
    return Draws(values, np.empty((0, *values.shape)))


def central(points):
    return -points / np.sum(points**2, axis=-1, keepdims=True)


def turned(points, radial, along):
    """The Cartesian field with the given a_R and a_phi."""
    phi = azimuth(points)
    outward = np.stack([np.cos(phi), -np.sin(phi), 0 * phi], axis=1)
    ahead = np.stack([-np.sin(phi), -np.cos(phi), 0 * phi], axis=1)
    return radial[:, None] * outward + along[:, None] * ahead


def test_azimuthal_pull_along_rotation_is_positive():
    points = arc_points(8.0, 0.3, np.linspace(-0.4, 0.4, 9))
    field = turned(points, np.full(9, -5.0), np.full(9, 0.5))
    np.testing.assert_allclose(azimuthal(points, exact(field)).mean, 0.1)
    assert np.isnan(azimuthal(np.zeros((1, 3)), exact(np.ones((1, 3)))).mean).all()


def test_arc_points_are_those_of_the_solar_arc():
    arc = make_lines(SUN, 4.0, SUN, 41)[2]
    ours = arc_points(SUN[0], SUN[2], np.radians(arc.s))
    rows = np.isfinite(arc.points).all(1)
    np.testing.assert_allclose(ours[rows], arc.points[rows], atol=1e-12)


def test_spread_of_a_wave_along_the_arc():
    phi = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    points = arc_points(8.0, 0.0, phi)
    field = turned(points, -100 * (1 + 0.1 * np.sqrt(2) * np.cos(phi)), np.full(200, 3.0))
    found = arc_symmetry(points, exact(field))
    assert found.radial.mean == pytest.approx(-100)
    assert found.spread.mean == pytest.approx(0.1)
    assert found.excess == pytest.approx(0.1)
    assert found.azimuthal.mean == pytest.approx(0.03)
    assert np.isnan(found.radial_test.p_value)


def test_noise_is_told_from_a_spread():
    rng = np.random.default_rng(0)
    points = arc_points(8.0, 0.0, np.linspace(-0.4, 0.4, 40))
    errors = rng.normal(size=(61, 40, 3)) * 5.0
    field = turned(points, np.full(40, -100.0), np.zeros(40))
    quiet = arc_symmetry(points, Draws(field + errors[0], errors[1:]))
    assert quiet.noise == pytest.approx(0.05, rel=0.1)
    assert quiet.excess < 0.03
    assert quiet.radial_test.p_value > 0.01
    assert abs(quiet.azimuthal.mean) < 3 * quiet.azimuthal.sd
    wave = turned(points, 15 * np.sin(np.linspace(0, 6, 40)), np.full(40, 10.0))
    loud = arc_symmetry(points, Draws(field + wave + errors[0], errors[1:]))
    assert loud.excess == pytest.approx(0.1, rel=0.3)
    assert loud.radial_test.p_value < 1e-6
    assert loud.azimuthal_test.p_value < 1e-6
    assert loud.azimuthal.mean / loud.azimuthal.sd > 5


def test_untrusted_positions_do_not_count():
    points = arc_points(8.0, 0.0, np.linspace(-0.4, 0.4, 9))
    field = turned(points, np.full(9, -5.0), np.zeros(9))
    field[2] = 1e6
    trusted = np.arange(9) != 2
    found = arc_symmetry(points, exact(field), trusted)
    assert (found.used, found.spread.mean) == (8, pytest.approx(0, abs=1e-12))
    with pytest.raises(UserError, match="Only 0 positions"):
        arc_symmetry(points, exact(field), np.zeros(9, bool))
    with pytest.raises(UserError, match="not on an arc"):
        arc_symmetry(points + np.arange(9)[:, None], exact(field))


def test_interpolation_is_exact_for_a_linear_field_and_stops_at_the_trusted():
    grid = make_grid(SUN, 2.0, 0.5, 9)
    matrix = np.random.default_rng(1).normal(size=(3, 3))
    field = exact(grid.points @ matrix)
    places = np.array([[8.3, 0.2, 0.1], [7.9, -0.4, -0.3], [20.0, 0.0, 0.0]])
    found = on_grid(grid, field, places).mean
    np.testing.assert_allclose(found[:2], places[:2] @ matrix)
    assert np.isnan(found[2]).all()
    near = np.linalg.norm(grid.points - places[0], axis=1)
    left = on_grid(grid, field, places, near > near.min()).mean
    assert np.isnan(left[0]).all()
    np.testing.assert_allclose(left[1], found[1])


def test_central_pull_has_no_tilt():
    points = np.random.default_rng(2).normal(size=(50, 3)) * 5
    field = exact(central(points))
    np.testing.assert_allclose(direction_tilt(points, field).mean, 0, atol=1e-9)
    np.testing.assert_allclose(centre_angle(points, field).mean, 0, atol=1e-5)


def test_a_displaced_centre_tilts_by_the_angle_at_which_it_is_seen():
    """The source lies a little below the plane and ahead in rotation."""
    points = np.array([[8.0, 0.0, 0.0]])
    below = exact(central(points - np.array([0.0, 0.0, -0.4])))
    ahead = exact(central(points - np.array([0.0, -0.4, 0.0])))
    angle = np.degrees(np.arctan(0.4 / 8))
    np.testing.assert_allclose(direction_tilt(points, below).mean, [[0, angle]], atol=1e-9)
    np.testing.assert_allclose(direction_tilt(points, ahead).mean, [[angle, 0]], atol=1e-9)
    np.testing.assert_allclose(centre_angle(points, below).mean, angle)
    assert np.isnan(centre_angle(points, exact(np.zeros((1, 3)))).mean).all()


def test_flattening_is_odd_and_a_tilted_plane_is_what_the_mirror_tilt_sees():
    grid = make_grid(SUN, 2.0, 0.5, 9)
    points, pairs = grid.points, mirror_pairs(grid)
    stretch = np.array([1.0, 1.0, 1 / 0.8**2])

    def flattened(x):
        return -x * stretch / np.sum(x**2 * stretch, axis=1, keepdims=True)

    tilt = direction_tilt(points, exact(flattened(points))).mean[:, 1]
    assert (tilt[pairs.north] > 0).all()
    np.testing.assert_allclose(tilt[pairs.north], -tilt[pairs.south], atol=1e-9)
    np.testing.assert_allclose(
        mirror_tilt(points, exact(flattened(points)), pairs).mean, 0, atol=1e-9
    )
    e = np.radians(2.0)
    turn = np.array([[np.cos(e), 0, -np.sin(e)], [0, 1, 0], [np.sin(e), 0, np.cos(e)]])
    askew = mirror_tilt(points, exact(flattened(points @ turn) @ turn.T), pairs).mean
    assert 0.2 < np.abs(askew).mean() < 2.0
