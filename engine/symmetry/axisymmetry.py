"""Symmetry round the axis: the azimuthal pull, and the radial one along arcs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from data.errors import UserError
from engine.cubes.grid import Grid
from engine.draws import Draws
from engine.symmetry.cylindrical import cylindrical
from engine.symmetry.significance import JointSignificance, joint_significance

__all__ = ["ArcSymmetry", "arc_points", "arc_symmetry", "azimuthal", "on_grid"]

Floats = NDArray[np.float64]


def azimuthal(points: Floats, acceleration: Draws) -> Draws:
    """Give a_phi/|a_R|, (P,), positive where the pull is along Galactic rotation.

    Zero everywhere in an axisymmetric galaxy; NaN on the axis.

    Parameters
    ----------
    points
        (P, 3) kpc.
    acceleration
        (P, 3) km2/s2/kpc.
    """

    def ratio(a: Floats) -> Floats:
        radial, along, _ = np.moveaxis(cylindrical(points, a), -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(np.abs(radial) > 0, along / np.abs(radial), np.nan)

    return acceleration.map(ratio)


def arc_points(R: float, z: float, phi: Floats) -> Floats:  # noqa: N803
    """Give positions (n, 3) kpc at radius ``R`` and height ``z`` kpc and azimuths ``phi``, rad."""
    points: Floats = np.stack([R * np.cos(phi), -R * np.sin(phi), np.full_like(phi, z)], axis=-1)
    return points


def on_grid(
    grid: Grid, field: Draws, points: Floats, trusted: NDArray[np.bool_] | None = None
) -> Draws:
    """Interpolate a field on a grid to positions, linearly in x, y and z.

    Parameters
    ----------
    grid
        The grid, P cells of it inside the volume.
    field
        (P, ...) at those cells.
    points
        (n, 3) kpc.
    trusted
        (P,); by default all are.

    Returns
    -------
    Draws
        (n, ...); NaN where one of the eight cells around is outside or not trusted.
    """
    shape = field.mean.shape[1:]

    def interpolated(values: Floats) -> Floats:
        columns = values.reshape(len(values), -1).T
        if trusted is not None:
            columns = np.where(trusted, columns, np.nan)
        full = np.moveaxis(grid.fill(columns), 0, -1).astype(np.float64)
        axes = (grid.x, grid.y, grid.z)
        return np.asarray(RegularGridInterpolator(axes, full, bounds_error=False)(points)).reshape(
            len(points), *shape
        )

    return field.map(interpolated)


@dataclass(frozen=True)
class ArcSymmetry:
    """The field along one arc of constant R and z.

    Parameters
    ----------
    used
        Number of positions that were trusted.
    radial
        Mean of a_R over the arc, km2/s2/kpc.
    azimuthal
        Mean of a_phi over the arc relative to the size of the mean of a_R.
    spread
        rms of a_R about its mean, relative to the size of the mean. Errors add to it, see
        ``noise``.
    noise
        The spread that the errors alone would give.
    radial_test, azimuthal_test
        Whether the deviations of a_R from its mean, and a_phi, are zero along the arc.
    """

    used: int
    radial: Draws
    azimuthal: Draws
    spread: Draws
    noise: float
    radial_test: JointSignificance
    azimuthal_test: JointSignificance

    @property
    def excess(self) -> float:
        """The spread beyond that of the errors, sqrt(spread^2 - noise^2); 0 where it is less."""
        noise = np.nan_to_num(self.noise)
        return float(np.sqrt(max(0.0, float(self.spread.mean) ** 2 - noise**2)))


def arc_symmetry(
    points: Floats,
    acceleration: Draws,
    trusted: NDArray[np.bool_] | None = None,
    independent: int | None = None,
) -> ArcSymmetry:
    """Compare the field along an arc with that of an axisymmetric galaxy.

    Parameters
    ----------
    points
        Positions (n, 3) kpc of one R and one z, such as the solar arc of ``make_lines``.
    acceleration
        (n, 3) km2/s2/kpc.
    trusted
        (n,); others, and those that are not finite, are left out. By default all are.
    independent
        See ``joint_significance``.

    Raises
    ------
    UserError
        If fewer than three positions are left, or the positions are on no arc.
    """
    usable = np.isfinite(points).all(-1) & np.isfinite(acceleration.mean).all(-1)
    if trusted is not None:
        usable &= trusted
    places = points[usable]
    if len(places) < 3:
        raise UserError(
            f"Only {len(places)} positions of the arc are trusted.",
            "Choose an arc closer to the middle of the volume, or include flagged cells.",
        )
    radii = np.hypot(places[:, 0], places[:, 1])
    if np.ptp(radii) > 1e-3 * radii.mean() or np.ptp(places[:, 2]) > 1e-3 * radii.mean():
        raise UserError("The positions are not on an arc of one radius and one height.")
    components = acceleration.map(lambda a: cylindrical(places, a[usable]))
    radial = components.map(lambda c: np.asarray(c[:, 0].mean()))
    deviation = components.map(lambda c: c[:, 0] - c[:, 0].mean())
    size = abs(float(radial.mean))
    noise = np.sqrt(np.mean(deviation.sd**2)) / size
    return ArcSymmetry(
        used=len(places),
        radial=radial,
        azimuthal=components.map(lambda c: np.asarray(c[:, 1].mean() / abs(c[:, 0].mean()))),
        spread=components.map(lambda c: np.asarray(c[:, 0].std() / abs(c[:, 0].mean()))),
        noise=float(noise),
        radial_test=joint_significance(deviation, independent),
        azimuthal_test=joint_significance(components.map(lambda c: c[:, 1]), independent),
    )
