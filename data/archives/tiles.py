"""Which HEALPix tiles of a catalogue a part of the sky may touch, and which stars lie in it.

Our own geometry: lsdb's box search (0.11) follows great circles between the corners of a box and
loses stars next to the poles and near its edges. A tile is taken for the circle about its centre
that holds it, so that a tile too many is read but none too few.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from data.archives.pushdown import Box, Cone

__all__ = ["in_region", "touching"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_SPARE = 1.1
"""Radius of the circle in units of the distance from a tile's centre to its farthest corner."""


def touching(tiles: Sequence[tuple[int, int]], sky: Box | Cone) -> list[tuple[int, int]]:
    """Give the tiles (order, pixel; nested) that a part of the sky may touch."""
    order, pixel = np.asarray(tiles, dtype=np.int64).reshape(-1, 2).T
    touched = np.zeros(len(tiles), dtype=np.bool_)
    for depth in np.unique(order):
        same = order == depth
        ra, dec, radius = _circles(int(depth), pixel[same])
        touched[same] = _cone_near(sky, ra, dec, radius)
    return [tile for tile, near in zip(tiles, touched, strict=True) if near]


def in_region(sky: Box | Cone, ra: Floats, dec: Floats) -> Mask:
    """Say which stars at ra, dec (degrees, (n,)) lie in a part of the sky, its edge included."""
    if isinstance(sky, Cone):
        return np.asarray(_separation(ra, dec, sky.ra, sky.dec) <= sky.radius)
    width = _width(sky)
    return np.asarray(
        (dec >= sky.dec[0]) & (dec <= sky.dec[1]) & (np.mod(ra - sky.ra[0], 360.0) <= width)
    )


def _cone_near(sky: Box | Cone, ra: Floats, dec: Floats, radius: Floats) -> Mask:
    """Say which circles on the sky may reach into a region."""
    if isinstance(sky, Cone):
        return np.asarray(_separation(ra, dec, sky.ra, sky.dec) <= sky.radius + radius)
    near = (dec + radius >= sky.dec[0]) & (dec - radius <= sky.dec[1])
    # a circle spans +-asin(sin(radius) / cos(dec)) in ra; all of it where it holds a pole
    pole = np.abs(dec) + radius >= 90.0
    sine = np.sin(np.radians(radius)) / np.cos(np.radians(np.where(pole, 0.0, dec)))
    half = np.where(pole, 180.0, np.degrees(np.arcsin(np.minimum(sine, 1.0))))
    reach = _width(sky) + 2 * half
    return np.asarray(near & ((reach >= 360.0) | (np.mod(ra - sky.ra[0] + half, 360.0) <= reach)))


def _width(box: Box) -> float:
    """Give the extent of a box in ra, degrees; one that begins where it ends is a circle."""
    low, high = box.ra
    return 360.0 if high - low >= 360.0 else float((high - low) % 360.0)


def _circles(order: int, pixel: npt.NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Give centres and radii, degrees, of circles that hold tiles of an order."""
    from cdshealpix import nested  # comes with lsdb

    numbers = pixel.astype(np.uint64)
    lon, lat = nested.healpix_to_lonlat(numbers, order)
    corner_lon, corner_lat = nested.vertices(numbers, order)
    ra, dec = (np.asarray(angle.to_value("deg"), dtype=np.float64) for angle in (lon, lat))
    corners = [np.asarray(angle.to_value("deg")) for angle in (corner_lon, corner_lat)]
    away = _separation(corners[0], corners[1], ra[:, None], dec[:, None])
    return ra, dec, _SPARE * away.max(1)


def _separation(ra: Floats, dec: Floats, ra0: Floats | float, dec0: Floats | float) -> Floats:
    """Give angles on the sky in degrees, by the haversine, which is exact for small ones."""
    a, d, a0, d0 = (np.radians(angle) for angle in (ra, dec, ra0, dec0))
    h = np.sin((d - d0) / 2) ** 2 + np.cos(d) * np.cos(d0) * np.sin((a - a0) / 2) ** 2
    separation: Floats = np.degrees(2 * np.arcsin(np.sqrt(np.minimum(h, 1.0))))
    return separation
