"""The compiled angles, against numpy and astropy."""

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from data.compiled import compiled_without_checks
from data.fast_angles import arc, galactic_latitude, galactic_longitude, sine_cosine


@compiled_without_checks
def every(y, x, angle, sine, cosine):
    for i in range(x.size):
        sine[i], cosine[i] = sine_cosine(x[i])
        angle[i] = arc(y[i], x[i])


def evaluated(y, x):
    out = np.empty((3, x.size))
    every(y, x, *out)
    return out


def test_sine_cosine_and_arctangent_are_numpys():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-15, 15, 200_000), np.arange(-8, 9) * np.pi / 4, [0.0]])
    y = np.concatenate([rng.uniform(-15, 15, 200_000), np.zeros(17), [0.0]])
    y[:50_000] *= 10.0 ** rng.uniform(-12, 0, 50_000)
    angle, sine, cosine = evaluated(y, x)
    np.testing.assert_allclose(sine, np.sin(x), atol=1e-15, rtol=0)
    np.testing.assert_allclose(cosine, np.cos(x), atol=1e-15, rtol=0)
    np.testing.assert_allclose(angle, np.arctan2(y, x), atol=1e-15, rtol=4e-15)


def test_missing_stays_missing_and_infinite_is_no_error():
    bad = np.array([np.nan, 1.0, np.nan])
    angle, sine, _ = evaluated(bad[::-1].copy(), bad)
    assert np.isnan(angle[[0, 2]]).all()
    assert np.isnan(sine[[0, 2]]).all()
    assert np.isnan(galactic_longitude(np.array([np.nan, 1.0]), np.array([1.0, np.nan]))).all()
    assert np.isnan(galactic_latitude(np.array([np.nan, 1.0]), np.array([1.0, np.nan]))).all()


def test_galactic_coordinates_are_astropys():
    rng = np.random.default_rng(1)
    ra = np.concatenate([rng.uniform(0, 360, 20_000), [0.0, 360.0, 192.859, 12.859, 266.405]])
    dec = np.concatenate([np.degrees(np.arcsin(rng.uniform(-1, 1, 20_000))),
                          [90.0, -90.0, 27.128, -27.128, -28.936]])  # fmt: skip
    # astropy's poles are 0.02 arcsec from those of the Hipparcos catalogue
    seen = SkyCoord(ra * u.deg, dec * u.deg).galactic
    longitude, latitude = galactic_longitude(ra, dec), galactic_latitude(ra, dec)
    assert np.all((longitude >= 0) & (longitude < 360))
    turned = (longitude - seen.l.deg + 180) % 360 - 180
    np.testing.assert_allclose(turned * np.cos(seen.b.rad), 0, atol=1e-5)
    np.testing.assert_allclose(latitude, seen.b.deg, atol=1e-5)
