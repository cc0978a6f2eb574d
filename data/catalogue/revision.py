"""A new version of a catalogue: other distances, corrected parallaxes, further columns.

A catalogue in the store never changes, since runs name it. A new version is a catalogue of its
own beside it that shares the files of the columns that stay (hard links), so it costs no more
than what is new in it. Rows and their order stay as they are.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from data.catalogue.column_files import write_column
from data.catalogue.manifest import Column, Manifest
from data.catalogue.plausibility import CODES, plausibility
from data.catalogue.recalculation import FROM_PARALLAX, NOWHERE, Change, NewColumn, recalculated
from data.catalogue.remarks import Remark
from data.catalogue.schema import CORRECTION, DERIVED, KNOWN, NOT_6D_REASONS
from data.catalogue.store import COLUMNS, TRUTH, Catalogue, CatalogueStore
from data.catalogue.writing import content_id, file_names, new_folder, plain_name
from data.errors import UserError
from data.quality import zero_point as correction

__all__ = ["FROM_PARALLAX", "NewColumn", "distance_choices", "revise"]

_OWN_DISTANCE = "distance_table"
"""Where a table's own column ``distance`` goes when another takes its place."""

_LENGTHS = ("pc", "kpc", "Mpc", "lyr")

Progress = Callable[[float, str], None]


def distance_choices(manifest: Manifest) -> list[str]:
    """List what the distance of a catalogue can be taken from, the present choice first.

    These are 1/parallax, the columns in a unit of length and those whose name speaks of a
    distance. None for a simulation.
    """
    if manifest.kind != "astrometry":
        return []
    found = [manifest.origin_of_distance]
    found += [FROM_PARALLAX] if "parallax" in manifest.columns else []
    for name, column in manifest.columns.items():
        words = name.lower()
        if name in DERIVED or "err" in words or words.endswith(("_lower", "_upper")):
            continue
        if column.unit in _LENGTHS or words.startswith(("dist", "r_med", "r_est")):
            found.append(name)
    return list(dict.fromkeys(found))


def revise(
    catalogue: Catalogue,
    home: Path,
    *,
    name: str | None = None,
    distance: str | None = None,
    zero_point: bool | None = None,
    columns: Mapping[str, NewColumn] | None = None,
    note: Mapping[str, Any] | None = None,
    remarks: Sequence[Remark] = (),
    progress: Progress | None = None,
) -> Catalogue:
    """Make a new version of a catalogue.

    Parameters
    ----------
    catalogue
        The old one, which stays as it is.
    home
        The home folder.
    name
        What to call the new one; by default the old name and what is new.
    distance
        The column, stored or new, that the distance is taken from, or `FROM_PARALLAX`; None
        leaves it.
    zero_point
        Subtract the zero point from the parallaxes, or add it again; None leaves them.
    columns
        Further columns by name.
    note
        Kept in the provenance.
    remarks
        On the further columns.
    progress
        Called with a fraction (0 to 1) and a word.

    Returns
    -------
    Catalogue
        ``already_there`` is set where the store held this version before.

    Raises
    ------
    UserError
        If nothing would change, a column is missing, taken or holds no distance, or the zero
        point cannot be calculated.
    """
    old = catalogue.manifest
    added = dict(columns or {})
    origin = distance or old.origin_of_distance
    if origin == NOWHERE and "parallax" in added:
        origin = FROM_PARALLAX
    change = Change(origin, zero_point, added)
    _check(catalogue, change)
    if old.origin_of_distance == "distance" != change.origin:
        about = replace(old.columns["distance"], description="distance, as the table has it")
        added[_OWN_DISTANCE] = NewColumn(catalogue.column("distance"), about)
        change = replace(change, columns=added)
    say = progress or (lambda fraction, word: None)
    store = CatalogueStore(home)
    with new_folder(store) as folder:
        scratch = folder / "new"
        scratch.mkdir()
        made, counts, more = recalculated(
            catalogue, change, scratch, lambda done: say(0.8 * done, "calculating")
        )
        say(0.8, "storing")
        told = {"of": old.id, "distance": change.origin, **(note or {})}
        if zero_point is not None:
            told["zero point"] = "subtracted" if zero_point else "added again"
        manifest = _assemble(catalogue, made | added, change, folder)
        manifest = replace(
            manifest,
            name=plain_name(name or _name(old, change)),
            provenance=_provenance(old, change, told, counts),
        )
        manifest = replace(manifest, id=content_id(manifest.name, manifest.content_hash))
        del made
        shutil.rmtree(scratch)
        manifest.write(folder)
        found = [*_kept_remarks(old, change), *remarks, *more, *plausibility(Catalogue(folder))]
        replace(manifest, remarks=tuple(dict.fromkeys(found))).write(folder)
        revised = store.adopt(folder, manifest.id)
    say(1.0, "already in the store" if revised.already_there else "done")
    return revised


def _kept_remarks(old: Manifest, change: Change) -> list[Remark]:
    """Give the remarks on cells of the old version that hold for the new one."""
    moved = {"distance"} if change.origin != old.origin_of_distance else set()
    renewed = moved | set(change.columns)
    return [r for r in old.remarks if r.code not in CODES and r.column not in renewed]


def _check(catalogue: Catalogue, change: Change) -> None:
    """Refuse what cannot be done, before anything is written."""
    manifest, origin = catalogue.manifest, change.origin
    same = origin == manifest.origin_of_distance
    if manifest.kind != "astrometry" and not (same and change.zero_point is None):
        raise UserError(
            f"The catalogue {manifest.name} contains positions: it has no distances or parallaxes "
            "to choose from."
        )
    for name in change.columns:
        if catalogue.has(name):
            raise UserError(
                f"The catalogue {manifest.name} already has a column {name}.",
                "Give the new column another name.",
            )
    there = set(catalogue.columns) | set(change.columns)
    wanted = "parallax" if origin == FROM_PARALLAX else origin
    if not same and (wanted not in there or wanted in DERIVED):
        raise UserError(
            f"The catalogue {manifest.name} has no distance column {wanted}.",
            f"Distances are available from {', '.join(distance_choices(manifest))}.",
        )
    if change.zero_point is True:
        correction.check_columns(there)
    if change.zero_point is False and not catalogue.has(correction.COLUMN):
        raise UserError("No zero point was subtracted from the parallaxes of this catalogue.")
    if same and change.zero_point is None and not change.columns:
        raise UserError(
            f"The new version would be the same as the catalogue {manifest.name}.",
            "Choose another distance, the zero point, or columns to join.",
        )


def _assemble(
    catalogue: Catalogue, new: Mapping[str, NewColumn], change: Change, folder: Path
) -> Manifest:
    """Write the new columns, link the others, and describe the whole."""
    old = catalogue.manifest
    removed = {correction.COLUMN} if change.zero_point is False else set()
    kept = {n: c for n, c in old.columns.items() if n not in new and n not in removed}
    order = [n for n in (*KNOWN, *DERIVED, *CORRECTION) if n in kept or n in new]
    order += [n for n in (*kept, *new) if n not in order]
    files = file_names(order)
    columns: dict[str, Column] = {}
    hashes = []
    for name in order:
        place = folder / COLUMNS / files[name]
        if name in kept:
            _link(catalogue.path / COLUMNS / kept[name].file, place)
            columns[name] = replace(kept[name], file=files[name])
            continue
        values = np.ascontiguousarray(new[name].values)
        write_column(place, values)
        columns[name] = replace(new[name].about, dtype=values.dtype.name, file=files[name])
        digest = hashlib.blake2b(values.view(np.uint8).data, digest_size=16).hexdigest()
        hashes.append((name, columns[name].unit, columns[name].dtype, digest))
    meaning = [old.content_hash, sorted(hashes), sorted(removed), change.origin]
    digest = hashlib.blake2b(json.dumps(meaning).encode(), digest_size=16).hexdigest()
    if catalogue.truth_path is not None:
        _link(catalogue.truth_path, folder / TRUTH)
    with_6d, not_6d = old.with_6d, old.not_6d
    if "not_6d_reason" in new:
        codes = np.bincount(new["not_6d_reason"].values, minlength=len(NOT_6D_REASONS) + 1)
        reasons = zip(NOT_6D_REASONS, codes[1:], strict=True)
        with_6d, not_6d = int(codes[0]), {r: int(n) for r, n in reasons if n}
    return replace(
        old,
        columns=columns,
        content_hash=digest,
        created=datetime.now(UTC).isoformat(),
        origin_of_distance=change.origin,
        with_6d=with_6d,
        not_6d=not_6d,
    )


def _provenance(
    old: Manifest,
    change: Change,
    told: Mapping[str, Any],
    counts: correction.ZeroPointCounts | None,
) -> dict[str, Any]:
    """Add to what is known about the old version what was done to it."""
    found = dict(old.provenance)
    if change.zero_point is False:
        found.pop("zero_point", None)
    elif counts is not None:
        found["zero_point"] = correction.provenance(counts)
    return found | {"revised": [*found.get("revised", []), dict(told)]}


def _name(old: Manifest, change: Change) -> str:
    """Call the new version after what is new in it."""
    words = [old.name]
    if change.origin != old.origin_of_distance:
        words.append(change.origin)
    if change.zero_point is not None:
        words.append("zero point" if change.zero_point else "without zero point")
    if change.columns and len(words) == 1:
        words.append("joined")
    return ", ".join(words)


def _link(source: Path, place: Path) -> None:
    """Share a file that is never written again; copy it where the file system has no links."""
    try:
        os.link(source, place)
    except OSError:
        shutil.copyfile(source, place)
