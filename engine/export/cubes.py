"""Export of a cube as data."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from data.errors import UserError
from engine.cubes.store import read_cube
from engine.export.files import place
from engine.export.fits import write_fits
from engine.export.netcdf import write_netcdf

__all__ = ["DATA_FORMATS", "export_cube"]


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target)
    read_cube(target)  # the copy is as whole as its original, or there is none


def _netcdf(source: Path, target: Path) -> None:
    write_netcdf(read_cube(source), target)


def _fits(source: Path, target: Path) -> None:
    write_fits(read_cube(source), target)


DATA_FORMATS: dict[str, Callable[[Path, Path], None]] = {
    "nc": _netcdf,
    "zarr": _copy,
    "fits": _fits,
}
"""Formats of data by their suffix."""


def export_cube(source: Path, target: Path, form: str, *, overwrite: bool = False) -> Path:
    """Write a cube in another format.

    Parameters
    ----------
    source
        Folder of the cube.
    target
        The file or folder to be.
    form
        A key of `DATA_FORMATS`.
    overwrite
        Whether an older target gives way.

    Raises
    ------
    UserError
        If the format is unknown, the cube is not whole or does not fit the format, or the
        target exists or cannot be written.
    """
    if form not in DATA_FORMATS:
        raise UserError(
            f"Unknown data format {form!r}.", f"The formats are {', '.join(DATA_FORMATS)}."
        )
    write = DATA_FORMATS[form]
    return place(target, lambda path: write(source, path), overwrite=overwrite)
