"""Numbers of a star as ADQL: what an archive can calculate, and where it must not try.

An archive has no infinities and no "not a number": where numpy gives one, SQL stops the whole
query with an error. Each term therefore carries the conditions under which it may be worked
out, and they are written in front of the comparison that uses it. (ADQL 2.0 has neither CASE
nor NULLIF nor COALESCE; PostgreSQL, which serves ESA, GAVO and AIP, tests them in that order.)
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from data.catalogue.schema import KNOWN
from data.errors import UserError
from data.fast_angles import TO_GALACTIC
from data.frames import SolarParameters, galactocentric_rotation
from data.selection.expressions import Expression

__all__ = ["Inexpressible", "Term", "Terms", "literal", "unbracketed"]

_REFERENCE = re.compile(r'(?:[A-Za-z]\w*|"[^"\x00-\x1f]+")(?:\.(?:[A-Za-z]\w*|"[^"\x00-\x1f]+"))*')
_LARGEST_EXPONENT = 600.0  # exp() of more, or of less than its negative, leaves the doubles
_PLAIN = {
    "sin": "SIN",
    "cos": "COS",
    "tan": "TAN",
    "radians": "RADIANS",
    "degrees": "DEGREES",
}


class Inexpressible(Exception):  # noqa: N818 - it is an answer, not an error
    """ADQL has no way to say this; the text is the reason."""


@dataclass(frozen=True)
class Term:
    """A number of each star, in ADQL.

    Parameters
    ----------
    text
        The expression; in brackets where it has an operator outside of a function.
    columns
        The column references that must not be NULL for the number to be there.
    defined
        Conditions without which the number is missing (NaN): such a star passes no cut.
    safe
        Conditions without which numpy gives an infinity and SQL an error.
    wide
        Whether it is surely calculated in doubles: integers would divide without remainder,
        and singles would be rounded after each step.
    """

    text: str
    columns: tuple[str, ...] = ()
    defined: tuple[str, ...] = ()
    safe: tuple[str, ...] = ()
    wide: bool = False


def literal(value: float, *, arithmetic: bool = False) -> str:
    """Write a number; in arithmetic with a point, so that no archive takes it as an integer."""
    if isinstance(value, int) and abs(value) > 2**53:
        return str(value)
    number = float(value)
    whole = number == int(number) and abs(number) < 1e15
    text = str(int(number)) if whole and not arithmetic else repr(number).upper()
    return f"({text})" if arithmetic and number < 0 else text


class Terms:
    """The numbers that a release can give, by our names.

    Parameters
    ----------
    columns
        Our name to a column reference of the archive, such as ``g.parallax``.
    sun
        The Sun's place, for positions in the Galaxy.

    Raises
    ------
    UserError
        If something is no reference to a column.
    """

    def __init__(self, columns: Mapping[str, str], sun: SolarParameters | None = None) -> None:
        for name, reference in columns.items():
            if not _REFERENCE.fullmatch(reference):
                raise UserError(
                    f"{reference!r}, given for {name}, is not the name of a column.",
                    'Write it as the archive does: parallax, g.parallax or "Plx".',
                )
        self._columns = dict(columns)
        self._sun = sun or SolarParameters()

    def column(self, name: str) -> Term:
        """Give a column, stored in the archive or calculated there.

        Raises
        ------
        Inexpressible
            If the archive has neither it nor what it is made of.
        """
        if name in self._columns and name not in _HIDING:
            reference = self._columns[name]
            wide = name in KNOWN and KNOWN[name].dtype == "float64"
            return Term(reference, (reference,), wide=wide)
        make = _DERIVED.get(name)
        if make is None:
            raise Inexpressible(f"{name} is not a column of the archive")
        return make(self)

    @property
    def sun(self) -> SolarParameters:
        """The Sun's place that positions refer to."""
        return self._sun

    def expression(self, expression: Expression) -> Term:
        """Give an expression of columns.

        Raises
        ------
        Inexpressible
            If a column or a function of it is unknown to the archive.
        """
        if not isinstance(expression, dict):
            return Term(literal(expression, arithmetic=True), wide=True)
        if "column" in expression:
            return self.column(expression["column"])
        parts = [self.expression(part) for part in expression["of"]]
        return _operation(expression["op"], parts, expression["of"])


def _operation(op: str, parts: list[Term], given: list[Expression]) -> Term:
    """Write one operator or function of :data:`data.selection.expressions.FUNCTIONS`."""
    first = parts[0]
    if op in ("+", "-", "*", "/"):
        return _arithmetic(op, *parts)
    if op == "neg":
        return _made(f"(-{first.text})", parts, wide=first.wide)
    if op == "abs":
        return _made(f"ABS({unbracketed(first.text)})", parts, wide=first.wide)
    if op in _PLAIN:
        return _made(f"{_PLAIN[op]}({unbracketed(first.text)})", parts)
    if op == "sqrt":
        return _root(first)
    if op in ("log", "log10"):
        return _logarithm(op.upper(), first)
    if op == "exp":
        return _made(f"EXP({unbracketed(first.text)})", parts, safe=(_moderate(first.text),))
    if op == "hypot":
        return _length(*parts)
    if op == "**":
        return _power(parts[0], parts[1], given[1])
    raise Inexpressible(f"ADQL has no function for {op}")


def _arithmetic(op: str, left: Term, right: Term) -> Term:
    text = left.text if left.wide or right.wide else f"1.0 * {left.text}"
    safe: tuple[str, ...] = ()
    if op == "/" and right.columns:
        safe = (f"NOT {right.text} = 0",)
    return _made(f"({text} {op} {right.text})", [left, right], safe=safe)


def _root(term: Term) -> Term:
    return _made(
        f"SQRT({unbracketed(term.text)})", [term], defined=(f"{unbracketed(term.text)} >= 0",)
    )


def _logarithm(function: str, term: Term) -> Term:
    """Write a logarithm: missing for a negative number, minus infinity for 0."""
    inner = unbracketed(term.text)
    guards = (f"{inner} >= 0",), (f"NOT {inner} = 0",)
    return _made(f"{function}({inner})", [term], defined=guards[0], safe=guards[1])


def _power(base: Term, exponent: Term, given: Expression) -> Term:
    if not isinstance(given, dict):
        if given in (1.0, 2.0, 3.0, 4.0):
            wide = base.text if base.wide else f"1.0 * {base.text}"
            text = " * ".join([wide, *[base.text] * (int(given) - 1)])
            return _made(f"({text})", [base])
        if given == 0.5:
            return _root(base)
    text = f"POWER({unbracketed(base.text)}, {unbracketed(exponent.text)})"
    if not base.columns and not base.text.startswith("("):
        value = float(base.text)
        if value > 0:
            size = f"({exponent.text} * {literal(math.log(value), arithmetic=True)})"
            return _made(text, [base, exponent], safe=(_moderate(size),))
    # Elsewhere it depends on the exponent whether the power is missing, infinite or a number.
    inner = unbracketed(base.text)
    size = f"({exponent.text} * LOG({inner}))"
    return _made(text, [base, exponent], safe=(f"{inner} > 0", _moderate(size)))


def _moderate(text: str) -> str:
    bound = literal(_LARGEST_EXPONENT, arithmetic=True)
    return f"{unbracketed(text)} BETWEEN -{bound} AND {bound}"


def _length(*terms: Term) -> Term:
    squares = [term.text if term.wide else f"1.0 * {term.text}" for term in terms]
    total = " + ".join(f"{a} * {term.text}" for a, term in zip(squares, terms, strict=True))
    return _made(f"SQRT({total})", list(terms))


def _made(
    text: str,
    parts: list[Term],
    *,
    defined: tuple[str, ...] = (),
    safe: tuple[str, ...] = (),
    wide: bool = True,
) -> Term:
    """Make a term of others: it needs what they need, and that before its own conditions."""

    def joined(lists: list[tuple[str, ...]]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(text for texts in lists for text in texts))

    return Term(
        text,
        joined([part.columns for part in parts]),
        joined([*(part.defined for part in parts), defined]),
        joined([*(part.safe for part in parts), safe]),
        wide,
    )


def unbracketed(text: str) -> str:
    """Take the outer brackets off where they hold the whole text."""
    if not text.startswith("("):
        return text
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return text[1:-1] if place == len(text) - 1 else text
    return text


def _product(rows: Sequence[float], ra: str, dec: str) -> str:
    """Write the scalar product of a vector (3,) with the direction of a star."""
    a, b, c = (literal(float(value), arithmetic=True) for value in rows)
    cosine = f"COS(RADIANS({dec}))"
    return (
        f"({a} * {cosine} * COS(RADIANS({ra})) + {b} * {cosine} * SIN(RADIANS({ra}))"
        f" + {c} * SIN(RADIANS({dec})))"
    )


def _sky(terms: Terms, axis: int) -> Term:
    """Component of the direction along Galactic axes (Hipparcos catalogue, vol. 1, 1.5.11)."""
    ra, dec = terms.column("ra"), terms.column("dec")
    return _made(_product(TO_GALACTIC[axis], ra.text, dec.text), [ra, dec])


def _longitude(terms: Terms) -> Term:
    u, v = _sky(terms, 0), _sky(terms, 1)
    # Half a turn on both sides of the sign brings it to 0 to 360 degrees.
    return _made(f"(180.0 + DEGREES(ATAN2(-{v.text}, -{u.text})))", [u, v])


def _latitude(terms: Terms) -> Term:
    u, v, w = (_sky(terms, axis) for axis in range(3))
    return _made(f"DEGREES(ATAN2({w.text}, {_length(u, v).text}))", [u, v, w])


def _distance(terms: Terms) -> Term:
    parallax = terms.column("parallax")
    return _made(f"(1.0 / {parallax.text})", [parallax], defined=(f"{parallax.text} > 0",))


def _position(terms: Terms, axis: int) -> Term:
    """Galactocentric coordinate in kpc, at the distance 1/parallax."""
    ra, dec, parallax = (terms.column(name) for name in ("ra", "dec", "parallax"))
    rotation, origin = galactocentric_rotation(terms.sun)
    start = literal(float(origin[axis]), arithmetic=True)
    direction = _product(rotation[axis], ra.text, dec.text)
    text = f"({start} + {direction} / {parallax.text})"
    return _made(text, [ra, dec, parallax], defined=(f"{parallax.text} > 0",))


def _azimuth(terms: Terms) -> Term:
    x, y = _position(terms, 0), _position(terms, 1)
    return _made(f"DEGREES(ATAN2(-{y.text}, {x.text}))", [x, y])


def _absolute(terms: Terms, magnitude: str) -> Term:
    """M = m + 5 log10(parallax / mas) - 10, the distance being 1/parallax."""
    m, parallax = terms.column(magnitude), terms.column("parallax")
    text = f"({m.text} + 5.0 * LOG10({parallax.text}) - 10.0)"
    return _made(text, [m, parallax], defined=(f"{parallax.text} > 0",))


def _over_error(terms: Terms) -> Term:
    return _arithmetic("/", terms.column("parallax"), terms.column("parallax_error"))


_DERIVED: dict[str, Callable[[Terms], Term]] = {
    "l": _longitude,
    "b": _latitude,
    "parallax_over_error": _over_error,
    "pm": lambda terms: _length(terms.column("pmra"), terms.column("pmdec")),
    "distance": _distance,
    "distance_sun": _distance,
    "x": lambda terms: _position(terms, 0),
    "y": lambda terms: _position(terms, 1),
    "z": lambda terms: _position(terms, 2),
    "R": lambda terms: _length(_position(terms, 0), _position(terms, 1)),
    "r": lambda terms: _length(*(_position(terms, axis) for axis in range(3))),
    "phi": _azimuth,
    "absolute_g": lambda terms: _absolute(terms, "phot_g_mean_mag"),
    "absolute_grvs": lambda terms: _absolute(terms, "grvs_mag"),
}
"""What the archive can calculate from its columns as :mod:`data.columns.derived` does here."""

_HIDING = frozenset(_DERIVED) - {"l", "b", "parallax_over_error", "pm"}
"""Words of our frame: a column of the archive that is called the same means something else."""
