"""Missing values in columns of integers, which have no NaN: one integer stands for them.

Identifiers have -1; any other column of long integers has the least integer there is, unless its
manifest says otherwise. Of columns without a manifest, which are in no store, nothing is known,
and every integer is one. Shorter integers are stored as floats where a value is missing, and
booleans with a missing value as 0, 1 and NaN.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from data.catalogue.schema import MISSING_IDENTIFIER, MISSING_INTEGER
from data.columns.derived import described
from data.columns.table import ColumnSource

__all__ = ["column_missing", "missing_marks"]


def column_missing(
    catalogue: ColumnSource, name: str, values: npt.NDArray[Any] | None = None
) -> int | None:
    """Give the integer that stands for a missing value in a column; None where none does.

    Parameters
    ----------
    catalogue
        With a manifest or without one.
    name
        Of the column, stored or derived.
    values
        The column, if it is at hand.
    """
    manifest = getattr(catalogue, "manifest", None)
    if manifest is None or described(catalogue, name) is not None:
        return None  # derived columns are floats
    if name == "source_id":
        return MISSING_IDENTIFIER
    column = manifest.columns.get(name)
    noted: int | None = None if column is None else getattr(column, "missing", None)
    if noted is not None:
        return noted
    values = catalogue.column(name) if values is None else values
    return MISSING_INTEGER if values.dtype == np.int64 else None


def missing_marks(
    catalogue: ColumnSource, columns: Iterable[tuple[str, npt.NDArray[Any]]]
) -> dict[str, int]:
    """Give the marks of those columns of integers that have one."""
    marks = {}
    for name, values in columns:
        if values.dtype.kind not in "iu":
            continue
        mark = column_missing(catalogue, name, values)
        limits = np.iinfo(values.dtype)
        if mark is not None and limits.min <= mark <= limits.max:
            marks[name] = mark
    return marks
