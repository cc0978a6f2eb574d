"""Read ``name=value`` pairs from a text field."""

from __future__ import annotations

import re
from collections.abc import Mapping

from data.errors import UserError

__all__ = ["parse_pairs", "written_pairs"]


def written_pairs(pairs: Mapping[str, object]) -> str:
    """Write pairs as `parse_pairs` reads them."""
    return ", ".join(f"{name}={value}" for name, value in pairs.items())


def parse_pairs(text: str, what: str) -> dict[str, str] | None:
    """Read pairs separated by commas, semicolons or lines; None where there are none.

    Parameters
    ----------
    text
        As typed.
    what
        What the pairs are, for the sentence of an error.

    Raises
    ------
    UserError
        If a part is no pair, or a name comes twice.
    """
    pairs: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in re.split(r"[,;\n]", text))):
        name, equals, value = (p.strip() for p in part.partition("="))
        if not (equals and name and value):
            raise UserError(
                f"In the {what}, {part!r} is not a pair.", "Write pairs as name=value, ..."
            )
        if name in pairs:
            raise UserError(f"In the {what}, {name!r} is given twice.")
        pairs[name] = value
    return pairs or None
