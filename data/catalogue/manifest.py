"""What is known about a catalogue in the store: its manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from data.catalogue.remarks import Remark
from data.catalogue.schema import Kind
from data.errors import UserError
from data.frames import SolarParameters

__all__ = ["MANIFEST", "Column", "Manifest", "UnitOrigin"]

MANIFEST = "manifest.json"
VERSION = 1

UnitOrigin = Literal["stated", "assumed", "given", "derived"]


@dataclass(frozen=True)
class Column:
    """A stored column.

    Parameters
    ----------
    unit
        As ``astropy.units.Unit`` parses it where it can be parsed; empty for pure numbers.
    dtype
        numpy name of the type that `Catalogue.column` gives.
    description
        One line for people.
    unit_origin
        ``stated`` by the table, ``given`` by the user, ``assumed`` because the table says
        nothing, or ``derived`` at ingest.
    source
        The name in the table that it came from; empty if derived.
    file
        File name inside the folder ``columns``.
    missing
        The integer that stands for a missing value; None where there is none, in a column of
        floats (NaN says it) and in manifests that were written before it was noted.
    read_unit
        The unit in which the table's values were read, where it is not ``unit``.
    """

    unit: str
    dtype: str
    description: str
    unit_origin: UnitOrigin = "stated"
    source: str = ""
    file: str = ""
    missing: int | None = None
    read_unit: str = ""


@dataclass(frozen=True)
class Manifest:
    """What is known about a catalogue.

    Parameters
    ----------
    id, name
        The content id (``<slug>-<8 hex>``) and the name that the user gave.
    kind
        ``astrometry``, ``simulation`` or ``dwarf``.
    rows, dropped
        Rows kept, and rows dropped by reason; together the rows read.
    with_6d, not_6d
        Stars with position and velocity, and the others by reason; together ``rows``.
    not_6d_reasons
        Names of the codes 1, 2, ... in the column ``not_6d_reason``.
    columns
        The stored columns by name.
    skipped
        Columns of the table that were not stored, each with why.
    sun
        The Sun's place and motion that were used.
    frame
        The frame of x, y, z in words.
    origin_of_distance
        ``1/parallax``, the name of the column that it was taken from, or ``positions``.
    provenance
        Where the table came from: file, format, size, versions and the like.
    content_hash
        Hash of the stored numbers.
    created
        UTC, ISO 8601.
    remarks
        What should be known about its columns before it is used.
    kind_reason
        Why the table was taken as one of this kind.
    renamed
        Columns of the table that are stored under another name than theirs.
    """

    id: str
    name: str
    kind: Kind
    rows: int
    dropped: dict[str, int]
    with_6d: int
    not_6d: dict[str, int]
    not_6d_reasons: tuple[str, ...]
    columns: dict[str, Column]
    skipped: dict[str, str]
    sun: SolarParameters
    frame: str
    origin_of_distance: str
    provenance: dict[str, Any]
    content_hash: str
    created: str
    version: int = field(default=VERSION)
    remarks: tuple[Remark, ...] = ()
    kind_reason: str = ""
    renamed: dict[str, str] = field(default_factory=dict)

    @property
    def parent(self) -> str | None:
        """The table file that it was ingested from, if it was a file."""
        file = self.provenance.get("file")
        return None if file is None else str(file)

    def write(self, folder: Path) -> None:
        """Write the manifest into the folder of a catalogue that nobody reads yet."""
        stored = asdict(self) | {"sun": self.sun.to_dict()}
        stored["remarks"] = [remark.to_dict() for remark in self.remarks]
        text = json.dumps(stored, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest of a catalogue.

        Raises
        ------
        UserError
            If it is missing, damaged or of another version.
        """
        try:
            stored = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if stored["version"] != VERSION:
                raise UserError(
                    f"The catalogue {folder.name} was written by another version of Via Obscura.",
                    "Import its table again.",
                )
            return cls._from_dict(stored)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"The manifest of the catalogue {folder.name} is missing or damaged.",
                "Delete the catalogue and import its table again.",
            ) from error

    @classmethod
    def _from_dict(cls, stored: Mapping[str, Any]) -> Manifest:
        fields = dict(stored)
        fields["columns"] = {name: Column(**c) for name, c in stored["columns"].items()}
        fields["sun"] = SolarParameters.from_dict(stored["sun"])
        fields["not_6d_reasons"] = tuple(stored["not_6d_reasons"])
        fields["remarks"] = tuple(Remark.from_dict(r) for r in stored.get("remarks", ()))
        manifest = cls(**fields)
        manifest._check()
        return manifest

    def _check(self) -> None:
        """Refuse values of other kinds than those that are written."""
        texts = (self.id, self.name, self.kind, self.frame, self.created, self.content_hash)
        counts = (self.rows, self.with_6d, *self.dropped.values(), *self.not_6d.values())
        columns = [
            (c.unit, c.dtype, c.description, c.file, c.read_unit) for c in self.columns.values()
        ]
        if not all(isinstance(text, str) for text in (*texts, *(t for c in columns for t in c))):
            raise TypeError("a text is none")
        if not all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in counts):
            raise TypeError("a count is none")
        marks = [c.missing for c in self.columns.values() if c.missing is not None]
        if not all(isinstance(mark, int) and not isinstance(mark, bool) for mark in marks):
            raise TypeError("a mark of missing values is none")
        if not (isinstance(self.provenance, dict) and isinstance(self.renamed, dict)):
            raise TypeError("the provenance is none")
        if any(Path(column.file).name != column.file for column in self.columns.values()):
            raise ValueError("a column lies outside the catalogue")
