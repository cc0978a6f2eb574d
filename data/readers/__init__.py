"""Readers of table formats, one protocol for all."""

from __future__ import annotations

from pathlib import Path

from data.errors import UserError
from data.readers.base import Reader

__all__ = ["open_table"]


def open_table(path: Path) -> Reader:
    """Open a table file."""
    raise UserError(f"{path.name} cannot be read.")
