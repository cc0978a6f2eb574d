"""What a derived column is, and the table of those that have no parameter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy.typing as npt

from data.columns import errors, formulae
from data.columns.energy import circularity, energy

__all__ = ["TABLE", "ColumnSource", "Derived"]

Array: TypeAlias = npt.NDArray[Any]


class ColumnSource(Protocol):
    """What a selection needs of a catalogue."""

    @property
    def n_rows(self) -> int:
        """Number of rows."""

    def has(self, name: str) -> bool:
        """Say whether a column of that name is stored."""

    def column(self, name: str) -> Array:
        """Give a stored column, shape (n_rows,)."""


@dataclass(frozen=True)
class Derived:
    """A derived column: what it is, what it needs and how it is calculated.

    Parameters
    ----------
    unit
        As ``astropy.units.Unit`` parses it.
    description
        A few words for people.
    needs
        Stored columns without which it cannot be calculated.
    calculate
        Takes the needed columns and then the optional ones as doubles, and by keyword ``sun``
        the Sun's position (kpc, shape (3,)), or its `SolarParameters` where ``moving``.
    optional
        Stored columns that are used where they are there; None stands for one that is not.
    moving
        Whether the Sun's motion or the orientation of the frame matters.
    possible
        Further condition on a catalogue; None for no further one.
    """

    unit: str
    description: str
    needs: tuple[str, ...]
    calculate: Callable[..., Array]
    optional: tuple[str, ...] = ()
    moving: bool = False
    possible: Callable[[ColumnSource], bool] | None = None


def _from_parallax(catalogue: ColumnSource) -> bool:
    """Say whether the distances are 1/parallax, so that its error is theirs."""
    manifest = getattr(catalogue, "manifest", None)
    return manifest is None or manifest.origin_of_distance == "1/parallax"


_PLANE = ("x", "y", "vx", "vy")
_SPACE = ("x", "y", "z", "vx", "vy", "vz")


def _error_of(name: str) -> Derived:
    """Describe the standard error of a derived quantity."""
    unit, gradient = errors.QUANTITIES[name]
    place_only = name in ("x", "y", "z", "R")
    needs = (
        (*errors.PLACE, *errors.PLACE_ERRORS)
        if place_only
        else (*errors.SPACE, *errors.SPACE_ERRORS)
    )
    return Derived(
        unit,
        f"error of {name}, from those of the astrometry and their correlations",
        needs,
        errors.propagated(gradient, place_only=place_only),
        ("ra_error", "dec_error", *errors.CORRELATED),
        moving=True,
        possible=_from_parallax,
    )


TABLE: dict[str, tuple[Derived, ...]] = {
    "R": (
        Derived("kpc", "distance from the Galactic axis", ("x", "y"),
                formulae.length),
    ),
    "r": (
        Derived("kpc", "distance from the Galactic centre", ("x", "y", "z"),
                formulae.length),
    ),
    "phi": (
        Derived("deg", "Galactocentric azimuth, 0 at the Sun, positive along rotation",
                ("x", "y"), formulae.azimuth),
    ),
    "v_R": (
        Derived("km / s", "velocity away from the Galactic axis", _PLANE,
                formulae.radial_motion),
    ),
    "v_phi": (
        Derived("km / s", "velocity along Galactic rotation", _PLANE, formulae.rotation_velocity),
    ),
    "v_z": (
        Derived("km / s", "velocity to the Galactic north", ("vz",), formulae.itself),
    ),
    "L_z": (
        Derived("kpc km / s", "angular momentum about the Galactic axis, positive along rotation",
                _PLANE, formulae.angular_momentum),
    ),
    "L": (
        Derived("kpc km / s", "total angular momentum", _SPACE, formulae.total_angular_momentum),
    ),
    "L_perp": (
        Derived("kpc km / s", "angular momentum across the Galactic axis", _SPACE,
                formulae.angular_momentum_across),
    ),
    "E": (
        Derived("km2 / s2", "energy in disc, bulge and halo of gala's MilkyWayPotential", _SPACE,
                energy("milky_way")),
    ),
    "circularity": (
        Derived("", "L_z over that of a circular orbit of the same energy, potential as of E",
                _SPACE, circularity("milky_way")),
    ),
    "speed": (
        Derived("km / s", "speed in the Galactic rest frame", ("vx", "vy", "vz"),
                formulae.length),
    ),
    "v_toomre": (
        Derived("km / s", "sqrt(v_R^2 + v_z^2), the vertical axis of a Toomre diagram",
                (*_PLANE, "vz"), formulae.toomre),
    ),
    "distance_sun": (
        Derived("kpc", "distance from the Sun", ("x", "y", "z"), formulae.distance_from_sun),
    ),
    "l": (
        Derived("deg", "Galactic longitude", ("ra", "dec"), formulae.galactic_longitude),
        Derived("deg", "Galactic longitude", ("x", "y", "z"), formulae.seen_longitude),
    ),
    "b": (
        Derived("deg", "Galactic latitude", ("ra", "dec"), formulae.galactic_latitude),
        Derived("deg", "Galactic latitude", ("x", "y", "z"), formulae.seen_latitude),
    ),
    "parallax_over_error": (
        Derived("", "parallax divided by its error", ("parallax", "parallax_error"),
                formulae.ratio),
    ),
    "pm": (
        Derived("mas / yr", "total proper motion", ("pmra", "pmdec"),
                formulae.length),
    ),
    "pm_error": (
        Derived("mas / yr", "error of the total proper motion",
                ("pmra", "pmdec", "pmra_error", "pmdec_error"), errors.proper_motion_error,
                ("pmra_pmdec_corr",)),
    ),
    "v_tan": (
        Derived("km / s", "velocity across the line of sight", ("pmra", "pmdec", "distance"),
                formulae.tangential_velocity),
    ),
    "absolute_g": (
        Derived("mag", "absolute magnitude M_G, without extinction",
                ("phot_g_mean_mag", "distance"), formulae.absolute_magnitude),
    ),
    "absolute_grvs": (
        Derived("mag", "absolute magnitude in G_RVS, without extinction",
                ("grvs_mag", "distance"), formulae.absolute_magnitude),
    ),
    "distance_error": (
        Derived("kpc", "error of the distance", ("distance", "parallax_error"),
                errors.distance_error, possible=_from_parallax),
    ),
    **{f"{name}_error": (_error_of(name),) for name in errors.QUANTITIES},
}  # fmt: skip
"""Derived columns by name; of several ways the first that the catalogue allows is taken."""
