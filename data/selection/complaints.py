"""What is wrong with a selection text that cannot be read: where, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from data.catalogue.schema import CORRECTION, DERIVED, KNOWN
from data.columns.derived import unit as derived_unit
from data.errors import UserError
from data.selection.tokens import Token, bracket_pairs, clause, is_comparing, is_logical, tokenize
from data.units import parse_unit

__all__ = ["EXAMPLE", "Complaint", "is_unit", "read_error"]

EXAMPLE = "It must look like: abs(z) < 1 and parallax_over_error > 8."
_OPERATORS = frozenset(
    {"+", "-", "*", "/", "**", "^", "<", "<=", ">", ">=", "==", "!=", "<>", "="}
)
_ONE = r"[A-Za-z]+(?:(?:\^|\*\*)?-?\d)?"
_UNIT = re.compile(rf"{_ONE}(?:\s*[/*.]\s*{_ONE}| [A-Za-z]+(?:\^|\*\*)?-\d)*")
_UNIT_WORDS = frozenset({
    "pc", "kpc", "mpc", "au", "ly", "km", "m", "cm", "deg", "degree", "degrees", "rad", "mas",
    "arcsec", "arcmin", "uas", "mag", "dex", "yr", "myr", "gyr", "s", "k", "kms",
})  # fmt: skip


class Complaint(NamedTuple):
    """What is wrong.

    Parameters
    ----------
    reason
        The second half of a sentence.
    hint
        What to do about it.
    span
        First character and the one after the last.
    """

    reason: str
    hint: str
    span: tuple[int, int]


def read_error(text: str) -> Complaint | None:
    """Find what is wrong with a text that Python's grammar refuses; None where nothing is seen."""
    tokens = tokenize(text)
    for look in (_queries, _quotes, _brackets, _equals, _operands, _neighbours, _strangers):
        complaint = next(look(text, tokens), None)
        if complaint is not None:
            return complaint
    return None


def is_unit(word: str) -> bool:
    """Say whether a word is one of the units in which stars are measured."""
    compound = re.search(r"[/\d]", word) is not None
    return word.lower() in _UNIT_WORDS or (compound and parse_unit(word) is not None)


def _queries(text: str, tokens: Sequence[Token]) -> Iterator[Complaint]:
    first = tokens[0] if tokens else None
    if first is not None and first.word in ("select", "with"):
        yield Complaint("it is a whole query", "Write only what stands behind its WHERE.",
                        (first.start, first.end))  # fmt: skip


def _quotes(text: str, tokens: Sequence[Token]) -> Iterator[Complaint]:
    for token in tokens:
        if token.kind == "sign" and token.text in "\"'“„«":
            yield Complaint("the text that begins there has no closing quote",
                            "Close it with the same quote.", (token.start, len(text)))  # fmt: skip


def _brackets(text: str, tokens: Sequence[Token]) -> Iterator[Complaint]:
    _, lonely = bracket_pairs(tokens)
    openings = [index for index in lonely if tokens[index].text in "([{"]
    closings = [index for index in lonely if tokens[index].text in ")]}"]
    if closings and (not openings or closings[0] < openings[0]):
        token = tokens[closings[0]]
        opening = "([{"[")]}".index(token.text)]
        yield Complaint(f"missing {opening} for the {token.text} there",
                        f"Write {opening} where it belongs, or take the {token.text} out.",
                        (token.start, token.end))  # fmt: skip
    if openings:
        token = tokens[openings[-1]]
        closing = ")]}"["([{".index(token.text)]
        yield Complaint(f"missing {closing} for the {token.text} there",
                        f"Write {closing} where it belongs.",
                        (token.start, token.end))  # fmt: skip


def _equals(text: str, tokens: Sequence[Token]) -> Iterator[Complaint]:
    for index, token in enumerate(tokens):
        if token.text == "=" and token.kind == "sign":
            first, last = clause(tokens, index, -1), clause(tokens, index, 1)
            left = text[tokens[first].start : token.start].strip() if first < index else "x"
            right = text[token.end : tokens[last].end].strip() if last > index else "1"
            null = right.lower() in ("null", "none", "nan")
            better = f"{left} IS NULL" if null else f"{left} == {right}"
            yield Complaint("= is not a comparison", f"Write instead: {better}"[:200],
                            (token.start, token.end))  # fmt: skip


def _operands(text: str, tokens: Sequence[Token]) -> Iterator[Complaint]:
    """Find signs and words that lack what they join."""
    previous: Token | None = None
    for token in [*tokens, None]:
        waiting = previous is None or _wants_more(previous)
        if token is None:
            if previous is not None and waiting:
                yield Complaint(f"it ends after {previous.text}", f"Write {_lacking(previous)}.",
                                (previous.start, previous.end))  # fmt: skip
        elif waiting and _joins(token) and not (token.text == "-" or token.text == "+"):
            where = "at the start" if previous is None else f"between {previous.text} and it"
            yield Complaint(f"{_lacking(token)} is missing before {token.text}",
                            f"There is nothing {where}. {EXAMPLE}",
                            (token.start, token.end))  # fmt: skip
        elif token.text == ")" and previous and waiting and previous.text not in ("(", ","):
            yield Complaint(f"{_lacking(previous)} is missing after {previous.text}", EXAMPLE,
                            (previous.start, previous.end))  # fmt: skip
        previous = token


def _joins(token: Token) -> bool:
    """Say whether a token needs something on its left."""
    if token.kind == "sign":
        return token.text in _OPERATORS or token.text in ("&", "|", "&&", "||", "<=", ">=")
    return token.word in ("and", "or", "in", "between", "is")


def _wants_more(token: Token) -> bool:
    return _joins(token) or token.word == "not" or token.text in ("(", "~", "!", ",")


def _lacking(token: Token) -> str:
    logical = token.word in ("and", "or", "not") or token.text in ("&", "|", "&&", "||", "~", "!")
    return "a condition" if logical else "a number or a column"


def _neighbours(text: str, tokens: Sequence[Token]) -> Iterator[Complaint]:
    """Find two things side by side that nothing joins: units, and forgotten operators."""
    for index, (token, after) in enumerate(pairwise(tokens)):
        if not _ends(token) or not _begins(after):
            continue
        if token.kind == "name" and after.text == "(":
            continue
        unit = _UNIT.match(text, after.start)
        if unit is not None and (is_unit(after.text) or is_unit(unit.group())):
            yield _unit_complaint(text, tokens, index, unit.group().strip())
        if after.word == "between":
            yield Complaint(f"{after.text} is not complete",
                            "Write x BETWEEN a AND b, or a <= x <= b.",
                            (after.start, after.end))  # fmt: skip
        if after.word == "like":
            yield Complaint("columns of text are not stored", "Compare numbers, or use a list.",
                            (after.start, after.end))  # fmt: skip
        if after.word == "xor":
            yield Complaint("xor stands between conditions", "Write xor(x > 8, y > 0).",
                            (after.start, after.end))  # fmt: skip
        yield Complaint(
            f"nothing joins {_shortened(token)} and {_shortened(after)}",
            "Write an operator between them, such as and, or, * or <.",
            (token.start, after.end),
        )


def _unit_complaint(text: str, tokens: Sequence[Token], index: int, unit: str) -> Complaint:
    """Say in which unit the column is that a number with a unit is compared with."""
    number, first = tokens[index], tokens[index + 1].start
    start = clause(tokens, index + 1, -1, compared=True)
    stop = clause(tokens, index, 1, compared=True)
    names = [t.text for t in tokens[start : stop + 1] if t.kind == "name"]
    own = next(((n, u) for n in names if (u := _unit_of(n))), None)
    values = f"values of {own[0]} are in {own[1]}" if own else "values are in the column's unit"
    alone = f": {number.text} if it is in that unit" if number.kind == "number" else ""
    return Complaint(
        f"no units in a selection: {values}",
        f"Write the number alone, without {unit}{alone}.",
        (first, first + len(unit)),
    )


def _unit_of(name: str) -> str:
    for specs in (KNOWN, DERIVED, CORRECTION):
        if name in specs:
            return specs[name].unit.replace(" / ", "/")
    try:
        return derived_unit(name).replace(" / ", "/")
    except (KeyError, UserError):
        return ""


def _ends(token: Token) -> bool:
    """Say whether a token ends a number, a column or a condition."""
    if token.kind == "sign":
        return token.text in ")]}"
    return not is_logical(token) and token.word not in ("in", "is", "if", "else", "lambda")


def _begins(token: Token) -> bool:
    if token.kind == "sign":
        return token.text == "("
    return not is_logical(token) and token.word not in ("in", "is", "if", "else", "for")


def _shortened(token: Token) -> str:
    return token.text if len(token.text) <= 30 else token.text[:27] + "..."


def _strangers(text: str, tokens: Sequence[Token]) -> Iterator[Complaint]:
    for token in tokens:
        if token.word == "is":
            yield Complaint(f"{token.text} asks for a missing value only",
                            "Write == for equal, or x IS NULL.",
                            (token.start, token.end))  # fmt: skip
        known = token.text in _OPERATORS or token.text in "()[]{},&|~.:" or is_comparing(token)
        if token.kind == "sign" and not known:
            words = _MEANT.get(token.text, f"The signs are + - * / ** and comparisons. {EXAMPLE}")
            yield Complaint(f"{token.text} means nothing in a selection", words,
                            (token.start, token.end))  # fmt: skip


_MEANT = {
    ";": "A selection is one condition: join its parts with and.",
    ":=": "Write == for equal.",
    "?": "Write or, and, not.",
    "°": "A selection has no units: angles are in degrees, write the number alone.",
    "`": "Write the column without quotes, or as column(\"vel-err\").",
    "\\": "Take it out.",
    "$": "Take it out.",
}  # fmt: skip
