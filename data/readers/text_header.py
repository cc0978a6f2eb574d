"""What the first lines of a text table say: its separator, the names and the units."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from data.errors import UserError
from data.readers.base import Field
from data.readers.headers import fields_from_yaml
from data.readers.names import is_unit
from data.readers.text_stream import BLANKS, split_at_blanks
from data.readers.written import EMPTY

__all__ = ["Layout", "layout_of"]

_DELIMITERS = (",", "\t", ";", "|")
_LINE = re.compile(r"^[-=]+$")
_NUMBER = re.compile(r"^[+\-−–]?(\d+[.,]?\d*|[.,]\d+)([eEdD][+-]?\d+)?$")
_NUMBERED = re.compile(r"^#\s*(\d+)\s+(\S+)(.*)$")
_SEPARATOR = re.compile(r"^sep=(.)$", re.IGNORECASE)
_LONGEST_MARK = 4  # of dashes for a cell without a value
_NO_UNIT = (*EMPTY, "1", "none", "unitless", "dimensionless", "string", "text", "adu", "count")


@dataclass
class Layout:
    """How a text table is laid out.

    Parameters
    ----------
    names
        Of the columns, as written.
    delimiter
        Between the cells; `BLANKS` for any number of blanks.
    start
        Number of lines before the first row.
    units
        For each column; None where none is stated.
    fields
        What an ECSV header says, in the place of all that.
    """

    names: list[str]
    delimiter: str
    start: int
    units: list[str | None] | None = None
    fields: list[Field] | None = None


def layout_of(comments: Sequence[str], body: Sequence[tuple[int, str]]) -> Layout:
    """Find out how a table is laid out.

    Parameters
    ----------
    comments
        The lines before the table that begin with ``#``.
    body
        The first lines that do not, each with its number.

    Raises
    ------
    UserError
        If there are no names, or the names are not those of the ECSV header.
    """
    if comments and comments[0].lstrip("# ").startswith("%ECSV"):
        return _ecsv(comments, body)
    body = list(body)
    forced = _SEPARATOR.match(body[0][1].strip()) if body else None
    body = body[1:] if forced else body
    if not body:
        raise _nameless()
    delimiter = forced[1] if forced else _delimiter([text for _, text in body])
    rows = [_split(text, delimiter) for _, text in body]
    empty = [cell.lower() in EMPTY for cell in rows[0]]
    marked = any(gone and cell for gone, cell in zip(empty, rows[0], strict=True))
    if not _numbers(rows[0]) and not marked and not all(empty):
        return _with_names(comments, body, rows, delimiter)
    for separator in dict.fromkeys((delimiter, BLANKS)):  # a tab may stand at the end of each line
        cells = _split(body[0][1], separator)
        names, units = _names_in(comments, len(cells), separator)
        if names:
            return Layout(names, separator, body[0][0], units)
    if _numbers(rows[0]) and 2 * _numbers(rows[0]) >= sum(1 for cell in rows[0] if cell):
        raise UserError(
            "The first line of the table holds numbers where the names of columns belong.",
            "Write a line of column names above the numbers.",
        )
    return _with_names(comments, body, rows, delimiter)


def _with_names(
    comments: Sequence[str],
    body: Sequence[tuple[int, str]],
    rows: Sequence[list[str]],
    delimiter: str,
) -> Layout:
    """Take the names from the first line, and units from what stands under or over it."""
    names = rows[0]
    if not any(names):
        raise _nameless()
    names = [name or f"column_{i + 1}" for i, name in enumerate(names)]
    for lines in (1, 2):  # VizieR draws a line under the names, or under the units
        if len(rows) > lines and _is_rule(rows[lines], comments) and not _numbers(rows[1]):
            # brackets around a unit of VizieR's are a logarithm, and stay
            units = _units(rows[1], len(names), bare=False) if lines == 2 else None
            return Layout(names, delimiter, body[lines][0] + 1, units)
    if len(rows) > 2 and _are_units(rows[1]) and _numbers(rows[2]):
        return Layout(names, delimiter, body[1][0] + 1, _units(rows[1], len(names)))
    _, units = _names_in(comments, len(names), delimiter, names=False)
    return Layout(names, delimiter, body[0][0] + 1, units)


def _ecsv(comments: Sequence[str], body: Sequence[tuple[int, str]]) -> Layout:
    fields, delimiter = fields_from_yaml([c[1:].removeprefix(" ") for c in comments])
    names = _split(body[0][1], delimiter) if body else []
    if [field.written or field.name for field in fields] != names:
        raise UserError(
            "The line of column names does not agree with the ECSV header.",
            "Write the table again.",
        )
    return Layout(names, delimiter, body[0][0] + 1, None, fields)


def _names_in(
    comments: Sequence[str], n: int, delimiter: str, *, names: bool = True
) -> tuple[list[str], list[str | None] | None]:
    """Find n names, and units under them, in the comments before a table."""
    numbered = [found for line in comments if (found := _NUMBERED.match(line))]
    if names and [int(found[1]) for found in numbered] == list(range(1, n + 1)):
        units = [re.search(r"\[([^\[\]]+)\]\s*$", found[3]) for found in numbered]
        return [found[2] for found in numbered], [u[1] if u else None for u in units]
    units_below: list[str | None] | None = None
    for line in reversed(comments):
        cells = _cells_of_comment(line, n, delimiter)
        if cells is None or all(_LINE.match(cell) for cell in cells):
            continue
        if units_below is None and _are_units(cells):
            units_below = _units(cells, n)
        elif _numbers(cells) == 0 and names:
            return [cell or f"column_{i + 1}" for i, cell in enumerate(cells)], units_below
    return [], units_below


def _cells_of_comment(line: str, n: int, delimiter: str) -> list[str] | None:
    """Split a comment into n cells, by the table's separator or another one."""
    text = line.strip().lstrip("#").strip()
    for separator in dict.fromkeys((delimiter, BLANKS, *_DELIMITERS)):
        cells = _split(text, separator)
        if len(cells) == n:
            return cells
    return None


def _delimiter(lines: Sequence[str]) -> str:
    """Choose the separator by which most lines have as many cells as the first one."""
    scores = []
    for order, candidate in enumerate((*_DELIMITERS, BLANKS)):
        counts = [len(_split(line, candidate)) for line in lines]
        common = counts[0] if counts.count(counts[0]) > 1 else Counter(counts).most_common(1)[0][0]
        share = counts.count(common) / len(counts) if common > 1 else 0.0
        first = counts[0] == common and counts[0] > 1
        scores.append(
            ((first, candidate != BLANKS and share == 1, share, common, -order), candidate)
        )
    best, chosen = max(scores)
    if best[0]:
        return chosen
    # no separator stands in the first line as often as below: its own, or none at all
    inside = max(_DELIMITERS, key=lines[0].count)
    return inside if inside in lines[0] else "\t"


def _split(line: str, delimiter: str) -> list[str]:
    """Split a line into trimmed cells."""
    if delimiter == BLANKS:
        return [_unquoted(token) for token in split_at_blanks(line)]
    cells = next(csv.reader([line.strip("\r\n")], delimiter=delimiter), [])
    return [cell.strip() for cell in cells]


def _unquoted(token: str) -> str:
    if len(token) > 1 and token[0] == token[-1] and token[0] in "\"'":
        return token[1:-1].strip()
    return token


def _is_rule(cells: Sequence[str], comments: Sequence[str]) -> bool:
    """Say whether cells are a line that is drawn, and not a row without values."""
    drawn = all(_LINE.match(cell) for cell in cells)
    vizier = any(line.startswith(("#Table", "#Column", "#RESOURCE")) for line in comments)
    return drawn and (vizier or max(map(len, cells)) > _LONGEST_MARK)


def _numbers(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if _NUMBER.match(cell))


def _are_units(cells: Sequence[str]) -> bool:
    """Say whether cells are units, at least one, and nothing else."""
    filled = [cell for cell in map(_bare, cells) if cell.lower() not in _NO_UNIT]
    return bool(filled) and all(map(is_unit, filled))


def _units(cells: Sequence[str], n: int, *, bare: bool = True) -> list[str | None]:
    """Give the units of n columns."""
    texts = map(_bare, cells) if bare else cells
    units = [None if text.lower() in _NO_UNIT else text for text in texts]
    return (units + [None] * n)[:n]


def _bare(cell: str) -> str:
    """Take a unit out of the brackets around it."""
    cell = cell.strip()
    return cell[1:-1].strip() if cell[:1] + cell[-1:] in ("[]", "()") else cell


def _nameless() -> UserError:
    return UserError("The file has no line of column names.", "Add one.")
