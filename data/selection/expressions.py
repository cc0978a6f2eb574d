"""Arithmetic expressions of columns: their JSON form, its check and its text.

An expression is one of

* a finite number,
* ``{"column": name}``, a stored or derived column,
* ``{"op": name, "of": [expression, ...]}``, an operator or a function of :data:`FUNCTIONS`.

A string in the place of an expression is read as text (``"abs(z) + 1"``) by
:func:`data.selection.parse_expression`; validated trees hold the three forms above only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from data.errors import UserError

__all__ = ["FUNCTIONS", "MAX_DEPTH", "Expression", "Function", "expression_columns", "number"]

Expression: TypeAlias = float | int | dict[str, Any]

MAX_DEPTH = 64
"""Deepest nesting of a tree and of an expression that is accepted from outside."""

_EXACT_INTEGER = 2**53
_MAX_NAME = 200


@dataclass(frozen=True)
class Function:
    """An operator or a function of the expression language.

    Parameters
    ----------
    evaluate
        The numpy function; missing values (NaN) must go through it as NaN.
    arguments
        The numbers of arguments that it accepts.
    symbol
        How an operator is written between its arguments; empty for a function.
    precedence
        How tightly an operator binds, as in Python; functions bind tightest.
    """

    evaluate: Callable[..., Any]
    arguments: tuple[int, ...]
    symbol: str = ""
    precedence: int = 10


def _folded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of two arrays one of any number of them."""

    def fold(first: Any, *others: Any) -> Any:  # noqa: ANN401 - numpy broadcasts scalars too
        for other in others:
            first = function(first, other)
        return first

    return fold


_SEVERAL = tuple(range(2, 9))

FUNCTIONS: dict[str, Function] = {
    "+": Function(np.add, (2,), "+", 1),
    "-": Function(np.subtract, (2,), "-", 1),
    "*": Function(np.multiply, (2,), "*", 2),
    "/": Function(np.true_divide, (2,), "/", 2),
    "neg": Function(np.negative, (1,), "-", 3),
    "**": Function(np.power, (2,), "**", 4),
    "abs": Function(np.abs, (1,)),
    "sqrt": Function(np.sqrt, (1,)),
    "exp": Function(np.exp, (1,)),
    "log": Function(np.log, (1,)),
    "log10": Function(np.log10, (1,)),
    "sin": Function(np.sin, (1,)),
    "cos": Function(np.cos, (1,)),
    "tan": Function(np.tan, (1,)),
    "radians": Function(np.radians, (1,)),
    "degrees": Function(np.degrees, (1,)),
    "hypot": Function(np.hypot, (2,)),
    "min": Function(_folded(np.minimum), _SEVERAL),
    "max": Function(_folded(np.maximum), _SEVERAL),
}
"""Every operator and function, by the name that it has in a tree. Angles are in radians."""


def number(value: object, where: str) -> float | int:
    """Check a number from outside.

    Integers too large for a double (source identifiers) stay integers, so that they are
    compared exactly; every other number becomes a float.

    Raises
    ------
    UserError
        If the value is no number, or not finite.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UserError(f"The {where} must be a number, not {_shown(value)}.")
    if isinstance(value, int) and _EXACT_INTEGER < abs(value) < 2**63:
        return value
    try:
        result = float(value)
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise UserError(f"The {where} must be a finite number, not {_shown(value)}.")
    return result + 0.0  # no negative zero: it would change the hash, not the meaning


def column_name(value: object, where: str) -> str:
    """Check the name of a column from outside; whether it exists is seen on evaluation."""
    if not isinstance(value, str) or not value or len(value) > _MAX_NAME:
        raise UserError(f"The {where} must be the name of a column, not {_shown(value)}.")
    if not value.isprintable():
        raise UserError(f"The {where} has characters that no column name can have.")
    return value


def expression_columns(expression: Expression) -> Iterator[str]:
    """Name the columns that a validated expression uses, with repetitions."""
    if isinstance(expression, dict):
        if "column" in expression:
            yield str(expression["column"])
        for part in expression.get("of", ()):
            yield from expression_columns(part)


def negative(expression: Expression) -> Expression:
    """Change the sign; a negative number is a number, not an operation."""
    if isinstance(expression, dict):
        return {"op": "neg", "of": [expression]}
    return number(-expression, "constant")


def check_arguments(operator: str, count: int) -> None:
    """Refuse a call with a number of arguments that the function does not take."""
    accepted = FUNCTIONS[operator].arguments
    if count not in accepted:
        wanted = str(accepted[0]) if len(accepted) == 1 else f"{accepted[0]} to {accepted[-1]}"
        raise UserError(f"{operator} takes {wanted} arguments, not {count}.")


def validate_expression(value: object, where: str, depth: int = 0) -> Expression:
    """Bring an expression from outside to its checked form.

    Raises
    ------
    UserError
        If it is malformed or nested too deeply.
    """
    if depth > MAX_DEPTH:
        raise UserError(f"The {where} is nested more than {MAX_DEPTH} levels deep.")
    if isinstance(value, str):
        from data.selection.parser import parse_expression

        return parse_expression(value)
    if not isinstance(value, dict):
        return number(value, where)
    if set(value) == {"column"}:
        return {"column": column_name(value["column"], f"column in the {where}")}
    operator, parts = value.get("op"), value.get("of")
    if set(value) != {"op", "of"} or not isinstance(parts, list):
        raise UserError(
            f"The {where} is not an expression: {_shown(value)}.",
            'An expression is a number, a text, {"column": name} or {"op": name, "of": [...]}.',
        )
    if not isinstance(operator, str) or operator not in FUNCTIONS:
        raise UserError(
            f"The {where} uses the unknown function {_shown(operator)}.",
            f"Known are: {', '.join(FUNCTIONS)}.",
        )
    check_arguments(operator, len(parts))
    checked = [validate_expression(part, where, depth + 1) for part in parts]
    return negative(checked[0]) if operator == "neg" else {"op": operator, "of": checked}


def _shown(value: object) -> str:
    """Quote a value from outside in a message, shortened."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
