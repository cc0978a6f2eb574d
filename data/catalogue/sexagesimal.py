"""Angles written as text: ``12:34:56.7``, ``12 34 56.7``, ``12h34m56.7s``, ``-05d10m00s``."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from data.readers.base import Cells

__all__ = ["angles", "written_unit"]

_PATTERN = (
    r"^\s*(?P<sign>[+-]?)(?P<a>\d+(?:\.\d*)?)"
    r"(?:\s*[:hdHD°\s]\s*(?P<b>\d+(?:\.\d*)?)"
    r"(?:\s*[:mM'′\s]\s*(?P<c>\d+(?:\.\d*)?))?)?\s*[hdsHDSmM°'\"′″]*\s*$"
)
_HOURS = re.compile(r"\d\s*[hH]")
_DEGREES = re.compile(r"\d\s*[dD°]")
_MARKS = ("", "nan", "null", "none", "--")


def angles(cells: Cells) -> Cells:
    """Read angles from text, in the unit of their first number.

    Parameters
    ----------
    cells
        Text, shape (m,).

    Returns
    -------
    Cells
        float64; NaN where a cell is empty or holds no angle, the latter marked as wrong.
    """
    missing = np.zeros(len(cells.values), dtype=np.bool_)
    if cells.missing is not None:
        missing |= cells.missing
    plain = [str(v).replace("−", "-").strip() for v in cells.values.tolist()]
    missing |= np.array([text.lower() in _MARKS for text in plain], dtype=np.bool_)
    parts = pc.extract_regex(pa.array(plain, pa.string(), mask=missing), pattern=_PATTERN)
    wrong = np.asarray(pc.is_null(parts)) & ~missing

    def part(name: str) -> npt.NDArray[Any]:
        text = pc.struct_field(parts, name)
        text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
        numbers = pc.cast(text, pa.float64()).to_numpy(zero_copy_only=False)
        return np.asarray(np.nan_to_num(numbers))

    first, minutes, seconds = part("a"), part("b"), part("c")
    wrong |= (minutes >= 60.0) | (seconds > 60.0)
    negative = np.asarray(pc.fill_null(pc.equal(pc.struct_field(parts, "sign"), "-"), False))
    values = np.where(negative, -1.0, 1.0) * (first + minutes / 60.0 + seconds / 3600.0)
    values[missing | wrong] = np.nan
    return Cells(values, None, wrong if wrong.any() else None)


def written_unit(cells: Cells) -> str:
    """Say whether letters in the text call its first number hours or degrees.

    Returns
    -------
    str
        ``hourangle``, ``deg``, or nothing where no letter does.
    """
    for text in cells.values.tolist():
        if _HOURS.search(str(text)):
            return "hourangle"
        if _DEGREES.search(str(text)):
            return "deg"
    return ""
