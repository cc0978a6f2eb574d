"""What people say about candidates: kept or rejected, with a note; in the run's folder."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from data.errors import UserError
from engine.runs.folder.files import read_json, write_json

__all__ = ["LONGEST_NOTE", "Remark", "Remarks", "Verdict"]

Verdict = Literal["", "keep", "reject"]
LONGEST_NOTE = 2_000


@dataclass(frozen=True)
class Remark:
    """What was said about a candidate.

    Parameters
    ----------
    verdict
        ``keep``, ``reject`` or nothing.
    note
        The user's words; text from outside.
    changed
        Seconds since 1970.
    """

    verdict: Verdict = ""
    note: str = ""
    changed: float = 0.0


class Remarks:
    """The remarks on the candidates of a run, by their keys; nothing is remembered between calls.

    Parameters
    ----------
    run
        The folder of the run; the remarks go with it.
    """

    def __init__(self, run: Path) -> None:
        self._path = run / "remarks.json"

    def all(self) -> dict[str, Remark]:
        """Give every remark by the key of its candidate; a damaged file holds none."""
        try:
            stored = read_json(self._path)
        except (OSError, ValueError):
            return {}
        if not isinstance(stored, dict) or not isinstance(stored.get("remarks"), dict):
            return {}
        return {
            str(key): Remark(_verdict(one.get("verdict")), str(one.get("note", "")),
                             float(one.get("changed", 0.0)))
            for key, one in stored["remarks"].items()
            if isinstance(one, dict)
        }  # fmt: skip

    def put(self, key: str, verdict: Verdict, note: str) -> None:
        """Keep a remark; one without verdict and note is dropped.

        Raises
        ------
        UserError
            If the note is too long, or the file cannot be written.
        """
        note = note.strip()
        if len(note) > LONGEST_NOTE:
            raise UserError(f"A note has at most {LONGEST_NOTE:,} characters, not {len(note):,}.")
        remarks = self.all()
        remarks.pop(key, None)
        if verdict or note:
            remarks[key] = Remark(verdict, note, time.time())
        content = {
            name: {"verdict": one.verdict, "note": one.note, "changed": one.changed}
            for name, one in remarks.items()
        }
        try:
            write_json(self._path, {"version": 1, "remarks": content}, durable=True)
        except OSError as error:
            raise UserError(f"The remark cannot be written: {error.strerror}.") from error


def _verdict(stored: object) -> Verdict:
    return stored if stored in ("keep", "reject") else ""  # type: ignore[return-value]
