"""Reddening from a map in image files, such as the two of Schlegel, Finkbeiner & Davis (1998)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning
from scipy import ndimage

from data.errors import UserError
from data.frames import Floats

__all__ = ["reddening"]


def reddening(files: str, ra: Floats, dec: Floats) -> Floats:
    """Read E(B-V) off a map.

    Parameters
    ----------
    files
        One FITS image or several, with commas between, each with celestial coordinates in its
        header; the one whose middle is nearest to a place counts. For example
        ``SFD_dust_4096_ngp.fits,SFD_dust_4096_sgp.fits``.
    ra, dec
        ICRS, degrees, (n,).

    Returns
    -------
    ndarray
        Magnitudes, interpolated between pixels, (n,); NaN where no image covers the place.

    Raises
    ------
    UserError
        If a file is missing or is no such image.
    """
    found, nearest = np.full(len(ra), np.nan), np.full(len(ra), np.inf)
    places = SkyCoord(np.asarray(ra) * units.deg, np.asarray(dec) * units.deg, frame="icrs")
    for name in files.split(","):
        path = Path(name.strip()).expanduser()
        image, wcs = _image(path, path.stat().st_mtime_ns if path.is_file() else 0)
        x, y = (np.asarray(a, dtype=np.float64) for a in wcs.world_to_pixel(places))
        inside = (x > -0.5) & (x < image.shape[1] - 0.5) & (y > -0.5) & (y < image.shape[0] - 0.5)
        # Beyond its own hemisphere an image holds rubbish: the one whose middle is nearest counts.
        off = np.hypot(x / image.shape[1] - 0.5, y / image.shape[0] - 0.5)
        want = inside & (off < nearest)
        nearest[want] = off[want]
        found[want] = ndimage.map_coordinates(image, [y[want], x[want]], order=1, mode="nearest")
    return found


@lru_cache(maxsize=4)
def _image(path: Path, stamp: int) -> tuple[Floats, WCS]:
    """Open a map; ``stamp`` changes with the file."""
    import warnings

    if not stamp:
        raise UserError(f"Dust map {path} not found.", "Give the path of a FITS image.")
    try:
        with fits.open(path) as opened, warnings.catch_warnings():
            warnings.simplefilter("ignore", FITSFixedWarning)
            image = next(one for one in opened if one.data is not None and one.data.ndim == 2)
            wcs = WCS(image.header)
            data = np.asarray(image.data, dtype=np.float64)
    except (OSError, ValueError, AttributeError, StopIteration) as error:
        raise UserError(f"{path} is not a FITS image.") from error
    if not wcs.has_celestial:
        raise UserError(
            f"The image {path} has no celestial coordinates in its header.",
            "HEALPix tables are not supported; project the map onto an image first.",
        )
    return data, wcs.celestial
