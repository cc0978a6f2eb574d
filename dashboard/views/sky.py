"""The whole sky on a plane: Mollweide projection and its graticule.

Longitude grows to the left, as on the sky seen from inside, in any system of coordinates: the
pair of columns says which one, and the graticule is that system's own.
"""

from __future__ import annotations

import numpy as np

from data.parallel_rows import by_pieces
from data.selection.compiled import compiled

__all__ = ["HALF_HEIGHT", "HALF_WIDTH", "from_plane", "graticule", "is_pair", "labels",
           "plane_columns", "system", "to_plane"]  # fmt: skip

#: Half axes of the map (units of the projected sphere's radius).
HALF_WIDTH = 2.0 * np.sqrt(2.0)
HALF_HEIGHT = np.sqrt(2.0)

_SYSTEMS = {
    ("l", "b"): "Galactic",
    ("ra", "dec"): "equatorial (ICRS)",
    ("ecl_lon", "ecl_lat"): "ecliptic",
}
_BLOCK = 1 << 16  # rows projected at once, so that temporary arrays stay small
_NEWTON_STEPS = 12
_TABLE = 4096


def system(axes: tuple[str, str]) -> str | None:
    """Name the system whose longitude and latitude two columns are; None for any others.

    A great circle's own coordinates, ``phi1(...)`` and ``phi2(...)`` of one circle, are such a
    pair.
    """
    if axes in _SYSTEMS:
        return _SYSTEMS[axes]
    x, y = axes
    if x.startswith("phi1(") and y == x.replace("phi1(", "phi2(", 1):
        return f"along {x[len('phi1(') : -1]}"
    return None


def is_pair(axes: tuple[str, str]) -> bool:
    """Say whether two columns can be drawn as a map of the sky."""
    return system(axes) is not None


def plane_columns(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Project whole columns on all cores, as `to_plane` does but in a compiled loop."""
    x, y = np.empty(len(lon), dtype=np.float32), np.empty(len(lon), dtype=np.float32)
    sources = [np.asarray(values).view() for values in (lon, lat)]
    for values in sources:
        values.flags.writeable = False  # what the loop is compiled for

    def work(rows: slice) -> None:
        _project(sources[0][rows], sources[1][rows], _LAT_TABLE, _THETA_TABLE, x[rows], y[rows])

    by_pieces(len(lon), work, _BLOCK)
    return x, y


@compiled
def _project(
    lon: np.ndarray,
    lat: np.ndarray,
    lat_table: np.ndarray,
    theta_table: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
) -> None:
    last = lat_table.size - 2
    for i in range(lon.size):
        degrees, height = np.float64(lon[i]), np.float64(lat[i])
        if not (np.isfinite(degrees) and np.isfinite(height)):
            x[i] = y[i] = np.nan
            continue
        height = min(max(height, -90.0), 90.0)
        # The table is even in the arcsine of its latitudes; rounding may miss by one.
        place = (np.arcsin(height / 90.0) / np.pi + 0.5) * (last + 1)
        k = min(max(int(place), 0), last)
        if height < lat_table[k]:
            k = max(k - 1, 0)
        elif height > lat_table[k + 1]:
            k = min(k + 1, last)
        share = (height - lat_table[k]) / (lat_table[k + 1] - lat_table[k])
        theta = theta_table[k] + share * (theta_table[k + 1] - theta_table[k])
        turned = 180.0 - degrees
        wrapped = 180.0 - (turned - 360.0 * np.floor(turned / 360.0))
        x[i] = -HALF_WIDTH / 180.0 * wrapped * np.cos(theta)
        y[i] = HALF_HEIGHT * np.sin(theta)


def to_plane(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Project longitude and latitude with Mollweide's equal-area projection.

    2 theta + sin 2 theta = pi sin b;  x = -(2 sqrt 2 / pi) l cos theta;  y = sqrt 2 sin theta
    (Snyder 1987, *Map Projections*, eqs 31-1 to 31-3).

    Parameters
    ----------
    lon, lat : (n,)
        Degrees; longitude in any branch, 0 in the middle of the map.

    Returns
    -------
    x, y : (n,) float32
        Map plane; NaN where an input is not finite.
    """
    theta = np.interp(np.asarray(lat, dtype=float), _LAT_TABLE, _THETA_TABLE)
    wrapped = -np.remainder(-np.asarray(lon, dtype=float) + 180.0, 360.0) + 180.0
    x = -HALF_WIDTH / 180.0 * wrapped * np.cos(theta)
    return x.astype(np.float32), (HALF_HEIGHT * np.sin(theta)).astype(np.float32)


def from_plane(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Invert the projection; points outside the ellipse go to its nearest scaled edge.

    Returns
    -------
    lon, lat : (n,)
        Degrees, longitude in (-180, 180].
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    radius = np.hypot(x / HALF_WIDTH, y / HALF_HEIGHT)
    shrink = 1.0 / np.maximum(radius, 1.0)
    x, y = x * shrink, y * shrink
    theta = np.arcsin(np.clip(y / HALF_HEIGHT, -1, 1))
    lat = np.degrees(np.arcsin(np.clip((2 * theta + np.sin(2 * theta)) / np.pi, -1, 1)))
    cosine = np.maximum(np.cos(theta), 1e-9)
    lon = np.clip(-x / HALF_WIDTH * 180.0 / cosine, -180.0, 180.0)
    return lon, lat


def _exact_theta(lat: np.ndarray) -> np.ndarray:
    """Solve Mollweide's equation by Newton's method, latitudes in degrees."""
    target = np.pi * np.sin(np.radians(lat))
    theta = np.radians(lat)
    for _ in range(_NEWTON_STEPS):
        slope = np.maximum(2 + 2 * np.cos(2 * theta), 1e-6)
        theta = theta - (2 * theta + np.sin(2 * theta) - target) / slope
    theta[np.abs(lat) == 90.0] = np.copysign(np.pi / 2, lat[np.abs(lat) == 90.0])
    return np.clip(theta, -np.pi / 2, np.pi / 2)


# Latitudes are denser towards the poles, where theta turns quickly.
_LAT_TABLE = 90.0 * np.sin(np.linspace(-np.pi / 2, np.pi / 2, _TABLE))
_THETA_TABLE = _exact_theta(_LAT_TABLE)


def graticule(step_lon: float = 30.0, step_lat: float = 30.0) -> list[np.ndarray]:
    """Give the lines of equal longitude and latitude, each as (n, 2) points on the plane."""
    lat = np.linspace(-90, 90, 91)
    lon = np.linspace(-179.999, 180, 181)
    lines = [
        np.column_stack(to_plane(np.full_like(lat, value), lat))
        for value in (*np.arange(-180 + step_lon, 180, step_lon), -179.999, 180.0)
    ]
    parallels = np.arange(-90 + step_lat, 90, step_lat)
    lines += [np.column_stack(to_plane(lon, np.full_like(lon, value))) for value in parallels]
    return lines


def labels(step_lon: float = 60.0, step_lat: float = 30.0) -> list[tuple[float, float, str]]:
    """Give the graticule's labels as (x, y, text): longitudes on the equator, latitudes left."""
    lon = np.arange(-180 + step_lon, 180, step_lon)
    lat = [b for b in np.arange(-90 + step_lat, 90, step_lat) if b != 0]
    xs, ys = to_plane(lon, np.zeros_like(lon))
    marks = [
        (float(x), float(y), f"{value % 360:.0f}°")
        for x, y, value in zip(xs, ys, lon, strict=True)
    ]
    xs, ys = to_plane(np.full(len(lat), 180.0), np.array(lat))
    return marks + [
        (float(x), float(y), f"{value:+.0f}°") for x, y, value in zip(xs, ys, lat, strict=True)
    ]
