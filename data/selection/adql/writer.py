"""Conditions in ADQL, put together so that a missing value means what it means here.

See :mod:`data.selection.adql` for what has to agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data.selection.adql.polygon import bounding_box, trapezia
from data.selection.adql.terms import Inexpressible, Term, Terms, literal, unbracketed
from data.selection.text import to_text
from data.selection.tree import CYCLIC, Node

__all__ = ["Condition", "LeftOut", "Writer"]

_LONGEST_XOR = 20_000

Condition = str | bool
"""A condition in ADQL, or True or False where it does not depend on the star."""


@dataclass(frozen=True)
class LeftOut:
    """A cut that the archive cannot make; it is made here.

    Parameters
    ----------
    cut
        As :func:`data.selection.to_text` writes it.
    reason
        Why the archive cannot.
    """

    cut: str
    reason: str

    def __str__(self) -> str:
        shown = self.cut if len(self.cut) <= 120 else self.cut[:117] + "..."
        return f"{shown}: {self.reason}"


class Writer:
    """Writes conditions, and keeps what it could not write.

    Parameters
    ----------
    terms
        Writes numbers of a star.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.left_out: list[LeftOut] = []

    def superset(self, node: Node, *, negated: bool) -> Condition:
        """Give what is true at least where the node (or its negation) is.

        Where it is not true it may be unknown: this is for places outside of any NOT.
        """
        kind = node["kind"]
        if kind == "not":
            return self.superset(node["of"], negated=not negated)
        if kind in ("and", "or"):
            members = [self.superset(member, negated=negated) for member in node["of"]]
            return _all(members) if (kind == "and") != negated else _any(members)
        if kind == "xor":
            return self._odd(node, negated=negated)
        try:
            terms, condition = self._leaf(node)
        except Inexpressible as reason:
            self.left_out.append(LeftOut(_words(node), str(reason)))
            return True if negated else self._around(node)
        if negated:
            return f"NOT {_certain(terms, condition)}"
        defined, safe = _guards(terms)
        unsafe = [_opposite(guard) for guard in safe]
        return _all([*defined, _any([*unsafe, condition])])

    def _odd(self, node: Node, *, negated: bool) -> Condition:
        """Write an exclusive or: every member twice in each half, so of true or false ones."""
        unsafe: list[str] = []
        try:
            pairs = [self._exact(member, unsafe) for member in node["of"]]
        except Inexpressible as reason:
            self.left_out.append(LeftOut(_words(node), str(reason)))
            return True
        odd, even = _parity(pairs)
        result = even if negated else odd
        if isinstance(result, str) and len(result) > _LONGEST_XOR:
            self.left_out.append(LeftOut(_words(node), "written in ADQL it would be too long"))
            return True
        return _any([*dict.fromkeys(unsafe), result])

    def _exact(self, node: Node, unsafe: list[str]) -> tuple[Condition, Condition]:
        """Give a node and its negation, each true or false for every star.

        Stars for which an expression is infinite are an exception: the conditions that say so
        are added to `unsafe`.

        Raises
        ------
        Inexpressible
            If ADQL cannot say it.
        """
        kind = node["kind"]
        if kind == "not":
            yes, no = self._exact(node["of"], unsafe)
            return no, yes
        if kind in ("and", "or", "xor"):
            pairs = [self._exact(member, unsafe) for member in node["of"]]
            if kind == "xor":
                return _parity(pairs)
            both, either = [yes for yes, _ in pairs], [no for _, no in pairs]
            if kind == "and":
                return _all(both), _any(either)
            return _any(both), _all(either)
        terms, condition = self._leaf(node)
        unsafe += [_opposite(guard) for guard in _guards(terms)[1]]
        certain = _certain(terms, condition)
        return certain, f"NOT {certain}"

    def _leaf(self, node: Node) -> tuple[list[Term], str]:
        """Give the terms of a cut and its condition, true or false where they can be had."""
        if node["kind"] == "range":
            term = self.terms.column(node["column"])
            return [term], _range(term, node)
        if node["kind"] == "among":
            term = self.terms.column(node["column"])
            return [
                term
            ], f"{unbracketed(term.text)} IN ({', '.join(map(literal, node['values']))})"
        if node["kind"] == "polygon":
            terms = [self.terms.column(name) for name in node["columns"]]
            return terms, trapezia(terms[0].text, terms[1].text, node["points"])
        left = self.terms.expression(node["left"])
        right = self.terms.expression(node["right"])
        # Not every service reads <> or != (DaCHS 2.7 has the one, others the other).
        op, no = {"==": ("=", ""), "!=": ("=", "NOT ")}.get(node["op"], (node["op"], ""))
        sides = [
            unbracketed(term.text) if isinstance(given, dict) else literal(given)
            for term, given in ((left, node["left"]), (right, node["right"]))
        ]
        return [left, right], f"{no}{sides[0]} {op} {sides[1]}"

    def _around(self, node: Node) -> Condition:
        """Give a box round a polygon that cannot be written, as far as its columns can be."""
        if node["kind"] != "polygon":
            return True
        boxes = bounding_box(node)
        members = len(self.left_out)
        result = _all([self.superset(box, negated=False) for box in boxes])
        del self.left_out[members:]  # the polygon has been named already
        return result


def _range(term: Term, node: Node) -> str:
    low, high = node["min"], node["max"]
    period = CYCLIC.get(node["column"])
    if low is None and high is None:
        # A term is there where its columns are.
        return " AND ".join(f"{column} IS NOT NULL" for column in term.columns)
    text = unbracketed(term.text)
    if low is None or high is None:
        return f"{text} <= {literal(high)}" if low is None else f"{text} >= {literal(low)}"
    if period is None:
        return f"{text} BETWEEN {literal(low)} AND {literal(high)}"
    arcs = [f"{text} BETWEEN {literal(a)} AND {literal(b)}" for a, b in _arcs(node, low, high)]
    return f"({' OR '.join(arcs)})" if len(arcs) > 1 else arcs[0]


def _arcs(node: Node, low: float, high: float) -> list[tuple[float, float]]:
    """Write an arc as the closed intervals of it that reach into one turn of the angle."""
    period = CYCLIC[node["column"]]
    turn = (-180.0, 180.0) if node["column"] == "phi" else (0.0, 360.0)
    wrap = -((high - low) // period) * period if low > high else 0.0
    intervals = [(low + k * period, high + (k * period + wrap)) for k in range(-4, 5)]
    inside = [(a, b) for a, b in intervals if b >= turn[0] and a <= turn[1]]
    return inside or intervals[4:5]


def _guards(terms: Sequence[Term]) -> tuple[list[str], list[str]]:
    defined = dict.fromkeys(guard for term in terms for guard in term.defined)
    safe = dict.fromkeys(guard for term in terms for guard in term.safe)
    return list(defined), list(safe)


def _certain(terms: Sequence[Term], condition: str) -> str:
    """Make a cut true or false for every star: false where a value is missing."""
    columns = dict.fromkeys(column for term in terms for column in term.columns)
    there = [f"{column} IS NOT NULL" for column in columns]
    defined, safe = _guards(terms)
    return f"({' AND '.join([*there, *defined, *safe, condition])})"


def _opposite(guard: str) -> str:
    """Negate a condition that Terms writes."""
    if guard.startswith("NOT "):
        return guard.removeprefix("NOT ")
    return f"{guard.removesuffix(' > 0')} <= 0" if guard.endswith(" > 0") else f"NOT {guard}"


def _parity(pairs: Sequence[tuple[Condition, Condition]]) -> tuple[Condition, Condition]:
    """Say that an odd number is true, and that an even one is.

    By halves, so that the text grows with the square of the number only.
    """
    if not pairs:
        return False, True
    if len(pairs) == 1:
        return pairs[0]
    middle = len(pairs) // 2
    (odd_a, even_a), (odd_b, even_b) = _parity(pairs[:middle]), _parity(pairs[middle:])
    odd = _any([_all([odd_a, even_b]), _all([even_a, odd_b])])
    even = _any([_all([odd_a, odd_b]), _all([even_a, even_b])])
    return odd, even


def _all(members: Sequence[Condition]) -> Condition:
    return _joined(members, "AND", neutral=True)


def _any(members: Sequence[Condition]) -> Condition:
    return _joined(members, "OR", neutral=False)


def _joined(members: Sequence[Condition], word: str, *, neutral: bool) -> Condition:
    if any(member is (not neutral) for member in members):
        return not neutral
    texts = [member for member in members if isinstance(member, str)]
    if not texts:
        return neutral
    if len(texts) == 1:
        return texts[0]
    return f"({f' {word} '.join(texts)})"


def _words(node: Node) -> str:
    return to_text({key: value for key, value in node.items() if key != "name"})
