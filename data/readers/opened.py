"""What holds for every format: masks beside columns, units behind names, and no traceback."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from data.readers.base import Cells, Chunk, Field, TableFile, TableInfo
from data.readers.names import with_units_from_names

__all__ = ["OpenedTable", "explained"]

_MASK = ".mask"


@contextmanager
def explained(path: Path, form: str) -> Iterator[None]:
    """Turn whatever a library raises on a damaged file into one sentence.

    The libraries raise nearly anything on nearly anything; catching less would let a
    traceback through to the user.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tables in the wild bend their standards
            yield
    except UserError as error:
        if path.name in error.sentence:
            raise
        raise UserError(f"{path.name}: {error.sentence}", error.hint) from error
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__  # MemoryError is mute
        raise UserError(
            f"{path.name} cannot be read as {form}: it is damaged, or not what its ending says.",
            f"The reader said: {_printable(reason)}",
        ) from error


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


class OpenedTable:
    """One table of an open file, as all callers see it.

    Columns that only say where others have no value (astropy's ``NAME.mask``) are not among
    the fields; their word is in the cells of the others. Whatever fails is a `UserError`.

    Parameters
    ----------
    file
        The open file, with its table chosen.
    path
        For sentences.
    info
        The table that was chosen.
    """

    def __init__(self, file: TableFile, path: Path, info: TableInfo) -> None:
        self._file = file
        self._path = path
        self.format = file.format
        self.n_rows = file.n_rows
        self.tables = file.tables
        self.table: str | None = info.name if len(file.tables) > 1 else None
        inner = list(file.fields)
        self._masks = _masks(inner)
        kept = [field for field in inner if field.name not in self._masks.values()]
        fields = with_units_from_names(kept)
        self._inner = {new.name: old.name for new, old in zip(fields, kept, strict=True)}
        self._kinds = {field.name: field.kind for field in fields}
        self.fields: Sequence[Field] = fields
        self._reading: list[Iterator[Chunk]] = []

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Read as the format does, one explained step at a time."""
        for name in as_text:
            if self._kinds[name] == "other":
                raise UserError(
                    f"The column {name} of {self._path.name} holds neither numbers nor text."
                )
        inner = {name: self._inner[name] for name in names}
        masks = {name: self._masks[key] for name, key in inner.items() if key in self._masks}
        wanted = list(dict.fromkeys([*inner.values(), *masks.values()]))
        texts = {self._inner[name] for name in as_text}
        with explained(self._path, self.format):
            chunks = iter(self._file.chunks(wanted, rows, as_text=texts))
            self._reading.append(chunks)
        while True:
            with explained(self._path, self.format):
                chunk = next(chunks, None)
            if chunk is None:
                return
            columns = {name: chunk.columns[key] for name, key in inner.items() if chunk.columns}
            for name, mask in masks.items():
                if columns:
                    columns[name] = _hidden(columns[name], chunk.columns[mask])
            yield replace(chunk, columns=columns)

    def close(self) -> None:
        """Let the file go, also where it has not been read to its end."""
        for chunks in self._reading:
            getattr(chunks, "close", lambda: None)()
        self._file.close()


def _masks(fields: Sequence[Field]) -> dict[str, str]:
    """Find the columns that mark missing cells of others: by the column, its mask."""
    kinds = {field.name: field.kind for field in fields}
    return {name: mask for name in kinds if kinds.get(mask := f"{name}{_MASK}") == "boolean"}


def _hidden(cells: Cells, mask: Cells) -> Cells:
    """Empty the cells that a mask marks."""
    hidden: npt.NDArray[np.bool_] = mask.values.astype(np.bool_)
    if mask.missing is not None:
        hidden = hidden & ~mask.missing
    if not hidden.any():
        return cells
    wrong = None if cells.wrong is None else cells.wrong & ~hidden
    values = cells.values
    if values.dtype.kind == "f":
        return Cells(np.where(hidden, values.dtype.type(np.nan), values), cells.missing, wrong)
    if values.dtype.kind == "O":
        values = np.where(hidden, "", values)
    missing = hidden if cells.missing is None else cells.missing | hidden
    return Cells(values, missing, wrong)
