"""Cubes on disk: zarr folders that are either whole or not there.

A zarr store is not a transaction: one with metadata and without chunks opens and reads as NaN.
A cube is therefore built in a temporary folder, gets a manifest with the size and hash of every
file as the last of its files, and is then renamed; a folder without its manifest is not a cube.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import xarray as xr

from data.errors import UserError

__all__ = ["MANIFEST", "read_cube", "write_cube"]

MANIFEST = "cube.json"


def write_cube(dataset: xr.Dataset, folder: Path, name: str) -> Path:
    """Write a dataset as ``folder/name.zarr``, replacing an older one of that name.

    Returns
    -------
    Path
        The folder of the cube.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.zarr"
    building = folder / f".{name}.{os.getpid()}.tmp"
    shutil.rmtree(building, ignore_errors=True)
    try:
        with warnings.catch_warnings():
            # zarr says that fixed-length strings and consolidated metadata are not yet in the v3
            # standard; every version that we allow reads both. Consolidated, readers need not
            # list the folder and do not stumble over the manifest.
            warnings.filterwarnings("ignore", module="zarr")
            dataset.to_zarr(building, mode="w", consolidated=True, zarr_format=3)
        text = json.dumps({"version": 1, "files": _digest(building)}, indent=1)
        with (building / MANIFEST).open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            old = folder / f".{name}.{os.getpid()}.old"
            target.rename(old)
            building.rename(target)
            shutil.rmtree(old, ignore_errors=True)
        else:
            building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return target


def read_cube(path: Path) -> xr.Dataset:
    """Read a cube into memory.

    Raises
    ------
    UserError
        If the folder is not there, has no manifest, or does not agree with it.
    """
    manifest = path / MANIFEST
    if not manifest.is_file():
        raise UserError(f"{path.name} is incomplete.", "Run the map again or resume it.")
    try:
        files: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))["files"]
    except (ValueError, KeyError, OSError):
        raise UserError(f"The manifest of {path.name} is damaged.", "Run the map again.") from None
    if _digest(path) != files:
        raise UserError(f"{path.name} is damaged: its files changed.", "Run the map again.")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="zarr")
        with xr.open_zarr(path) as dataset:
            loaded: xr.Dataset = dataset.load()
            return loaded


def _digest(path: Path) -> dict[str, list[int | str]]:
    """Give size and hash of every file below a folder but its manifest."""
    digest: dict[str, list[int | str]] = {}
    for file in sorted(path.rglob("*")):
        if file.is_file() and file.name != MANIFEST:
            content = file.read_bytes()
            key = file.relative_to(path).as_posix()
            digest[key] = [len(content), hashlib.blake2b(content, digest_size=8).hexdigest()]
    return digest
