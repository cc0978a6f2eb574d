"""Where the classical dwarfs are and how they move: published values, each with its paper.

The numbers are those that the Local Volume Database (Pace 2024, arXiv 2411.07424) lists for nine
classical dwarfs, with the papers that it takes them from. Who uses them cites both.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import numpy as np
from astropy.table import Table

from data.errors import UserError

__all__ = ["Dwarf", "dwarf_names", "find_dwarf"]


@dataclass(frozen=True)
class Dwarf:
    """A dwarf galaxy on the sky.

    Parameters
    ----------
    name
        As people call it.
    ra, dec
        Centre, deg (ICRS).
    distance
        kpc.
    ellipticity, position_angle
        1 - b/a, and the major axis east of north, deg.
    half_light
        Half-light radius along the major axis, arcmin; None where it is left to the stars.
    v_los
        Systemic velocity, heliocentric, km/s; None to take that of the stars.
    pmra, pmdec
        Systemic proper motion, mas/yr (the first times cos dec); None to leave the perspective in.
    references
        Where the values come from.

    Raises
    ------
    UserError
        If a value is impossible.
    """

    name: str
    ra: float
    dec: float
    distance: float
    ellipticity: float = 0.0
    position_angle: float = 0.0
    half_light: float | None = None
    v_los: float | None = None
    pmra: float | None = None
    pmdec: float | None = None
    references: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (np.isfinite(self.distance) and self.distance > 0):
            raise UserError(
                f"A distance of {self.distance:g} kpc is not possible.",
                "Give the distance of the dwarf in kpc, above 0.",
            )
        if not (0 <= self.ra <= 360 and -90 <= self.dec <= 90):
            raise UserError(
                f"({self.ra:g}, {self.dec:g}) is no place on the sky.",
                "The right ascension is 0 to 360 deg, the declination -90 to 90 deg.",
            )
        if not 0 <= self.ellipticity < 1:
            raise UserError(
                f"An ellipticity of {self.ellipticity:g} is not possible.", "It is 0 to below 1."
            )

    def to_dict(self) -> dict[str, Any]:
        """Give the form that a catalogue's provenance holds."""
        return asdict(self) | {"references": list(self.references)}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Dwarf:
        """Read what `to_dict` gave."""
        return cls(**(stored | {"references": tuple(stored.get("references", ()))}))


@cache
def _table() -> dict[str, Dwarf]:
    with as_file(files("data.dwarfs") / "local_group.ecsv") as path:
        table = Table.read(path, format="ascii.ecsv")
    found = {}
    for row in table:
        papers = ("structure", "distance_reference", "velocity_reference", "motion_reference")
        numbers = (
            "ra", "dec", "distance", "ellipticity", "position_angle", "half_light", "v_los",
            "pmra", "pmdec",
        )  # fmt: skip
        found[str(row["key"])] = Dwarf(
            name=str(row["name"]),
            **{name: float(row[name]) for name in numbers},
            references=tuple(str(row[name]) for name in papers),
        )
    return found


def dwarf_names() -> list[str]:
    """Name the dwarfs that are packaged."""
    return list(_table())


def find_dwarf(name: str) -> Dwarf:
    """Find a dwarf by name, however it is written: ``Leo I``, ``leo_1``, ``leo1``.

    Raises
    ------
    UserError
        If it is not packaged.
    """
    wanted = _plain(name)
    for key, dwarf in _table().items():
        plain = _plain(key)
        if wanted in (plain, _plain(dwarf.name), plain.removesuffix("1"), f"{plain}1"):
            return dwarf
    near = difflib.get_close_matches(wanted, [_plain(key) for key in _table()], 1)
    meant = next((key for key in _table() if near and _plain(key) == near[0]), None)
    guess = f"Did you mean {meant}? " if meant else ""
    raise UserError(
        f"There is no dwarf called {name!r} in the packaged table.",
        f"{guess}It has {', '.join(dwarf_names())}. Otherwise give the centre and the distance.",
    )


def _plain(name: str) -> str:
    text = re.sub(r"[^a-z0-9]", "", name.lower())
    for roman, number in (("iii", "3"), ("ii", "2"), ("i", "1")):
        stem = name.lower().replace("_", " ").split()
        if len(stem) > 1 and stem[-1] == roman:
            return re.sub(r"[^a-z0-9]", "", "".join(stem[:-1])) + number
    return text
