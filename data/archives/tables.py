"""What a TAP service sends: a VOTable, read fast where its columns are plain numbers.

astropy reads the binary serialisations of a VOTable row by row, in Python. Rows of plain
numbers all have one length, so numpy can take them at once; anything else goes to astropy.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import UserError

__all__ = ["DamagedError", "TapTable", "read_votable", "write_parquet"]

_TYPES = {
    "long": ">i8", "int": ">i4", "short": ">i2", "unsignedByte": "u1",
    "double": ">f8", "float": ">f4", "boolean": "S1",
}  # fmt: skip


class DamagedError(Exception):
    """The table does not end where it should: the connection was cut."""


@dataclass(frozen=True)
class TapTable:
    """A table as it came.

    Parameters
    ----------
    columns
        Arrays of shape (n,) by name, masked where values are missing.
    units
        By name, where the service states them.
    overflow
        Whether the service left rows out.
    error
        What the service said instead of rows; empty if it said nothing.
    """

    columns: dict[str, npt.NDArray[Any]]
    units: dict[str, str]
    overflow: bool = False
    error: str = ""

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values()))) if self.columns else 0


def read_votable(path: Path) -> TapTable:
    """Read the result of a job.

    Raises
    ------
    DamagedError
        If it is cut off or no VOTable.
    """
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError) as error:
            raise DamagedError(str(error)) from error
    if not raw.rstrip().endswith(b">") or b"VOTABLE" not in raw[-200:]:
        raise DamagedError("the end is missing")
    start = raw.find(b"<STREAM")
    begin, end = raw.find(b">", start) + 1, raw.rfind(b"</STREAM>")
    binary = start >= 0 and end > 0
    frame = raw[:begin] + raw[end:] if binary else raw
    if b"<!DOCTYPE" in frame or b"<!ENTITY" in frame:  # could swell without limit
        raise UserError("The service sent a document with entity definitions.")
    try:
        root = ET.fromstring(frame)  # noqa: S314 - nothing is defined in it
    except ET.ParseError as error:
        raise DamagedError(str(error)) from error
    status, said = _status(root)
    if status == "ERROR":
        return TapTable({}, {}, error=said or "the service gives no reason")
    first = root.find(".//{*}TABLE")
    fields = [] if first is None else list(first.iterfind("{*}FIELD"))
    _require_different_names(fields)
    units = {f.get("name", ""): f.get("unit", "") for f in fields if f.get("unit")}
    plain = binary and all(
        f.get("datatype") in _TYPES and f.get("arraysize") in (None, "1") for f in fields
    )
    if plain:
        try:
            content = base64.b64decode(raw[begin:end])
            columns = _from_stream(content, fields, root.find(".//{*}BINARY2") is not None)
        except (binascii.Error, ValueError) as error:
            raise DamagedError(str(error)) from error
    else:
        columns = _through_astropy(path)
    return TapTable(columns, units, overflow=status == "OVERFLOW")


def _status(root: ET.Element) -> tuple[str, str]:
    """Find what the service says about the query; the last word counts."""
    status, said = "OK", ""
    for info in root.iterfind(".//{*}INFO"):
        if info.get("name", "").upper() == "QUERY_STATUS":
            value = info.get("value", "").upper()
            if status == "OK" or value == "ERROR":
                status, said = value, " ".join((info.text or "").split())
    return status, said


def _from_stream(
    content: bytes, fields: list[ET.Element], second: bool
) -> dict[str, npt.NDArray[Any]]:
    """Take rows of one length (VOTable 1.4, sections 5.3 and 5.4)."""
    flags = (len(fields) + 7) // 8 if second else 0
    names = [f"f{i}" for i in range(len(fields))]
    layout: list[Any] = [("flags", "u1", (flags,))] if flags else []
    layout += [(n, _TYPES[f.get("datatype", "")]) for n, f in zip(names, fields, strict=True)]
    rows = np.frombuffer(content, dtype=np.dtype(layout))
    columns: dict[str, npt.NDArray[Any]] = {}
    for i, (name, field) in enumerate(zip(names, fields, strict=True)):
        values = rows[name]
        missing = np.zeros(len(rows), dtype=np.bool_)
        if flags:
            missing |= (rows["flags"][:, i // 8] >> (7 - i % 8) & 1).astype(np.bool_)
        if field.get("datatype") == "boolean":
            missing |= ~np.isin(values, [b"T", b"t", b"1", b"F", b"f", b"0"])
            values = np.isin(values, [b"T", b"t", b"1"])
        else:
            values = values.astype(values.dtype.newbyteorder("="))
        null = field.find("{*}VALUES[@null]")
        if null is not None and values.dtype.kind in "iu":
            missing |= values == int(null.get("null", "0"))
        if values.dtype.kind == "f":
            missing |= np.isnan(values)
        columns[_name(field)] = np.ma.MaskedArray(values, missing)
    return columns


def _name(field: ET.Element) -> str:
    return field.get("name", "") or field.get("ID", "")


def _require_different_names(fields: list[ET.Element]) -> None:
    """Refuse two columns of one name, numbers or text: one of them would hide the other."""
    names = [_name(field) for field in fields]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UserError(
            f"The query returns two columns named {twice}.",
            "Name the columns one by one and rename one of the two with AS.",
        )


def _through_astropy(path: Path) -> dict[str, npt.NDArray[Any]]:
    from astropy.io.votable import parse_single_table

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = parse_single_table(str(path), verify="ignore")
    except Exception as error:
        raise DamagedError(str(error)) from error
    return {field.name: table.array[field.ID] for field in table.fields}


def write_parquet(table: TapTable, path: Path) -> None:
    """Keep the numbers of a table as Parquet, with units; whole or not at all."""
    arrays, schema = [], []
    for name, values in table.columns.items():
        if values.ndim != 1 or values.dtype.kind not in "iufb":
            continue  # text and arrays are of no use in the store
        hidden = np.ma.getmaskarray(values)
        arrays.append(pa.array(np.ma.getdata(values), mask=hidden))
        unit = table.units.get(name)
        about = {b"unit": unit.encode()} if unit else None
        schema.append(pa.field(name, arrays[-1].type, metadata=about))
    if not arrays:
        raise UserError("The query returns no numerical column.", "Select ra, dec, parallax, ...")
    temporary = path.with_suffix(".part")
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(schema)), temporary)
    temporary.replace(path)
