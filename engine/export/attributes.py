"""Attributes of a cube as plain text, for formats that know fewer types than zarr."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["as_json", "as_netcdf3"]

_INT32 = 2**31


def as_json(value: object) -> str:
    """Give any attribute as JSON in ASCII; what JSON does not know becomes its text."""
    return json.dumps(value, default=_plain)


def as_netcdf3(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    """Give attributes as the classic NetCDF model has them: text, 32-bit integers, floats.

    Truth values become 0 and 1, whole numbers beyond 32 bits their digits, and whatever is
    nested its JSON.
    """
    return {str(name): _simple(value) for name, value in attributes.items()}


def _simple(value: Any) -> Any:  # noqa: ANN401  whatever an attribute can be
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, bool):
        return np.int32(value)
    if isinstance(value, int):
        return np.int32(value) if -_INT32 <= value < _INT32 else str(value)
    if isinstance(value, float):
        return value
    if isinstance(value, list | tuple) and value:
        if all(isinstance(v, int) and -_INT32 <= v < _INT32 for v in value):
            return np.asarray(value, np.int32)
        if all(isinstance(v, int | float) for v in value):
            return np.asarray(value, np.float64)
    return as_json(value)


def _plain(value: object) -> object:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)
