"""Dwarf galaxies in the catalogue store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from data.catalogue.column_files import write_column
from data.catalogue.manifest import Column, Manifest
from data.catalogue.store import COLUMNS, TRUTH, Catalogue, CatalogueStore
from data.catalogue.writing import content_id, file_names, new_folder, plain_name
from data.dwarfs.local_group import Dwarf
from data.dwarfs.table import DwarfTable, read_dwarf
from data.errors import UserError
from data.frames import SolarParameters

__all__ = ["dwarf_of", "ingest_dwarf", "stars_of", "store_dwarf"]

_UNITS = {
    "x_sky": ("kpc", "distance east of the centre, on the tangent plane"),
    "y_sky": ("kpc", "distance north of the centre, on the tangent plane"),
    "radius": ("kpc", "circularised projected radius"),
    "v_los": ("km / s", "line-of-sight velocity, the bulk motion's perspective removed"),
    "v_los_error": ("km / s", "error of v_los, inflated where repeats scatter"),
    "measurements": ("", "measurements of the velocity"),
    "v_los_chi_square": ("", "chi^2 of repeated velocities about their mean"),
    "velocity_variable": ("", "whether repeated velocities scatter beyond chance"),
    "ra": ("deg", "right ascension (ICRS)"),
    "dec": ("deg", "declination (ICRS)"),
    "p_member": ("", "probability of being a member, as published"),
    "metallicity": ("", "metallicity or its index, as published"),
    "metallicity_error": ("", "error of metallicity"),
    "source_id": ("", "identifier"),
}
_NO_6D = "seen from outside"


def ingest_dwarf(
    file: str | Path,
    home: Path,
    *,
    dwarf: Dwarf | None = None,
    name: str | None = None,
    column_map: Mapping[str, str] | None = None,
) -> Catalogue:
    """Bring the table of a dwarf galaxy into the store.

    Parameters
    ----------
    file, dwarf, column_map
        As for `data.dwarfs.table.read_dwarf`.
    home
        The home folder.
    name
        What to call the catalogue; the file's name by default.

    Raises
    ------
    UserError
        If the table cannot be read or cannot be of a dwarf. The store is then as it was.
    """
    path = Path(file).expanduser()
    try:
        table = read_dwarf(path, dwarf, column_map)
    except UserError as error:
        if path.name in error.sentence:
            raise
        raise UserError(f"{path.name}: {error.sentence}", error.hint) from error
    provenance = {"file": str(path.absolute()), "bytes": path.stat().st_size}
    return store_dwarf(table, home, name or path.name.split(".")[0], provenance)


def store_dwarf(
    table: DwarfTable,
    home: Path,
    name: str,
    provenance: Mapping[str, Any],
    truth: Mapping[str, Any] | None = None,
) -> Catalogue:
    """Put the stars of a dwarf into the store, as a catalogue of the kind ``dwarf``."""
    store = CatalogueStore(home)
    rows = len(table.columns["radius"])
    with new_folder(store) as folder:
        files = file_names(table.columns)
        columns, hashes = {}, {}
        for column, values in table.columns.items():
            plain = np.ascontiguousarray(values)
            write_column(folder / COLUMNS / files[column], plain)
            hashes[column] = hashlib.blake2b(plain.data, digest_size=16).hexdigest()
            unit, meaning = _UNITS[column]
            source = table.sources.get(column, "")
            columns[column] = Column(
                unit, plain.dtype.name, meaning, "stated" if source else "derived", source,
                files[column],
            )  # fmt: skip
        about = None if table.dwarf is None else table.dwarf.to_dict()
        meaning_of_all = [sorted(hashes.items()), "dwarf", about, truth]
        text = json.dumps(meaning_of_all, sort_keys=True).encode()
        content_hash = hashlib.blake2b(text, digest_size=16).hexdigest()
        manifest = Manifest(
            id=content_id(name, content_hash),
            name=plain_name(name),
            kind="dwarf",
            rows=rows,
            dropped=dict(table.dropped),
            with_6d=0,
            not_6d={_NO_6D: rows},
            not_6d_reasons=(_NO_6D,),
            columns=columns,
            skipped={},
            sun=SolarParameters(),
            frame="tangent plane of the dwarf, x to the east, y to the north",
            origin_of_distance="the dwarf's" if table.dwarf else "positions in kpc",
            provenance={**provenance, "dwarf": about},
            content_hash=content_hash,
            created=datetime.now(UTC).isoformat(),
        )
        if truth is not None:
            (folder / TRUTH).write_text(json.dumps(truth, allow_nan=False), encoding="utf-8")
        manifest.write(folder)
        return store.adopt(folder, manifest.id)


def dwarf_of(catalogue: Catalogue) -> Dwarf | None:
    """Give the galaxy that a catalogue is of; None for one in kpc.

    Raises
    ------
    UserError
        If the catalogue is not of a dwarf galaxy.
    """
    if catalogue.manifest.kind != "dwarf":
        raise UserError(
            f"The catalogue {catalogue.name} is not one of a dwarf galaxy.",
            "Ingest its table with --kind dwarf.",
        )
    stored = catalogue.manifest.provenance.get("dwarf")
    return None if stored is None else Dwarf.from_dict(stored)


def stars_of(catalogue: Catalogue) -> DwarfTable:
    """Read the stars of a dwarf's catalogue."""
    dwarf = dwarf_of(catalogue)
    columns = {name: np.array(catalogue.column(name)) for name in catalogue.columns}
    return DwarfTable(columns, dwarf, dict(catalogue.manifest.dropped))
