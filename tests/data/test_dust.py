"""Reddening read off images on two hemispheres, as the map of SFD comes."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from data.errors import UserError
from data.literature.dust import reddening


def hemisphere(path, pole):
    """E(B-V) = 0.1 + |b|/1000 + l/10000 on an equal-area image of half the sky."""
    n = 400
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["GLON-ZEA", "GLAT-ZEA"]
    wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt = [0, pole], [n / 2, n / 2], [-0.41, 0.41]
    y, x = np.mgrid[:n, :n]
    inside = np.hypot(x - n / 2 + 1, y - n / 2 + 1) * 0.41 < 80.0
    places = wcs.pixel_to_world(x[inside], y[inside])
    image = np.zeros((n, n), dtype=np.float32)  # nothing outside its half of the sky
    image[inside] = truth(places.l.deg, places.b.deg)
    fits.PrimaryHDU(image, wcs.to_header()).writeto(path)
    return str(path)


def truth(lon, lat):
    return 0.1 + np.abs(lat) / 1000 + lon / 10_000


def test_both_hemispheres_are_read(tmp_path):
    files = ",".join([hemisphere(tmp_path / "n.fits", 90), hemisphere(tmp_path / "s.fits", -90)])
    rng = np.random.default_rng(0)
    lon = rng.uniform(5, 355, 300)
    lat = np.where(rng.random(300) < 0.5, -1, 1) * rng.uniform(25, 85, 300)
    places = SkyCoord(lon * u.deg, lat * u.deg, frame="galactic").icrs
    found = reddening(files, places.ra.deg, places.dec.deg)
    np.testing.assert_allclose(found, truth(lon, lat), atol=1e-3)


@pytest.mark.parametrize("content", [None, b"no image"])
def test_what_is_no_map_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "x.fits").write_bytes(content)
    with pytest.raises(UserError, match=r"x\.fits"):
        reddening(str(tmp_path / "x.fits"), np.zeros(1), np.zeros(1))


def test_an_image_without_coordinates_is_refused(tmp_path):
    fits.PrimaryHDU(np.zeros((4, 4))).writeto(tmp_path / "plain.fits")
    with pytest.raises(UserError, match="celestial"):
        reddening(str(tmp_path / "plain.fits"), np.zeros(1), np.zeros(1))
