r"""The circular velocity of the axisymmetric Jeans equation, as Eilers et al. (2019) use it.

In the plane of a steady axisymmetric galaxy (Binney & Tremaine 2008, eq. 4.222a),

    v_c^2 = <v_phi^2> - <v_R^2> (1 + dln nu/dln R + dln<v_R^2>/dln R) - (R/nu) d(nu <v_R v_z>)/dz

and the last term is neglected, as in Eilers et al. 2019, ApJ 871, 120. The tracers are taken
to fall as nu ~ exp(-R/h). The values of the settings below are that paper's as remembered, not
read from it: they are settings for that reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from engine.circular_velocity.curve import Curve, root
from engine.circular_velocity.moments import bootstrap_sums, cylindrical_velocities
from engine.draws import Draws
from engine.symmetry.cylindrical import azimuth

__all__ = ["JeansCurveSettings", "jeans_curve"]

Floats = NDArray[np.float64]

_FEWEST_BINS = 3


@dataclass(frozen=True)
class JeansCurveSettings:
    """What goes into the Jeans curve.

    Parameters
    ----------
    scale_length
        h of the tracers' density in kpc; 3 in Eilers et al. 2019. At the Sun with a radial
        dispersion of 35 km/s, 1 kpc of it is worth 2 km/s.
    height
        Stars with abs(z) below this (kpc) count.
    wedge
        Half-width in degrees of the azimuths about the Sun that count.
    step
        Width of the bins in R, kpc.
    min_stars
        Bins with fewer stars are left out.
    draws
        Bootstrap samples.
    """

    scale_length: float = 3.0
    height: float = 0.5
    wedge: float = 30.0
    step: float = 0.5
    min_stars: int = 100
    draws: int = 200

    def __post_init__(self) -> None:
        for name in ("scale_length", "height", "wedge", "step"):
            if not getattr(self, name) > 0:
                raise UserError(f"The {name} of the Jeans curve must be positive.")
        if self.draws < 2 or self.min_stars < 2:
            raise UserError("The Jeans curve needs at least 2 draws and 2 stars per bin.")


def jeans_curve(
    x: NDArray[np.floating],
    v: NDArray[np.floating],
    settings: JeansCurveSettings | None = None,
    seed: int = 0,
) -> Curve:
    """Give the circular velocity of stars from the axisymmetric Jeans equation.

    dln<v_R^2>/dR is that of an exponential fitted to the bins. Only the sampling of the
    stars is in the error: h, the neglected term and departures from a steady axisymmetric
    galaxy are systematic, 2 to 5 % in Eilers et al. (2019).

    Parameters
    ----------
    x, v
        Positions (n, 3) kpc and velocities (n, 3) km/s, Galactocentric. Only the bins of <v^2>
        are used, so the stars may be incomplete in any way that depends on position alone.
    settings
        By default those of `JeansCurveSettings`.
    seed
        Of the bootstrap.

    Returns
    -------
    Curve
        At the centres of the bins; ``used`` counts stars.

    Raises
    ------
    UserError
        If fewer than three bins have enough stars.
    """
    chosen = settings or JeansCurveSettings()
    ring, velocity = cylindrical_velocities(x, v)
    phi = azimuth(np.asarray(x, np.float64))
    inside = (np.abs(x[:, 2]) < chosen.height) & (np.abs(phi) < np.radians(chosen.wedge))
    first, last = _range(ring[inside], chosen)
    cells = np.where(inside, np.floor(ring / chosen.step).astype(np.int64) - first, -1)
    cells[cells >= last - first] = -1
    squares = [np.ones(len(ring)), velocity[:, 0] ** 2, velocity[:, 1] ** 2]
    sums, drawn = bootstrap_sums(
        cells,
        squares,
        last - first,
        draws=chosen.draws,
        groups=max(chosen.draws, 200),
        rng=np.random.default_rng(seed),
    )
    full = sums[0] >= chosen.min_stars
    if np.count_nonzero(full) < _FEWEST_BINS:
        raise UserError(
            f"Fewer than {_FEWEST_BINS} bins in R have {chosen.min_stars} stars near the plane.",
            "Use more stars, wider bins or a larger height.",
        )
    R = (np.arange(first, last)[full] + 0.5) * chosen.step  # noqa: N806
    count = sums[0, full]
    mean = _squared(sums[:, full], R, count, chosen.scale_length)
    each = np.stack([_squared(d[:, full], R, count, chosen.scale_length) for d in drawn])
    return Curve(R, root(Draws(mean, each - mean)), count.astype(np.int64))


def _range(ring: Floats, settings: JeansCurveSettings) -> tuple[int, int]:
    """Give the first bin and the one after the last."""
    if len(ring) == 0:
        return 0, 1
    return int(ring.min() // settings.step), int(ring.max() // settings.step) + 1


def _squared(sums: Floats, R: Floats, weights: Floats, scale_length: float) -> Floats:  # noqa: N803
    """Give v_c^2 (n,) from counts and sums of v_R^2 and v_phi^2 (3, n)."""
    count = np.maximum(sums[0], 1.0)
    radial, along = sums[1] / count, sums[2] / count
    slope = np.polynomial.polynomial.polyfit(
        R, np.log(np.maximum(radial, 1e-12)), 1, w=weights**0.5
    )
    squared: Floats = along - radial * (1 - R / scale_length + R * slope[1])
    return squared
