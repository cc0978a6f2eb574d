"""Cubes as NetCDF files."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from data.errors import UserError
from engine.export.attributes import as_netcdf3

__all__ = ["write_netcdf"]


def write_netcdf(cube: xr.Dataset, path: Path) -> None:
    """Write a cube as NetCDF in the classic model with 64-bit offsets.

    SciPy writes it, which is there anyway; every NetCDF library reads it. The classic model
    has no truth values (they become 0 and 1, with the attribute ``dtype``, by which xarray
    gives them back) and no integers of 64 bits.

    Parameters
    ----------
    cube
        Any cube.
    path
        The file, which must not exist.

    Raises
    ------
    UserError
        If the cube holds what the format cannot.
    """
    plain = cube.drop_encoding()  # zarr's compressors mean nothing here
    plain.attrs = as_netcdf3(cube.attrs)
    for variable in plain.variables.values():
        variable.attrs = as_netcdf3(variable.attrs)
    try:
        plain.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")
    except (ValueError, TypeError) as error:
        raise UserError(
            f"This cube cannot be stored in NetCDF: {error}", "Export it as zarr or FITS."
        ) from error
