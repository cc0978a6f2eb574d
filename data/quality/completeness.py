"""Which stars a limit in apparent magnitude loses, and where.

A sample that ends at an apparent magnitude loses its faint stars far away. Stars brighter than
M_lim = m_lim - 5 log10(d_max / 10 pc) are seen as far as d_max, but for the extinction: a sample
of them is complete within d_max (arXiv:2305.13358 makes its tracers so).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from data.errors import UserError
from data.frames import Floats
from data.quality.luminosity import LuminosityFunction

__all__ = ["Completeness", "absolute_limit", "completeness_map", "distance_modulus"]

_CELLS = 41
_WIDEST = 4
"""Cells over which the extinction may be averaged where stars are few."""


def distance_modulus(distance: npt.NDArray[np.floating] | float) -> Floats:
    """Give 5 log10(d / 10 pc) of distances in kpc, in mag; NaN where there is no distance."""
    d = np.asarray(distance, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        modulus: Floats = np.where(d > 0.0, 5.0 * np.log10(d) + 10.0, np.nan)
    return modulus


def absolute_limit(limit: float, distance: float) -> float:
    """Give the faintest absolute magnitude that is seen at a distance, without extinction.

    Parameters
    ----------
    limit
        Apparent magnitude to which stars are seen.
    distance
        kpc, positive.

    Raises
    ------
    UserError
        If the distance is not positive.
    """
    if not (np.isfinite(limit) and np.isfinite(distance) and distance > 0.0):
        raise UserError(f"A maximum distance of {distance:g} kpc with a limit of {limit:g} mag "
                        "is invalid.", "The distance must be positive.")  # fmt: skip
    return float(limit - distance_modulus(distance))


@dataclass(frozen=True)
class Completeness:
    """The share of a population that is brighter than the limit, over a volume.

    Parameters
    ----------
    axes
        Cell centres along x, y, z in kpc, shape (n,) each.
    value, error
        Shape (n, n, n): between 0 and 1, with the standard error from the number of stars; NaN
        outside the ball.
    extinction
        Mean extinction of the cells in mag, shape (n, n, n); None without.
    faintest
        The faintest absolute magnitude of the population.
    """

    axes: tuple[Floats, Floats, Floats]
    value: Floats
    error: Floats
    extinction: Floats | None
    faintest: float

    @property
    def mean(self) -> float:
        """Mean over the volume."""
        return float(np.nanmean(self.value))

    @property
    def mean_error(self) -> float:
        """Standard error of the mean: those of the cells, which share their stars."""
        return float(np.nanmean(self.error))

    @property
    def lowest(self) -> float:
        """The smallest value in the volume."""
        return float(np.nanmin(self.value))

    def slice(self, plane: tuple[str, str]) -> Floats:
        """Give the cells of the plane through the middle, shape (n, n): first axis first."""
        across = ({"x", "y", "z"} - set(plane)).pop()
        cut = np.take(self.value, self.value.shape[0] // 2, axis="xyz".index(across))
        flat: Floats = cut if list(plane) == sorted(plane) else cut.T
        return flat


def completeness_map(
    function: LuminosityFunction,
    *,
    faintest: float,
    sun: npt.NDArray[np.floating],
    radius: float,
    extinction: tuple[Floats, Floats] | None = None,
    cells: int = _CELLS,
) -> Completeness:
    """Say which share of a population is brighter than the limit, at each place round the Sun.

    Parameters
    ----------
    function
        Of the population, with the limit.
    faintest
        The faintest absolute magnitude that belongs to the population.
    sun
        Where magnitudes are seen from, kpc, shape (3,): the centre of the ball.
    radius
        Of the ball, kpc.
    extinction
        Positions in kpc (n, 3) and extinctions in mag (n,) of stars; their means over cells are
        used, over several cells where stars are few. Without, there is none.
    cells
        Along each axis, odd so that the Sun's plane is one of them.
    """
    centre = np.asarray(sun, dtype=np.float64)
    offset = np.linspace(-radius, radius, cells)
    grid = np.stack(np.meshgrid(offset, offset, offset, indexing="ij"), axis=-1)
    distance = np.linalg.norm(grid, axis=-1)
    dust = None if extinction is None else _mean_extinction(*extinction, centre, offset)
    # at the Sun itself everything is seen: half a cell away stands for the cell
    nearest = 0.5 * (offset[1] - offset[0])
    modulus = distance_modulus(np.maximum(distance, nearest))
    if dust is not None:
        modulus = modulus + dust
    value, error = function.share(function.limit - modulus, faintest)
    outside = distance > radius
    value[outside] = error[outside] = np.nan
    axes = tuple(centre[i] + offset for i in range(3))
    return Completeness((axes[0], axes[1], axes[2]), value, error, dust, faintest)


def _mean_extinction(positions: Floats, values: Floats, centre: Floats, offset: Floats) -> Floats:
    """Average the extinction of stars over cells, and over ever more of them where none are."""
    step = offset[1] - offset[0]
    edges = np.append(offset, offset[-1] + step) - 0.5 * step
    known = np.isfinite(values) & np.isfinite(positions).all(axis=1)
    if not known.any():
        raise UserError("No star has an extinction.", "Choose another column, or none.")
    place = positions[known] - centre
    number, _ = np.histogramdd(place, [edges] * 3)
    total, _ = np.histogramdd(place, [edges] * 3, weights=values[known])
    filled = np.where(number > 0, total / np.maximum(number, 1), np.nan)
    for width in (1, 2, _WIDEST):
        empty = np.isnan(filled)
        if not empty.any():
            break
        weight = gaussian_filter(number, width, mode="constant")
        enough = empty & (weight > 1e-3 * max(float(weight.max()), 1e-300))
        filled[enough] = gaussian_filter(total, width, mode="constant")[enough] / weight[enough]
    mean: Floats = np.where(np.isnan(filled), float(values[known].mean()), filled)
    return mean
