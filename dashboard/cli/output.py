"""Output of the command line: one JSON object, or text."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence

from data.errors import UserError
from engine.runs.folder.files import as_json

__all__ = ["Output", "duration", "pairs", "printable", "table"]


class Output:
    """Standard output for results, standard error for everything else.

    Parameters
    ----------
    as_json
        Print each result as one JSON object, and nothing else.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def result(self, value: object, text: str) -> None:
        """Print a result: `value` as JSON, or `text`."""
        if self.as_json:
            text = json.dumps(as_json(value), allow_nan=False)
        sys.stdout.write(text.rstrip("\n") + "\n")
        sys.stdout.flush()

    def error(self, error: UserError, **more: object) -> None:
        """Print an error; `more` goes into the JSON object beside it."""
        if self.as_json:
            self.result({**error.to_dict(), **more}, "")
            return
        sys.stderr.write(f"error: {printable(str(error))}\n")

    def note(self, text: str) -> None:
        """Print a remark, unless the output is JSON."""
        if not self.as_json:
            sys.stderr.write(printable(text) + "\n")


def printable(value: object) -> str:
    """Give a text without characters that a terminal would obey; line breaks stay."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}"
        for letter in str(value)
    )


def table(rows: Sequence[Mapping[str, object]], empty: str) -> str:
    """Lay rows out in columns, headed by their keys; numbers stand to the right.

    Parameters
    ----------
    rows
        Mappings with the same keys.
    empty
        Text if there are no rows.
    """
    if not rows:
        return empty
    columns = []
    for name in rows[0]:
        values = [row[name] for row in rows]
        cells = [name, *(printable("" if value is None else value) for value in values)]
        width = max(map(len, cells))
        numeric = all(value is None or isinstance(value, int | float) for value in values)
        columns.append([cell.rjust(width) if numeric else cell.ljust(width) for cell in cells])
    return "\n".join("  ".join(line).rstrip() for line in zip(*columns, strict=True))


def pairs(values: Mapping[str, object]) -> str:
    """Lay out names and values below each other; mappings and lists are indented."""
    width = max((len(name) for name in values), default=0)
    lines = []
    for name, value in values.items():
        first, *rest = _lines(value)
        lines.append(f"{name.ljust(width)}  {first}".rstrip())
        lines += [" " * (width + 2) + line for line in rest]
    return "\n".join(lines)


def _lines(value: object) -> list[str]:
    if isinstance(value, Mapping) and value:
        return pairs({str(name): item for name, item in value.items()}).splitlines()
    if isinstance(value, list) and value:
        if all(isinstance(item, int | float) for item in value):
            return [", ".join(f"{item:.6g}" for item in value)]
        return [line for item in value for line in _lines(item)]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if value is None or value in ({}, []):
        return ["-"]
    if isinstance(value, int):
        return [f"{value:,}"]
    if isinstance(value, float):
        return [f"{value:.6g}"]
    return printable(value).splitlines() or [""]


def duration(seconds: float | None) -> str:
    """Write a time span in at most two units."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 10:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
