"""The Galactocentric frame against astropy, and the signs that the design fixes."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord, galactocentric_frame_defaults

from data.errors import UserError
from data.frames import (
    SolarParameters,
    cylindrical,
    from_galactocentric,
    sky_triad,
    to_galactocentric,
)


@pytest.fixture
def sky():
    """Stars all over the sky, the poles and the seam of right ascension among them."""
    rng = np.random.default_rng(20)
    n = 400
    ra = np.concatenate([[0.0, 360.0, 180.0, 12.0], rng.uniform(0, 360, n)])
    even = np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    dec = np.concatenate([[0.0, 0.0, 89.999, -89.999], even])
    m = n + 4
    return {
        "ra": ra,
        "dec": dec,
        "distance": 10 ** rng.uniform(-2, 1.5, m),
        "pmra": rng.normal(0, 20, m),
        "pmdec": rng.normal(0, 20, m),
        "radial_velocity": rng.normal(0, 100, m),
    }


def by_astropy(sky):
    with galactocentric_frame_defaults.set("v4.0"):
        frame = SkyCoord(
            ra=sky["ra"] * u.deg,
            dec=sky["dec"] * u.deg,
            distance=sky["distance"] * u.kpc,
            pm_ra_cosdec=sky["pmra"] * u.mas / u.yr,
            pm_dec=sky["pmdec"] * u.mas / u.yr,
            radial_velocity=sky["radial_velocity"] * u.km / u.s,
        ).galactocentric
    x = np.stack([-frame.x, -frame.y, frame.z], axis=1).to_value(u.kpc)
    v = np.stack([-frame.v_x, -frame.v_y, frame.v_z], axis=1).to_value(u.km / u.s)
    return x, v


def test_agrees_with_astropy_turned_by_half_a_turn(sky):
    x, v = to_galactocentric(**sky)
    expected_x, expected_v = by_astropy(sky)
    np.testing.assert_allclose(x, expected_x, rtol=0, atol=1e-13)
    np.testing.assert_allclose(v, expected_v, rtol=0, atol=3e-11)


def test_inverse_gives_the_sky_back(sky):
    back = from_galactocentric(*to_galactocentric(**sky))
    turned = (back["ra"] - sky["ra"] + 180.0) % 360.0 - 180.0
    np.testing.assert_allclose(turned * np.cos(np.radians(sky["dec"])), 0.0, atol=1e-11)
    np.testing.assert_allclose(back["dec"], sky["dec"], atol=1e-11)
    np.testing.assert_allclose(back["distance"], sky["distance"], rtol=1e-12)
    np.testing.assert_allclose(back["parallax"], 1.0 / sky["distance"], rtol=1e-12)
    np.testing.assert_allclose(back["radial_velocity"], sky["radial_velocity"], atol=1e-8)
    # at 10 pc the 8 kpc of the origin take four digits from the direction, the triad turns with it
    for name in ("pmra", "pmdec"):
        np.testing.assert_allclose(back[name], sky[name], atol=1e-6)


def test_a_star_at_rest_beside_the_sun_shares_its_place_and_motion():
    x, v = to_galactocentric([10.0], [20.0], [1e-9], [0.0], [0.0], [0.0])
    np.testing.assert_allclose(x[0], SolarParameters().position, atol=3e-5)
    np.testing.assert_allclose(v[0], SolarParameters().velocity, atol=1e-12)


def test_another_sun_moves_the_stars(sky):
    sun = SolarParameters((8.2, 0.0, 0.0), (-10.0, -250.0, 7.0))
    x, v = to_galactocentric(**sky, sun=sun)
    here, there = from_galactocentric(x, v, sun), from_galactocentric(x, v)
    np.testing.assert_allclose(here["distance"], sky["distance"], rtol=1e-11)
    assert np.abs(there["distance"] - sky["distance"]).max() > 0.01


def test_the_disc_turns_towards_negative_y_and_counts_positive():
    sun = SolarParameters()
    c = cylindrical([sun.position], [sun.velocity])
    assert c["phi"][0] == pytest.approx(0.0)
    assert c["v_phi"][0] == pytest.approx(245.6)
    assert c["L_z"][0] == pytest.approx(8.122 * 245.6)
    assert c["v_R"][0] == pytest.approx(-12.9)
    ahead = cylindrical([[0.0, -8.0, 0.0]], [[-220.0, 0.0, 0.0]])
    assert ahead["phi"][0] == pytest.approx(np.pi / 2)
    assert ahead["v_phi"][0] == pytest.approx(220.0)


def test_phi_grows_as_v_phi_says():
    rng = np.random.default_rng(3)
    x, v = rng.normal(0, 5, (50, 3)), rng.normal(0, 100, (50, 3))
    step = 1e-7
    now, then = cylindrical(x, v), cylindrical(x + step * v, v)
    turned = (then["phi"] - now["phi"]) / step * now["R"]
    np.testing.assert_allclose(turned, now["v_phi"], rtol=1e-4)
    np.testing.assert_allclose((then["R"] - now["R"]) / step, now["v_R"], rtol=1e-4, atol=1e-3)


def test_the_triad_is_orthonormal_and_right_handed(sky):
    p, q, r = sky_triad(sky["ra"], sky["dec"])
    np.testing.assert_allclose(np.cross(p, q), r, atol=1e-14)
    np.testing.assert_allclose(np.einsum("ni,ni->n", p, q), 0.0, atol=1e-15)


def test_what_is_missing_stays_missing_and_alone():
    x, v = to_galactocentric([1.0, 2.0], [3.0, 4.0], [np.nan, 1.0], [0, 0], [0, 0], [1.0, np.nan])
    assert np.isnan(x[0]).all()
    assert np.isfinite(x[1]).all()
    assert np.isnan(v).all()


def test_the_sun_survives_a_manifest():
    sun = SolarParameters((8.0, 0.0, 0.01), (-11.0, -240.0, 7.0))
    assert SolarParameters.from_dict(sun.to_dict()) == sun


@pytest.mark.parametrize("position", [(8.0, 1.0, 0.0), (-8.122, 0.0, 0.0), (np.nan, 0.0, 0.0)])
def test_a_sun_outside_the_convention_is_refused(position):
    with pytest.raises(UserError, match="Sun"):
        SolarParameters(position=position)
