"""What stands in a selection where a number or a function belongs, and is none."""

from __future__ import annotations

import difflib

from data.columns.families import FAMILIES
from data.errors import UserError
from data.selection.expressions import FUNCTIONS
from data.selection.syntax import quoted

__all__ = ["check_constant", "check_word", "unknown_function"]


def check_constant(value: object) -> None:
    """Refuse what is no number where a number belongs, and say what to write."""
    if isinstance(value, bool):
        raise UserError(
            f"A constant in the selection must be a number, not {value}.",
            "Flags are numbers here: write 1 for true and 0 for false.",
        )
    if isinstance(value, str):
        raise UserError(
            f"The text {quoted(value)} is not a number.",
            'A column is written without quotes, or as column("vel-err"); columns of text are'
            " not stored.",
        )
    if value is None:
        check_word("None")


def check_word(name: str) -> None:
    """Refuse the words for a missing and for an infinite value, which are no columns."""
    if name.lower() in ("null", "none", "nan"):
        raise UserError(
            f"A missing value is equal to nothing, so nothing compares with {name}.",
            "Write isnan(x) or x IS NULL for the stars without a value, x IS NOT NULL or not"
            " isnan(x) for those with one.",
        )
    if name.lower() in ("inf", "infinity"):
        raise UserError(
            f"The selection compares with {name}, which is not a finite number.",
            "Write isfinite(x) for the stars whose value is.",
        )


def unknown_function(function: str) -> UserError:
    """Name the functions that there are, the nearest first."""
    names = [name for name, known in FUNCTIONS.items() if not known.symbol]
    names += ["power", "isnan", "isfinite", *FAMILIES]
    close = difflib.get_close_matches(function.lower(), names, n=2, cutoff=0.6)
    listed = f"Did you mean {' or '.join(close)}? " if close else ""
    return UserError(
        f"The selection uses the unknown function {function!r}.",
        f"{listed}Known are: {', '.join(names)}.",
    )
