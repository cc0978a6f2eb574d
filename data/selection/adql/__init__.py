"""From a tree to ADQL: the query that fetches the stars that the tree keeps.

A missing value (NULL) makes a comparison of SQL neither true nor false, and so its negation;
here it fails the comparison and passes the negation (:mod:`data.selection.tree`). Only what
WHERE finds true is fetched, so outside of a negation the two agree. Inside of one, the cut is
written with its ``IS NOT NULL``, which makes it true or false for every star.

What ADQL 2.0 cannot say is left out in such a way that no star is lost: a superset comes, and
the mask is applied to it here. In a negation that takes a subset of the cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from data.errors import UserError
from data.frames import SolarParameters
from data.selection.adql.terms import Terms, unbracketed
from data.selection.adql.writer import LeftOut, Writer
from data.selection.tree import validate

__all__ = ["AdqlSelection", "AdqlWhere", "LeftOut", "SelectionRelease", "adql_query", "to_adql"]

MAX_TEXT = 200_000
"""Longest condition, in characters; archives refuse queries that are much longer."""


@dataclass(frozen=True)
class AdqlWhere:
    """The condition behind WHERE.

    Parameters
    ----------
    text
        The condition; empty where it keeps everything.
    left_out
        What it does not say; where this is empty, it keeps the stars that the tree keeps (see
        the module about rounding and about numbers that are infinite).
    """

    text: str
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class AdqlSelection:
    """A whole query for the stars of a selection.

    Parameters
    ----------
    text
        The query.
    where
        Its condition.
    left_out
        The cuts that it does not make, which leave a superset to be cut here.
    """

    text: str
    where: str
    left_out: tuple[LeftOut, ...]


class SelectionRelease(Protocol):
    """What is asked of a release of an archive (:mod:`data.archives.releases`)."""

    @property
    def table(self) -> str:
        """What stands behind FROM: a table, or several that are joined."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Our names, each with the reference of its column there."""


def adql_query(tree: object, release: SelectionRelease) -> AdqlSelection:
    """Write the query that fetches the stars of a selection from a release.

    Parameters
    ----------
    tree
        The selection; ``None`` for everything.
    release
        Where they come from.

    Raises
    ------
    UserError
        If the tree is malformed, or the query too long for an archive.
    """
    found = to_adql(tree, release.columns)
    names = ", ".join(
        reference if reference == name else f"{reference} AS {name}"
        for name, reference in release.columns.items()
    )
    text = f"SELECT {names}\nFROM {release.table}"
    if found.text:
        text += f"\nWHERE {found.text}"
    return AdqlSelection(text, found.text, found.left_out)


def to_adql(
    tree: object, columns: Mapping[str, str], sun: SolarParameters | None = None
) -> AdqlWhere:
    """Write the condition that keeps the stars of a selection, or a superset of them.

    Numbers are compared as the archive stores them; here some are single precision, so the
    two may differ for stars within its rounding of a bound. A star for which an expression is
    infinite (a division by 0) is always kept.

    Parameters
    ----------
    tree
        The selection; ``None`` for everything.
    columns
        Our name of a column to its reference in the archive.
    sun
        The Sun's place, for cuts in Galactocentric coordinates; the design's by default.

    Raises
    ------
    UserError
        If the tree is malformed, or the condition too long for an archive.
    """
    node = validate(tree)
    if node is None:
        return AdqlWhere("", ())
    writer = Writer(Terms(columns, sun))
    condition = writer.superset(node, negated=False)
    text = condition if isinstance(condition, str) else "" if condition else "1 = 0"
    if len(text) > MAX_TEXT:
        raise UserError(
            f"The selection makes a query of {len(text):,} characters, which is too long for an "
            "archive.",
            "Use fewer or simpler polygons.",
        )
    return AdqlWhere(unbracketed(text), tuple(dict.fromkeys(writer.left_out)))
