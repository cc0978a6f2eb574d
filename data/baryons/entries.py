"""Entries of a JSON document that came from outside, each checked and named in the refusal."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import astropy.units as u

from data.baryons.component import FieldSpec
from data.baryons.measured import Measured
from data.errors import UserError

__all__ = ["factor_to", "known", "mapping", "measured", "no_other_keys", "number", "text"]

_MAX_TEXT = 2_000
_MAX_UNIT = 40
_MAX_RELATIVE_ERROR = 10
_MEASURED_KEYS = {"value", "error", "unit", "source", "verified", "group"}


def measured(tree: object, spec: FieldSpec, what: str) -> Measured:
    """Check ``{"value", "error", "unit", ...}`` and turn it into the unit of its field."""
    entry = mapping(tree, f"The {what}")
    no_other_keys(entry, _MEASURED_KEYS, f"The {what}")
    factor = factor_to(entry.get("unit"), spec.unit, what)
    value = number(number(entry.get("value"), what) * factor, what)
    error = number(number(entry.get("error", 0.0), f"error of the {what}") * factor, what)
    if value < 0.0 or (value == 0.0 and not spec.may_be_zero):
        rule = "must not be negative" if spec.may_be_zero else "must be positive"
        raise UserError(f"The {what} {rule}, not {_shown(value, spec)}.")
    if error < 0.0:
        raise UserError(f"The error of the {what} must not be negative: {_shown(error, spec)}.")
    if error > _MAX_RELATIVE_ERROR * value:
        raise UserError(
            f"The error of the {what} exceeds {_MAX_RELATIVE_ERROR} times its value.",
            "Write an upper limit as a small value with an equally large error.",
        )
    verified = entry.get("verified", False)
    if not isinstance(verified, bool):
        raise UserError(f"The entry verified of the {what} must be true or false.")
    source = text(entry.get("source", ""), f"source of the {what}", may_be_empty=True)
    group = text(entry.get("group", ""), f"group of the {what}", may_be_empty=True)
    return Measured(value, error, source, verified, group)


def factor_to(given: object, unit: str, what: str) -> float:
    """Give the factor from a unit that a user wrote to the one that is kept."""
    if not isinstance(given, str):
        if given is None and not unit:
            return 1.0
        raise UserError(f"The {what} has no unit.", f'Write it as "unit": "{unit}".')
    try:
        if len(given) > _MAX_UNIT:  # no unit is that long, and parsing one takes its time
            raise ValueError(given)
        return float(u.Unit(given).to(u.Unit(unit)))
    except (ValueError, TypeError) as error:
        expected = f"The unit must be one of {unit!r} in kind." if unit else "It has no unit."
        raise UserError(f"The {what} has the unit {given[:60]!r}.", expected) from error


def mapping(tree: object, what: str) -> Mapping[str, Any]:
    """Check that an entry is a JSON object."""
    if not isinstance(tree, dict):
        raise UserError(f"{what} must be a JSON object, not {type(tree).__name__}.")
    return tree


def no_other_keys(tree: Mapping[str, Any], allowed: Collection[str], what: str) -> None:
    """Refuse entries that nothing reads: most often they are misspelt."""
    unknown = sorted(str(key)[:60] for key in set(tree) - set(allowed))
    if unknown:
        raise UserError(
            f"{what} has the unknown entry {', '.join(unknown)}.", known(sorted(allowed))
        )


def number(value: object, what: str) -> float:
    """Check that an entry is a finite number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            as_float = float(value)
        except OverflowError:
            as_float = math.inf
        if math.isfinite(as_float):
            return as_float
    raise UserError(f"The {what} must be a finite number, not {str(value)[:40]!r}.")


def text(value: object, what: str, *, may_be_empty: bool = False) -> str:
    """Check that an entry is a text that can be shown."""
    shown = isinstance(value, str) and len(value) <= _MAX_TEXT and value.isprintable()
    if shown and (value or may_be_empty):
        return str(value)
    raise UserError(f"The {what} must be a text of printable characters.")


def known(names: Collection[str]) -> str:
    """Write the hint that lists what would have been right."""
    return f"Known are: {', '.join(names)}."


def _shown(value: float, spec: FieldSpec) -> str:
    return f"{value:g} {spec.unit}".rstrip()
