"""Releases: in which table of an archive the stars are, and under which names.

Nothing else in the program knows a table or a column of an archive. Gaia DR4 will spread its
columns over several tables; such a release joins them in ``table`` and says in ``columns``
which of them each comes from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from data.catalogue.schema import CORRELATIONS, KNOWN, REQUIRED
from data.errors import UserError
from data.selection.adql.terms import Terms

__all__ = ["RELEASES", "Release", "find_release"]

_MAX_BYTES = 1_000_000
_KEYS = {"name", "table", "columns", "key"}
_STATEMENT = re.compile(r";|--|/\*")


@dataclass(frozen=True)
class Release:
    """Where the columns of a release are.

    Parameters
    ----------
    name
        One word.
    title
        What people call it.
    table
        What stands behind FROM: a table, or a join of several.
    columns
        Our names, each with the reference of its column.
    key
        The reference of the column by whose ranges a download is cut into pieces: an integer,
        never missing. In Gaia's source_id a range is a patch of the sky.
    optional
        Whether a column that a service does not have may be left out.
    """

    name: str
    title: str
    table: str
    columns: Mapping[str, str]
    key: str = "source_id"
    optional: bool = False
    required: tuple[str, ...] = field(default=("source_id", *REQUIRED["astrometry"]))

    def narrowed(self, there: set[str]) -> Release:
        """Leave out the columns that a service does not have, where that is allowed.

        Raises
        ------
        UserError
            If one is missing that must not be.
        """
        lacking = [n for n, ref in self.columns.items() if ref.lower().strip('"') not in there]
        must = [name for name in lacking if not self.optional or name in self.required]
        if must:
            raise UserError(
                f"The table {self.table} has no column {self.columns[must[0]]}.",
                "Choose another release, or describe this one in a file (see the guide).",
            )
        kept = {name: ref for name, ref in self.columns.items() if name not in lacking}
        return replace(self, columns=kept)

    def bytes_per_row(self) -> int:
        """Give the size of a row, numbers of unknown type taken as doubles."""
        return sum(np.dtype(KNOWN[n].dtype).itemsize if n in KNOWN else 8 for n in self.columns)

    def to_dict(self) -> dict[str, Any]:
        """Give the form that a file holds."""
        return {
            "name": self.name,
            "table": self.table,
            "columns": dict(self.columns),
            "key": self.key,
        }


_OWN = (
    "l", "b", "ecl_lon", "ecl_lat", "ref_epoch", "nu_eff_used_in_astrometry", "pseudocolour",
    "astrometric_params_solved", "astrometric_excess_noise", "phot_bp_rp_excess_factor",
    "rv_template_teff", "random_index",
)  # fmt: skip

_DR3 = {name: name for name in (*KNOWN, *_OWN)}
assert {f"{a}_{b}_corr" for a, b in CORRELATIONS} < set(_DR3)  # noqa: S101 - for covariances

RELEASES: dict[str, Release] = {
    release.name: release
    for release in (
        Release("gaia-dr3", "Gaia DR3", "gaiadr3.gaia_source", _DR3),
        # GAVO's copy holds part of the columns; which ones is asked of its TAP_SCHEMA.
        Release("gaia-dr3-lite", "Gaia DR3 (light)", "gaia.dr3lite", _DR3, optional=True),
    )
}
"""The releases that are known by name."""


def find_release(text: str) -> Release:
    """Find a release by its name, or read one from a file.

    The file is JSON: ``{"table": "gaiadr4.gaia_source AS g JOIN ...", "columns": {"ra":
    "g.ra", ...}, "key": "g.source_id"}``.

    Raises
    ------
    UserError
        If there is no such release, or the file does not describe one.
    """
    wanted = text.strip()
    if wanted.lower() in RELEASES:
        return RELEASES[wanted.lower()]
    path = Path(wanted).expanduser()
    if not wanted.lower().endswith(".json"):
        raise UserError(
            f"Unknown release {wanted!r}.",
            f"Known releases: {', '.join(RELEASES)}; others can be described in a .json file.",
        )
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise UserError(f"{path} is too large for a release description.")
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"The file {path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise UserError(f"The file {path} is not valid JSON.") from None
    return from_document(document, path.name)


def from_document(document: object, where: str) -> Release:
    """Read the description of a release.

    Raises
    ------
    UserError
        If it describes none.
    """
    if not isinstance(document, dict) or not isinstance(document.get("columns"), dict):
        raise UserError(
            f"{where} is not a description of a release.",
            'It needs "table" and "columns", such as {"ra": "g.ra", ...}.',
        )
    unknown = set(document) - _KEYS
    if unknown:
        raise UserError(f"{where} has the unknown entry {sorted(unknown)[0]!r}.")
    table, columns = document.get("table"), document["columns"]
    texts = [table, *columns.values(), document.get("key", ""), document.get("name", "")]
    if not table or not all(isinstance(text, str) for text in texts):
        raise UserError(f"The table and the columns of {where} must be strings.")
    if _STATEMENT.search(str(table)):
        raise UserError(f"The table of {where} must be a table name, or a join of tables.")
    missing = [name for name in ("source_id", *REQUIRED["astrometry"]) if name not in columns]
    if missing:
        raise UserError(
            f"{where} has no column for {missing[0]}.",
            f"It must name {', '.join(('source_id', *REQUIRED['astrometry']))}.",
        )
    plain = [name for name in columns if not re.fullmatch(r"[A-Za-z]\w{0,99}", name)]
    if plain:
        raise UserError(f"{plain[0]!r} in {where} is not a valid column name.")
    key = document.get("key") or columns["source_id"]
    Terms({**columns, "key": key})  # refuses what is no reference
    name = document.get("name") or Path(where).stem
    return Release(name, name, str(table), dict(columns), key)
