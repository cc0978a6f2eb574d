"""The job behind ``via-obscura fetch``: count, download, ingest."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from data.archives.fetch import check_disk, download, expected_rows
from data.archives.into_store import store_parts
from data.archives.jobs import Jobs
from data.archives.polite import Patience, PoliteSession
from data.archives.state import Download
from data.catalogue.ingest import summary
from engine.fetching.request import FetchRequest, Wanted, wanted
from engine.runs.context import RunContext

__all__ = ["count_rows", "run_fetch"]

_SHORT = Patience(attempts=3, first=1.0, timeout=60.0)  # somebody waits for the answer
_DOWNLOAD_SHARE = 0.85
_MOST_JOBS_NAMED = 2_000


def run_fetch(context: RunContext) -> dict[str, object]:
    """Download the stars of a spec and bring them into the store.

    Parameters
    ----------
    context
        The run; its spec is that of ``engine.fetching.request.FetchRequest``.

    Returns
    -------
    dict
        What ``ingest --json`` says: ``catalogue``, ``rows``, ``dropped``, ``with_6d``,
        ``not_6d``; and ``archive`` with the query and what came of it.
    """
    spec: dict[str, Any] = dict(context.spec)
    if spec["hats"] is not None:
        return _run_hats(context, spec)
    session = PoliteSession(check_stop=context.check_stop, say=context.log)
    jobs = Jobs(spec["service"], session)
    folder = context.checkpoints / "parts"
    context.progress(0.0, "asking", "Asks the service about its tables.")
    asked = wanted(spec, jobs, folder)
    for cut in asked.query.left_out:
        context.event("warning", code="cut_here", text=f"The archive cannot cut {cut}.")

    def told(done: float, stage: str, message: str) -> None:
        context.check_stop()
        context.progress(_DOWNLOAD_SHARE * done, stage, message)

    state = download(
        asked.query,
        jobs,
        folder,
        chunk_rows=spec["chunk_rows"],
        max_rows=spec["max_rows"],
        bytes_per_row=asked.bytes_per_row,
        say=told,
    )
    context.log(f"{state.received:,} rows received, as many as the service counted.")

    def stored(done: float, stage: str) -> None:
        context.check_stop()
        context.progress(_DOWNLOAD_SHARE + (1.0 - _DOWNLOAD_SHARE) * done, stage)

    check_disk(state.received // 2, asked.bytes_per_row, context.home)
    catalogue = store_parts(
        list(state.files()),
        context.home,
        name=spec["name"],
        tree=asked.tree,
        provenance=_provenance(spec, asked, state, context.run_id),
        progress=stored,
    )
    for part in folder.glob("*.parquet"):  # the catalogue holds their rows now
        part.unlink()
    archive = {
        "rows_counted": state.total,
        "pieces": len(state.pieces),
        "adql": asked.query.text,
        "left_out": [str(cut) for cut in asked.query.left_out],
    }
    return {**summary(catalogue), "archive": archive}


def _run_hats(context: RunContext, spec: dict[str, Any]) -> dict[str, object]:
    """Read a HATS catalogue."""
    from data.archives.hats import fetch_hats, hats_request

    context.progress(0.0, "opening", spec["hats"])
    release = spec["release"]
    request = hats_request(
        spec["hats"], spec["selection"], given=release["columns"] if release else None
    )

    def told(done: float, stage: str, message: str) -> None:
        context.check_stop()
        context.progress(done, stage, message)

    catalogue = fetch_hats(
        request,
        context.home,
        context.checkpoints / "parts",
        name=spec["name"],
        max_rows=spec["max_rows"],
        say=told,
    )
    provenance = catalogue.manifest.provenance
    received, cut = provenance["rows_received"], provenance["rows_cut_here"]
    context.log(
        f"{received:,} rows read from {provenance['partitions']:,} partitions; the selection takes"
        f" {cut:,} of them away and keeps {received - cut:,}."
    )
    return summary(catalogue)


def count_rows(
    spec: dict[str, object], home: Path, patience: Patience | None = None
) -> dict[str, object]:
    """Ask a service how many rows a download would have, without a run.

    Returns
    -------
    dict
        ``rows``, ``estimate`` (whether they are not counted but estimated, as in a HATS
        catalogue), ``bytes`` (on the disk, as catalogue and pieces), ``adql``, ``left_out``.

    Raises
    ------
    UserError
        If the spec cannot be, or the service refuses.
    """
    full: dict[str, Any] = FetchRequest.check({"name": "count", **spec}, home)
    if full["hats"] is not None:
        return _count_hats(full)
    with tempfile.TemporaryDirectory() as place:
        jobs = Jobs(full["service"], PoliteSession(patience or _SHORT))
        asked = wanted(full, jobs, Path(place))
        rows = expected_rows(asked.query, jobs, Path(place))
    return {
        "rows": rows,
        "estimate": False,
        "bytes": rows * asked.bytes_per_row,
        "adql": asked.query.text,
        "left_out": [str(cut) for cut in asked.query.left_out],
    }


def _count_hats(spec: dict[str, Any]) -> dict[str, object]:
    from data.archives.hats import expected_hats_rows, hats_request

    release = spec["release"]
    request = hats_request(
        spec["hats"], spec["selection"], given=release["columns"] if release else None
    )
    rows = expected_hats_rows(request)
    return {
        "rows": rows,
        "estimate": True,
        "bytes": 8 * rows * len(request.columns),
        "adql": "",
        "left_out": [],
    }


def _provenance(spec: dict[str, Any], asked: Wanted, state: Download, run: str) -> dict[str, Any]:
    """Say where the stars come from, so that they can be fetched again."""
    return {
        "source": "TAP",
        "service": spec["service"],
        "release": asked.release.to_dict() if asked.release else None,
        "adql": asked.query.text,
        "selection": asked.tree,
        "left_out": [str(cut) for cut in asked.query.left_out],
        "jobs": state.jobs[:_MOST_JOBS_NAMED],
        "sha256": [piece.sha256 for piece in state.pieces if piece.sha256],
        "rows_counted": state.total,
        "fetched": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "run": run,
    }
