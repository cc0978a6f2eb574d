"""What is said of a catalogue that has just been made."""

from __future__ import annotations

from typing import Any

from data.catalogue.manifest import Column, Manifest
from data.catalogue.schema import ASTROMETRY, CARTESIAN
from data.catalogue.store import Catalogue

__all__ = ["in_words", "phase_space_columns", "summary"]


def summary(catalogue: Catalogue) -> dict[str, Any]:
    """Give the object that ``ingest --json`` prints."""
    manifest = catalogue.manifest
    return {
        "catalogue": manifest.id,
        "rows": manifest.rows,
        "dropped": manifest.dropped,
        "with_6d": manifest.with_6d,
        "not_6d": manifest.not_6d,
        "kind": manifest.kind,
        "kind_reason": manifest.kind_reason,
        "table": manifest.provenance.get("table"),
        "tables": manifest.provenance.get("tables", []),
        "columns": phase_space_columns(manifest),
        "renamed": manifest.renamed,
        "skipped": manifest.skipped,
        "remarks": [remark.to_dict() for remark in manifest.remarks],
    }


def phase_space_columns(manifest: Manifest) -> dict[str, dict[str, str]]:
    """Say where position and velocity come from.

    Returns
    -------
    dict
        By name in the store: ``source`` in the table, the ``unit`` in which it was read, and
        ``unit_origin``, ``stated`` by the table, ``given`` by the user or ``assumed``.
    """
    names = list(CARTESIAN) if manifest.kind == "simulation" else list(ASTROMETRY)
    if manifest.kind == "astrometry" and manifest.origin_of_distance not in ("1/parallax", "none"):
        names[names.index("parallax")] = "distance"
    found = {name: manifest.columns[name] for name in names if name in manifest.columns}
    return {name: _described(name, column, manifest) for name, column in found.items()}


def _described(name: str, column: Column, manifest: Manifest) -> dict[str, str]:
    if name == "distance" and column.unit_origin == "derived":
        column = manifest.columns.get(manifest.origin_of_distance, column)
    return {
        "source": column.source or name,
        "unit": column.read_unit or column.unit,
        "unit_origin": column.unit_origin,
    }


def in_words(told: dict[str, Any]) -> dict[str, Any]:
    """Put the object that `summary` gives into words for people."""
    words = {n: told[n] for n in ("catalogue", "rows", "dropped", "with_6d", "not_6d")}
    words["kind"] = (
        f"{told['kind']}: {told['kind_reason']}" if told["kind_reason"] else told["kind"]
    )
    if told["tables"]:
        others = [name for name in told["tables"] if name != told["table"]]
        words["table"] = (
            f"{told['table']} (not read: {', '.join(others)}; --table NAME reads another)"
        )
    words["columns"] = {
        name: f"{about['source']} in {about['unit'] or 'pure numbers'} ({about['unit_origin']})"
        for name, about in told["columns"].items()
    }
    if told["renamed"]:
        words["stored as"] = told["renamed"]
    words["remarks"] = [remark["sentence"] for remark in told["remarks"]] or "none"
    return words
