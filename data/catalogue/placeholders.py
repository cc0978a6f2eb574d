"""Numbers that mean "none": -9999, 99.99, 1e20 and values that nothing in the sky can have.

A value is taken as missing only where it cannot be true: it has the form of a placeholder and
lies beyond what the quantity reaches, or it lies beyond anything that is physically possible.
Whatever is only unlikely is kept (`data.catalogue.plausibility` remarks on it).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.catalogue.schema import CARTESIAN, CORRELATIONS, ERRORS
from data.frames import Floats

__all__ = ["LIMITS", "Limits", "placeholder_shaped"]

Mask = npt.NDArray[np.bool_]

_SPEED_OF_LIGHT = 299_792.458


@dataclass(frozen=True)
class Limits:
    """What a quantity can be, in the unit of the store.

    Parameters
    ----------
    unusual
        Magnitude from which on a value that has the form of a placeholder is one.
    impossible
        Magnitude beyond which no value is true.
    positive
        Whether zero and negative values mean nothing (standard errors).
    """

    unusual: float
    impossible: float
    positive: bool = False


_ERROR = Limits(99.0, 1e6, positive=True)
_MAGNITUDE = Limits(30.0, 60.0)

LIMITS: dict[str, Limits] = {
    "ra": Limits(90.0, 1e4),
    "dec": Limits(90.0, 1e4),
    "parallax": Limits(800.0, 5e3),  # Proxima Centauri: 768 mas
    "pmra": Limits(999.0, 2e4),  # Barnard's star: 10,393 mas/yr
    "pmdec": Limits(999.0, 2e4),
    "radial_velocity": Limits(999.0, 2e4),  # S2 at its pericentre: 7,700 km/s
    **dict.fromkeys(ERRORS, _ERROR),
    **{f"{a}_{b}_corr": Limits(1.01, 1.01) for a, b in CORRELATIONS},
    "phot_g_mean_mag": _MAGNITUDE,
    "phot_bp_mean_mag": _MAGNITUDE,
    "phot_rp_mean_mag": _MAGNITUDE,
    "grvs_mag": _MAGNITUDE,
    "bp_rp": _MAGNITUDE,
    "ruwe": Limits(99.0, 1e6, positive=True),
    "parallax_over_error": Limits(9999.0, 1e6),
    "distance": Limits(999.0, 1e6),
    **{name: Limits(9.9e9, np.inf) for name in ("x", "y", "z")},
    **{name: Limits(9999.0, _SPEED_OF_LIGHT) for name in ("vx", "vy", "vz")},
}
"""By known column. Right ascensions of a placeholder's form count only outside 0 to 360."""

assert set(CARTESIAN) <= set(LIMITS)  # noqa: S101  (each column of a map has its limits)

_NINES = [
    float("9" * whole + ("." + "9" * decimals if decimals else ""))
    for whole in range(2, 11)
    for decimals in range(5)
]
_POWERS = [10.0**n for n in range(10, 39)]
_ENDS = [32768.0, 2147483647.0, 2147483648.0, float(np.finfo(np.float32).max)]
_ROUND = np.array([10.0**n for n in range(2, 10)], dtype=np.float32)  # 9999.9999 rounds to 1e4
_SHAPES = np.setdiff1d(np.array([*_NINES, *_POWERS, *_ENDS], dtype=np.float32), _ROUND)


def placeholder_shaped(values: Floats) -> Mask:
    """Say which numbers have the form of a placeholder, whatever their sign.

    Nines with or without decimals (99, -999, 9999.99), powers of ten from 1e10, the ends of
    integers and the largest floats. Compared as single precision, in which tables keep them.

    Parameters
    ----------
    values
        As the table has them, in its own unit; shape (n,).
    """
    size = np.abs(values)
    with np.errstate(over="ignore"):
        single = size.astype(np.float32)
    shaped: Mask = np.isin(single, _SHAPES) | (size >= 1e38)
    return shaped
