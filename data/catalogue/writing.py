"""The last step of ingest: settled columns, their hash and the manifest, in a new folder."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.catalogue.column_files import map_column, write_column
from data.catalogue.identifiers import NO_ID
from data.catalogue.manifest import Column, Manifest
from data.catalogue.matching import Matched, Planned
from data.catalogue.remarks import Remark
from data.catalogue.schema import CORRECTION, DERIVED, KNOWN, NOT_6D_REASONS
from data.catalogue.spool import Spool
from data.catalogue.store import COLUMNS, CatalogueStore
from data.errors import UserError
from data.frames import SolarParameters

__all__ = [
    "check_space",
    "content_id",
    "file_names",
    "make_manifest",
    "new_folder",
    "plain_name",
    "write_columns",
]

FRAME = "Galactocentric, right-handed, the Sun at +x (astropy v4.0 turned by 180 deg about z)"
_NAME_LENGTH = 100
_SLUG_LENGTH = 48


@contextmanager
def new_folder(store: CatalogueStore) -> Iterator[Path]:
    """Give a temporary folder that leaves no trace unless it has been adopted.

    Raises
    ------
    UserError
        If the disk does not take what is written.
    """
    made = [place for place in (store.path, store.path.parent) if not place.exists()]
    folder: Path | None = None
    try:
        folder = store.temporary()
        yield folder
    except OSError as error:
        raise UserError(
            f"The catalogue cannot be written to {store.path}: {error.strerror or error}.",
            "Free up space, or choose another home with --home.",
        ) from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        for place in made:
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()


def check_space(n_rows: int | None, matched: Matched, folder: Path) -> None:
    """Refuse before the writing starts if the disk cannot hold the columns.

    Raises
    ------
    UserError
        If there is too little space. Nothing can be said where the number of rows is not
        known beforehand; then the writing itself fails cleanly.
    """
    if n_rows is None:
        return
    width = sum(8 if c.dtype is None else np.dtype(c.dtype).itemsize for c in matched.columns)
    width += sum(np.dtype(spec.dtype).itemsize for spec in DERIVED.values()) + 8
    needed = n_rows * (width + 8)  # the spool of a column goes when the column is written
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"The catalogue needs {needed / 1e9:.1f} GB, but the disk of {folder.parent} has only "
            f"{free / 1e9:.1f} GB left.",
            "Free up space, or choose another home with --home.",
        )


def write_columns(
    spools: dict[str, Spool],
    matched: Matched,
    keep: npt.NDArray[np.bool_] | None,
    folder: Path,
    say: Callable[[float], None],
) -> tuple[dict[str, Column], dict[str, str]]:
    """Write every spooled column, and delete its spool.

    Parameters
    ----------
    spools
        By the column's name in the store; emptied on the way.
    matched
        Where the columns came from.
    keep
        The rows that stay, shape (n,); None for all.
    folder
        The folder of the catalogue.
    say
        Called with the fraction done.

    Returns
    -------
    columns
        For the manifest: the known ones first, in the order of the schema.
    hashes
        Of the stored bytes, by name.
    """
    made = _made(matched) - ({"distance"} if matched.distance else set())
    stored_as = {c.target: c for c in matched.columns if c.target not in made}
    order = [name for name in (*KNOWN, *DERIVED) if name in spools]
    order += [name for name in spools if name not in order]
    files = file_names(order)
    columns: dict[str, Column] = {}
    hashes: dict[str, str] = {}
    for done, name in enumerate(order):
        spool = spools.pop(name)
        values = spool.settle(keep)
        write_column(folder / COLUMNS / files[name], values)
        hashes[name] = hashlib.blake2b(values.data, digest_size=16).hexdigest()
        dtype = "bool" if name == "has_6d" else values.dtype.name
        missing = NO_ID if name == "source_id" else spool.missing
        del values  # the spool is mapped by it
        spool.remove()
        columns[name] = replace(_describe(name, dtype, files[name], stored_as), missing=missing)
        say((done + 1) / len(order))
    return columns, hashes


def make_manifest(
    matched: Matched,
    *,
    name: str,
    provenance: dict[str, Any],
    sun: SolarParameters,
    truth: Mapping[str, Any] | None,
    columns: dict[str, Column],
    hashes: Mapping[str, str],
    rows: int,
    dropped: dict[str, int],
    skipped: Mapping[str, str],
    remarks: Sequence[Remark],
    folder: Path,
) -> Manifest:
    """Put together what is known about a catalogue; its id follows from its content."""
    codes = np.bincount(
        map_column(folder / COLUMNS / columns["not_6d_reason"].file, "uint8", rows),
        minlength=len(NOT_6D_REASONS) + 1,
    )
    origin = matched.origin_of_distance
    described = sorted((n, c.unit, c.dtype, hashes[n]) for n, c in columns.items())
    meaning = [described, matched.kind, origin, sun.to_dict(), truth]
    content_hash = hashlib.blake2b(json.dumps(meaning).encode(), digest_size=16).hexdigest()
    return Manifest(
        id=content_id(name, content_hash),
        name=plain_name(name),
        kind=matched.kind,
        rows=rows,
        dropped=dropped,
        with_6d=int(codes[0]),
        not_6d={r: int(n) for r, n in zip(NOT_6D_REASONS, codes[1:], strict=True) if n},
        not_6d_reasons=NOT_6D_REASONS,
        columns=columns,
        skipped=matched.skipped | dict(skipped),
        sun=sun,
        frame=FRAME,
        origin_of_distance=origin,
        provenance=provenance,
        content_hash=content_hash,
        created=datetime.now(UTC).isoformat(),
        remarks=tuple(remarks),
        kind_reason=matched.why,
        renamed=matched.renamed,
    )


def _made(matched: Matched) -> set[str]:
    """Name the columns that ingest makes for a table of this kind."""
    if matched.kind == "astrometry":
        return set(DERIVED)
    return {"distance", "has_6d", "not_6d_reason"}


def _describe(name: str, dtype: str, file: str, stored_as: Mapping[str, Planned]) -> Column:
    if name in stored_as:
        c = stored_as[name]
        return Column(
            c.unit, dtype, c.description, c.unit_origin, c.source, file, read_unit=c.read_unit
        )
    if name == "source_id":
        return Column("", dtype, "row of the table, which has no identifiers", "derived", "", file)
    spec = (DERIVED | CORRECTION)[name]
    return Column(spec.unit, dtype, spec.description, "derived", "", file)


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Give each column a file name that every file system takes and tells from the others."""
    files: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        stem = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:80] or "column"
        candidate, n = stem, 1
        while candidate.lower() in taken:
            n += 1
            candidate = f"{stem}-{n}"
        taken.add(candidate.lower())
        files[name] = f"{candidate}.arrow"
    return files


def _slug(name: str) -> str:
    """Turn a name into the part of a folder name that it may be."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", ascii_name).strip("-._")
    return slug[:_SLUG_LENGTH].rstrip("-._") or "catalogue"


def content_id(name: str, content_hash: str) -> str:
    """Give the id of a catalogue."""
    return f"{_slug(name)}-{content_hash[:8]}"


def plain_name(name: str) -> str:
    """Cut a name to a decent length and take control characters out of it."""
    cleaned = "".join(c for c in name if c.isprintable()).strip()
    return cleaned[:_NAME_LENGTH] or "catalogue"
