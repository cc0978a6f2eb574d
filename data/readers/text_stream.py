"""Text tables as Arrow's CSV reader takes them: UTF-8, one row a line, one separator."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import IO, Any, cast

__all__ = ["BLANKS", "TextStream", "decoded", "split_at_blanks"]

BLANKS = " \t"
"""Stands for a separator of any number of blanks and tabs."""

_LETTERS = 1 << 20
_LONGEST_JOIN = 200
_TOKEN = re.compile(r"\"(?:[^\"]|\"\")*\"(?=\s|$)|'[^']*'(?=\s|$)|\S+")
_RUN = re.compile(r"[ \t]+")


def _question_mark(error: UnicodeError) -> tuple[str, int]:
    """Put a question mark where bytes are no UTF-8."""
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101  (it is only used to decode)
    return "?", error.end


codecs.register_error("via-obscura-question-mark", _question_mark)


@contextmanager
def decoded(stream: IO[bytes]) -> Iterator[io.TextIOWrapper]:
    """Decode a stream: UTF-8, or UTF-16 where it begins with its mark; any kind of line end."""
    start = cast("Any", stream).peek(2)[:2]
    wide = start in (b"\xff\xfe", b"\xfe\xff")
    text = io.TextIOWrapper(
        stream,
        encoding="utf-16" if wide else "utf-8-sig",
        errors="via-obscura-question-mark",
        newline=None,
    )
    try:
        yield text
    finally:
        text.detach()  # whoever opened the stream closes it


def split_at_blanks(line: str) -> list[str]:
    """Split a line into what stands between blanks; quoted cells stay quoted."""
    return _TOKEN.findall(line)


class TextStream:
    """Some lines of a text, for Arrow to read as bytes.

    A cell in quotation marks may go over several lines, which become one.

    Parameters
    ----------
    text
        At its beginning.
    start, stop
        The first line, and the one after the last; None for all.
    delimiter
        `BLANKS` to put one tab between the cells of each line and leave out comment lines.
    """

    closed = False

    def __init__(
        self, text: io.TextIOWrapper, start: int, stop: int | None, delimiter: str
    ) -> None:
        self._text = text
        self._delimiter = delimiter
        for _ in islice(text, start):
            pass
        self._left = None if stop is None else stop - start
        self._pieces = self._blocks()
        self._ready = b""

    def read(self, size: int) -> bytes:
        """Give at most ``size`` bytes."""
        while not self._ready:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._ready = piece.encode()
        some, self._ready = self._ready[:size], self._ready[size:]
        return some

    def close(self) -> None:
        """Leave the file to who opened it."""

    def _blocks(self) -> Iterator[str]:
        """Give whole lines, some at a time."""
        rest = ""
        while True:
            some = self._limited()
            if not some:
                break
            whole = rest + some
            end = self._end_of_row(whole)
            rest = whole[end:]
            yield self._tidy(whole[:end])
        yield self._tidy(rest)

    def _limited(self) -> str:
        """Read on, but not beyond the last line."""
        if self._left is None:
            return self._text.read(_LETTERS)
        lines = list(islice(self._text, min(self._left, 10_000)))
        self._left -= len(lines)
        return "".join(lines)

    @staticmethod
    def _end_of_row(text: str) -> int:
        """Find the end of the last line that leaves no quotation open."""
        end = text.rfind("\n") + 1
        if '"' not in text:
            return end
        for _ in range(_LONGEST_JOIN):
            start = text.rfind("\n", 0, max(end - 1, 0)) + 1
            if text.count('"', 0, end) % 2 == 0 or not start:
                break
            end = start
        return end

    def _tidy(self, text: str) -> str:
        if '"' in text and any(line.count('"') % 2 for line in text.split("\n")):
            text = "\n".join(_joined(text.split("\n")))
        if self._delimiter != BLANKS:
            return text
        lines = [line for line in text.split("\n") if not line.lstrip().startswith("#")]
        if '"' in text or "'" in text:
            return "\n".join("\t".join(map(_quoted, split_at_blanks(line))) for line in lines)
        return "\n".join(_RUN.sub("\t", line.strip()) for line in lines)


def _joined(lines: list[str]) -> Iterator[str]:
    """Put together the lines of cells in quotation marks."""
    i = 0
    while i < len(lines):
        if lines[i].count('"') % 2:
            for j in range(i + 1, min(i + _LONGEST_JOIN, len(lines))):
                if lines[j].count('"') % 2:
                    yield " ".join(lines[i : j + 1])
                    i = j + 1
                    break
            else:
                yield lines[i]
                i += 1
        else:
            yield lines[i]
            i += 1


def _quoted(token: str) -> str:
    """Put a cell in single quotation marks into double ones."""
    if len(token) > 1 and token[0] == token[-1] == "'":
        return '"' + token[1:-1].replace('"', '""') + '"'
    return token
