"""Columns of Arrow schemas and arrays, as Parquet and Feather files hold them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.readers.base import CellKind, Cells, Field, native
from data.readers.headers import stated_by_yaml
from data.readers.names import distinct
from data.readers.written import cells_from_arrow, texts_from_values

__all__ = ["cells_from_array", "fields_from_schema"]

_UNIT_KEYS = (b"unit", b"units", b"ucd_unit")
_ASTROPY = b"table_meta_yaml"
_VOTABLE = b"IVOA.VOTable-Parquet.content"
"""Where TOPCAT (and astropy's ``parquet.votable``) put a VOTable without data: VOParquet."""

Stated = tuple[str | None, str]


def fields_from_schema(schema: Any) -> list[Field]:  # noqa: ANN401
    """Describe the columns of an Arrow schema, in its order."""
    beside = _stated_beside(schema.metadata or {})
    fields = []
    for item, (name, written, repeated) in zip(schema, distinct(schema.names), strict=True):
        unit, description = beside.get(item.name, (None, ""))
        fields.append(
            Field(
                name,
                _kind(item.type),
                _unit(item.metadata or {}) or unit,
                _text(item.metadata or {}, b"description") or description,
                written,
                repeated,
            )
        )
    return fields


def _stated_beside(metadata: Mapping[bytes, bytes]) -> dict[str, Stated]:
    """Read the units and descriptions that are kept beside the schema, by column."""
    if _ASTROPY in metadata:
        return stated_by_yaml(metadata[_ASTROPY].decode("utf-8").split("\n"))
    if _VOTABLE in metadata:
        from astropy.io.votable import parse

        document = parse(io.BytesIO(metadata[_VOTABLE]), verify="ignore")
        return {
            field.name: (str(field.unit) if field.unit else None, str(field.description or ""))
            for table in document.iter_tables()
            for field in table.fields
        }
    return {}


def _unit(metadata: Mapping[bytes, bytes]) -> str | None:
    return next((unit for key in _UNIT_KEYS if (unit := _text(metadata, key))), None)


def _text(metadata: Mapping[bytes, bytes], key: bytes) -> str:
    return metadata.get(key, b"").decode("utf-8", "replace").strip()


def _kind(type_: Any) -> CellKind:  # noqa: ANN401
    """Say what an Arrow type holds."""
    if isinstance(type_, pa.BaseExtensionType):
        return _kind(type_.storage_type)
    if pa.types.is_dictionary(type_) or pa.types.is_run_end_encoded(type_):
        return _kind(type_.value_type)
    if pa.types.is_decimal(type_):
        return "float" if type_.scale > 0 else "integer"
    if pa.types.is_floating(type_):
        return "float"
    if pa.types.is_integer(type_):
        return "integer"
    if pa.types.is_boolean(type_):
        return "boolean"
    if _is_text(type_):
        return "text"
    return "float" if pa.types.is_null(type_) else "other"


def _is_text(type_: Any) -> bool:  # noqa: ANN401
    tests = (
        *("is_string", "is_large_string", "is_string_view"),
        *("is_binary", "is_large_binary", "is_binary_view", "is_fixed_size_binary"),
    )
    return any(getattr(pa.types, test, lambda _: False)(type_) for test in tests)


def cells_from_array(array: Any, *, as_text: bool = False) -> Cells:  # noqa: ANN401
    """Turn an Arrow array into cells without sending integers through floats."""
    array = _plain(array)
    kind = _kind(array.type)
    if kind == "text":
        return cells_from_arrow(_strings(array), None, as_text=as_text)
    if pa.types.is_decimal(array.type):
        return cells_from_arrow(pc.cast(array, pa.string()), kind, as_text=as_text)
    if kind == "float":
        if pa.types.is_null(array.type):
            array = pc.cast(array, pa.float64())
        values = array.to_numpy(zero_copy_only=False)
        return texts_from_values(values, None) if as_text else native(values)
    missing = np.asarray(array.is_null()) if array.null_count else None
    filled = pc.fill_null(array, False if kind == "boolean" else 0)
    values = filled.to_numpy(zero_copy_only=False)
    if as_text:
        return texts_from_values(values, missing)
    cells = native(values)
    return Cells(cells.values, missing, cells.wrong)


def _plain(array: Any) -> Any:  # noqa: ANN401
    """Undo what only saves space: dictionaries, runs, and names of types."""
    while True:
        if isinstance(array.type, pa.BaseExtensionType):
            array = array.storage
        elif pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        elif pa.types.is_run_end_encoded(array.type):
            array = pc.run_end_decode(array)
        else:
            return array


def _strings(array: Any) -> Any:  # noqa: ANN401
    """Give texts or bytes as strings, with what is no UTF-8 replaced."""
    try:
        return pc.cast(array, pa.string())
    except pa.ArrowInvalid:
        texts = [None if v is None else v.decode("utf-8", "replace") for v in array.to_pylist()]
        return pa.array(texts, pa.string())
