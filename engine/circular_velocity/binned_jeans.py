r"""The axisymmetric Jeans equations on binned stars: what one would do without a flow.

For a steady axisymmetric galaxy (Binney & Tremaine 2008, eqs. 4.222a and c), with the raw second
moments s_ij = <v_i v_j> and the tracers' density nu,

    a_R = ds_RR/dR + s_RR dln nu/dR + ds_Rz/dz + s_Rz dln nu/dz + (s_RR - s_phiphi)/R
    a_z = ds_zz/dz + s_zz dln nu/dz + ds_Rz/dR + s_Rz (dln nu/dR + 1/R)

Moments and counts of bins in (R, z) are fitted with smooth surfaces, whose derivatives these
are; counts are divided by the volume that a bin has inside the ball. Azimuths are averaged
over, so a lopsided galaxy is out of reach; north and south are kept apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from data.population.population import Volume
from engine.circular_velocity.bins import Bins, make_bins
from engine.circular_velocity.moments import cell_sums, cylindrical_velocities
from engine.circular_velocity.surface import (
    Fit,
    Surface,
    fit_counts,
    fit_positive,
    fit_values,
    make_surface,
)
from engine.draws import Draws

__all__ = ["BinnedJeansSettings", "JeansField", "axisymmetric_jeans"]

Floats = NDArray[np.float64]

_FEWEST_BINS = 20

_POSITIVE = 3
"""The first three of the moments, <v_R^2>, <v_phi^2> and <v_z^2>, are fitted as logarithms."""


@dataclass(frozen=True)
class BinnedJeansSettings:
    """How the stars are binned and smoothed; all of it is a choice of this project.

    Parameters
    ----------
    step
        Width of the bins in R, kpc.
    layers
        Number of bins in u = asinh(z/z0) from the bottom of the volume to its top.
    plane_scale
        z0 in kpc, about the scale height of the tracers.
    pieces
        Spline pieces in R and in u.
    min_stars
        Bins with fewer stars have no moments, and no acceleration is given there.
    draws
        Draws of the errors.
    """

    step: float = 0.4
    layers: int = 40
    plane_scale: float = 0.5
    pieces: tuple[int, int] = (4, 8)
    min_stars: int = 20
    draws: int = 100

    def __post_init__(self) -> None:
        if not (self.step > 0 and self.plane_scale > 0):
            raise UserError("The step and the plane_scale of the Jeans bins must be positive.")
        if min(self.layers, *self.pieces) < 1 or self.min_stars < 2 or self.draws < 2:
            raise UserError("The Jeans bins need layers, pieces, stars and draws.")


@dataclass(frozen=True)
class JeansField:
    """The acceleration of an axisymmetric galaxy from binned stars.

    Parameters
    ----------
    R, z
        Centres of the bins with enough stars, (m,) kpc.
    count
        Stars in them, (m,).
    acceleration
        (a_R, a_z) there, (m, 2) km2/s2/kpc, with the errors of the sample and of the smoothing.
    """

    R: Floats
    z: Floats
    count: NDArray[np.int64]
    acceleration: Draws
    _bins: Bins = field(repr=False)
    _surface: Surface = field(repr=False)
    _coefficients: Floats = field(repr=False)

    def at(self, points: Floats) -> Draws:
        """Give the Cartesian acceleration at points (P, 3) kpc, (P, 3) km2/s2/kpc.

        The fitted surfaces are taken there. NaN in bins with too few stars and on the axis.
        """
        R, z = np.hypot(points[:, 0], points[:, 1]), points[:, 2]  # noqa: N806
        known = self._bins.usable_at(R, z) & (R > 0)
        pull = np.full((len(self._coefficients), len(points), 3), np.nan)
        if known.any():
            solved = _jeans(self._surface, self._coefficients, R[known], z[known])
            pull[:, known, :2] = solved[..., :1] * (points[known, :2] / R[known, None])
            pull[:, known, 2] = solved[..., 1]
        return Draws(pull[0], pull[1:] - pull[0])


def axisymmetric_jeans(
    x: NDArray[np.floating],
    v: NDArray[np.floating],
    volume: Volume,
    settings: BinnedJeansSettings | None = None,
    seed: int = 0,
) -> JeansField:
    """Solve the axisymmetric Jeans equations on binned stars.

    Parameters
    ----------
    x, v
        Positions (n, 3) kpc and velocities (n, 3) km/s of stars that are complete in the volume.
    volume
        The ball that they fill.
    settings
        By default those of `BinnedJeansSettings`.
    seed
        Of the draws.

    Raises
    ------
    UserError
        If fewer than twenty bins have enough stars.
    """
    chosen = settings or BinnedJeansSettings()
    bins = make_bins(volume, chosen.step, chosen.layers, chosen.plane_scale)
    ring, velocity = cylindrical_velocities(x, v)
    v_R, v_phi, v_z = velocity.T  # noqa: N806
    second = [v_R**2, v_phi**2, v_z**2, v_R * v_z]
    cells = bins.cells(ring, np.asarray(x, np.float64)[:, 2])
    squares = [values**2 for values in second]
    sums = cell_sums(cells, [np.ones(len(ring)), *second, *squares], bins.count)
    filled = bins.inside & (sums[0] >= chosen.min_stars)
    if np.count_nonzero(filled) < _FEWEST_BINS:
        raise UserError(
            f"Only {np.count_nonzero(filled)} bins in R and z have {chosen.min_stars} stars.",
            "Use more stars or wider bins.",
        )
    surface = make_surface(bins.range_R, bins.range_z, chosen.pieces, chosen.plane_scale)
    fits = [_density(surface, bins, sums[0])]
    for i in range(len(second)):
        own = sums[:, filled][[0, 1 + i, 5 + i]]
        fits.append(_moment(surface, bins.R[filled], bins.z[filled], own, i < _POSITIVE))
    rng = np.random.default_rng(seed)
    mean = np.stack([fit.coefficients for fit in fits])
    drawn = np.stack([fit.draw(chosen.draws, rng) for fit in fits], axis=1)
    coefficients = np.concatenate([mean[None], mean + drawn])
    R, z = bins.R[filled], bins.z[filled]  # noqa: N806
    solved = _jeans(surface, coefficients, R, z)
    return JeansField(
        R=R,
        z=z,
        count=sums[0, filled].astype(np.int64),
        acceleration=Draws(solved[0], solved[1:] - solved[0]),
        _bins=bins.only(filled),
        _surface=surface,
        _coefficients=coefficients,
    )


def _density(surface: Surface, bins: Bins, counts: Floats) -> Fit:
    """Fit ln nu to the counts (cells,), those of empty bins too."""
    inside = bins.inside
    design = surface.design(bins.R[inside], bins.z[inside])[0]
    return fit_counts(surface, design, counts[inside], bins.volume[inside])


def _moment(
    surface: Surface,
    R: Floats,  # noqa: N803
    z: Floats,
    sums: Floats,
    positive: bool,
) -> Fit:
    """Fit a moment <q>, or its logarithm, from sums (3, m) of 1, q and q^2 in bins.

    The variance of q varies smoothly over the map but is poorly known in one bin, so its
    logarithm is fitted too; the weights are the stars over that variance.
    """
    count = sums[0]
    mean = sums[1] / count
    variance = np.maximum(sums[2] / count - mean**2, 1e-6) * count / (count - 1)
    if positive:
        variance /= mean**2
    design = surface.design(R, z)[0]
    # the logarithm of a sample variance scatters by about sqrt(4/n) where tails are heavy
    scatter = fit_values(surface, design, np.log(variance), count / 4)
    weights = count / np.exp(design @ scatter.coefficients)
    return (fit_positive if positive else fit_values)(surface, design, mean, weights)


def _jeans(surface: Surface, coefficients: Floats, R: Floats, z: Floats) -> Floats:  # noqa: N803
    """Give (a_R, a_z), (K + 1, m, 2), from coefficients (K + 1, 5, p) of ln nu and the moments."""
    value, slope_R, slope_z = (  # noqa: N806
        np.moveaxis(coefficients @ design.T, 1, 0) for design in surface.design(R, z)
    )
    s_RR, s_pp, s_zz = np.exp(value[1 : 1 + _POSITIVE])  # noqa: N806
    s_Rz = value[4]  # noqa: N806
    nu_R, nu_z = slope_R[0], slope_z[0]  # noqa: N806
    a_R = s_RR * (slope_R[1] + nu_R) + slope_z[4] + s_Rz * nu_z + (s_RR - s_pp) / R  # noqa: N806
    a_z = s_zz * (slope_z[3] + nu_z) + slope_R[4] + s_Rz * (nu_R + 1 / R)
    return np.stack([a_R, a_z], axis=-1)
