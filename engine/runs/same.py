"""Finding the run that has already computed what is asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from engine.runs.folder.directory import RunDirectory, run_directory
from engine.runs.folder.environment import changed_versions, package_versions
from engine.runs.folder.files import read_json
from engine.runs.folder.record import RunRecord, RunState

__all__ = ["NOT_ASKED", "find_same", "spec_hash"]

NOT_ASKED = ("threads", "sweep")
"""Parts of a spec that do not change what is computed."""


def spec_hash(spec: Mapping[str, object]) -> str:
    """Give the hash of what a spec asks for, whoever asks and with however many threads.

    Parameters
    ----------
    spec
        A spec in its full form, as its check gave it.
    """
    asked = {name: value for name, value in spec.items() if name not in NOT_ASKED}
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def find_same(
    spec: Mapping[str, object], records: Iterable[RunRecord], home: Path
) -> RunRecord | None:
    """Find a run with the same spec that is done, or is being worked on.

    A result of other versions of the packages that the numbers depend on is not the same, nor
    is one whose cubes are gone.

    Parameters
    ----------
    spec
        A spec in its full form.
    records
        The runs to look among; the best is given, one that is done before one that is not.
    home
        The folder that holds catalogues and runs.
    """
    wanted = spec_hash(spec)
    found = [
        record
        for record in records
        if (record.active or record.ended_well)
        and record.kind == spec.get("kind")
        and record.state is not RunState.STOPPING
        and spec_hash(record.spec) == wanted
    ]
    done = [r for r in found if r.ended_well and _still_good(run_directory(home, r.id), r)]
    return next(iter([*done, *(r for r in found if r.active)]), None)


def _still_good(run: RunDirectory, record: RunRecord) -> bool:
    try:
        before = read_json(run.environment_file)
    except (OSError, ValueError):
        return False
    if changed_versions(before, {"versions": package_versions()}):
        return False
    cubes = (record.result or {}).get("cubes")
    paths = cubes.values() if isinstance(cubes, Mapping) else ()
    return record.result is not None and all(Path(str(path)).exists() for path in paths)
