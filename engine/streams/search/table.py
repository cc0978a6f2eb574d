"""From a catalogue to the stars of a patch and the features that scores look at."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from data.catalogue.store import Catalogue
from data.errors import UserError
from data.selection import mask
from engine.streams.patches import Patch
from engine.streams.stars import PatchStars

__all__ = [
    "FEATURES",
    "HIDDEN",
    "USUAL",
    "available_features",
    "feature_table",
    "kept_rows",
    "patch_stars",
]

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FEATURES = {
    "phi": ("ra",),
    "lambda": ("dec",),
    "pm": ("pmra", "pmdec"),
    "g": ("phot_g_mean_mag",),
    "bp_rp": ("bp_rp",),
    "parallax": ("parallax",),
    "parallax_error": ("parallax_error",),
    "pm_error": ("pmra_error", "pmdec_error"),
}
"""Features by name and the columns of the catalogue that each needs; ``pm`` is the proper motion
in which the window is not cut, ``pm_error`` the root mean square error of both proper motions:
at a given error a member may lie so far from its stream."""

USUAL = ("phi", "lambda", "pm", "g", "bp_rp")

HIDDEN = frozenset({"stream", "tracer", "gd1_member"})
"""Columns that say which stars belong to a stream: a search never reads them."""

_COLUMNS = (
    "source_id", "ra", "dec", "pmra", "pmdec", "parallax", "parallax_error", "pmra_error",
    "pmdec_error", "phot_g_mean_mag", "bp_rp", "ebv",
)  # fmt: skip
_NEEDED = ("ra", "dec", "pmra", "pmdec", "phot_g_mean_mag", "bp_rp")


def kept_rows(catalogue: Catalogue, selection: object) -> Rows:
    """Give the rows of the stars that a search uses: selected, with all that it needs.

    Raises
    ------
    UserError
        If none is left.
    """
    keep = mask(selection, catalogue)
    for name in _NEEDED:
        if catalogue.has(name):
            keep &= np.isfinite(catalogue.column(name))
    rows = np.flatnonzero(keep)
    if not len(rows):
        raise UserError(
            f"No star of {catalogue.name} can be used in the search.",
            "Stars need proper motions, and magnitude and colour if the table has them.",
        )
    return rows


def patch_stars(catalogue: Catalogue, rows: Rows, patch: Patch) -> tuple[PatchStars, Rows]:
    """Give the stars of a patch and their rows in the catalogue, (n,) each, in its order."""
    inside = patch.contains(catalogue.column("ra")[rows], catalogue.column("dec")[rows])
    chosen = rows[inside]
    columns = {
        name: np.asarray(catalogue.column(name)[chosen])
        for name in _COLUMNS
        if catalogue.has(name)
    }
    return PatchStars.of(patch, columns), chosen


def available_features(catalogue: Catalogue) -> list[str]:
    """Name the features that a catalogue has the columns for."""
    return [name for name, needed in FEATURES.items() if all(map(catalogue.has, needed))]


def feature_table(
    columns: dict[str, npt.NDArray[Any]], coordinate: str, wanted: list[str] | None
) -> tuple[Floats, list[str]]:
    """Give what scores look at.

    Parameters
    ----------
    columns
        Of the patch: ``lon``, ``lat``, ``mu_lon``, ``mu_lat``, and ``g``, ``bp_rp``,
        ``parallax``, ``parallax_error``, ``pmra_error``, ``pmdec_error`` as far as there are.
    coordinate
        In which windows are cut: ``mu_lat`` or ``mu_lon``.
    wanted
        Names of features; None for the usual ones as far as there are.

    Returns
    -------
    values, names
        (n, F) and their F names.
    """
    other = {"mu_lat": "mu_lon", "mu_lon": "mu_lat"}[coordinate]
    place = {"phi": "lon", "lambda": "lat", "pm": other}
    if "pm_error" in (wanted or ()):
        both = (columns["pmra_error"], columns["pmdec_error"])
        columns = {**columns, "pm_error": np.hypot(*both) / np.sqrt(2)}
    names = [name for name in (wanted or USUAL) if wanted or place.get(name, name) in columns]
    values = [np.asarray(columns[place.get(name, name)], dtype=np.float64) for name in names]
    return np.stack(values, axis=1), names
