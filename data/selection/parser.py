"""From text to a tree, through Python's grammar and a whitelist; nothing is ever evaluated.

The text is a Python expression of column names, numbers, ``pi``, ``+ - * / **``, the functions
of :data:`data.selection.expressions.FUNCTIONS`, the comparisons ``< <= > >= == !=`` (chained
ones too), ``and``, ``or``, ``not`` and ``xor(a, b)``. ``&``, ``|``, ``^`` and ``~`` mean and,
or, xor and not; as in Python they bind tighter than a comparison, so each comparison beside
them needs brackets. Further:

* ``a <= x <= b`` with numbers a and b is a range (on an angle such as ``l`` an arc, so
  ``350 <= l <= 10`` runs through 0);
* ``source_id in (1, 2, 3)`` is a list of values, ``source_id not in (1, 2, 3)`` its complement;
* ``polygon(x, y, (0, 0), (1, 0), (0, 1))`` is the inside of a polygon;
* ``column("vel-err")`` is a column whose name is no identifier;
* ``phi1(gd1)``, ``E(bovy)`` and the others of `data.columns.families` are columns;
* ``named("thin disc", abs(z) < 0.3)`` gives a part a name, and ``named("thin disc")`` stands for
  the selection that is kept under that name;
* ``isnan(x)`` keeps the stars without a value, ``isfinite(x)`` those with a finite one;
* ``everything`` and ``nothing`` (also ``True`` and ``False``) are what they say.

Spellings of SQL, C and typesetters are brought to these first (:mod:`data.selection.spellings`).
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import Any

from data.columns.families import FAMILIES, call_name
from data.errors import UserError
from data.selection.expressions import (
    FUNCTIONS,
    MAX_DEPTH,
    Expression,
    check_arguments,
    column_name,
    negative,
    number,
)
from data.selection.no_numbers import check_constant, check_word, unknown_function
from data.selection.syntax import Text, TextError, placed, quoted
from data.selection.tree import Node, Tree, validate

__all__ = ["TextError", "parse", "parse_expression"]

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
}  # fmt: skip
_LOGICAL: dict[type[ast.operator], str] = {ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor"}
_BRACKETS = "Beside & | ^ ~ each comparison needs brackets; and, or, xor(), not need none."


def parse(text: str, kept: Mapping[str, Tree] | None = None) -> Tree:
    """Read a selection from text such as ``abs(z) < 1 and parallax_over_error > 8``.

    Parameters
    ----------
    text
        See above.
    kept
        Selections by the names that ``named("thin disc")`` may stand for.

    Returns
    -------
    dict or None
        A validated tree; ``None`` (everything) for an empty text.

    Raises
    ------
    TextError
        If the text does not follow the grammar above; it knows the place.
    UserError
        If what it says is no selection, as a range whose minimum lies above its maximum.
    """
    if not text.strip():
        return None
    reader = _Reader(text, kept or {})
    tree = validate(reader.condition(reader.text.syntax(), 0))
    return None if tree == {"kind": "and", "of": []} else tree


def parse_expression(text: str) -> Expression:
    """Read an arithmetic expression of columns from text such as ``abs(z) + 1``."""
    reader = _Reader(text, {})
    return reader.expression(reader.text.syntax(), 0)


class _Reader:
    """Walks the syntax tree; keeps the text so that messages can quote the part in question."""

    def __init__(self, text: str, kept: Mapping[str, Tree]) -> None:
        self.text = Text(text)
        self.kept = kept

    @placed
    def condition(self, node: ast.expr, depth: int) -> Node:
        """Read what is true or false of a star."""
        self._check_depth(depth)
        if isinstance(node, ast.BoolOp):
            kind = "and" if isinstance(node.op, ast.And) else "or"
            return {"kind": kind, "of": [self.condition(part, depth + 1) for part in node.values]}
        if isinstance(node, ast.BinOp) and type(node.op) in _LOGICAL:
            kind = _LOGICAL[type(node.op)]
            parts = self._operands(node, type(node.op))
            return {"kind": kind, "of": [self.condition(part, depth + 1) for part in parts]}
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
            return {"kind": "not", "of": self.condition(node.operand, depth + 1)}
        if isinstance(node, ast.Compare):
            return self._comparison(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        word = node.id if isinstance(node, ast.Name) else getattr(node, "value", None)
        if word == "everything" or word is True:
            return {"kind": "and", "of": []}
        if word == "nothing" or word is False:
            return {"kind": "or", "of": []}
        raise self._no_condition(node)

    @placed
    def expression(self, node: ast.expr, depth: int) -> Expression:
        """Read what is a number for each star."""
        self._check_depth(depth)
        if isinstance(node, ast.Constant):
            check_constant(node.value)
            return number(node.value, "constant in the selection")
        if isinstance(node, ast.Name):
            check_word(node.id)
            return math.pi if node.id == "pi" else {"column": column_name(node.id, "name")}
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            sides = [self.expression(side, depth + 1) for side in (node.left, node.right)]
            return {"op": _BINARY[type(node.op)], "of": sides}
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            inner = self.expression(node.operand, depth + 1)
            if isinstance(node.op, ast.UAdd):
                return inner
            return negative(inner)
        if isinstance(node, ast.Call):
            return self._function(node, depth)
        raise self._no_number(node)

    def _comparison(self, node: ast.Compare, depth: int) -> Node:
        if len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn):
            return self._among(node, depth)
        operators = [_COMPARISONS.get(type(op)) for op in node.ops]
        if any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
            raise UserError(f"{self._part(node)} is not a comparison.", "Write == or != instead.")
        if None in operators:
            raise UserError(
                f"The selection compares in a way that it does not know: {self._part(node)}.",
                f"Known are: {' '.join(_COMPARISONS.values())}.",
            )
        terms = [self.expression(term, depth + 1) for term in (node.left, *node.comparators)]
        if operators == ["<=", "<="] and _is_range(terms):
            column = terms[1]["column"]  # type: ignore[index]
            return {"kind": "range", "column": column, "min": terms[0], "max": terms[2]}
        links = [
            {"kind": "compare", "left": terms[i], "op": op, "right": terms[i + 1]}
            for i, op in enumerate(operators)
        ]
        return links[0] if len(links) == 1 else {"kind": "and", "of": links}

    def _among(self, node: ast.Compare, depth: int) -> Node:
        column = self.expression(node.left, depth + 1)
        listed = node.comparators[0]
        values = listed.elts if isinstance(listed, ast.Tuple | ast.List | ast.Set) else [listed]
        members = [self.expression(value, depth + 1) for value in values]
        bare = isinstance(column, dict) and "column" in column
        if not bare or any(isinstance(member, dict) for member in members):
            raise UserError(
                f"{self._part(node)} is not a column in a list of numbers.",
                "It must look like: source_id in (1, 2, 3).",
            )
        found = {"kind": "among", "column": column["column"], "values": members}  # type: ignore[index]
        return {"kind": "not", "of": found} if isinstance(node.ops[0], ast.NotIn) else found

    def _call(self, node: ast.Call, depth: int) -> Node:
        function = self._function_name(node)
        if function in ("isnan", "isnull", "notnull", "isfinite"):
            return self._known(function, node, depth)
        if function == "xor":
            return {"kind": "xor", "of": [self.condition(arg, depth + 1) for arg in node.args]}
        if function == "polygon":
            return self._polygon(node, depth)
        if function == "named":
            match node.args:
                case [ast.Constant(value=str(name))]:
                    return self._kept(name)
                case [ast.Constant(value=str(name)), part]:
                    inner = self.condition(part, depth + 1)
                    if "name" in inner:  # both names are kept
                        inner = {"kind": "and", "of": [inner]}
                    return {**inner, "name": name}
            raise UserError('A name is given as named("thin disc", abs(z) < 0.3).')
        raise self._no_condition(node)

    def _known(self, function: str, node: ast.Call, depth: int) -> Node:
        """Read a question for missing values, which equal nothing, and for infinite ones."""
        if len(node.args) != 1:
            raise UserError(f"{function}(...) takes one column or expression.")
        value = self.expression(node.args[0], depth + 1)
        if function == "isfinite":  # infinity minus infinity is missing
            none = {"op": "-", "of": [value, value]}
            return {"kind": "compare", "left": none, "op": "==", "right": 0.0}
        known = {"kind": "compare", "left": value, "op": "==", "right": value}
        return known if function == "notnull" else {"kind": "not", "of": known}

    def _kept(self, name: str) -> Node:
        if name not in self.kept:
            known = ", ".join(quoted(other) for other in list(self.kept)[:8]) or "none"
            raise UserError(
                f"No selection is kept under the name {quoted(name)}.",
                f"Kept here: {known}. A new part is named as in named('thin disc', abs(z) < 0.3).",
            )
        return {**(self.kept[name] or {"kind": "and", "of": []}), "name": name}

    def _polygon(self, node: ast.Call, depth: int) -> Node:
        names = [self.expression(arg, depth + 1) for arg in node.args[:2]]
        if not all(isinstance(name, dict) and "column" in name for name in names):
            raise UserError("The first two arguments of polygon(...) must be columns.")
        points: list[list[Any]] = []
        for corner in node.args[2:]:
            if not isinstance(corner, ast.Tuple | ast.List):
                raise UserError("The corners of polygon(...) must be pairs such as (1, 2).")
            points.append([self.expression(value, depth + 1) for value in corner.elts])
        columns = [name["column"] for name in names if isinstance(name, dict)]
        return {"kind": "polygon", "columns": columns, "points": points}

    def _function(self, node: ast.Call, depth: int) -> Expression:
        function = self._function_name(node)
        if function == "column":
            match node.args:
                case [ast.Constant(value=str(name))]:
                    return {"column": column_name(name, "argument of column(...)")}
            raise UserError('A column with an unusual name is given as column("vel-err").')
        if function in FAMILIES:
            arguments = [self._argument(arg, depth) for arg in node.args]
            return {"column": call_name(function, arguments)}
        if function == "power":
            function = "**"
        elif function not in FUNCTIONS or FUNCTIONS[function].symbol:
            raise unknown_function(function)
        check_arguments(function, len(node.args))
        return {"op": function, "of": [self.expression(arg, depth + 1) for arg in node.args]}

    def _argument(self, node: ast.expr, depth: int) -> str | float:
        """Read what stands in the brackets of a column with parameters: a name or a number."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.Name):
            return node.id
        value = self.expression(node, depth + 1)
        if isinstance(value, dict):
            raise self._no_number(node)
        return value

    def _function_name(self, node: ast.Call) -> str:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise UserError(f"The selection cannot call {self._part(node)}.")
        return node.func.id

    def _operands(self, node: ast.expr, operator: type[ast.operator]) -> list[ast.expr]:
        """Flatten a & b & c, which Python nests to the left, so that length is not depth."""
        parts: list[ast.expr] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, operator):
            parts.append(node.right)
            node = node.left
        return [node, *reversed(parts)]

    def _check_depth(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise UserError(f"The selection is nested more than {MAX_DEPTH} levels deep.")

    def _part(self, node: ast.expr) -> str:
        return quoted(self.text.part(node))

    def _no_condition(self, node: ast.expr) -> UserError:
        hint = "Compare it with something, as in: abs(z) < 1."
        if isinstance(node, ast.Name):
            hint = f"Compare it with something, as in: {node.id} == 1."
        elif isinstance(node, ast.Tuple) and node.elts:
            hint = "Write a decimal point, not a comma; join conditions with and."
        return UserError(f"{self._part(node)} is not a condition on a star.", hint)

    def _no_number(self, node: ast.expr) -> UserError:
        hint = ""
        if isinstance(node, ast.BinOp) and type(node.op) in _LOGICAL:
            word = {"and": "and", "or": "or", "xor": "** for a power"}[_LOGICAL[type(node.op)]]
            hint = f"Write {word}. {_BRACKETS}"
        elif isinstance(node, ast.UnaryOp | ast.BoolOp):
            hint = _BRACKETS
        elif isinstance(node, ast.Attribute):
            hint = f"Write the column alone, without the name of a table: {node.attr}."
        return UserError(
            f"{self._part(node)} is not a number, a column or an expression of them.", hint
        )


def _is_range(terms: list[Expression]) -> bool:
    low, middle, high = terms
    bare = isinstance(middle, dict) and "column" in middle
    return bare and not isinstance(low, dict) and not isinstance(high, dict)
