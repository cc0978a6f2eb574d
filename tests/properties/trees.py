"""Random trees and tables, and an evaluator in plain Python that asks one star at a time.

Values are few and coarse, so that bounds, corners and stars often coincide.
"""

from __future__ import annotations

import math
import operator
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

BIG = 2**62 + 1
"""An identifier that no double holds."""


class Table:
    """The least that a selection asks of a catalogue."""

    def __init__(self, columns, identity=None):
        self.columns = columns
        self.n_rows = len(next(iter(columns.values())))
        if identity is not None:
            self.id = identity

    def has(self, name):
        return name in self.columns

    def column(self, name):
        return self.columns[name]


# --- trees ----------------------------------------------------------------------------------

grid = st.integers(-4, 4).map(lambda n: n / 2.0)
value = grid | st.sampled_from([math.nan, math.inf, -math.inf])
angle = st.integers(-24, 48).map(lambda n: n * 15.0)
identifier = st.integers(BIG - 3, BIG + 3)

numbers = grid.map(lambda n: n)
columns = st.sampled_from(["x", "y", "i"]).map(lambda name: {"column": name})
expressions = st.recursive(
    numbers | columns,
    lambda parts: (
        st.builds(
            lambda op, of: {"op": op, "of": list(of)},
            st.sampled_from(["+", "-", "*", "min", "max"]),
            st.tuples(parts, parts),
        )
        | st.builds(lambda op, part: {"op": op, "of": [part]}, st.sampled_from(["abs", "neg"]),
                    parts)
    ),
    max_leaves=4,
)  # fmt: skip


def _range(name, pair):
    low, high = pair
    if low is not None and high is not None and low > high:
        low, high = high, low
    return {"kind": "range", "column": name, "min": low, "max": high}


ranges = st.builds(_range, st.sampled_from("xyi"), st.tuples(st.none() | grid, st.none() | grid))
sources = st.builds(
    _range, st.just("source_id"), st.tuples(st.none() | identifier, st.none() | identifier)
)
arcs = st.builds(
    lambda low, high: {"kind": "range", "column": "l", "min": low, "max": high}, angle, angle
)
polygons = st.builds(
    lambda points: {"kind": "polygon", "columns": ["x", "y"], "points": points},
    st.lists(st.tuples(grid, grid).map(list), min_size=3, max_size=9),
)
comparisons = st.builds(
    lambda left, op, right: {"kind": "compare", "left": left, "op": op, "right": right},
    expressions,
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    expressions,
)
same_source = st.builds(
    lambda op, n: {"kind": "compare", "left": {"column": "source_id"}, "op": op, "right": n},
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    identifier,
)
lists = st.builds(
    lambda name, values: {"kind": "among", "column": name, "values": values},
    st.sampled_from("xyi"),
    st.lists(grid, min_size=1, max_size=4),
) | st.builds(
    lambda values: {"kind": "among", "column": "source_id", "values": values},
    st.lists(identifier, min_size=1, max_size=4),
)
leaves = ranges | sources | arcs | polygons | comparisons | same_source | lists
trees = st.none() | st.recursive(
    leaves,
    lambda nodes: (
        st.builds(
            lambda kind, of: {"kind": kind, "of": of},
            st.sampled_from(["and", "or", "xor"]),
            st.lists(nodes, max_size=4),
        )
        | nodes.map(lambda node: {"kind": "not", "of": node})
        | st.builds(lambda node, name: {**node, "name": name}, nodes, st.sampled_from(["a", "b"]))
    ),
    max_leaves=8,
)

stars = st.tuples(value, value, angle | st.just(math.nan), st.integers(-3, 3), identifier)


def table_of(rows, identity=None):
    """Give a table of stars, in the types of the store."""
    x, y, lon, i, source = zip(*rows, strict=True)
    return Table(
        {
            "x": np.array(x, dtype=np.float32),
            "y": np.array(y, dtype=np.float64),
            "l": np.array(lon, dtype=np.float32),
            "i": np.array(i, dtype=np.int32),
            "source_id": np.array(source, dtype=np.int64),
        },
        identity,
    )


tables = st.lists(stars, min_size=1, max_size=30).map(table_of)

# --- brute force ----------------------------------------------------------------------------

_COMPARE = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def expected(tree, table):
    """Evaluate a tree, star by star."""
    lists = {name: values.tolist() for name, values in table.columns.items()}
    rows = [dict(zip(lists, star, strict=True)) for star in zip(*lists.values(), strict=True)]
    return [tree is None or passes(tree, star) for star in rows]


def passes(node, star):
    """Say whether one star passes a node."""
    kind = node["kind"]
    if kind == "range":
        return _in_range(node, star[node["column"]])
    if kind == "polygon":
        u, v = (star[name] for name in node["columns"])
        return inside(u, v, node["points"])
    if kind == "compare":
        return _compares(node, star)
    if kind == "among":
        return any(star[node["column"]] == value for value in node["values"])
    if kind == "not":
        return not passes(node["of"], star)
    passed = [passes(member, star) for member in node["of"]]
    return {"and": all(passed), "or": any(passed), "xor": sum(passed) % 2 == 1}[kind]


def _in_range(node, value):
    low, high = node["min"], node["max"]
    if node["column"] == "l" and low is not None and high is not None:
        while high < low:
            high += 360.0
        return any(low <= value + 360.0 * turn <= high for turn in range(-6, 7))
    return value == value and (low is None or value >= low) and (high is None or value <= high)


def inside(x, y, points):
    """Count crossings exactly, in fractions: the even-odd rule without any rounding."""
    if not (math.isfinite(x) and math.isfinite(y)):
        return False
    x, y = Fraction(x), Fraction(y)
    corners = [(Fraction(u), Fraction(v)) for u, v in points]
    crossings = 0
    for (ua, va), (ub, vb) in zip(corners, corners[-1:] + corners[:-1], strict=True):
        if (va > y) != (vb > y):
            crossings += x < ua + (y - va) * (ub - ua) / (vb - va)
    return crossings % 2 == 1


def _compares(node, star):
    a, b = _number(node["left"], star), _number(node["right"], star)
    return a == a and b == b and _COMPARE[node["op"]](a, b)


def _number(expression, star):
    """Evaluate an expression; a missing value goes through everything."""
    if not isinstance(expression, dict):
        return expression
    if "column" in expression:
        return star[expression["column"]]
    parts = [float(_number(part, star)) for part in expression["of"]]
    if any(part != part for part in parts):
        return math.nan
    return {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "min": min,
        "max": max,
        "abs": abs,
        "neg": operator.neg,
    }[expression["op"]](*parts)
