"""From a tree to text: the form that the parser reads back, and a sentence for a caption."""

from __future__ import annotations

import json
import keyword
from collections.abc import Mapping
from typing import Any

from data.columns.derived import unit
from data.columns.families import is_call
from data.errors import UserError
from data.selection.expressions import FUNCTIONS, Expression
from data.selection.spellings import WORDS
from data.selection.tree import Node, period, validate

__all__ = ["caption", "expression_text", "to_text"]

_RESERVED = {"pi", "everything", "nothing"}
#: Values of a list that a caption names one by one.
_MOST_NAMED = 4
_ATOM = 10
# How tightly conditions bind, as in Python.
_BINDING = {"or": 1, "and": 2, "not": 3}


def to_text(tree: object) -> str:
    """Write a selection in the grammar of :func:`data.selection.parse`.

    Reading the text gives a tree with the same names and the same hash.
    """
    node = validate(tree)
    return "everything" if node is None else _node_text(node, 0)


def _node_text(node: Node, binding: int) -> str:
    if "name" in node:
        rest = {key: value for key, value in node.items() if key != "name"}
        return f"named({json.dumps(node['name'], ensure_ascii=False)}, {_node_text(rest, 0)})"
    kind = node["kind"]
    if kind == "range":
        return _range_text(node)
    if kind == "polygon":
        u, v = map(_column_text, node["columns"])
        corners = ", ".join(f"({_number_text(a)}, {_number_text(b)})" for a, b in node["points"])
        return f"polygon({u}, {v}, {corners})"
    if kind == "among":
        values = ", ".join(map(_number_text, node["values"]))
        comma = "," if len(node["values"]) == 1 else ""
        return f"{_column_text(node['column'])} in ({values}{comma})"
    if kind == "compare":
        return f"{expression_text(node['left'])} {node['op']} {expression_text(node['right'])}"
    if kind == "not":
        return _bracketed(f"not {_node_text(node['of'], 3)}", binding > _BINDING["not"])
    return _group_text(kind, node["of"], binding)


def _group_text(kind: str, members: list[Node], binding: int) -> str:
    if kind == "xor":
        return f"xor({', '.join(_node_text(member, 0) for member in members)})"
    if not members:
        return "everything" if kind == "and" else "nothing"
    if len(members) == 1:
        return _node_text(members[0], binding)
    inner = _BINDING[kind]
    joined = f" {kind} ".join(_node_text(member, inner + 1) for member in members)
    return _bracketed(joined, binding > inner)


def _range_text(node: Node) -> str:
    column, low, high = _column_text(node["column"]), node["min"], node["max"]
    if low is not None and high is not None:
        return f"{_number_text(low)} <= {column} <= {_number_text(high)}"
    if high is not None:
        return f"{column} <= {_number_text(high)}"
    if low is not None:
        return f"{column} >= {_number_text(low)}"
    # Without bounds a range keeps whatever is not missing.
    return f"{column} == {column}"


def expression_text(expression: Expression, precedence: int = 0) -> str:
    """Write an expression in the grammar of the parser, with no more brackets than needed."""
    if not isinstance(expression, dict):
        text = _number_text(expression)
        return _bracketed(text, expression < 0 and precedence > FUNCTIONS["+"].precedence)
    if "column" in expression:
        return _column_text(expression["column"])
    operator, parts = expression["op"], expression["of"]
    function = FUNCTIONS[operator]
    own = function.precedence
    if not function.symbol:
        return f"{operator}({', '.join(expression_text(part) for part in parts)})"
    if operator == "neg":
        return _bracketed(f"-{expression_text(parts[0], own + 1)}", precedence > own)
    # Operators bind to the left, the power to the right.
    sides = (own + 1, own) if operator == "**" else (own, own + 1)
    left, right = (expression_text(part, side) for part, side in zip(parts, sides, strict=True))
    return _bracketed(f"{left} {function.symbol} {right}", precedence > own)


def _bracketed(text: str, needed: bool) -> str:
    return f"({text})" if needed else text


def _number_text(value: float) -> str:
    return repr(value).removesuffix(".0")


def _column_text(name: str) -> str:
    plain = name.isidentifier() and name.isascii() and not keyword.iskeyword(name)
    if (plain and name not in _RESERVED and name.lower() not in WORDS) or is_call(name):
        return name
    return f"column({json.dumps(name, ensure_ascii=False)})"


def caption(tree: object, units: Mapping[str, str] | None = None) -> str:
    """Describe a selection in one sentence, to stand under a figure.

    Parameters
    ----------
    tree
        The selection.
    units
        Units of the catalogue's columns by name; those of derived columns are known.
    """
    node = validate(tree)
    if node is None or node == {"kind": "and", "of": []}:
        return "All stars."
    return f"Stars with {_phrase(node, units or {}, outer=True)}."


def _phrase(node: Node, units: Mapping[str, str], *, outer: bool = False) -> str:
    text = _plain_phrase(node, units, outer=outer or "name" in node)
    return f"“{node['name']}” ({text})" if "name" in node else text


def _plain_phrase(node: Node, units: Mapping[str, str], *, outer: bool) -> str:
    kind = node["kind"]
    if kind == "range":
        return _range_phrase(node, units)
    if kind == "polygon":
        u, v = node["columns"]
        return f"({u}, {v}) inside a polygon of {len(node['points'])} corners"
    if kind == "among":
        return _among_phrase(node, units)
    if kind == "compare":
        return _compare_phrase(node, units)
    if kind == "not":
        return f"not ({_phrase(node['of'], units, outer=True)})"
    if not node["of"]:
        return "any values" if kind == "and" else "no values at all"
    members = [_phrase(member, units) for member in node["of"]]
    if len(members) == 1:
        return members[0]
    if kind == "xor":
        word = "exactly one of " if len(members) == 2 else "an odd number of "
        return f"{word}({'; '.join(members)})"
    return _bracketed(f" {kind} ".join(members), not outer)


def _range_phrase(node: Node, units: Mapping[str, str]) -> str:
    column, low, high = node["column"], node["min"], node["max"]
    words = _unit_phrase(column, units)
    if low is None and high is None:
        return f"{column} known"
    if low is None or high is None:
        word, bound = ("at least", low) if high is None else ("at most", high)
        return f"{column} {word} {_rounded(bound)}{words}"
    through = " through 0" if period(column) and low > high else ""
    between = "from" if through else "between"
    link = f"{through} to" if through else " and"
    return f"{column} {between} {_rounded(low)}{link} {_rounded(high)}{words}"


def _among_phrase(node: Node, units: Mapping[str, str]) -> str:
    column, values = node["column"], node["values"]
    if len(values) > _MOST_NAMED:
        return f"{column} among {len(values):,} values"
    words = _unit_phrase(column, units)
    return f"{column} among {', '.join(_rounded(value) for value in values)}{words}"


def _compare_phrase(node: Node, units: Mapping[str, str]) -> str:
    left, right = node["left"], node["right"]
    text = f"{expression_text(left)} {node['op']} {expression_text(right)}"
    if isinstance(right, dict):
        return text
    column = left
    while isinstance(column, dict) and column.get("op") in ("abs", "neg"):
        column = column["of"][0]  # these keep the unit
    name = column.get("column", "") if isinstance(column, dict) else ""
    return text + _unit_phrase(name, units)


def _unit_phrase(column: str, units: Mapping[str, str]) -> str:
    """Give the unit of a column, stored or derived, with a space before it."""
    try:
        text = units[column] if column in units else unit(column)
    except (KeyError, UserError):  # not known, or with parameters that nothing has
        return ""
    compact = text.replace(" / ", "/")
    return f" {compact}" if compact else ""


def _rounded(value: Any) -> str:  # noqa: ANN401 - a float, or a large integer
    return f"{value:.6g}" if isinstance(value, float) else str(value)
