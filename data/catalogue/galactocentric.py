"""From what a table says of stars to their places in the Galaxy, and why some have none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from data.catalogue.schema import CARTESIAN, NOT_6D_REASONS
from data.frames import Floats, SolarParameters, to_galactocentric

__all__ = ["Placed", "place_measured", "place_simulated", "wrapped"]

Mask = npt.NDArray[np.bool_]
_CODE = {reason: code for code, reason in enumerate(NOT_6D_REASONS, start=1)}


@dataclass(frozen=True)
class Placed:
    """Where stars are.

    Parameters
    ----------
    on_sky
        Shape (n,), the rows that have a place on the sky.
    reason
        Shape (n,) uint8: 0 for 6D, else 1 + the place in `data.catalogue.schema.NOT_6D_REASONS`.
    columns
        ``distance`` and `data.catalogue.schema.CARTESIAN` as they are stored: float32, shape (n,),
        kpc and km/s.
    """

    on_sky: Mask
    reason: npt.NDArray[np.uint8]
    columns: dict[str, npt.NDArray[np.float32]]

    @property
    def has_6d(self) -> Mask:
        """The rows with position and velocity, shape (n,)."""
        complete: Mask = self.reason == 0
        return complete


def place_measured(n: dict[str, Floats], sun: SolarParameters) -> Placed:
    """Place stars that were observed.

    Parameters
    ----------
    n
        ``ra``, ``dec`` (deg), ``pmra``, ``pmdec`` (mas/yr), and where there is one ``distance``
        (kpc) or else ``parallax`` (mas), and ``radial_velocity`` (km/s); shape (n,) each.
    sun
        The Sun's place and motion.
    """
    ra, dec = n["ra"], n["dec"]
    placed = (ra >= 0.0) & (ra <= 360.0) & (np.abs(dec) <= 90.0)
    unknown = np.full(len(ra), np.nan)
    source = n.get("distance", n.get("parallax", unknown))
    word = "distance" if "distance" in n else "parallax"
    with np.errstate(all="ignore"):
        distance = np.where(source > 0.0, source if word == "distance" else 1.0 / source, np.nan)
        velocity = n.get("radial_velocity", unknown)
        x, v = to_galactocentric(ra, dec, distance, n["pmra"], n["pmdec"], velocity, sun)
    reason = np.zeros(len(ra), dtype=np.uint8)
    # the first reason that applies counts, so the last is written first
    reason[np.isnan(velocity)] = _CODE["no radial velocity"]
    reason[np.isnan(n["pmra"]) | np.isnan(n["pmdec"])] = _CODE["no proper motion"]
    reason[source <= 0.0] = _CODE[f"{word} not positive"]
    reason[np.isnan(source)] = _CODE[f"no {word}"]
    return _stored(placed, reason, distance, x, v)


def wrapped(ra: Floats) -> Floats:
    """Bring right ascensions into 0 to 360 deg; those more than half a turn outside stay.

    Parameters
    ----------
    ra
        deg, shape (n,): counted from -180 to 180, or from 0 past 360.
    """
    with np.errstate(invalid="ignore"):
        outside = ((ra < 0.0) & (ra >= -180.0)) | ((ra >= 360.0) & (ra < 540.0))
    turned: Floats = np.where(outside, np.mod(ra, 360.0), ra)
    turned[turned == 360.0] = 0.0  # what is less than a rounding below 0
    return turned


def place_simulated(n: dict[str, Floats], sun: SolarParameters) -> Placed:
    """Do the same for a simulation, which brings its coordinates."""
    x = np.stack([n["x"], n["y"], n["z"]], axis=1)
    v = np.stack([n["vx"], n["vy"], n["vz"]], axis=1)
    placed: Mask = np.logical_and.reduce(np.isfinite(x), axis=1)
    reason = np.zeros(len(x), dtype=np.uint8)
    reason[~np.isfinite(v).all(axis=1)] = _CODE["no velocity"]
    distance = np.linalg.norm(x - np.asarray(sun.position), axis=1)
    return _stored(placed, reason, distance, x, v)


def _stored(
    placed: Mask, reason: npt.NDArray[np.uint8], distance: Floats, x: Floats, v: Floats
) -> Placed:
    """Round to the types of the store, and judge what is left of it."""
    exact: dict[str, npt.NDArray[Any]] = dict(zip(CARTESIAN, (*x.T, *v.T), strict=True))
    with np.errstate(over="ignore", invalid="ignore"):
        columns = {n: c.astype(np.float32) for n, c in ({"distance": distance} | exact).items()}
    finite = np.logical_and.reduce([np.isfinite(columns[name]) for name in CARTESIAN])
    reason[finite] = 0
    reason[~finite & (reason == 0)] = _CODE["out of range"]
    return Placed(placed, reason, columns)
