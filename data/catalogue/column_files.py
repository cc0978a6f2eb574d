"""One column on disk: an uncompressed Arrow IPC file that is mapped, never read whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from data.errors import UserError

__all__ = ["map_column", "write_column"]


def write_column(path: Path, values: npt.NDArray[Any]) -> None:
    """Write a column as one record batch, so that mapping it gives one contiguous array.

    Booleans are written as bytes: Arrow packs its own into bits, which no array can map.

    Parameters
    ----------
    path
        File to write; it must lie in a folder that nobody reads yet.
    values
        Shape (n,), any real numeric dtype in native byte order.
    """
    stored = values.view(np.uint8) if values.dtype == np.bool_ else values
    array = pa.Array.from_buffers(
        pa.from_numpy_dtype(stored.dtype), len(stored), [None, pa.py_buffer(stored)]
    )
    batch = pa.record_batch([array], names=[path.stem])
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)


def map_column(path: Path, dtype: str, n_rows: int) -> npt.NDArray[Any]:
    """Map a column that `write_column` wrote, without copying it.

    Parameters
    ----------
    path
        The file.
    dtype, n_rows
        What the manifest says about it.

    Returns
    -------
    numpy.ndarray
        Read-only, shape (n_rows,), backed by the file.

    Raises
    ------
    UserError
        If the file is missing, damaged or not what the manifest says.
    """
    try:
        source = pa.memory_map(str(path), "r")
        column = pa.ipc.open_file(source).get_batch(0).column(0)
        values: npt.NDArray[Any] = column.to_numpy(zero_copy_only=True)
        wanted = np.dtype(dtype)
    except (OSError, ValueError, TypeError, pa.ArrowException) as error:
        raise _damaged(path) from error
    if len(values) != n_rows:
        raise _damaged(path)
    if wanted == np.bool_ and values.dtype == np.uint8:
        values = values.view(np.bool_)
    if values.dtype != wanted:
        raise _damaged(path)
    return values


def _damaged(path: Path) -> UserError:
    return UserError(
        f"The stored column {path.stem} of the catalogue {path.parent.parent.name} is damaged.",
        "Delete the catalogue and import its table again.",
    )
