"""What is needed to repeat a run, written beside its results."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from engine.runs.folder.directory import RunDirectory
from engine.runs.folder.files import read_json, write_json
from engine.runs.folder.record import RunRecord
from engine.runs.process import host_name
from engine.runs.queueing.resources import available_cores, thread_environment

__all__ = ["changed_versions", "describe_environment", "package_versions", "record_environment"]

# What the numbers depend on.
_PACKAGES = (
    "via-obscura",
    "astropy",
    "gala",
    "numba",
    "numpy",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "torch",
    "xarray",
    "zarr",
    "zuko",
)


def package_versions() -> dict[str, str]:
    """Give the versions of Python and of the packages that the numbers depend on."""
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def describe_environment(record: RunRecord) -> dict[str, object]:
    """Give everything that is needed to repeat a run.

    Parameters
    ----------
    record
        The record; the catalogue, the selection, the seed and the device come from its spec.
    """
    spec = record.spec
    return {
        "written": time.time(),
        "attempt": record.attempt,
        "versions": package_versions(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "host": host_name(),
        "cores": available_cores(),
        "threads": int(thread_environment(spec)["OMP_NUM_THREADS"]),
        "python": sys.executable,
        "device": spec.get("device", "auto"),
        "seed": spec.get("seed"),
        "catalogue": record.catalogue,
        "selection": spec.get("selection"),
        "spec": spec,
    }


def record_environment(run: RunDirectory, record: RunRecord) -> dict[str, tuple[str, str]]:
    """Write `environment.json`, and tell which versions changed since the last attempt.

    Returns
    -------
    dict
        ``{package: (before, now)}``; empty at the first attempt.
    """
    try:
        before = read_json(run.environment_file)
    except (OSError, ValueError):
        before = None
    now = describe_environment(record)
    write_json(run.environment_file, now)
    return changed_versions(before, now)


def changed_versions(before: object, now: Mapping[str, object]) -> dict[str, tuple[str, str]]:
    """Compare the versions of two environments; an unreadable first one has none."""
    old = before.get("versions") if isinstance(before, dict) else None
    new = now["versions"]
    if not isinstance(old, dict) or not isinstance(new, dict):
        return {}
    names = sorted(old.keys() | new.keys())
    pairs = {name: (str(old.get(name, "none")), str(new.get(name, "none"))) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
