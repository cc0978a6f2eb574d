"""Columns of HDF5 tables: a dataset, one of its members, or one of its columns, and its mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from data.readers.arrays import cells_from_values, kind_of
from data.readers.base import CellKind, Cells

__all__ = ["Column", "Strings", "description_of", "unit_of"]

_UNIT_KEYS = ("unit", "units", "Unit", "Units")
_DESCRIPTION_KEYS = ("description", "Description", "long_name")
_FILL_KEYS = ("_FillValue", "missing_value")

Mask = npt.NDArray[np.bool_]


def _attribute(item: Any, keys: Sequence[str]) -> str | None:  # noqa: ANN401
    """Give the first attribute of these that is a text."""
    for key in keys:
        value = item.attrs.get(key)
        if isinstance(value, np.ndarray) and value.size == 1:
            value = value.reshape(-1)[0]
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str) and value.strip() not in ("", "None"):
            return str(value).strip()
    return None


def unit_of(*items: Any) -> str | None:  # noqa: ANN401
    """Give the unit that the attributes of a dataset, or of the group around it, state."""
    return next((unit for item in items if (unit := _attribute(item, _UNIT_KEYS))), None)


def description_of(*items: Any) -> str:  # noqa: ANN401
    """Give the description that attributes state, as one line."""
    texts = (_attribute(item, _DESCRIPTION_KEYS) for item in items)
    return " ".join((next(filter(None, texts), None) or "").split())


@dataclass(frozen=True)
class Column:
    """One column.

    Parameters
    ----------
    dataset
        Where its values are.
    member
        The member of a compound dataset.
    place
        Its place in the second axis, where the dataset (or the member) has several columns.
    mask
        A dataset that is true where there is no value.
    bitmap
        A dataset of bits that are set where there is a value, as Arrow has them.
    kind
        What it holds, where the type does not say so.
    """

    dataset: Any
    member: str | None = None
    place: int | None = None
    mask: Any = None
    bitmap: Any = None
    kind: CellKind | None = None

    @property
    def holds(self) -> CellKind:
        """What its cells hold."""
        if self.kind is not None:
            return self.kind
        dtype = self.dataset.dtype if self.member is None else self.dataset.dtype[self.member]
        base, shape = dtype.base, dtype.shape
        axes = len(shape) + self.dataset.ndim - 1 - (self.place is not None)
        if axes or base.names:
            return "other"
        if _is_bits(self.dataset, self.member):
            return "boolean"
        if base.kind == "O" and h5py.check_string_dtype(base) is None:
            return "other"
        return "float" if self._scaling else kind_of(np.empty(0, base))

    @property
    def _scaling(self) -> tuple[float, float] | None:
        """The factor and the offset of packed numbers, as netCDF states them."""
        attrs = self.dataset.attrs
        if "scale_factor" not in attrs and "add_offset" not in attrs:
            return None
        return float(attrs.get("scale_factor", 1.0)), float(attrs.get("add_offset", 0.0))

    def read(self, part: slice, seen: dict[str, Any], *, as_text: bool) -> Cells:
        """Read some rows; ``seen`` keeps what one dataset holds for several columns."""
        key = f"{self.dataset.name}"
        if key not in seen:
            seen[key] = self.dataset[part]
        values = seen[key] if self.member is None else seen[key][self.member]
        if self.place is not None:
            values = values[:, self.place]
        missing = self._missing(values, part)
        if self.holds == "boolean" and values.dtype.kind in "iu":
            values = values != 0
        if (scaling := self._scaling) is not None:
            values = values * scaling[0] + scaling[1]
        return cells_from_values(values, missing, as_text=as_text)

    def _missing(self, values: npt.NDArray[Any], part: slice) -> Mask | None:
        """Collect what marks cells as empty: a mask, bits, or a value that stands for none."""
        marks: list[Mask] = []
        if self.mask is not None:
            marks.append(np.asarray(self.mask[part]).astype(np.bool_))
        if self.bitmap is not None:
            marks.append(~bits(self.bitmap, part))
        for key in _FILL_KEYS if values.dtype.kind in "iuf" else ():
            fill = self.dataset.attrs.get(key)
            if isinstance(fill, (np.ndarray, np.generic)) and fill.dtype.kind in "iuf":
                marks += [values == value for value in np.atleast_1d(fill)]
        return np.logical_or.reduce(marks) if marks else None


@dataclass(frozen=True)
class Strings:
    """A column of texts as vaex writes it: all bytes one after the other, and where each begins.

    Parameters
    ----------
    data, indices
        The bytes and the places; one place more than there are rows.
    bitmap
        As for `Column`.
    """

    data: Any
    indices: Any
    bitmap: Any = None
    holds: CellKind = field(default="text", init=False)

    def read(self, part: slice, seen: dict[str, Any], *, as_text: bool) -> Cells:
        """Read some rows."""
        places = np.asarray(self.indices[part.start : part.stop + 1]).astype(np.int64)
        first = int(places[0])
        content = np.asarray(self.data[first : int(places[-1])]).tobytes()
        texts = np.empty(len(places) - 1, dtype=object)
        for i, (start, stop) in enumerate(
            zip(places[:-1] - first, places[1:] - first, strict=True)
        ):
            texts[i] = content[start:stop]
        missing = None if self.bitmap is None else ~bits(self.bitmap, part)
        return cells_from_values(texts, missing, as_text=as_text)


def bits(bitmap: Any, part: slice) -> Mask:  # noqa: ANN401
    """Read some of the bits of a bitmap, the least significant of a byte first."""
    start = part.start // 8
    some = np.asarray(bitmap[start : (part.stop + 7) // 8]).astype(np.uint8)
    whole = np.unpackbits(some, bitorder="little")
    return whole[part.start - 8 * start : part.stop - 8 * start].astype(np.bool_)


def _is_bits(dataset: Any, member: str | None) -> bool:  # noqa: ANN401
    """Say whether a column is of PyTables' booleans, which h5py gives as small integers."""
    type_ = dataset.id.get_type()
    if member is not None:
        type_ = type_.get_member_type(type_.get_member_index(member.encode()))
    if type_.get_class() == h5py.h5t.ARRAY:
        type_ = type_.get_super()
    return bool(type_.get_class() == h5py.h5t.BITFIELD)


Columns = Mapping[str, "Column | Strings"]
