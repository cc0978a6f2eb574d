"""Angles of millions of stars: sine, cosine and arctangent without branches.

A loop that calls the C library for each star cannot be turned into vector instructions; these
polynomials can, and are then eight times faster. They are Cephes' (S. L. Moshier, *Methods and
Programs for Mathematical Functions*, 1989), good to a few units of the sixteenth digit.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from data.compiled import compiled_without_checks
from data.frames import Floats

__all__ = ["arc", "galactic_latitude", "galactic_longitude", "sine_cosine"]

_DEGREE = np.pi / 180.0
_HALF_PI = 1.5707963267948966
_HALF_PI_REST = 6.123233995736766e-17  # what the double above lacks of pi / 2
_PER_QUADRANT = 1.0 / _HALF_PI
_STEEP = 0.41421356237309503  # tan(pi / 8)

# Rotation from the ICRS to Galactic axes: Hipparcos catalogue, vol. 1, eq. 1.5.11.
TO_GALACTIC = (
    (-0.0548755604162154, -0.8734370902348850, -0.4838350155487132),
    (0.4941094278755837, -0.4448296299600112, 0.7469822444972189),
    (-0.8676661490190047, -0.1980763734312015, 0.4559837761750669),
)


@numba.njit(inline="always", error_model="numpy")
def sine_cosine(angle: float) -> tuple[float, float]:
    """Give sine and cosine of an angle in radians of a few turns at most."""
    quadrant = np.floor(angle * _PER_QUADRANT + 0.5)
    r = (angle - quadrant * _HALF_PI) - quadrant * _HALF_PI_REST
    z = r * r
    sine = r + r * z * (
        -1.66666666666666307295e-1
        + z * (8.33333333332211858878e-3
        + z * (-1.98412698295895385996e-4
        + z * (2.75573136213857245213e-6
        + z * (-2.50507477628578072866e-8
        + z * 1.58962301576546568060e-10))))
    )  # fmt: skip
    cosine = 1.0 - 0.5 * z + z * z * (
        4.16666666666665929218e-2
        + z * (-1.38888888888730564116e-3
        + z * (2.48015872888517045348e-5
        + z * (-2.75573141792967388112e-7
        + z * (2.08757008419747316778e-9
        - z * 1.13585365213876817300e-11))))
    )  # fmt: skip
    turn = np.int64(quadrant) & 3
    s = cosine if turn & 1 else sine
    c = sine if turn & 1 else cosine
    return (-s if turn & 2 else s), (-c if (turn + 1) & 2 else c)


@numba.njit(inline="always", error_model="numpy")
def arc(y: float, x: float) -> float:
    """Give the angle of a vector in radians, in (-pi, pi], as ``arctan2`` does; 0 for none."""
    large, small = max(abs(x), abs(y)), min(abs(x), abs(y))
    share = small / large if large > 0.0 else 0.0
    steep = share > _STEEP
    t = (share - 1.0) / (share + 1.0) if steep else share
    z = t * t
    above = (((-8.750608600031904122785e-1 * z - 1.615753718733365076637e1) * z
              - 7.500855792314704667340e1) * z - 1.228866684490136173410e2) * z \
        - 6.485021904942025371773e1  # fmt: skip
    below = ((((z + 2.485846490142306297962e1) * z + 1.650270098316988542046e2) * z
              + 4.328810604912902668951e2) * z + 4.853903996359136964868e2) * z \
        + 1.945506571482613964425e2  # fmt: skip
    angle = t + t * z * above / below + (0.5 * _HALF_PI if steep else 0.0)
    angle = _HALF_PI - angle if abs(y) > abs(x) else angle
    angle = 2.0 * _HALF_PI - angle if x < 0.0 else angle
    angle = -angle if y < 0.0 else angle
    return angle if large == large else np.nan  # not so for a missing one


@compiled_without_checks
def _longitude(ra: Floats, dec: Floats, out: Floats) -> None:
    (a, b, c), (d, e, f), _ = TO_GALACTIC
    for i in range(ra.size):
        sine, cosine = sine_cosine(ra[i] * _DEGREE)
        height, level = sine_cosine(dec[i] * _DEGREE)
        x, y = level * cosine, level * sine
        angle = arc(d * x + e * y + f * height, a * x + b * y + c * height) / _DEGREE
        out[i] = angle + 360.0 if angle < 0.0 else angle


@compiled_without_checks
def _latitude(ra: Floats, dec: Floats, out: Floats) -> None:
    (a, b, c), (d, e, f), (g, h, k) = TO_GALACTIC
    for i in range(ra.size):
        sine, cosine = sine_cosine(ra[i] * _DEGREE)
        height, level = sine_cosine(dec[i] * _DEGREE)
        x, y = level * cosine, level * sine
        u, v = a * x + b * y + c * height, d * x + e * y + f * height
        out[i] = arc(g * x + h * y + k * height, np.sqrt(u * u + v * v)) / _DEGREE


def galactic_longitude(ra: npt.NDArray[np.floating], dec: npt.NDArray[np.floating]) -> Floats:
    """Galactic longitude in degrees, in [0, 360), of ICRS coordinates in degrees, (n,)."""
    out = np.empty(len(ra))
    _longitude(np.asarray(ra, dtype=np.float64), np.asarray(dec, dtype=np.float64), out)
    return out


def galactic_latitude(ra: npt.NDArray[np.floating], dec: npt.NDArray[np.floating]) -> Floats:
    """Galactic latitude in degrees of ICRS coordinates in degrees, (n,)."""
    out = np.empty(len(ra))
    _latitude(np.asarray(ra, dtype=np.float64), np.asarray(dec, dtype=np.float64), out)
    return out
