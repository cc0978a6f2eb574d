"""Patches of the sky against the published list and against astropy."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import UserError
from engine.streams.patches import Patch, overlapping, ring_centres, separation, sky_patches

CLOUDS_14 = [
    *((lon, -33.7) for lon in (255, 270, 285, 300, 315)),
    *((lon, -41.8) for lon in (262.5, 277.5, 292.5, 307.5, 322.5)),
    *((lon, -50.2) for lon in (279, 297, 315)),
    (303.75, -58.4),
]
UNEXPLAINED = [(52.5, -41.8), (315, 82.2)]
GD1 = [
    *((lon, 33.7) for lon in (195, 210, 225)),
    *((lon, 41.8) for lon in (187.5, 202.5, 217.5)),
    *((lon, 50.2) for lon in (99, 117, 135, 153, 171, 189, 207)),
    *((lon, 58.4) for lon in (101.2, 123.8, 146.2, 168.8, 191.2)),
    *((lon, 66.4) for lon in (105, 135, 165)),
]


def centres(patches):
    return {(round(p.lon, 2), round(p.lat, 1)) for p in patches}


def near(found, listed):
    """The places of `found` that lie within 0.1 deg of a listed one."""
    return {
        (lon, lat) for lon, lat in found
        if min(separation(lon, lat, *np.array(place)) for place in listed) < 0.15
    }  # fmt: skip


def test_rings_hold_what_via_machinae_uses():
    _, lat = ring_centres(6)
    assert len(lat) == 432
    for sign in (1, -1):
        rings, counts = np.unique(np.round(lat[sign * lat > 33.0], 1), return_counts=True)
        order = np.argsort(np.abs(rings))
        assert np.abs(rings)[order].tolist() == [33.7, 41.8, 50.2, 58.4, 66.4, 74.4, 82.2]
        assert counts[order].tolist() == [24, 24, 20, 16, 12, 8, 4]


def test_216_centres_and_the_16_removals():
    every, published = sky_patches(dropped="nothing"), sky_patches()
    assert (len(every), len(published), len(sky_patches(dropped="clouds"))) == (216, 200, 202)
    gone = centres(every) - centres(published)
    assert len(gone) == 16
    assert near(gone, CLOUDS_14 + UNEXPLAINED) == gone
    gone = centres(every) - centres(sky_patches(dropped="clouds"))
    assert len(gone) == 14
    assert near(gone, CLOUDS_14) == gone


def test_the_21_patches_of_gd1_are_there():
    found = near(centres(sky_patches()), GD1)
    assert len(found) == len(GD1) == 21


def test_pixels_have_equal_areas():
    """Every place is nearest to the pixel that holds it: counts of even places are even."""
    rng = np.random.default_rng(3)
    lon, lat = ring_centres(3)
    places = rng.uniform(0, 360, 40_000), np.degrees(np.arcsin(rng.uniform(-1, 1, 40_000)))
    nearest = np.argmin(separation(places[0][:, None], places[1][:, None], lon, lat), axis=1)
    counts = np.bincount(nearest, minlength=len(lon))
    assert counts.min() > 0.7 * counts.mean()
    assert counts.max() < 1.35 * counts.mean()


@given(
    st.floats(0, 360), st.floats(-89, 89),
    st.lists(st.tuples(st.floats(-40, 40), st.floats(-40, 40)), min_size=1, max_size=5),
)  # fmt: skip
@settings(max_examples=15, deadline=None)
def test_local_coordinates_are_those_of_astropy(lon, lat, offsets):
    patch = Patch("one", lon, lat)
    ra, dec = patch.to_icrs(*np.array(offsets).T)
    pmra, pmdec = np.linspace(-5, 7, len(ra)), np.linspace(3, -9, len(ra))
    unit = u.mas / u.yr
    stars = SkyCoord(ra * u.deg, dec * u.deg, pm_ra_cosdec=pmra * unit, pm_dec=pmdec * unit)
    centre = SkyCoord(lon * u.deg, lat * u.deg, frame="galactic").icrs
    truth = stars.transform_to(centre.skyoffset_frame())
    found = patch.local(ra, dec, pmra, pmdec)
    np.testing.assert_allclose(found["lon"], truth.lon.wrap_at(180 * u.deg).deg, atol=1e-9)
    np.testing.assert_allclose(found["lat"], truth.lat.deg, atol=1e-9)
    np.testing.assert_allclose(found["lon"], np.array(offsets)[:, 0], atol=1e-9)
    np.testing.assert_allclose(found["mu_lon"], truth.pm_lon_coslat.to_value(unit), atol=1e-8)
    np.testing.assert_allclose(found["mu_lat"], truth.pm_lat.to_value(unit), atol=1e-8)


def test_overlaps_and_patches_by_hand():
    patches = sky_patches()
    pairs = overlapping(patches)
    neighbours = np.bincount(np.ravel(pairs), minlength=len(patches))
    assert neighbours.min() >= 2
    assert neighbours.max() <= 13
    assert 9 < neighbours.mean() < 11
    gd1 = Patch.at(148.6, 24.2)
    assert separation(gd1.lon, gd1.lat, 207.0, 50.2) < 0.3
    assert gd1.contains(np.array([148.6, 170.0]), np.array([24.2, 24.2])).tolist() == [True, False]


@pytest.mark.parametrize("wrong", [{"lat": 91.0}, {"radius": 5.0}, {"radius": 120.0}])
def test_a_patch_that_is_none_is_refused(wrong):
    with pytest.raises(UserError, match="patch"):
        Patch(**{"name": "x", "lon": 0.0, "lat": 50.0, **wrong})
