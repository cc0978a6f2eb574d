"""The stars of a patch as columns in its local coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from data.frames import Floats
from engine.streams.patches import Patch

__all__ = ["PatchStars"]

_NEEDED = ("lon", "lat", "mu_lon", "mu_lat")
_ALIASES = {"g": ("g", "phot_g_mean_mag"), "bp_rp": ("bp_rp",)}


@dataclass(frozen=True, eq=False)
class PatchStars:
    """Columns of the same length; rows are in the order of the table that they came from.

    Parameters
    ----------
    columns
        ``lon``, ``lat`` (deg), ``mu_lon`` (with cos lat), ``mu_lat`` (mas/yr) and, where known,
        ``g``, ``bp_rp`` (mag), ``parallax``, ``parallax_error`` (mas), ``ra``, ``dec`` (deg),
        ``ebv``, ``source_id`` and any others.
    """

    columns: Mapping[str, npt.NDArray[Any]]

    def __post_init__(self) -> None:
        missing = [name for name in _NEEDED if name not in self.columns]
        if missing:
            raise UserError(
                f"The stars of a patch have no {', '.join(missing)}.",
                "The stream search needs positions and both proper motions.",
            )
        lengths = {len(column) for column in self.columns.values()}
        if len(lengths) != 1:
            raise UserError(f"The columns of the stars differ in length: {sorted(lengths)}.")

    @classmethod
    def of(cls, patch: Patch, columns: Mapping[str, npt.NDArray[Any]]) -> PatchStars:
        """Turn a table with ``ra``, ``dec``, ``pmra``, ``pmdec`` into the frame of a patch.

        Every row is kept, so rows of the result are rows of the table.
        """
        missing = [name for name in ("ra", "dec", "pmra", "pmdec") if name not in columns]
        if missing:
            raise UserError(
                f"The table has no {', '.join(missing)}.",
                "The stream search needs positions and proper motions on the sky.",
            )
        kept = dict(columns)
        for name, aliases in _ALIASES.items():
            for alias in aliases:
                if alias in columns and name not in kept:
                    kept[name] = columns[alias]
        motions = (columns["pmra"], columns["pmdec"])
        return cls({**kept, **patch.local(columns["ra"], columns["dec"], *motions)})

    @classmethod
    def strip(
        cls, phi1: Floats, phi2: Floats, mu1: Floats, mu2: Floats, **others: npt.NDArray[Any]
    ) -> PatchStars:
        """Take stars that come in coordinates along a strip; its middle becomes the origin.

        Parameters
        ----------
        phi1, phi2
            Degrees, (n,).
        mu1, mu2
            mas/yr, that along phi1 with cos(phi2), (n,).
        others
            Further columns by name.
        """
        places = [np.asarray(a, dtype=np.float64) for a in (phi1, phi2)]
        middle = [0.5 * (np.nanmin(a) + np.nanmax(a)) if len(a) else 0.0 for a in places]
        lon, lat = (a - m for a, m in zip(places, middle, strict=True))
        own = {"lon": lon, "lat": lat, "mu_lon": np.asarray(mu1), "mu_lat": np.asarray(mu2)}
        return cls({**others, **own})

    def __len__(self) -> int:
        return len(self.columns["lon"])

    def has(self, *names: str) -> bool:
        """Tell whether all of these columns are there."""
        return all(name in self.columns for name in names)

    def __getitem__(self, name: str) -> Floats:
        """Give a column as numbers, (n,)."""
        return np.asarray(self.columns[name], dtype=np.float64)

    @property
    def lon(self) -> Floats:
        """Offset along longitude, degrees."""
        return self["lon"]

    @property
    def lat(self) -> Floats:
        """Offset along latitude, degrees."""
        return self["lat"]

    def replaced(self, **columns: npt.NDArray[Any]) -> PatchStars:
        """Give the same stars with some columns exchanged for others."""
        return PatchStars({**self.columns, **columns})

    def sky(self, patch: Patch | None = None) -> tuple[Floats, Floats] | None:
        """Give ra and dec (deg), from the columns or from a patch; None where neither is known."""
        if patch is not None:
            return patch.to_icrs(self.lon, self.lat)
        return (self["ra"], self["dec"]) if self.has("ra", "dec") else None
