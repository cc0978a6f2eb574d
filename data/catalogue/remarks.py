"""What should be known about the columns of a catalogue before it is used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Remark", "concerning", "several"]


@dataclass(frozen=True)
class Remark:
    """Something implausible about a column, or cells of it that were taken as missing.

    A remark is a caution. Unlike a reason for distrust (`data.reason`) it takes no trust from a
    map.

    Parameters
    ----------
    column
        Its name in the store.
    code
        One word for scripts.
    sentence
        For people, with its numbers.
    count
        How many cells it is about; None where that means nothing.
    value
        The value or the statistic it is about; None where there is none.
    """

    column: str
    code: str
    sentence: str
    count: int | None = None
    value: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give the form that manifests, answers and cubes carry, without what is None."""
        fields = {"column": self.column, "code": self.code, "sentence": self.sentence,
                  "count": self.count, "value": self.value}  # fmt: skip
        return {name: value for name, value in fields.items() if value is not None}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Remark:
        """Read what `to_dict` wrote.

        Raises
        ------
        TypeError
            If it is no remark.
        """
        if not all(isinstance(stored.get(n), str) for n in ("column", "code", "sentence")):
            raise TypeError("a remark is none")
        return cls(stored["column"], stored["code"], stored["sentence"], stored.get("count"),
                   stored.get("value"))  # fmt: skip


def several(n: int, noun: str) -> str:
    """Write a number with its noun: ``1 value``, ``1,200 values``."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def concerning(remarks: Iterable[Remark], columns: Collection[str]) -> list[Remark]:
    """Give the remarks on some columns.

    Parameters
    ----------
    remarks
        All remarks on a catalogue.
    columns
        Names in the store.
    """
    return [remark for remark in remarks if remark.column in columns]
