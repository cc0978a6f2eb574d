"""The second table of a join: its identifiers and columns, spooled and brought into order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.catalogue.identifiers import Identifiers, as_text
from data.catalogue.ingest import check_condemned
from data.catalogue.judging import ColumnJudge
from data.catalogue.manifest import Column
from data.catalogue.matching import Planned
from data.catalogue.recalculation import NewColumn
from data.catalogue.remarks import Remark
from data.catalogue.spool import Spool
from data.readers.base import Cells, Reader

__all__ = ["JoinTable", "Rows"]

_ROWS = 1 << 18
_BLOCK = 1 << 20

Rows = npt.NDArray[np.int64]


class JoinTable:
    """The identifiers and the columns of the second table, spooled as it has them.

    Parameters
    ----------
    reader
        The table.
    plan
        The columns to take.
    identifier
        Its column of identifiers.
    folder
        For the spools.
    """

    def __init__(
        self, reader: Reader, plan: Sequence[Planned], identifier: str, folder: Path
    ) -> None:
        self._reader = reader
        self._identifier = identifier
        self._folder = folder
        self._judges = [ColumnJudge(c) for c in plan]
        self._spools = {
            c.target: Spool(folder / f"read-{i}.raw", c.dtype) for i, c in enumerate(plan)
        }
        self._lost: dict[str, list[Rows]] = {c.target: [] for c in plan}
        self.ids: Rows = np.empty(0, dtype=np.int64)
        self.skipped: dict[str, str] = {}
        self.remarks: list[Remark] = []

    @property
    def columns(self) -> list[Planned]:
        """The columns that hold numbers."""
        return [j.column for j in self._judges if not j.hopeless]

    def read_all(self, say: Callable[[float], None]) -> None:
        """Read the table.

        Raises
        ------
        UserError
            If the identifiers are not exact, or a known column holds mostly no numbers.
        """
        sources = [judge.column.source for judge in self._judges]
        text = [*as_text(self._reader.fields, self._identifier)]
        text += [judge.column.source for judge in self._judges if judge.column.text]
        names = list(dict.fromkeys([self._identifier, *sources]))
        ids, first = Identifiers(self._identifier), 0
        for chunk in self._reader.chunks(names, _ROWS, as_text=text):
            if not chunk.rows:
                continue
            ids.add(chunk.columns[self._identifier])
            for judge in self._judges:
                target = judge.column.target
                cells = judge(chunk.columns[judge.column.source], first)
                self._spools[target].append(_in_type(cells, judge.column), cells.missing)
                if judge.lost.any():
                    self._lost[target].append(np.flatnonzero(judge.lost) + first)
            first += chunk.rows
            say(chunk.fraction)
        self.ids, _ = ids.finish()
        marks = check_condemned(self._reader, [j for j in self._judges if j.condemned])
        for judge in self._judges:
            if judge.hopeless:
                self.skipped[judge.column.source] = "mostly no numbers"
            else:
                self.remarks += judge.remarks(marks.get(judge.column.source, ""))

    def lost_in(self, rows: Rows) -> int:
        """Count the cells without a number in some rows of the table."""
        lost = [part for c in self.columns for part in self._lost[c.target]]
        return sum(int(np.isin(part, rows).sum()) for part in lost)

    def new_column(self, column: Planned, rows: Rows) -> NewColumn:
        """Bring a column into the order of the stars.

        Parameters
        ----------
        column
            Which.
        rows
            The row of each star, -1 where it has none; shape (n,).
        """
        spool = self._spools[column.target]
        values = spool.settle(None)
        mark = spool.missing
        ordered = Spool(spool.path.with_suffix(".ordered"), column.dtype)
        for start in range(0, max(1, len(rows)), _BLOCK):
            part = rows[start : start + _BLOCK]
            found = values[np.maximum(part, 0)]
            missing = part < 0
            if found.dtype.kind == "f":
                found = np.where(missing, found.dtype.type(np.nan), found)
            elif mark is not None:
                missing = missing | (found == mark)
            ordered.append(found, missing)
        settled = ordered.settle(None)
        about = Column(
            column.unit, "", column.description, column.unit_origin, column.source,
            missing=ordered.missing, read_unit=column.read_unit,
        )  # fmt: skip
        return NewColumn(settled, about)


def _in_type(cells: Cells, column: Planned) -> npt.NDArray[Any]:
    """Give values in the type of a known column; those of any other stay as they are."""
    if column.dtype is None:
        return cells.values
    with np.errstate(over="ignore"):
        return cells.values.astype(column.dtype)
