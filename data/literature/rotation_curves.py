"""Published circular-velocity curves of the Milky Way."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.table import Table

from data.errors import UserError

__all__ = ["RotationCurve", "published_curve", "published_curves"]

Floats = npt.NDArray[np.float64]

_FOLDER = Path(__file__).parent / "curves"


@dataclass(frozen=True)
class RotationCurve:
    """A circular-velocity curve to compare with.

    Parameters
    ----------
    name
        Short name, such as ``eilers2019``; of a user's table its file name without the ending.
    label
        For legends.
    citation
        Where the values were published; of a user's table the name of the file.
    R
        Distances from the Galactic axis, (n,) kpc, ascending.
    v_circ
        Circular velocities, (n,) km/s.
    minus, plus
        Lower and upper errors, (n,) km/s, both positive; NaN where the table has none.
    meta
        What else is known: ``doi``, ``arxiv``, ``systematics``, ``method``, ``transcription``.
    """

    name: str
    label: str
    citation: str
    R: Floats
    v_circ: Floats
    minus: Floats
    plus: Floats
    meta: dict[str, Any] = field(default_factory=dict)


def published_curves() -> list[str]:
    """Names of the curves that come with the program."""
    return sorted(path.stem for path in _FOLDER.glob("*.ecsv"))


def published_curve(name: str) -> RotationCurve:
    """Load a published curve; `UserError` lists the names if there is none of this name."""
    if name not in published_curves():
        raise UserError(
            f"Unknown published curve {name!r}.",
            f"Choose one of {', '.join(published_curves())}.",
        )
    table = Table.read(_FOLDER / f"{name}.ecsv", format="ascii.ecsv")
    columns = {
        column: np.asarray(
            table[column].quantity.to_value("kpc" if column == "R" else "km/s"), np.float64
        )
        for column in table.colnames
    }
    meta = dict(table.meta)
    return RotationCurve(
        name=name, label=meta.pop("label"), citation=meta.pop("citation"), **columns, meta=meta
    )
