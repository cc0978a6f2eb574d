"""Names of columns: no two alike, and units that are written behind them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import astropy.units as u

from data.readers.base import Field
from data.units import parse_unit

__all__ = ["distinct", "is_unit", "with_units_from_names"]

_UNIT_BEHIND = re.compile(
    r"^(?P<name>[^\[\]()]*[^\[\]()\s])\s*(?:\[(?P<a>[^\[\]]+)\]|\((?P<b>[^()]+)\))$"
)
_PLAIN = frozenset(
    {
        "deg",
        "degree",
        "degrees",
        "rad",
        "mas",
        "arcsec",
        "arcmin",
        "uas",
        "hourangle",
        "mag",
        "dex",
    }
    | {"pc", "kpc", "Mpc", "au", "AU", "yr", "Myr", "Gyr", "Msun", "km/s"}
)
_MEASURED = ("speed", "angular speed", "angular frequency", "acceleration")
"""What a unit made of several must measure to be one: ``(b/a)`` and ``(J-K)`` are no units."""


def distinct(names: Sequence[str]) -> list[tuple[str, str | None, bool]]:
    """Give every column a name of its own.

    Returns
    -------
    list
        For each column: its name, the name in the file where that is another, and whether it
        was repeated. Columns that share a name get a number each, since to leave one of
        them its name would be to choose it silently.
    """
    counts = Counter(names)
    taken = {name for name, n in counts.items() if n == 1}
    numbers: Counter[str] = Counter()
    result: list[tuple[str, str | None, bool]] = []
    for name in names:
        if counts[name] == 1:
            result.append((name, None, False))
            continue
        numbers[name] += 1
        while (new := f"{name}_{numbers[name]}") in taken:
            numbers[name] += 1
        taken.add(new)
        result.append((new, name, True))
    return result


def with_units_from_names(fields: Sequence[Field]) -> list[Field]:
    """Take units that stand behind names, as in ``pmra [mas/yr]`` or ``pmra(mas/yr)``.

    Only where the column states no other unit, what stands in brackets can be nothing but a
    unit (``log(g)`` and ``A(V)`` are left alone), and the name without it is not another
    column's.
    """
    split = [_split(field) for field in fields]
    counts = Counter(
        part[0] if part else field.name for field, part in zip(fields, split, strict=True)
    )
    written = {field.name for field in fields}
    result = []
    for field, part in zip(fields, split, strict=True):
        if part is None or counts[part[0]] > 1 or part[0] in written:
            result.append(field)
        else:
            name, unit = part
            result.append(
                replace(field, name=name, unit=unit, written=field.written or field.name)
            )
    return result


def _split(field: Field) -> tuple[str, str] | None:
    """Give the name and the unit behind it, if there is one."""
    found = None if field.unit or field.repeated else _UNIT_BEHIND.match(field.name.strip())
    if found is None:
        return None
    text = (found["a"] or found["b"]).strip()
    return (found["name"], text) if is_unit(text) else None


def is_unit(text: str) -> bool:
    """Say whether a text can be nothing but a unit, where other words might stand as well."""
    if text in _PLAIN:
        return True
    unit = parse_unit(text) if len(text) > 1 else None
    return unit is not None and unit.physical_type in map(u.get_physical_type, _MEASURED)
