"""What is asked of an archive, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from data.archives.fetch import CHUNK_ROWS
from data.archives.into_store import check_columns
from data.archives.jobs import Jobs
from data.archives.probe import available_columns, probed_query
from data.archives.queries import Query, free_query, release_query
from data.archives.releases import Release, find_release, from_document
from data.archives.services import find_service
from data.errors import UserError
from data.selection import Tree, validate

__all__ = ["Wanted", "check_fetch", "wanted"]

_DEFAULTS: Mapping[str, object] = {
    "service": None,
    "hats": None,
    "release": None,
    "selection": None,
    "adql": None,
    "name": None,
    "max_rows": None,
    "chunk_rows": CHUNK_ROWS,
    "threads": 1,
}
_MOST_CHUNK_ROWS = 5_000_000
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Wanted:
    """A download, ready to be begun.

    Parameters
    ----------
    query
        What to fetch.
    bytes_per_row
        Size of a row.
    tree
        The selection that is applied to what comes.
    release
        Where the stars are; None for an ADQL text.
    """

    query: Query
    bytes_per_row: int
    tree: Tree
    release: Release | None


def check_fetch(spec: dict[str, object], home: Path) -> dict[str, object]:
    """Check the spec of a download, and give it in its full form; nothing is sent.

    Parameters
    ----------
    spec
        ``service`` (a name or an address) or ``hats`` (a folder or an address), ``name`` (of
        the catalogue), and either ``adql`` or any of ``release`` (a name, a file, or what a
        file holds) and ``selection``; further ``max_rows`` and ``chunk_rows``.
    home
        The folder that holds catalogues and runs.

    Raises
    ------
    UserError
        If something in it cannot be.
    """
    unknown = sorted(spec.keys() - _DEFAULTS.keys() - {"kind"})
    if unknown:
        raise UserError(
            f"Unknown setting {unknown[0]!r} of a download.", f"Known: {', '.join(_DEFAULTS)}."
        )
    full = {"kind": "fetch", **_DEFAULTS, **spec}
    name = full["name"]
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME:
        raise UserError("A download needs a name for the catalogue.", "Give one with --name.")
    _check_rows(full)
    full["name"] = name.strip()
    if full["hats"] is not None:
        return _check_hats(full)
    if not isinstance(full["service"], str):
        raise UserError("A download needs a service.", "Give esa, gavo, aip, or an address.")
    service = find_service(full["service"])
    full["service"] = service.url
    if full["adql"] is not None:
        if full["selection"] is not None or full["release"] is not None:
            raise UserError(
                "Give an ADQL text, or a release with a selection, not both.",
                "The query itself names the table.",
            )
        if not isinstance(full["adql"], str):
            raise UserError("The ADQL of a download must be a string.")
        free_query(full["adql"], None)
        return full
    release = _release(full["release"] or service.release)
    tree = validate(full["selection"])
    check_columns(tree, release.columns)
    release_query(tree, release)
    return full | {
        "selection": tree,
        "release": release.to_dict() | {"name": release.name},
    }


def _check_hats(full: dict[str, object]) -> dict[str, object]:
    """Check what is asked of a HATS catalogue; it is opened when the run begins."""
    if full["service"] is not None or full["adql"] is not None:
        raise UserError(
            "A HATS catalogue cannot be queried like a TAP service.",
            "Use --hats with --select only.",
        )
    if not isinstance(full["hats"], str) or not full["hats"].strip():
        raise UserError("A HATS catalogue is a folder, or an https or s3 address.")
    address = full["hats"].strip()
    if "://" not in address:  # the run works in a folder of its own
        address = str(Path(address).expanduser().absolute())
    release = None if full["release"] is None else _release(full["release"]).to_dict()
    return full | {"hats": address, "selection": validate(full["selection"]), "release": release}


def wanted(spec: Mapping[str, object], jobs: Jobs, folder: Path) -> Wanted:
    """Turn a checked spec into a query, with what the service has to say about it.

    Parameters
    ----------
    spec
        What `check_fetch` gave.
    jobs
        The service.
    folder
        For its answers.

    Raises
    ------
    UserError
        If the service lacks a table or a column, or refuses the text.
    """
    if spec["adql"] is not None:
        query, size = probed_query(str(spec["adql"]), jobs, folder)
        return Wanted(query, size, None, None)
    release = available_columns(_release(spec["release"]), jobs, folder)
    tree = validate(spec["selection"])
    check_columns(tree, release.columns)
    return Wanted(release_query(tree, release), release.bytes_per_row(), tree, release)


def _release(given: object) -> Release:
    if isinstance(given, str):
        return find_release(given)
    if not isinstance(given, dict):
        raise UserError("A release is a name, a file, or the content of such a file.")
    known = given.get("name")
    if isinstance(known, str) and known.lower() in _known_names():
        return find_release(known)
    return from_document(given, "The description of the release")


def _known_names() -> set[str]:
    from data.archives.releases import RELEASES

    return set(RELEASES)


def _check_rows(spec: Mapping[str, object]) -> None:
    for name, least, most in (
        ("max_rows", 1, 2**62),
        ("chunk_rows", 1, _MOST_CHUNK_ROWS),
    ):
        value = spec[name]
        if value is None and name == "max_rows":
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            option = name.replace("_", "-")
            limit = f" to {most:,}" if name == "chunk_rows" else ""
            raise UserError(f"--{option} must be a whole number from {least}{limit}.")
