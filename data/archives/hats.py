"""HATS catalogues, local or remote: what a selection needs of them, partition by partition.

HATS is the survey on disk: Parquet files by HEALPix tile. `lsdb` opens it, from a folder, over
https or from s3, and is imported only here and only when it is needed.
"""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data.archives.fetch import check_disk
from data.archives.into_store import check_columns, store_parts
from data.archives.pushdown import Box, Cone, Filter, filters_of, sky_box
from data.archives.releases import RELEASES
from data.archives.tiles import in_region, touching
from data.catalogue.schema import CARTESIAN, DERIVED, KNOWN, REQUIRED
from data.catalogue.store import Catalogue
from data.errors import UserError
from data.selection import Tree, columns, selection_hash, validate

__all__ = ["HatsRequest", "expected_hats_rows", "fetch_hats", "hats_request"]

SAMPLED = 12
"""Partitions that are looked at to estimate how many rows pass the filters."""

_SPARE = 1.3
_FEWEST_LETTERS = 2
_BY_PLACE = ("ra", "l", "b", "ecl_lon", "ecl_lat")
"""Columns by which partitions are not filtered: angles wrap, and this program derives l and b."""

_HEALPIX = "_healpix_29"

Say = Callable[[float, str, str], None]


@dataclass(frozen=True)
class HatsRequest:
    """What is read of a HATS catalogue.

    Parameters
    ----------
    address
        A folder, or an https or s3 address.
    columns
        Our names, each with its name there.
    tree
        The selection.
    filters
        The part of it that Parquet readers apply.
    sky
        The part of the sky; None for all of it.
    tiles
        The partitions (order and pixel) that may touch it; empty for all.
    """

    address: str
    columns: Mapping[str, str]
    tree: Tree
    filters: tuple[Filter, ...]
    sky: Box | Cone | None
    tiles: tuple[tuple[int, int], ...] = ()

    def opened(self, only: list[str] | None = None) -> Any:  # noqa: ANN401 - lsdb is optional
        """Open the catalogue; with ``only`` these of its columns.

        Raises
        ------
        UserError
            If lsdb is not installed, or there is no such catalogue.
        """
        lsdb = _lsdb()
        search = lsdb.PixelSearch(list(self.tiles)) if self.tiles else None
        filters = [tuple(f) for f in self.filters] or None
        return _open(
            lsdb,
            self.address,
            columns=only or list(self.columns.values()),
            filters=filters,
            search_filter=search,
            error_empty_filter=False,
        )


def hats_request(
    address: str,
    tree: object,
    *,
    given: Mapping[str, str] | None = None,
    cone: Cone | None = None,
) -> HatsRequest:
    """Look at a HATS catalogue and plan what is read of it.

    Parameters
    ----------
    address
        A folder, or an https or s3 address.
    tree
        The selection; its ranges become filters, its ranges in ra and dec a box on the sky.
    given
        Our names of columns with their names there; those of Gaia by default.
    cone
        Read only this part of the sky.

    Raises
    ------
    UserError
        If it cannot be opened, or lacks columns that are needed.
    """
    node = validate(tree)
    catalogue = _open(_lsdb(), address, columns="all")
    there = set(map(str, catalogue.columns))
    wanted = {
        name: _spelled(ref, there)
        for name, ref in (given or RELEASES["gaia-dr3"].columns).items()
        if given or _spelled(ref, there) in there
    }
    # What the selection needs comes too, where it is stored there under its name. What this
    # program derives (z, speed, ...) it derives itself: a column z may be a redshift.
    for name in columns(node):
        if name not in {*wanted, *DERIVED, *CARTESIAN} and _spelled(name, there) in there:
            wanted[name] = _spelled(name, there)
    for name in ("source_id", *REQUIRED["astrometry"]):
        if name not in wanted:
            raise UserError(
                f"The HATS catalogue {address} has no column {name}.",
                "Say which of its columns it is, in the description of a release.",
            )
    missing = [ref for ref in wanted.values() if ref not in there]
    if missing:
        raise UserError(f"The HATS catalogue {address} has no column {missing[0]}.")
    check_columns(node, wanted)
    sky = cone or sky_box(node)
    tiles: list[tuple[int, int]] = []
    if sky is not None:
        every = [(int(p.order), int(p.pixel)) for p in catalogue.get_healpix_pixels()]
        tiles = touching(every, sky) or every[:1]  # of which no star will pass
    # right ascensions may be written from -180 to 180, so that no bound can be asked for
    asked = {name: ref for name, ref in wanted.items() if name not in _BY_PLACE}
    return HatsRequest(address, wanted, node, tuple(filters_of(node, asked)), sky, tuple(tiles))


def _spelled(ref: str, there: set[str]) -> str:
    """Give the name of a column as the catalogue spells it: SOURCE_ID for source_id.

    One letter is not enough for that: B is a magnitude where b is a latitude.
    """
    if ref in there or len(ref) < _FEWEST_LETTERS:
        return ref
    alike = [name for name in there if name.lower() == ref.lower()]
    return alike[0] if len(alike) == 1 else ref


def expected_hats_rows(request: HatsRequest) -> int:
    """Estimate how many rows pass the filters, from some of the partitions.

    Where there are more than `SAMPLED` partitions the estimate is taken higher by a third. What
    neither filters nor the part of the sky express, the selection takes away later.
    """
    catalogue = request.opened([request.columns[name] for name in ("source_id", "ra", "dec")])
    parts = catalogue.to_delayed()
    if not parts:
        return 0
    chosen = sorted({i * len(parts) // SAMPLED for i in range(SAMPLED)})
    rows = [len(_inside(_computed(parts[i], request.address), request)) for i in chosen]
    if len(chosen) == len(parts):
        return sum(rows)
    return int(_SPARE * sum(rows) / len(rows) * len(parts))


def fetch_hats(
    request: HatsRequest,
    home: Path,
    folder: Path,
    *,
    name: str,
    max_rows: int | None = None,
    say: Say = lambda fraction, stage, message: None,
) -> Catalogue:
    """Bring the stars of a HATS catalogue into the store.

    Partitions are read one after the other, so that memory holds one of them; those that an
    earlier attempt left in the folder are not read again.

    Parameters
    ----------
    request
        What to read.
    home
        The home folder.
    folder
        For the partitions; it may be deleted afterwards.
    name
        What to call the catalogue.
    max_rows
        More rows than this are refused.
    say
        Told about the progress; it may raise to stop.

    Raises
    ------
    UserError
        If it does not fit on the disk, or nothing is left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _same_request(request, folder)
    say(0.0, "counting", request.address)
    expected = expected_hats_rows(request)
    size = sum(4 if n in KNOWN and KNOWN[n].dtype == "float32" else 8 for n in request.columns)
    check_disk(expected, size, folder)
    say(0.0, "counting", f"about {expected:,} rows (estimate), {expected * size / 1e9:.2f} GB")
    partitions = request.opened().to_delayed()
    parts, total = [], 0
    for number, partition in enumerate(partitions):
        say(0.85 * number / len(partitions), "reading", f"{total:,} rows so far")
        path = folder / f"partition-{number:06d}.parquet"
        if not path.exists():
            frame = _inside(_computed(partition, request.address), request)
            _write(frame, request.columns, path)
        rows = pq.read_metadata(path).num_rows
        total += rows
        if rows:
            parts.append(path)
        if max_rows is not None and total > max_rows:
            raise UserError(
                f"The selection gives more rows than the {max_rows:,} that are allowed.",
                "Narrow it, or raise --max-rows.",
            )
        if shutil.disk_usage(folder).free < total * size:
            raise UserError(
                f"The disk is nearly full after {total:,} rows of {request.address}.",
                "Free space there, or narrow the selection.",
            )
    if not parts:
        raise UserError(
            f"No star of the HATS catalogue {request.address} passes the selection.", "Widen it."
        )
    catalogue = store_parts(
        parts,
        home,
        name=name,
        tree=request.tree,
        provenance=_provenance(request, len(partitions)),
        progress=lambda done, stage: say(0.85 + 0.15 * done, stage, ""),
    )
    for path in folder.glob("partition-*.parquet"):
        path.unlink()
    return catalogue


def _inside(frame: Any, request: HatsRequest) -> Any:  # noqa: ANN401 - a data frame
    """Keep the rows of a partition that lie in the part of the sky that was asked for."""
    if request.sky is None:
        return frame
    ra, dec = (
        np.asarray(frame[request.columns[name]], dtype=np.float64) for name in ("ra", "dec")
    )
    return frame[in_region(request.sky, ra, dec)]


def _same_request(request: HatsRequest, folder: Path) -> None:
    """Refuse to mix the partitions of two requests."""
    meaning = json.dumps(
        [request.address, dict(request.columns), selection_hash(request.tree), str(request.sky)]
    )
    place = folder / "request.json"
    if not place.exists():
        place.write_text(meaning, encoding="utf-8")
    elif place.read_text(encoding="utf-8") != meaning:
        raise UserError(
            "The folder holds partitions of another request.", "Start it as a new run."
        )


def _provenance(request: HatsRequest, partitions: int) -> dict[str, Any]:
    from importlib.metadata import version

    return {
        "source": "HATS",
        "address": request.address,
        "selection": request.tree,
        "filters": [list(f) for f in request.filters],
        "sky": None if request.sky is None else str(request.sky),
        "partitions": partitions,
        "lsdb": version("lsdb"),
    }


def _write(frame: Any, names: Mapping[str, str], path: Path) -> None:  # noqa: ANN401
    """Keep a partition under our names, whole or not at all."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = pa.table({ours: table.column(theirs) for ours, theirs in names.items()})
    temporary = path.with_suffix(".part")
    pq.write_table(table, temporary)
    temporary.replace(path)


def _computed(partition: Any, address: str) -> Any:  # noqa: ANN401
    """Read one partition, in this thread: one at a time is in memory."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return partition.compute(scheduler="synchronous")
    except UserError:
        raise
    except Exception as error:  # whatever fsspec, pyarrow or the network lead to
        raise UserError(
            f"A part of the HATS catalogue {address} cannot be read: {_said(error)}.",
            "Resume the run; the parts that came are kept.",
        ) from error


def _lsdb() -> Any:  # noqa: ANN401
    """Import lsdb.

    Raises
    ------
    UserError
        If it is not installed.
    """
    os.environ.setdefault("TQDM_DISABLE", "1")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import lsdb
    except ImportError as error:
        raise UserError(
            "HATS catalogues need the package lsdb, which is not installed.",
            'Install it into the environment of this program: pip install "lsdb>=0.11".',
        ) from error
    return lsdb


def _open(lsdb: Any, address: str, **options: Any) -> Any:  # noqa: ANN401
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return lsdb.open_catalog(address, **options)
    except FileNotFoundError as error:
        raise UserError(
            f"There is no HATS catalogue at {address}.",
            "Name the folder that holds hats.properties or collection.properties.",
        ) from error
    except Exception as error:  # whatever fsspec, pyarrow or the network lead to
        hint = "Addresses that begin with s3:// need the package s3fs."
        raise UserError(
            f"The HATS catalogue {address} cannot be opened: {_said(error)}.",
            hint if address.startswith("s3:") else "",
        ) from error


def _said(error: Exception) -> str:
    return (" ".join(str(error).split())[:200] or type(error).__name__).rstrip(".")
