"""The text of a selection as Python's grammar sees it, and errors that know their place in it."""

from __future__ import annotations

import ast
import functools
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from data.errors import UserError
from data.selection.complaints import EXAMPLE, read_error
from data.selection.spellings import respelled
from data.selection.tokens import Token

__all__ = ["Text", "TextError", "placed", "quoted"]

#: Characters; a list of 20,000 source identifiers takes them.
MAX_LENGTH = 500_000

T = TypeVar("T")


class TextError(UserError):
    """A selection text that cannot be read, and where.

    Parameters
    ----------
    sentence, hint
        As of any `UserError`.
    span
        First character of the part in question and the one after its last, from 0.
    """

    def __init__(self, sentence: str, hint: str, span: tuple[int, int]) -> None:
        super().__init__(sentence, hint)
        self.span = span


class Text:
    """A text whose parts can be found again in what the user wrote.

    Parameters
    ----------
    written
        May hold line breaks, which are only white space here; in Python they would end the
        expression. One space for each of them keeps the places. Spellings of SQL and others
        (:mod:`data.selection.spellings`) are brought to Python's before it is read.
    """

    def __init__(self, written: str) -> None:
        self._written = re.sub(r"\s", " ", written)
        if len(written) > MAX_LENGTH:
            raise UserError(f"The selection text is longer than {MAX_LENGTH} characters.")
        self._start = len(written) - len(written.lstrip())
        tokens = respelled(self._written)
        self._text = self._written.strip()
        self._places: tuple[list[int], list[int]] | None = None
        if tokens is not None:
            self._text, self._places = _joined(tokens)

    def syntax(self) -> ast.expr:
        """Give the syntax tree; nothing in it is ever evaluated.

        Raises
        ------
        TextError
            If it is no expression.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self._text, mode="eval").body
        except SyntaxError as error:
            raise self._complaint(error) from None
        except (ValueError, RecursionError, MemoryError):
            shown = quoted(self._written.strip())
            raise UserError(f"The selection {shown} cannot be read.") from None

    def part(self, node: ast.expr) -> str:
        """Give the text of a part, as it was written."""
        first, last = self.span(node)
        return self._written[first:last] or self._written.strip()

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Give the place of a part in what the user wrote: first character, one after its last."""
        encoded = self._text.encode()  # Python counts bytes
        first, last = (
            len(encoded[:offset].decode(errors="replace"))
            for offset in (node.col_offset, node.end_col_offset or node.col_offset)
        )
        return self._place(first, last)

    def _place(self, first: int, last: int) -> tuple[int, int]:
        """Give the place in what was written of a piece of what Python read."""
        if self._places is None:
            return self._start + first, self._start + last
        starts, ends = self._places
        if not starts:
            return 0, len(self._written)
        piece = slice(min(first, len(starts) - 1), max(last, first + 1))
        return min(starts[piece]), max(ends[piece])

    def _complaint(self, error: SyntaxError) -> TextError:
        """Say what Python's grammar refuses, in words of a selection."""
        shown = quoted(self._written.strip())
        found = read_error(self._written)
        if found is not None:
            place = f"at character {found.span[0] + 1}: {found.reason}"
            return TextError(
                f"The selection {shown} cannot be read {place}.", found.hint, found.span
            )
        first = min(max((error.offset or 1) - 1, 0), len(self._text))
        last = max((error.end_offset or 0) - 1, first + 1)
        span = self._place(first, last)
        words = f" at character {span[0] + 1}" if error.offset else ""
        return TextError(f"The selection {shown} cannot be read{words}.", EXAMPLE, span)


def _joined(tokens: Sequence[Token]) -> tuple[str, tuple[list[int], list[int]]]:
    """Write tokens with a space between them, and give each character's place in the original."""
    text: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for token in tokens:
        same = len(token.text) == token.end - token.start
        for number, letter in enumerate(f"{token.text} "):
            inside = same and number < len(token.text)
            text.append(letter)
            starts.append(token.start + number if inside else token.start)
            ends.append(token.start + number + 1 if inside else token.end)
    return "".join(text).rstrip(), (starts, ends)


class _Reader(Protocol):
    text: Text


R = TypeVar("R", bound=_Reader)


def placed(
    read: Callable[[R, ast.expr, int], T],
) -> Callable[[R, ast.expr, int], T]:
    """Give the errors of reading a part their place in the text: that of the innermost part."""

    @functools.wraps(read)
    def reading(reader: R, node: ast.expr, depth: int) -> T:
        try:
            return read(reader, node, depth)
        except TextError:
            raise
        except UserError as error:
            span = reader.text.span(node)
            sentence = f"{error.sentence.removesuffix('.')}, at character {span[0] + 1}."
            raise TextError(sentence, error.hint, span) from None

    return reading


def quoted(text: str) -> str:
    """Quote a part of a text in a message, shortened."""
    return repr(text if len(text) <= 80 else text[:77] + "...")
