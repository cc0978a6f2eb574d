"""What is asked of an archive: checked before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import field_validator

from data.archives.fetch import CHUNK_ROWS
from data.archives.into_store import check_columns
from data.archives.jobs import Jobs
from data.archives.probe import available_columns, probed_query
from data.archives.queries import Query, free_query, release_query
from data.archives.releases import Release, find_release, from_document
from data.archives.services import find_service
from data.declared import setting
from data.errors import UserError
from data.selection import Tree, validate
from engine.runs.request import Request, SelectionTree, threads_setting

__all__ = ["FetchRequest", "Wanted", "wanted"]


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


class FetchRequest(Request):
    """What is asked of an archive."""

    kind: ClassVar[str] = "fetch"
    thing: ClassVar[str] = "a download"

    service: str | None = setting(None, "a TAP service: esa, gavo, aip, or an address")
    hats: str | None = setting(
        None, "a HATS catalogue instead of a TAP service: a folder, or an https or s3 address"
    )
    release: str | dict[str, Any] | None = setting(
        None,
        "where the stars are; by default the service's own",
        requirement="a name, a file or the content of such a file",
    )
    selection: SelectionTree | None = setting(
        None, "the stars that are fetched, a tree of cuts", requirement="a tree of cuts"
    )
    adql: str | None = setting(
        None, "an ADQL query instead of a release and a selection", requirement="text"
    )
    name: str = setting(..., "what the catalogue is called", max_length=100, label="Catalogue")
    max_rows: int | None = setting(None, "refuse larger downloads", low=1, label="Maximum rows")
    chunk_rows: int = setting(CHUNK_ROWS, "rows per query", low=1, high=5_000_000)
    threads: int | None = threads_setting(1)

    @field_validator("name", mode="after")
    @classmethod
    def _stripped(cls, name: str) -> str:
        if not name.strip():
            raise UserError("A download needs a name for the catalogue.", "Give one with --name.")
        return name.strip()

    def complete(self, home: Path) -> dict[str, object]:  # noqa: ARG002, RUF100
        """Write addresses, release and selection in full; nothing is sent."""
        if self.hats is not None:
            return self._of_hats(self.hats.strip())
        if self.service is None:
            raise UserError("A download needs a service.", "Give esa, gavo, aip, or an address.")
        service = find_service(self.service)
        if self.adql is not None:
            if self.selection is not None or self.release is not None:
                raise UserError(
                    "Give an ADQL query, or a release with a selection, not both.",
                    "The query itself names the table.",
                )
            free_query(self.adql, None)
            return {"service": service.url}
        release = _release(self.release or service.release)
        tree = validate(self.selection)
        check_columns(tree, release.columns)
        release_query(tree, release)
        return {
            "service": service.url,
            "selection": tree,
            "release": release.to_dict() | {"name": release.name},
        }

    def _of_hats(self, address: str) -> dict[str, object]:
        """Check what is asked of a HATS catalogue; it is opened when the run begins."""
        if self.service is not None or self.adql is not None:
            raise UserError(
                "A HATS catalogue cannot be queried like a TAP service.",
                "Use --hats with --select only.",
            )
        if not address:
            raise UserError("A HATS catalogue is a folder, or an https or s3 address.")
        if "://" not in address:  # the run works in a folder of its own
            address = str(Path(address).expanduser().absolute())
        release = None if self.release is None else _release(self.release).to_dict()
        return {"hats": address, "selection": validate(self.selection), "release": release}


def wanted(spec: Mapping[str, object], jobs: Jobs, folder: Path) -> Wanted:
    """Turn a checked spec into a query, with what the service has to say about it.

    Parameters
    ----------
    spec
        What `FetchRequest` gave.
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
