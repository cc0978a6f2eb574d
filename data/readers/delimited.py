"""Text tables with a separator: CSV, TSV, ECSV, VizieR's, and columns between blanks.

Every cell is read as text first. Guessed types would send identifiers through floats and
would give up on a whole file for one bad cell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from data.errors import UserError
from data.readers.base import CellKind, Chunk, Field, TableInfo
from data.readers.names import distinct
from data.readers.packed import unpacked
from data.readers.text_header import Layout, layout_of
from data.readers.text_stream import BLANKS, TextStream, decoded
from data.readers.written import cells_from_arrow, written_kind

__all__ = ["DelimitedReader"]

_BLOCK = 1 << 23
_SNIFFED = 1 << 20
_LONGEST_LINE = 1 << 22
_SAMPLE = 20
_COMMA = r"^[+-]?\d*,\d+([eEdD][+-]?\d+)?$"
_POINT = r"^[+-]?\d*\.\d+([eEdD][+-]?\d+)?$"
_THOUSANDS = r"^[+-]?[1-9]\d{0,2},\d{3}$"


@dataclass
class _Section:
    """One table of a file: what stands before it, its first lines, and where it ends."""

    comments: list[str]
    body: list[tuple[int, str]]
    stop: int | None = None
    lines: int | None = None

    def rows(self, layout: Layout) -> int | None:
        """Count its rows, where the whole file has been looked through."""
        above = sum(1 for number, _ in self.body if number < layout.start)
        return None if self.lines is None else self.lines - above

    @property
    def name(self) -> str | None:
        """How VizieR calls it."""
        for mark in ("#Name:", "#Table"):
            lines = [line for line in self.comments if line.startswith(mark)]
            if lines and (words := lines[-1][len(mark) :].split()):
                return words[0].rstrip(":")
        return None


class DelimitedReader:
    """A text table.

    A Gaia bulk file (``.csv.gz`` with an ECSV header) is read as the ECSV that it is, and
    what VizieR sends as tab-separated values may hold several tables.

    Parameters
    ----------
    path
        The file.
    packed
        What it is packed by; it is unpacked on the way.
    """

    format = "CSV"
    n_rows: int | None = None

    def __init__(self, path: Path, packed: str | None = None) -> None:
        self._path = path
        self._broken = 0
        with unpacked(path) as (stream, _), decoded(stream) as text:
            self._sections = _sections(text)
        self._layouts = [layout_of(section.comments, section.body) for section in self._sections]
        self.tables: tuple[TableInfo, ...] = tuple(
            TableInfo(
                section.name or (path.name if len(self._sections) == 1 else f"table {i + 1}"),
                section.rows(layout),
                tuple(name for name, _, _ in distinct(layout.names)),
                (str(i + 1),),
            )
            for i, (section, layout) in enumerate(zip(self._sections, self._layouts, strict=True))
        )
        self.fields: Sequence[Field] = ()

    def choose(self, index: int) -> None:
        """Take one of the tables to read."""
        self._layout: Layout = self._layouts[index]
        self._stop = self._sections[index].stop
        self._decimal_comma = False
        fields, kinds = self._described()
        self.fields = fields
        self._places = {field.name: i for i, field in enumerate(fields)}
        self._kinds: dict[str, CellKind | None] = kinds

    def chunks(
        self, names: Sequence[str], rows: int, *, as_text: Collection[str] = ()
    ) -> Iterator[Chunk]:
        """Read the named columns block by block; ``rows`` is not needed to bound memory."""
        size = self._path.stat().st_size
        self._broken = 0
        with unpacked(self._path) as (stream, raw):
            for batch in self._batches(stream, [self._places[name] for name in names], _BLOCK):
                cells = {
                    name: cells_from_arrow(
                        self._pointed(batch.column(str(self._places[name])), name in as_text),
                        self._kinds[name],
                        as_text=name in as_text,
                    )
                    for name in names
                }
                yield Chunk(batch.num_rows, cells, raw.tell() / size, self._take_broken())
        if self._broken:
            yield Chunk(0, {}, 1.0, self._take_broken())

    def close(self) -> None:
        """Nothing stays open between two reads."""

    def _described(self) -> tuple[list[Field], dict[str, CellKind | None]]:
        """Describe the columns by the header, and guess from the first block what they hold."""
        layout = self._layout
        if layout.fields is not None:
            return layout.fields, {field.name: field.kind for field in layout.fields}
        guessed: list[CellKind | None] = [None] * len(layout.names)
        with unpacked(self._path) as (stream, _):
            for batch in self._batches(stream, list(range(len(guessed))), _SNIFFED):
                self._decimal_comma = _has_decimal_commas(batch)
                guessed = [written_kind(self._pointed(column)) for column in batch.columns]
                break
        self._take_broken()
        units = layout.units or [None] * len(guessed)
        fields, kinds = [], {}
        for (name, written, repeated), unit, kind in zip(
            distinct(layout.names), units, guessed, strict=True
        ):
            fields.append(Field(name, kind or "float", unit, "", written, repeated))
            kinds[name] = kind
        return fields, kinds

    def _batches(self, stream: IO[bytes], places: list[int], block: int) -> Iterator[Any]:
        with decoded(stream) as text:
            try:
                yield from self._opened(text, places, block)
            except pa.ArrowInvalid as error:
                if "Empty CSV file" not in str(error):
                    raise

    def _opened(self, text: Any, places: list[int], block: int) -> Any:  # noqa: ANN401
        """Let Arrow split the lines of the table into cells."""
        layout = self._layout
        names = [str(i) for i in range(len(layout.names))]
        lines: Any = TextStream(text, layout.start, self._stop, layout.delimiter)
        return pacsv.open_csv(
            lines,
            read_options=pacsv.ReadOptions(
                column_names=names, block_size=block, use_threads=False
            ),
            parse_options=pacsv.ParseOptions(
                delimiter="\t" if layout.delimiter == BLANKS else layout.delimiter,
                invalid_row_handler=self._note_broken,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=[str(place) for place in dict.fromkeys(places)],
                strings_can_be_null=False,
            ),
        )

    def _pointed(self, text: Any, as_text: bool = False) -> Any:  # noqa: ANN401
        """Write numbers with a point that have a decimal comma."""
        if not self._decimal_comma or as_text:
            return text
        trimmed = pc.utf8_trim_whitespace(text)
        point = pc.match_substring_regex(trimmed, _POINT)  # 1.234 may be a thousand here
        trimmed = pc.if_else(point, pc.binary_join_element_wise(trimmed, "?", ""), trimmed)
        number = pc.match_substring_regex(trimmed, _COMMA)
        return pc.if_else(number, pc.replace_substring(trimmed, ",", "."), trimmed)

    def _note_broken(self, row: Any) -> str:  # noqa: ANN401
        if not row.text.lstrip().startswith("#"):
            self._broken += 1
        return "skip"

    def _take_broken(self) -> int:
        broken, self._broken = self._broken, 0
        return broken


def _sections(text: Any) -> list[_Section]:  # noqa: ANN401
    """Find the tables of a file; only VizieR's files are looked through for a second one."""
    sections: list[_Section] = []
    comments: list[str] = []
    vizier = False
    for number, line in enumerate(iter(lambda: text.readline(_LONGEST_LINE), "")):
        if len(line) == _LONGEST_LINE:
            raise UserError("The file is no text.", "Save the table as CSV in UTF-8.")
        if line.startswith("#"):
            comments.append(line.rstrip("\n"))
            if vizier and sections[-1].stop is None:
                sections[-1].stop = number
        elif line.strip():
            named = any(c.startswith(("#Table", "#Name:")) for c in comments)
            if not sections or (vizier and named):
                sections.append(_Section(comments, []))
                vizier, comments = named, []
                sections[-1].lines = 0 if vizier else None
            if sections[-1].lines is not None:
                sections[-1].lines += 1
            if len(sections[-1].body) < _SAMPLE:
                sections[-1].body.append((number, line.rstrip("\n")))
            elif not vizier:
                break
    return sections or [_Section(comments, [])]


def _has_decimal_commas(batch: Any) -> bool:  # noqa: ANN401
    """Say whether the numbers of a table have decimal commas.

    Not where some have points, nor where all commas could be those of thousands.
    """
    counts = {_COMMA: 0, _POINT: 0, _THOUSANDS: 0}
    for column in batch.columns:
        trimmed = pc.utf8_trim_whitespace(column)
        for pattern in counts:
            counts[pattern] += pc.sum(pc.match_substring_regex(trimmed, pattern)).as_py() or 0
    return counts[_COMMA] > counts[_THOUSANDS] and not counts[_POINT]
