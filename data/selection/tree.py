"""The selection tree: its check, its canonical form, its hash and the columns it uses.

A tree is plain JSON. Its nodes are

* ``{"kind": "range", "column": c, "min": a, "max": b}``: a <= value <= b, null for no bound.
  On an angle of :data:`CYCLIC` the range is the arc from min to max in the direction of
  growing angle, so 350 to 10 and -10 to 10 are the same arc through 0;
* ``{"kind": "polygon", "columns": [c1, c2], "points": [[u, v], ...]}``: inside by the
  even-odd rule, crossing edges included;
* ``{"kind": "compare", "left": expression, "op": "<", "right": expression}``, with one of
  < <= > >= == !=;
* ``{"kind": "among", "column": c, "values": [v, ...]}``: equal to one of them;
* ``{"kind": "and" | "or" | "xor", "of": [node, ...]}``: an empty ``and`` is everything,
  an empty ``or`` or ``xor`` nothing;
* ``{"kind": "not", "of": node}``.

Each may carry a ``name``. ``None`` (null) at the top is everything. Numbers that a column is
compared with count in the precision of the column (:mod:`data.selection.comparisons`); the
corners of a polygon, which are drawn, do not. A missing value (NaN, or the integer that stands
for one) passes no range, no polygon, no list and no comparison, ``!=`` included; ``not`` is the
plain complement of its node, so a star with a missing value passes ``not (x > 1)`` while it
passes neither ``x > 1`` nor ``x <= 1``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from data.errors import UserError
from data.selection.among import among_key, validate_among
from data.selection.expressions import (
    MAX_DEPTH,
    Expression,
    column_name,
    expression_columns,
    number,
    validate_expression,
)

__all__ = ["COMPARISONS", "CYCLIC", "MIRRORED", "Node", "Tree", "canonical", "columns",
           "conjuncts", "leaf_columns", "leaves", "period", "selection_hash",
           "validate"]  # fmt: skip

Node: TypeAlias = dict[str, Any]
Tree: TypeAlias = Node | None

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
CYCLIC: dict[str, float] = {"ra": 360.0, "l": 360.0, "phi": 360.0, "ecl_lon": 360.0}
"""Columns that hold an angle, with their period in degrees. `period` knows ``phi1(...)`` too."""

MAX_NODES = 2_000
MAX_POINTS = 10_000
_MAX_NAME = 200
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
"""A comparison read from the right."""


def validate(tree: object) -> Tree:
    """Check a tree from outside and bring it to its regular form.

    Numbers become floats, expressions given as text are parsed, the order of nodes and their
    names are kept.

    Raises
    ------
    UserError
        If the tree is malformed, nested too deeply or too large.
    """
    if tree is None:
        return None
    budget = [MAX_NODES]
    return _validate_node(tree, 0, budget)


def _validate_node(node: object, depth: int, budget: list[int]) -> Node:
    budget[0] -= 1
    if budget[0] < 0:
        raise UserError(f"The selection has more than {MAX_NODES} nodes.")
    if depth > MAX_DEPTH:
        raise UserError(f"The selection is nested more than {MAX_DEPTH} levels deep.")
    if not isinstance(node, dict):
        raise UserError(
            f"A node of the selection is not a JSON object but {type(node).__name__}.",
            'A node looks like {"kind": "range", "column": "z", "min": -1, "max": 1}.',
        )
    kind = node.get("kind")
    keys = _KEYS.get(kind) if isinstance(kind, str) else None
    if keys is None:
        raise UserError(
            f"The selection has a node of the unknown kind {str(kind)[:60]!r}.",
            f"Known are: {', '.join(_KEYS)}.",
        )
    unknown = set(node) - keys - {"kind", "name"}
    if unknown:
        names = ", ".join(sorted(str(key)[:60] for key in unknown))
        raise UserError(f"A {kind} node of the selection has the unknown entry {names}.")
    result = {"kind": kind, **_VALIDATORS[str(kind)](node, depth, budget)}
    if node.get("name") is not None:
        result["name"] = _validate_name(node["name"])
    return result


def _validate_name(name: object) -> str:
    if not isinstance(name, str) or not name or len(name) > _MAX_NAME or not name.isprintable():
        raise UserError(
            f"The name of a node must be a text of 1 to {_MAX_NAME} printable characters."
        )
    return name


def _validate_range(node: Node, depth: int, budget: list[int]) -> Node:
    column = column_name(node.get("column"), "column of a range")
    bounds = {
        key: None
        if node.get(key) is None
        else number(node[key], f"{key} of the range in {column}")
        for key in ("min", "max")
    }
    low, high = bounds["min"], bounds["max"]
    if low is not None and high is not None and low > high and period(column) is None:
        raise UserError(
            f"The range in {column} runs from {low:g} to {high:g}: its minimum lies above its"
            " maximum.",
            "Exchange the two bounds.",
        )
    return {"column": column, "min": low, "max": high}


def _validate_polygon(node: Node, depth: int, budget: list[int]) -> Node:
    names, points = node.get("columns"), node.get("points")
    if not isinstance(names, list) or len(names) != 2:
        raise UserError("A polygon of the selection needs the names of exactly two columns.")
    if not isinstance(points, list) or not 3 <= len(points) <= MAX_POINTS:
        raise UserError(f"A polygon of the selection needs 3 to {MAX_POINTS} points.")
    if not all(isinstance(point, list | tuple) and len(point) == 2 for point in points):
        raise UserError("Each point of a polygon must be a pair of numbers.")
    return {
        "columns": [column_name(name, "column of a polygon") for name in names],
        "points": [[number(value, "corner of a polygon") for value in pair] for pair in points],
    }


def _validate_compare(node: Node, depth: int, budget: list[int]) -> Node:
    if node.get("op") not in COMPARISONS:
        raise UserError(
            f"The selection compares with the unknown operator {str(node.get('op'))[:60]!r}.",
            f"Known are: {' '.join(COMPARISONS)}.",
        )
    return {
        "left": validate_expression(node.get("left"), "left side of a comparison"),
        "op": node["op"],
        "right": validate_expression(node.get("right"), "right side of a comparison"),
    }


def _validate_group(node: Node, depth: int, budget: list[int]) -> Node:
    members = node.get("of")
    if not isinstance(members, list):
        raise UserError(f"The entry 'of' of the {node['kind']} node must be a list of nodes.")
    return {"of": [_validate_node(member, depth + 1, budget) for member in members]}


def _validate_not(node: Node, depth: int, budget: list[int]) -> Node:
    return {"of": _validate_node(node.get("of"), depth + 1, budget)}


_KEYS: dict[str, set[str]] = {
    "range": {"column", "min", "max"},
    "polygon": {"columns", "points"},
    "compare": {"left", "op", "right"},
    "among": {"column", "values"},
    "and": {"of"},
    "or": {"of"},
    "xor": {"of"},
    "not": {"of"},
}
_VALIDATORS: dict[str, Callable[[Node, int, list[int]], Node]] = {
    "range": _validate_range,
    "polygon": _validate_polygon,
    "compare": _validate_compare,
    "among": lambda node, depth, budget: validate_among(node),
    "and": _validate_group,
    "or": _validate_group,
    "xor": _validate_group,
    "not": _validate_not,
}


def leaves(tree: Tree) -> Iterator[Node]:
    """Walk over the ranges, polygons, comparisons and lists of a validated tree."""
    if tree is None:
        return
    if tree["kind"] == "not":
        yield from leaves(tree["of"])
    elif "of" in tree:
        for member in tree["of"]:
            yield from leaves(member)
    else:
        yield tree


def columns(tree: object) -> set[str]:
    """Name the columns, stored or derived, that a selection uses."""
    return {name for leaf in leaves(validate(tree)) for name in leaf_columns(leaf)}


def leaf_columns(leaf: Node) -> set[str]:
    """Name the columns of one range, polygon, comparison or list."""
    if leaf["kind"] in ("range", "among"):
        return {leaf["column"]}
    if leaf["kind"] == "polygon":
        return set(leaf["columns"])
    return {name for side in ("left", "right") for name in expression_columns(leaf[side])}


def period(column: str) -> float | None:
    """Give the period of a column that holds an angle, in its unit; None for any other."""
    return 360.0 if column.startswith("phi1(") else CYCLIC.get(column)


def conjuncts(tree: Tree) -> list[Node]:
    """Give the cuts that a star must pass one and all: the members of the top ``and``."""
    if tree is None:
        return []
    if tree["kind"] != "and":
        return [tree]
    return [cut for member in tree["of"] for cut in conjuncts(member)]


def canonical(tree: object) -> Tree:
    """Give the one form that all spellings of the same selection share.

    Names are dropped, nested groups of one kind flattened and sorted, repeated members of
    ``and`` and ``or`` merged, double negations removed, and comparisons of a column with a
    number written with the column on the left.
    """
    node = validate(tree)
    if node is None:
        return None
    result = _canonical_node(node)
    return None if result == {"kind": "and", "of": []} else result


def _canonical_node(node: Node) -> Node:
    kind = node["kind"]
    if kind == "not":
        inner = _canonical_node(node["of"])
        return inner["of"] if inner["kind"] == "not" else {"kind": "not", "of": inner}
    if kind in ("and", "or", "xor"):
        return _canonical_group(kind, node["of"])
    if kind == "compare":
        return _canonical_compare(node["left"], node["op"], node["right"])
    if kind == "among":
        return among_key(node)
    if kind == "range" and node["min"] is None and node["max"] is None:
        # The node still drops the missing values, so it is not "everything".
        return {"kind": "range", "column": node["column"], "min": None, "max": None}
    return {key: value for key, value in node.items() if key != "name"}


def _canonical_group(kind: str, members: list[Node]) -> Node:
    flat: list[Node] = []
    for member in map(_canonical_node, members):
        flat.extend(member["of"] if member["kind"] == kind else [member])
    keyed = sorted((_dump(member), position) for position, member in enumerate(flat))
    if kind != "xor":
        keyed = [entry for i, entry in enumerate(keyed) if i == 0 or entry[0] != keyed[i - 1][0]]
    ordered = [flat[position] for _, position in keyed]
    return ordered[0] if len(ordered) == 1 else {"kind": kind, "of": ordered}


def _canonical_compare(left: Expression, op: str, right: Expression) -> Node:
    if not isinstance(left, dict) and isinstance(right, dict):
        left, op, right = right, MIRRORED[op], left
    if isinstance(left, dict) and "column" in left and not isinstance(right, dict):
        column = left["column"]
        if op == ">=":
            return {"kind": "range", "column": column, "min": right, "max": None}
        if op == "<=":
            return {"kind": "range", "column": column, "min": None, "max": right}
    if left == right and op == "==" and isinstance(left, dict) and "column" in left:
        # How the text writes "known": a missing value equals nothing.
        return {"kind": "range", "column": left["column"], "min": None, "max": None}
    return {"kind": "compare", "left": left, "op": op, "right": right}


def selection_hash(tree: object) -> str:
    """Hash the canonical form: 12 hexadecimal digits that key caches and runs."""
    return hashlib.sha256(_dump(canonical(tree)).encode()).hexdigest()[:12]


def _dump(node: Tree) -> str:
    return json.dumps(node, sort_keys=True, separators=(",", ":"), allow_nan=False)
