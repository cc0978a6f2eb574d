"""Two cubes beside one another: whether they can be compared, their difference, their pull."""

from __future__ import annotations

from dataclasses import dataclass

import astropy.units as u
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from data.errors import UserError

__all__ = ["Agreement", "agreement", "check_comparable", "difference", "pull"]

Floats = NDArray[np.floating]

_SAME_CELL = 1e-5
"""Two coordinates are the same if they differ by less than this part of the axis' length."""


@dataclass(frozen=True)
class Agreement:
    """How well two fields agree over the cells that both trust.

    Parameters
    ----------
    cells
        Number of cells trusted in both.
    share
        Their part of the cells that both cubes have, 0 to 1; NaN where they have none.
    median_difference
        Median of second minus first; NaN where no cell is left, as everything below.
    median_relative
        Median of ``abs(second - first) / abs(first)`` where the first is not zero.
    rms_pull
        Root mean square of the pulls: 1 if the two differ as their errors say.
    within_one
        Share of pulls between -1 and 1: 0.683 if the two differ as their errors say.
    """

    cells: int
    share: float
    median_difference: float
    median_relative: float
    rms_pull: float
    within_one: float


def check_comparable(first: xr.Dataset, second: xr.Dataset, variable: str) -> None:
    """Refuse two cubes that cannot be compared cell by cell.

    Parameters
    ----------
    first, second
        Two cubes of one kind.
    variable
        Name of the variable to compare.

    Raises
    ------
    UserError
        If one of them lacks the variable, or if its units, its dimensions or the axes of the
        grid differ; the sentence says which.
    """
    for which, cube in (("first", first), ("second", second)):
        if variable not in cube:
            raise UserError(
                f"The {which} run has no {variable!r} to compare.", "Choose another run."
            )
    _check_units(variable, first[variable], second[variable])
    if set(first[variable].dims) != set(second[variable].dims):
        raise UserError(
            f"The dimensions of {variable!r} differ between the two runs.",
            "Runs of different versions of this program cannot always be compared.",
        )
    for axis in first[variable].dims:
        if axis in first.coords and first[axis].dtype.kind in "iuf":
            _check_axis(str(axis), first[axis], second[axis])


def _check_units(variable: str, first: xr.DataArray, second: xr.DataArray) -> None:
    ours, theirs = (str(array.attrs.get("units", "")) for array in (first, second))
    if ours == theirs:
        return
    try:
        same = bool(np.isclose(u.Unit(ours).to(u.Unit(theirs)), 1.0, rtol=1e-12))
    except (ValueError, TypeError):
        same = False
    if not same:
        raise UserError(
            f"The units of {variable!r} differ: {ours or 'none'} and {theirs or 'none'}.",
            "Only runs in the same units can be compared.",
        )


def _check_axis(name: str, first: xr.DataArray, second: xr.DataArray) -> None:
    ours, theirs = (array.to_numpy().astype(float) for array in (first, second))
    hint = "Runs with the same volume and the same spacing of the grid can be compared."
    if ours.size != theirs.size:
        raise UserError(
            f"The grids differ: the first run has {ours.size} cells along {name}, "
            f"the second {theirs.size}.",
            hint,
        )
    if ours.size == 0:
        return
    reach = float(np.ptp(ours)) or 1.0
    apart = float(np.abs(ours - theirs).max())
    if not apart <= _SAME_CELL * reach:
        unit = str(first.attrs.get("units", ""))
        raise UserError(
            f"The grids differ: along {name} the cells of the two runs are up to "
            f"{apart:.3g} {unit}".rstrip()
            + " apart.",
            hint,
        )


def difference(
    first: Floats, first_sd: Floats, second: Floats, second_sd: Floats
) -> tuple[Floats, Floats]:
    """Give second minus first and its error, taken as independent.

    ``sd^2 = first_sd^2 + second_sd^2``. Two runs on the same stars share the chance of the
    sample, so that their difference scatters less than this says: for them it is an upper
    bound.

    Parameters
    ----------
    first, first_sd, second, second_sd
        Values and standard deviations in one unit, shapes that broadcast.

    Returns
    -------
    difference, sd
        Same unit; NaN where a value or an error is.
    """
    return second - first, np.hypot(first_sd, second_sd)


def pull(first: Floats, first_sd: Floats, second: Floats, second_sd: Floats) -> Floats:
    """Give second minus first over the combined error, dimensionless.

    NaN where a number is missing, or where both errors are zero: without an error there is
    nothing to measure a difference with.
    """
    apart, sd = difference(first, first_sd, second, second_sd)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(sd > 0, apart / sd, np.nan))


def agreement(
    first: Floats,
    first_sd: Floats,
    second: Floats,
    second_sd: Floats,
    trusted: NDArray[np.bool_],
) -> Agreement:
    """Sum up how two fields agree, over the cells that both trust.

    Parameters
    ----------
    first, first_sd, second, second_sd
        Values and standard deviations in one unit, all of one shape; NaN outside the volume.
    trusted
        Cells that both trust, same shape.
    """
    both = np.isfinite(first) & np.isfinite(second)
    used = trusted & both
    cells, inside = int(used.sum()), int(both.sum())
    share = cells / inside if inside else float("nan")
    if cells == 0:
        nan = float("nan")
        return Agreement(0, share, nan, nan, nan, nan)
    apart = second[used] - first[used]
    pulls = pull(first, first_sd, second, second_sd)[used]
    pulls = pulls[np.isfinite(pulls)]
    known = first[used] != 0
    relative = np.abs(apart[known] / first[used][known])
    return Agreement(
        cells=cells,
        share=share,
        median_difference=float(np.median(apart)),
        median_relative=float(np.median(relative)) if relative.size else float("nan"),
        rms_pull=float(np.sqrt(np.mean(pulls**2))) if pulls.size else float("nan"),
        within_one=float(np.mean(np.abs(pulls) < 1)) if pulls.size else float("nan"),
    )
