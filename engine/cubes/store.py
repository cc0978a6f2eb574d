"""Cubes on disk: zarr folders that are either whole or not there.

A zarr store is not a transaction: one with metadata and without chunks opens and reads as NaN.
A cube is therefore built in a temporary folder. Last of all a digest of every file is written
into the attributes of its ``zarr.json``, and the folder is renamed; a folder without that digest
is not a cube. The digest is an attribute because zarr warns about any file in a group that is
not its own. Cubes of earlier versions have a file ``cube.json`` instead and are read as well.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from data.errors import UserError

__all__ = ["DIGEST", "MANIFEST", "read_cube", "write_cube"]

MANIFEST = "zarr.json"
"""The file that makes a folder a cube: zarr's metadata, with the digest among the attributes."""

DIGEST = "cube_digest"
"""The attribute that holds the digest; ``read_cube`` takes it away again."""

_OLD_MANIFEST = "cube.json"
_ATTRIBUTES = "attributes"


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
            # list the folder.
            warnings.filterwarnings("ignore", module="zarr")
            dataset.to_zarr(building, mode="w", consolidated=True, zarr_format=3)
        _seal(building)
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
        If the folder is not there, has no digest, or does not agree with it.
    """
    _verify(path)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="zarr")
        with xr.open_zarr(path) as dataset:
            loaded: xr.Dataset = dataset.load()
    loaded.attrs.pop(DIGEST, None)
    return loaded


def _seal(path: Path) -> None:
    """Write the digest of all files into the metadata of the group."""
    document = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    digest = _digest(path, document)
    document[_ATTRIBUTES] = {**document.get(_ATTRIBUTES, {}), DIGEST: digest}
    with (path / MANIFEST).open("w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.flush()
        os.fsync(file.fileno())


def _verify(path: Path) -> None:
    """Refuse a folder that is not the cube that was written."""
    try:
        document = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        attributes = document.get(_ATTRIBUTES, {})
        digest = attributes.get(DIGEST)
    except FileNotFoundError:
        digest, document = None, None
    except (ValueError, AttributeError, OSError):
        raise UserError(f"The manifest of {path.name} is damaged.", "Run the map again.") from None
    if digest is not None:
        whole = digest == _digest(path, document)
    elif (path / _OLD_MANIFEST).is_file():
        whole = _agrees_with_old_manifest(path)
    else:
        raise UserError(f"{path.name} is incomplete.", "Run the map again or resume it.")
    if not whole:
        raise UserError(f"{path.name} is damaged: its files changed.", "Run the map again.")


def _agrees_with_old_manifest(path: Path) -> bool:
    """Compare a cube of an earlier version with its manifest."""
    try:
        stored = json.loads((path / _OLD_MANIFEST).read_text(encoding="utf-8"))
        files: Mapping[str, Any] = stored["files"]
    except (ValueError, KeyError, TypeError, OSError):
        raise UserError(f"The manifest of {path.name} is damaged.", "Run the map again.") from None
    return _sums(path, _OLD_MANIFEST) == files


def _digest(path: Path, document: Mapping[str, Any]) -> str:
    """Give one hash of all files of a cube.

    Parameters
    ----------
    path
        The folder.
    document
        The content of its ``zarr.json``, which counts without the digest.
    """
    attributes = {k: v for k, v in document.get(_ATTRIBUTES, {}).items() if k != DIGEST}
    whole = [{**document, _ATTRIBUTES: attributes}, _sums(path, MANIFEST)]
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _sums(path: Path, manifest: str) -> dict[str, list[int | str]]:
    """Give size and hash of every file below a folder but its manifest."""
    sums: dict[str, list[int | str]] = {}
    for file in sorted(path.rglob("*")):
        if file.is_file() and file != path / manifest:
            content = file.read_bytes()
            key = file.relative_to(path).as_posix()
            sums[key] = [len(content), hashlib.blake2b(content, digest_size=8).hexdigest()]
    return sums
