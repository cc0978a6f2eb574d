"""The cells of one column on their way into the store: which of them hold no value, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from data.catalogue.matching import Planned
from data.catalogue.placeholders import LIMITS, placeholder_shaped
from data.catalogue.remarks import Remark, several
from data.catalogue.sexagesimal import angles, written_unit
from data.errors import UserError
from data.frames import Floats
from data.readers.base import Cells

__all__ = ["ColumnJudge", "Tally"]

Mask = npt.NDArray[np.bool_]

_MOST_LOST = 0.4
"""Share of its cells that a known column may lose before the table is refused."""
_MOST_NAMED = 3
"""Placeholders that a remark names."""


@dataclass
class Tally:
    """What was found in a column.

    Parameters
    ----------
    filled
        Cells that are not empty.
    text, first_text
        Cells with text that is no number, and the row of the first of them.
    infinite
        Infinite numbers.
    placeholders
        Number of cells by placeholder, as the table writes it.
    impossible, example
        Numbers beyond what the quantity can be, and the first of them.
    not_positive
        Zero or negative standard errors.
    """

    filled: int = 0
    text: int = 0
    first_text: int = -1
    infinite: int = 0
    placeholders: Counter[float] = field(default_factory=Counter)
    impossible: int = 0
    example: float = np.nan
    not_positive: int = 0


class ColumnJudge:
    """Empties the cells of a column that hold no value, and counts them by reason.

    Parameters
    ----------
    column
        The plan for the column.
    """

    def __init__(self, column: Planned) -> None:
        self.column = column
        self.tally = Tally()
        self.lost: Mask = np.zeros(0, dtype=np.bool_)
        """The cells of the last chunk with text or infinity in the place of a number."""
        self._limits = LIMITS.get(column.target) if column.known else None
        self._angle_unit = "hourangle" if column.factor == 15.0 else ""

    def __call__(self, cells: Cells, first_row: int) -> Cells:
        """Judge the cells of a chunk.

        Parameters
        ----------
        cells
            As the reader gives them, shape (m,).
        first_row
            Number of the first of them in the table.

        Returns
        -------
        Cells
            Of a known column float64 in the unit of the store, NaN where there is no value; of
            any other its own type, with ``missing``. Nothing in it is wrong or infinite.
        """
        factor = self.column.factor
        if self.column.text:
            factor = self._factor_of_text(cells)
            cells = angles(cells)
        wrong, missing = _marked(cells)
        tally = self.tally
        tally.filled += int(np.sum(~missing))
        if wrong.any():
            if not tally.text:
                tally.first_text = first_row + int(np.argmax(wrong))
            tally.text += int(wrong.sum())
            missing |= wrong
        if cells.values.dtype.kind == "f":
            infinite = np.isinf(cells.values) & ~missing
            tally.infinite += int(infinite.sum())
            missing |= infinite
            wrong = wrong | infinite
        self.lost = wrong
        if not self.column.known:
            return _emptied(cells.values, missing)
        return Cells(self._possible(cells.values, missing, factor))

    def _possible(
        self, raw: npt.NDArray[np.generic], missing: Mask, factor: float | None
    ) -> Floats:
        """Give numbers in the unit of the store, without those that cannot be true."""
        values: Floats = raw.astype(np.float64)
        values[missing] = np.nan
        limits = self._limits
        stored = values if factor is None else values * factor
        if limits is None:
            return stored
        with np.errstate(invalid="ignore"):
            large = np.abs(stored) >= limits.unusual
            if self.column.target == "ra":
                large &= (stored < 0.0) | (stored >= 360.0)
            nothing = stored <= 0.0 if limits.positive else np.zeros(len(stored), dtype=np.bool_)
        suspects = np.flatnonzero(large)
        if suspects.size:
            shaped = suspects[placeholder_shaped(values[suspects])]
            self.tally.placeholders.update(_short(values[shaped]))
            nothing[shaped] = False
            beyond = suspects[np.abs(stored[suspects]) > limits.impossible]
            beyond = np.setdiff1d(beyond, shaped)
            if beyond.size and not self.tally.impossible:
                self.tally.example = float(values[beyond[0]])
            self.tally.impossible += beyond.size
            nothing[beyond] = False
            stored = stored.copy()
            stored[shaped] = stored[beyond] = np.nan
        if nothing.any():
            self.tally.not_positive += int(nothing.sum())
            stored = np.where(nothing, np.nan, stored)
        return stored

    def _factor_of_text(self, cells: Cells) -> float:
        """Give the factor of angles that are written as text.

        Raises
        ------
        UserError
            If nothing says whether right ascensions are in hours or degrees.
        """
        column = self.column
        if column.target != "ra" or column.unit_origin != "assumed":
            return column.factor or 1.0
        unit = self._angle_unit or written_unit(cells)
        if not unit:
            example = next((str(v) for v in cells.values.tolist() if str(v).strip()), "")
            if not any(mark in example.strip() for mark in ": "):
                return column.factor or 1.0
            raise UserError(
                f"The column {column.source} holds angles such as '{example}', and nothing says "
                "whether they are in hours or in degrees.",
                "State it: ra=hourangle or ra=deg as the unit.",
            )
        self._angle_unit = unit
        return 15.0 if unit == "hourangle" else 1.0

    @property
    def hopeless(self) -> bool:
        """Whether a column of another name holds mostly text, so that it is left out."""
        return not self.column.known and 2 * self.tally.text > self.tally.filled

    @property
    def condemned(self) -> bool:
        """Whether a known column loses so many of its cells that the table is refused."""
        tally = self.tally
        return self.column.known and any(
            lost > _MOST_LOST * tally.filled for lost in (tally.text, tally.impossible)
        )

    def condemnation(self, example: str) -> UserError:
        """Say why the table is refused.

        Parameters
        ----------
        example
            The first cell of text.
        """
        column, tally = self.column, self.tally
        if tally.text > _MOST_LOST * tally.filled:
            return UserError(
                f"The column {column.source} holds text where numbers belong "
                f"({tally.text:,} of {tally.filled:,} cells, for example '{example}').",
                f"Correct the table, or name another column for {column.target} in the column "
                "map.",
            )
        return UserError(
            f"{tally.impossible:,} of {tally.filled:,} values of {column.source} cannot be a "
            f"{column.target} in {column.unit or 'pure numbers'}, for example {tally.example:g}.",
            f"State its unit ({column.target}=UNIT), or name another column.",
        )

    def remarks(self, mark: str = "") -> list[Remark]:
        """Say which cells were taken as missing.

        Parameters
        ----------
        mark
            The text that stands for a missing value in all cells without a number.
        """
        tally, name = self.tally, self.column.target
        found = []
        if tally.text:
            words = f"'{mark}'" if mark else "text"
            found.append(Remark(name, "no_number", f"{several(tally.text, 'cell')} of {name} "
                                f"{'holds' if tally.text == 1 else 'hold'} {words} and no number, "
                                "taken as missing.", tally.text))  # fmt: skip
        if tally.infinite:
            found.append(Remark(name, "infinite", f"{several(tally.infinite, 'value')} of {name} "
                                f"{_is(tally.infinite)} infinite, taken as missing.",
                                tally.infinite))  # fmt: skip
        if total := sum(tally.placeholders.values()):
            listed = ", ".join(f"{v:g}" for v, _ in tally.placeholders.most_common(_MOST_NAMED))
            found.append(Remark(name, "placeholder", f"{several(total, 'value')} of {name} "
                                f"{_is(total)} placeholders for a missing value ({listed}), taken "
                                "as missing.", total,
                                tally.placeholders.most_common(1)[0][0]))  # fmt: skip
        if tally.impossible:
            found.append(Remark(name, "impossible", f"{several(tally.impossible, 'value')} of "
                                f"{name} {_is(tally.impossible)} beyond anything possible "
                                f"(for example {tally.example:g}), taken as missing.",
                                tally.impossible, tally.example))  # fmt: skip
        if tally.not_positive:
            found.append(Remark(name, "not_positive", f"{several(tally.not_positive, 'value')} of "
                                f"{name} {_is(tally.not_positive)} zero or negative, taken as "
                                "missing.", tally.not_positive))  # fmt: skip
        return found


def _marked(cells: Cells) -> tuple[Mask, Mask]:
    """Say which cells hold something that is no number, and which hold nothing."""
    empty = np.zeros(len(cells.values), dtype=np.bool_)
    if cells.missing is not None:
        empty |= cells.missing
    wrong = np.zeros_like(empty) if cells.wrong is None else cells.wrong & ~empty
    if cells.values.dtype.kind == "f":
        empty |= np.isnan(cells.values) & ~wrong
    return wrong, empty


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _short(values: Floats) -> list[float]:
    """Write placeholders as people do, also those that come from single precision."""
    return [float(f"{value:.7g}") for value in values]


def _emptied(values: npt.NDArray[np.generic], missing: Mask) -> Cells:
    if not missing.any():
        return Cells(values)
    if values.dtype.kind == "f":
        values = np.where(missing, values.dtype.type(np.nan), values)
    return Cells(values, missing)
