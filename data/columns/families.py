"""Derived columns with parameters, written like calls: ``E(bovy)``, ``phi1(pole, 34.6, 29.8)``.

The name of such a column is its whole definition, so it stands in a selection, on an axis and
in an address alike, and means the same on every machine:

* ``E(potential)``, ``circularity(potential)`` with a name of `POTENTIALS`;
* ``phi1(circle)``, ``phi2(circle)``, ``pm_phi1(circle)``, ``pm_phi2(circle)`` and, with what the
  Sun's own motion adds taken out, ``pm_phi1_rest(circle)``, ``pm_phi2_rest(circle)``, where the
  circle is the name of a stream of `STREAMS`, or ``pole, RA, DEC`` or ``pole, RA, DEC, RA0`` or
  ``points, RA1, DEC1, RA2, DEC2``, in degrees.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from data.columns.energy import POTENTIALS, check_potential, circularity, energy
from data.columns.stream_frames import (
    STREAMS,
    from_points,
    from_pole,
    place,
    proper_motion,
    rotation_of,
)
from data.columns.table import TABLE, Derived
from data.errors import UserError
from data.frames import Floats

__all__ = ["FAMILIES", "call_name", "find_ways", "is_call", "listed"]

Argument = str | float

_CALL = re.compile(r"\s*([A-Za-z]\w*)\s*\(([^()]*)\)\s*")
_WORD = re.compile(r"[A-Za-z][\w-]*")
_SPACE = ("x", "y", "z", "vx", "vy", "vz")
_SKY = ("ra", "dec")


def _energy(arguments: Sequence[Argument]) -> tuple[Derived, ...]:
    name = _only_name("E", arguments)
    check_potential(name)
    return (Derived("km2 / s2", f"energy in {POTENTIALS[name]}", _SPACE, energy(name)),)


def _circularity(arguments: Sequence[Argument]) -> tuple[Derived, ...]:
    name = _only_name("circularity", arguments)
    check_potential(name, axisymmetric=True)
    words = f"L_z over that of a circular orbit of the same energy in {POTENTIALS[name]}"
    return (Derived("", words, _SPACE, circularity(name)),)


def _place(axis: int) -> Callable[[Sequence[Argument]], tuple[Derived, ...]]:
    def ways(arguments: Sequence[Argument]) -> tuple[Derived, ...]:
        matrix, words = _circle(arguments)
        text = f"{'longitude along' if axis == 0 else 'latitude above'} {words}"
        sky, space = place(matrix, axis)
        return (
            Derived("deg", text, _SKY, sky, moving=True),
            Derived("deg", text, _SPACE[:3], space, moving=True),
        )

    return ways


def _motion(axis: int, *, rest: bool) -> Callable[[Sequence[Argument]], tuple[Derived, ...]]:
    def ways(arguments: Sequence[Argument]) -> tuple[Derived, ...]:
        matrix, words = _circle(arguments)
        text = "proper motion along " + ("phi1 (times cos phi2)" if axis == 0 else "phi2")
        text += f" of {words}" + (", without that of the Sun" if rest else "")
        sky, space = proper_motion(matrix, axis, rest=rest)
        needs = (*_SKY, "pmra", "pmdec", *(("distance",) if rest else ()))
        return (
            Derived("mas / yr", text, needs, sky, moving=True),
            Derived("mas / yr", text, _SPACE, space, moving=True),
        )

    return ways


FAMILIES: dict[str, Callable[[Sequence[Argument]], tuple[Derived, ...]]] = {
    "E": _energy,
    "circularity": _circularity,
    "phi1": _place(0),
    "phi2": _place(1),
    "pm_phi1": _motion(0, rest=False),
    "pm_phi2": _motion(1, rest=False),
    "pm_phi1_rest": _motion(0, rest=True),
    "pm_phi2_rest": _motion(1, rest=True),
}
"""The families of columns by the word before the bracket."""


def _only_name(function: str, arguments: Sequence[Argument]) -> str:
    match arguments:
        case [str(name)]:
            return name
    raise UserError(
        f"{function}(...) takes the name of one model potential.",
        f"Choose one of {', '.join(POTENTIALS)}.",
    )


def _circle(arguments: Sequence[Argument]) -> tuple[Floats, str]:
    match arguments:
        case [str(stream)]:
            return rotation_of(stream), STREAMS[stream][1]
        case ["pole", float(ra), float(dec)]:
            return from_pole(ra, dec), f"the great circle round ({ra:g}, {dec:g}) deg"
        case ["pole", float(ra), float(dec), float(ra0)]:
            return from_pole(ra, dec, ra0), f"the great circle round ({ra:g}, {dec:g}) deg"
        case ["points", float(ra1), float(dec1), float(ra2), float(dec2)]:
            words = f"({ra1:g}, {dec1:g}) and ({ra2:g}, {dec2:g}) deg"
            return from_points(ra1, dec1, ra2, dec2), f"the great circle through {words}"
    raise UserError(
        "A great circle is a stream, pole, RA, DEC or points, RA1, DEC1, RA2, DEC2 (degrees).",
        f"Streams are {', '.join(STREAMS)}; for example phi1(gd1) or phi1(pole, 34.6, 29.8).",
    )


def call_name(function: str, arguments: Sequence[Argument]) -> str:
    """Write the one name of a column with parameters.

    Raises
    ------
    UserError
        If the arguments are none that the family takes.
    """
    tidy = [
        argument.replace("-", "_") if isinstance(argument, str) else float(argument)
        for argument in arguments
    ]
    _ways(function, tuple(tidy))
    words = [a if isinstance(a, str) else repr(a + 0.0).removesuffix(".0") for a in tidy]
    return f"{function}({', '.join(words)})"


def is_call(name: str) -> bool:
    """Say whether a name is that of a column with parameters, in its one spelling."""
    try:
        taken = _taken(name)
        return taken is not None and call_name(*taken) == name
    except UserError:
        return False


def find_ways(name: str) -> tuple[Derived, ...]:
    """Give the ways to calculate a derived column, with parameters or without.

    Returns
    -------
    tuple
        Empty where no derived column is called so.

    Raises
    ------
    UserError
        If the family is known and the parameters are wrong.
    """
    if name in TABLE:
        return TABLE[name]
    taken = _taken(name)
    return () if taken is None else _ways(*taken)


@lru_cache(maxsize=256)
def _ways(function: str, arguments: tuple[Argument, ...]) -> tuple[Derived, ...]:
    return FAMILIES[function](arguments)


def _taken(name: str) -> tuple[str, tuple[Argument, ...]] | None:
    """Take a name apart; None where it is not written like a call of a family."""
    found = _CALL.fullmatch(name)
    if found is None or found[1] not in FAMILIES:
        return None
    words = [word.strip() for word in found[2].split(",")]
    return found[1], tuple(_argument(word) for word in words if word)


def _argument(word: str) -> Argument:
    if _WORD.fullmatch(word):
        return word.replace("-", "_")
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UserError(f"{word[:40]!r} is neither a name nor a number.")
    return value


def listed() -> Iterator[str]:
    """Name the columns with parameters that a chooser offers; any other can be typed."""
    for potential in ("mw2022", "bovy"):
        yield call_name("E", [potential])
    for stream in ("gd1", "pal5", "orphan", "sagittarius"):
        for function in FAMILIES:
            if "phi" in function:
                yield call_name(function, [stream])
