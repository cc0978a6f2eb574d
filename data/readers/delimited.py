"""CSV and ECSV, plain or gzipped, read as text in blocks and parsed column by column.

Every cell is read as text first. Guessed types would send identifiers through floats and
would give up on a whole file for one bad cell.
"""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv as pacsv

from data.errors import UserError
from data.readers.base import CellKind, Chunk, Field, TableInfo
from data.readers.headers import fields_from_yaml
from data.readers.written import cells_from_arrow, written_kind

__all__ = ["DelimitedReader"]

_BLOCK = 1 << 23
_SNIFFED = 1 << 20
_LONGEST_HEADER = 1 << 22
_DELIMITERS = (",", "\t", ";", "|")


class DelimitedReader:
    """A CSV or ECSV file.

    A Gaia bulk file (``.csv.gz`` with an ECSV header) is read as the ECSV that it is.

    Parameters
    ----------
    path
        The file; gzip is known by its first bytes.
    """

    format = "CSV"
    n_rows: int | None = None

    def __init__(self, path: Path, packed: str | None = None) -> None:
        self._path = path
        with path.open("rb") as file:
            self._zipped = file.read(2) == b"\x1f\x8b"
        header = self._header()
        self._names: list[str] = header.names
        self._delimiter: str = header.delimiter
        self._skip: int = header.lines
        self._broken = 0
        self.fields: Sequence[Field] = header.fields or self._sniffed()
        self._kinds = {field.name: field.kind for field in self.fields}
        self.tables: tuple[TableInfo, ...] = (TableInfo(path.name, None, tuple(self._names)),)

    def choose(self, index: int) -> None:
        """There is only one table."""

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Read the named columns block by block; ``rows`` is not needed to bound memory."""
        size = self._path.stat().st_size
        self._broken = 0
        with self._path.open("rb") as raw:
            for batch in self._batches(raw, list(names), _BLOCK):
                cells = {
                    name: cells_from_arrow(
                        batch.column(name), self._kinds[name], as_text=name in as_text
                    )
                    for name in names
                }
                yield Chunk(batch.num_rows, cells, raw.tell() / size, self._take_broken())
        if self._broken:
            yield Chunk(0, {}, 1.0, self._take_broken())

    def close(self) -> None:
        """Nothing stays open between two reads."""

    def _header(self) -> _Header:
        with self._path.open("rb") as raw:
            return _Header(self._unzipped(raw))

    def _sniffed(self) -> list[Field]:
        """Guess from the first block what the columns hold."""
        kinds: dict[str, CellKind] = dict.fromkeys(self._names, "float")
        with self._path.open("rb") as raw:
            for batch in self._batches(raw, list(kinds), _SNIFFED):
                kinds = {name: (written_kind(batch.column(name)) or "float") for name in kinds}
                break
        return [Field(name, kinds[name]) for name in self._names]

    def _batches(self, raw: IO[bytes], names: list[str], block: int) -> Iterator[Any]:
        if len(set(self._names)) < len(self._names):
            return  # the match refuses two columns of one name, and Arrow cannot tell them apart
        yield from pacsv.open_csv(
            _Utf8(self._unzipped(raw)),
            read_options=pacsv.ReadOptions(
                column_names=self._names,
                skip_rows=self._skip,
                block_size=block,
                use_threads=False,
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=self._delimiter, invalid_row_handler=self._note_broken
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(self._names, pa.string()),
                include_columns=names,
                strings_can_be_null=False,
            ),
        )

    def _unzipped(self, raw: IO[bytes]) -> IO[bytes]:
        unzipped: Any = gzip.GzipFile(fileobj=raw) if self._zipped else raw
        opened: IO[bytes] = unzipped  # a GzipFile reads like one
        return opened

    def _note_broken(self, row: Any) -> str:  # noqa: ANN401
        self._broken += 1
        return "skip"

    def _take_broken(self) -> int:
        broken, self._broken = self._broken, 0
        return broken


def _question_mark(error: UnicodeError) -> tuple[str, int]:
    """Put a question mark where bytes are no UTF-8; never longer than what it replaces."""
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101  (it is only used to decode)
    return "?", error.end


codecs.register_error("via-obscura-question-mark", _question_mark)


class _Utf8:
    """A file of bytes in which whatever is no UTF-8 has been replaced, for Arrow to read.

    Arrow gives up on names in Latin-1, and prints where it cannot raise.

    Parameters
    ----------
    file
        At its beginning.
    """

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")("via-obscura-question-mark")

    def read(self, size: int) -> bytes:
        """Give at most ``size`` bytes; the decoder may still hold up to 3 of the last read."""
        while True:
            some = self._file.read(max(1, size - 3))
            text = self._decoder.decode(some, final=not some)
            if text or not some:
                return text.encode()

    def close(self) -> None:
        """Leave the file to who opened it."""


class _Header:
    """What the first lines of a file say.

    Parameters
    ----------
    file
        At its beginning.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.lines = 0
        self.fields: list[Field] = []
        comments: list[str] = []
        line = ""
        for _ in iter(int, 1):
            line = self._next(file)
            if not line or (line.strip() and not line.startswith("#")):
                break
            comments.append(line[1:].strip("\r\n").removeprefix(" "))
        ecsv = bool(comments) and comments[0].startswith("%ECSV")
        if ecsv:
            self.fields, self.delimiter = fields_from_yaml(comments)
        else:
            self.delimiter = max(_DELIMITERS, key=line.count) if "," not in line else ","
        self.names = self._split(line)
        if ecsv and [field.name for field in self.fields] != self.names:
            raise UserError(
                "The line of column names does not agree with the ECSV header.",
                "Write the table again.",
            )

    def _next(self, file: IO[bytes]) -> str:
        line = file.readline(_LONGEST_HEADER)
        if b"\0" in line or len(line) == _LONGEST_HEADER:
            raise UserError("The file is no text.", "Save the table as CSV in UTF-8.")
        self.lines += 1
        return line.decode("utf-8-sig" if self.lines == 1 else "utf-8", "replace")

    def _split(self, line: str) -> list[str]:
        import csv

        cells = next(csv.reader([line.strip("\r\n")], delimiter=self.delimiter), [])
        names = [cell.strip() for cell in cells]
        if not any(names):
            raise UserError("The file has no line of column names.", "Add one.")
        return [name or f"column_{i + 1}" for i, name in enumerate(names)]
