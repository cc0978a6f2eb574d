"""How far a download is: a file that is either old or new, never half of each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from data.errors import UserError

__all__ = ["Download", "Piece"]

VERSION = 1


@dataclass
class Piece:
    """A range of the key, fetched by one job.

    Parameters
    ----------
    low, high
        The range, both ends included; None for the whole query.
    rows
        What COUNT(*) says; None before it was asked.
    job
        The address of the job that works on it.
    file
        The name of the result beside the state, when it is complete.
    sha256
        Of what the service sent.
    """

    low: int | None = None
    high: int | None = None
    rows: int | None = None
    job: str | None = None
    file: str | None = None
    sha256: str | None = None

    @property
    def done(self) -> bool:
        """Whether nothing is left to be fetched of it."""
        return self.rows == 0 or self.file is not None


@dataclass
class Download:
    """The state of a download, in a file of its own.

    Parameters
    ----------
    path
        The file.
    query
        The whole query; a state that belongs to another one is refused.
    total
        What COUNT(*) says about it; None before it was asked.
    pieces
        In the order of the key.
    jobs
        The address of every job that fetched rows.
    """

    path: Path
    query: str
    total: int | None = None
    low: int | None = None
    high: int | None = None
    pieces: list[Piece] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path, query: str) -> Download:
        """Read what an earlier attempt left, or begin.

        Raises
        ------
        UserError
            If it cannot be read or belongs to another query.
        """
        if not path.exists():
            return cls(path, query)
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored.pop("version") != VERSION:
                raise ValueError("another version")
            pieces = [Piece(**piece) for piece in stored.pop("pieces")]
            state = cls(path, pieces=pieces, **stored)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UserError(
                f"The state of the download in {path} cannot be read.",
                "Start the download again as a new run.",
            ) from error
        if state.query != query:
            raise UserError("The download was started with a different query.", "Start a new run.")
        return state

    def save(self) -> None:
        """Write the state in one step."""
        content: dict[str, Any] = {"version": VERSION, **asdict(self)}
        del content["path"]
        temporary = self.path.with_suffix(".tmp")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)

    def replace(self, piece: Piece, parts: list[Piece]) -> None:
        """Put the parts of a piece in its place."""
        place = next(i for i, p in enumerate(self.pieces) if p is piece)
        self.pieces[place : place + 1] = parts

    @property
    def received(self) -> int:
        """Rows that are on the disk."""
        return sum(piece.rows or 0 for piece in self.pieces if piece.file)

    def files(self) -> Iterator[Path]:
        """Go through the results in the order of the key."""
        for piece in self.pieces:
            if piece.file:
                yield self.path.parent / piece.file
