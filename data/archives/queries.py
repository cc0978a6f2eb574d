"""The queries of a download: how many rows, and the rows of a range of the key."""

from __future__ import annotations

import re
from dataclasses import dataclass

from data.archives.releases import Release
from data.errors import UserError
from data.selection.adql import LeftOut, adql_query

__all__ = ["Query", "free_query", "release_query"]

_MAX_TEXT = 200_000
_SELECT = re.compile(r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*SELECT\b", re.IGNORECASE | re.DOTALL)
_TOP = re.compile(r"\s*SELECT\s+(?:(?:DISTINCT|ALL)\s+)?TOP\b", re.IGNORECASE)


@dataclass(frozen=True)
class Query:
    """A query that can be asked in pieces.

    Parameters
    ----------
    text
        The whole of it.
    columns, source, where
        Its parts: what stands behind SELECT, FROM and WHERE.
    key
        The column by whose ranges it is cut; None where it cannot be.
    left_out
        The cuts of the selection that are made here.
    """

    text: str
    columns: str
    source: str
    where: str = ""
    key: str | None = None
    left_out: tuple[LeftOut, ...] = ()

    def bounds(self) -> str:
        """Ask for the number of rows and the range of the key."""
        extremes = f", MIN({self.key}) AS low, MAX({self.key}) AS high" if self.key else ""
        return self._written(f"COUNT(*) AS n{extremes}", None)

    def count(self, low: int, high: int) -> str:
        """Ask for the number of rows in a range of the key, both ends included."""
        return self._written("COUNT(*) AS n", (low, high))

    def rows(self, low: int | None = None, high: int | None = None) -> str:
        """Ask for the rows of a range of the key, or for all."""
        if low is None or high is None:
            return self.text
        return self._written(self.columns, (low, high))

    def _written(self, columns: str, limits: tuple[int, int] | None) -> str:
        conditions = [self.where] if self.where else []
        if limits is not None and self.key:
            conditions = [f"({self.where})"] if self.where else []
            conditions.append(f"{self.key} BETWEEN {limits[0]} AND {limits[1]}")
        text = f"SELECT {columns}\nFROM {self.source}"
        return text + (f"\nWHERE {' AND '.join(conditions)}" if conditions else "")


def release_query(tree: object, release: Release) -> Query:
    """Make the query for the stars of a selection.

    Raises
    ------
    UserError
        If the tree is malformed or too long for an archive.
    """
    found = adql_query(tree, release)
    columns = found.text.split("\n", 1)[0].removeprefix("SELECT ")
    return Query(found.text, columns, release.table, found.where, release.key, found.left_out)


def free_query(text: str, key: str | None) -> Query:
    """Make a query of a text in ADQL.

    Parameters
    ----------
    text
        One SELECT.
    key
        The column of its result by which it can be cut.

    Raises
    ------
    UserError
        If it is no SELECT.
    """
    plain = text.strip().rstrip(";").strip()
    if not plain:
        raise UserError("The ADQL text is empty.", "Write SELECT ... FROM ... WHERE ...")
    if len(plain) > _MAX_TEXT:
        raise UserError(f"The ADQL text is longer than {_MAX_TEXT:,} characters.")
    if not _SELECT.match(plain):
        raise UserError(
            "The ADQL text does not begin with SELECT.", "Only SELECT queries are supported."
        )
    if _TOP.match(plain):
        key = None  # which rows are the first may change from piece to piece
    # The line break ends a comment in the last line.
    return Query(plain, "*", f"(\n{plain}\n) AS stars", key=key)
