"""Tracer populations: the stars of a selection that have 6D coordinates, in a volume.

Every row of the catalogue is accounted for: it is not selected, or selected without 6D
coordinates (by reason), or outside the volume, or a tracer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from data.catalogue.remarks import Remark, concerning
from data.catalogue.schema import ASTROMETRY, CARTESIAN, ERRORS
from data.catalogue.store import Catalogue
from data.columns.covariance import cartesian_covariance
from data.errors import UserError
from data.frames import DEFAULT_SUN, Floats, SolarParameters
from data.population.checks import MIN_TRACERS, listed, nothing_selected, require_6d, too_few
from data.population.degenerate import require_spread
from data.population.warnings import Reason, population_reasons
from data.selection import Tree, columns, mask, validate
from data.selection.kernels import refine_ball

__all__ = ["MIN_TRACERS", "RADIUS", "Population", "Volume", "make_population", "remarks_on"]

RADIUS = 4.0
"""Radius of the default volume in kpc (arXiv 2305.13358)."""

_POSITION = ("x", "y", "z")
_VELOCITY = ("vx", "vy", "vz")


@dataclass(frozen=True)
class Volume:
    """The ball that the tracers fill.

    Parameters
    ----------
    centre
        Galactocentric position in kpc.
    radius
        In kpc.
    """

    centre: tuple[float, float, float]
    radius: float = RADIUS

    def __post_init__(self) -> None:
        if len(self.centre) != 3 or not np.all(np.isfinite(self.centre)):
            raise UserError("The centre of a volume must be three finite numbers in kpc.")
        if not (np.isfinite(self.radius) and self.radius > 0.0):
            raise UserError(f"The radius of a volume must be positive, not {self.radius:g} kpc.")

    def mask(self, catalogue: Catalogue) -> npt.NDArray[np.bool_]:
        """Say which stars of a catalogue lie inside; one without a position does not."""
        inside = np.ones(catalogue.n_rows, dtype=np.bool_)
        x, y, z = (catalogue.column(name) for name in _POSITION)
        refine_ball(inside, x, y, z, np.asarray(self.centre, dtype=np.float64), self.radius)
        return inside

    def to_dict(self) -> dict[str, Any]:
        """Give the form that specs and cubes carry."""
        return {"centre": list(self.centre), "radius": self.radius}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Volume:
        """Read what `to_dict` wrote.

        Raises
        ------
        UserError
            If it is not a volume.
        """
        try:
            x, y, z = (float(value) for value in stored["centre"])
            return cls((x, y, z), float(stored.get("radius", RADIUS)))
        except (KeyError, TypeError, ValueError, AttributeError):
            example = {"centre": list(DEFAULT_SUN.position), "radius": RADIUS}
            raise UserError(
                "The volume cannot be read.",
                f"It must look like {json.dumps(example)}, in kpc.",
            ) from None


@dataclass
class Population:
    """What a density model is trained on.

    Parameters
    ----------
    catalogue_id
        Content id of the catalogue.
    selection
        The validated selection; None for everything.
    volume
        The ball that the tracers fill.
    sun
        The Sun's place and motion.
    rows
        Row numbers in the catalogue, ascending, shape (n,).
    x, v
        Galactocentric positions (kpc) and velocities (km/s), float32, shape (n, 3).
    counts
        ``catalogue``, ``selected``, ``not_6d`` by reason, ``outside_volume``, ``tracers``; the
        last three make ``selected``.
    warnings
        Reasons for distrust.
    remarks
        Cautions on the columns that it is made of, which take no trust from a map.
    catalogue
        Where the stars are, for what is only read when asked for.
    """

    catalogue_id: str
    selection: Tree
    volume: Volume
    sun: SolarParameters
    rows: npt.NDArray[np.int64]
    x: npt.NDArray[np.float32]
    v: npt.NDArray[np.float32]
    counts: dict[str, Any]
    warnings: list[Reason] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    catalogue: Catalogue | None = field(default=None, repr=False)

    def covariance(self) -> Floats | None:
        """Propagate the measurement errors of the tracers.

        Returns
        -------
        ndarray or None
            Covariance of (x, y, z, vx, vy, vz) in kpc and km/s, shape (n, 6, 6), calculated
            anew at each call; None where the catalogue has no errors to propagate.
        """
        return None if self.catalogue is None else cartesian_covariance(self.catalogue, self.rows)


def make_population(
    catalogue: Catalogue,
    selection: object = None,
    volume: Volume | Mapping[str, Any] | None = None,
    sun: SolarParameters | None = None,
) -> Population:
    """Take the stars of a catalogue that a density model is to be trained on.

    Parameters
    ----------
    catalogue
        Where the stars are.
    selection
        A selection tree; None for all stars.
    volume
        The ball; by default 4 kpc around the Sun.
    sun
        Needed only where it differs from the Sun of the catalogue.

    Raises
    ------
    UserError
        If no star has 6D coordinates, the selection or the volume leaves none, fewer than
        ``MIN_TRACERS`` are left, or these do not fill phase space
        (``data.population.degenerate``).
    """
    sun = _sun(catalogue, sun)
    ball = _volume(volume, sun)
    tree = validate(selection)
    require_6d(catalogue)
    selected = mask(tree, catalogue)
    n_selected = int(np.count_nonzero(selected))
    if n_selected == 0:
        raise nothing_selected(catalogue, tree)
    has_6d = catalogue.column("has_6d")
    without = _count_reasons(catalogue, selected & ~has_6d)
    n_usable = n_selected - sum(without.values())
    if n_usable == 0:
        raise UserError(
            f"None of the {n_selected:,} selected stars has full 6D data: {listed(without)}.",
            "Select stars with a positive parallax, a proper motion and a radial velocity.",
        )
    filled = ball.mask(catalogue) & has_6d
    rows = np.flatnonzero(selected & filled)
    if rows.size < MIN_TRACERS:
        raise too_few(catalogue, ball, rows.size, n_usable, int(np.count_nonzero(filled)))
    x, v = (_stacked(catalogue, names, rows) for names in (_POSITION, _VELOCITY))
    require_spread(x, v, np.asarray(sun.position), MIN_TRACERS)
    return Population(
        catalogue_id=catalogue.id,
        selection=tree,
        volume=ball,
        sun=sun,
        rows=rows,
        x=x,
        v=v,
        counts={
            "catalogue": catalogue.n_rows,
            "selected": n_selected,
            "not_6d": without,
            "outside_volume": n_usable - int(rows.size),
            "tracers": int(rows.size),
        },
        warnings=population_reasons(catalogue, tree, filled, rows, ball, np.asarray(sun.position)),
        remarks=remarks_on(catalogue, tree),
        catalogue=catalogue,
    )


def remarks_on(catalogue: Catalogue, tree: Tree) -> list[Remark]:
    """Give the remarks on the columns that a population is made of.

    Parameters
    ----------
    catalogue
        Where the stars are.
    tree
        The selection; a derived column in it stands for all of phase space.
    """
    origin = catalogue.manifest.origin_of_distance
    used = {*ASTROMETRY, *CARTESIAN, *ERRORS, "distance", origin, *columns(tree)}
    return concerning(catalogue.manifest.remarks, used)


def _sun(catalogue: Catalogue, sun: SolarParameters | None) -> SolarParameters:
    """Give the Sun's parameters; measured stars stay with those that they were placed with."""
    stored = catalogue.manifest.sun
    if sun is None or sun == stored:
        return stored
    if catalogue.manifest.kind == "astrometry":
        raise UserError(
            f"The positions in the catalogue {catalogue.name} assume the Sun at"
            f" {stored.position} kpc and {stored.velocity} km/s, not at the requested one.",
            "Import its table again with the other Sun.",
        )
    return sun


def _volume(volume: Volume | Mapping[str, Any] | None, sun: SolarParameters) -> Volume:
    if volume is None:
        return Volume(sun.position)
    return volume if isinstance(volume, Volume) else Volume.from_dict(volume)


def _count_reasons(catalogue: Catalogue, rows: npt.NDArray[np.bool_]) -> dict[str, int]:
    """Count the given stars by their reason for not having 6D coordinates."""
    names = catalogue.manifest.not_6d_reasons
    codes = np.bincount(catalogue.column("not_6d_reason")[rows], minlength=len(names) + 1)
    return {name: int(n) for name, n in zip(names, codes[1:], strict=True) if n}


def _stacked(
    catalogue: Catalogue, names: tuple[str, ...], rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    return np.stack([catalogue.column(name)[rows] for name in names], axis=1, dtype=np.float32)
