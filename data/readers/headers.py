"""The column descriptions that astropy writes as YAML into ECSV, HDF5 and Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from astropy.table.meta import get_header_from_yaml

from data.readers.base import CellKind, Field
from data.readers.names import distinct

__all__ = ["fields_from_yaml", "stated_by_yaml"]


def fields_from_yaml(lines: Sequence[str]) -> tuple[list[Field], str]:
    """Read an ECSV header.

    Parameters
    ----------
    lines
        The comment lines without their ``# ``.

    Returns
    -------
    fields
        The columns.
    delimiter
        Between the cells; a space unless the header says otherwise.
    """
    header = get_header_from_yaml(list(lines))
    fields = [_field(column) for column in header["datatype"]]
    names = distinct([field.name for field in fields])
    fields = [
        replace(field, name=name, written=written, repeated=repeated)
        for field, (name, written, repeated) in zip(fields, names, strict=True)
    ]
    return fields, header.get("delimiter", " ")


def stated_by_yaml(lines: Sequence[str]) -> dict[str, tuple[str | None, str]]:
    """Read units and descriptions from the header that astropy puts beside a table, by column."""
    fields = [_field(column) for column in get_header_from_yaml(list(lines))["datatype"]]
    return {field.name: (field.unit, field.description) for field in fields}


def _field(column: dict[str, Any]) -> Field:
    """Describe one column; an array in a cell is given as JSON, which is no number."""
    type_ = str(column.get("datatype", ""))
    kind: CellKind = "other"
    if type_.startswith("float"):
        kind = "float"
    elif type_.startswith(("int", "uint")):
        kind = "integer"
    elif type_ == "bool":
        kind = "boolean"
    elif type_ == "string" and not column.get("subtype"):
        kind = "text"
    unit = column.get("unit")
    text = None if unit is None else str(unit)
    return Field(str(column["name"]), kind, text or None, str(column.get("description") or ""))
