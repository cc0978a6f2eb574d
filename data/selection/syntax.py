"""The text of a selection as Python's grammar sees it, and errors that know their place in it."""

from __future__ import annotations

import ast
import functools
import re
import warnings
from collections.abc import Callable
from typing import Protocol, TypeVar

from data.errors import UserError

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
        expression. One space for each of them keeps the places.
    """

    def __init__(self, written: str) -> None:
        self._text = re.sub(r"\s", " ", written).strip()
        self._start = len(written) - len(written.lstrip())

    def syntax(self) -> ast.expr:
        """Give the syntax tree; nothing in it is ever evaluated.

        Raises
        ------
        TextError
            If it is no expression.
        """
        text = self._text
        if len(text) > MAX_LENGTH:
            raise UserError(f"The selection text is longer than {MAX_LENGTH} characters.")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(text, mode="eval").body
        except SyntaxError as error:
            first = min(max((error.offset or 1) - 1, 0), len(text))
            last = max((error.end_offset or 0) - 1, first + 1)
            place = f" at character {self._start + first + 1}" if error.offset else ""
            raise TextError(
                f"The selection {quoted(text)} cannot be read{place}.",
                "It must look like: abs(z) < 1 and parallax_over_error > 8.",
                (self._start + first, self._start + last),
            ) from None
        except (ValueError, RecursionError, MemoryError):
            raise UserError(f"The selection {quoted(text)} cannot be read.") from None

    def part(self, node: ast.expr) -> str:
        """Give the text of a part."""
        return ast.get_source_segment(self._text, node) or self._text

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Give the place of a part in what the user wrote: first character, one after its last."""
        encoded = self._text.encode()  # Python counts bytes
        first, last = (
            len(encoded[:offset].decode(errors="replace"))
            for offset in (node.col_offset, node.end_col_offset or node.col_offset)
        )
        return self._start + first, self._start + last


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
            raise TextError(error.sentence, error.hint, reader.text.span(node)) from None

    return reading


def quoted(text: str) -> str:
    """Quote a part of a text in a message, shortened."""
    return repr(text if len(text) <= 80 else text[:77] + "...")
