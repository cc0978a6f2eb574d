"""Other spellings of a selection, as SQL, C and typesetters have them, brought to Python's.

``AND``, ``<>``, ``BETWEEN a AND b``, ``IS NULL``, ``&&``, ``x^2``, ``LOG10(x)``, ``≤`` and the
like. A text that uses none of them is left as it is, to the letter; a text in quotes always is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from data.errors import UserError
from data.selection.expressions import FUNCTIONS
from data.selection.tokens import (
    Token,
    bracket_pairs,
    clause,
    is_comparing,
    is_logical,
    tokenize,
)

__all__ = ["WORDS", "respelled"]

WORDS = frozenset({
    "and", "or", "not", "in", "is", "between", "where", "null", "none", "nan", "inf", "infinity",
    "true", "false",
})  # fmt: skip
"""Words with a meaning in any mixture of capitals: a column of such a name is column("NAME")."""

_SIGNS = {
    "<>": "!=", "&&": " and ", "||": " or ", "!": " not ", "=<": "<=", "=>": ">=",
    "−": "-", "–": "-", "—": "-", "≤": "<=", "⩽": "<=", "≥": ">=", "⩾": ">=", "≠": "!=",
    "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "∕": "/", "∧": " and ", "∨": " or ",
    "¬": " not ", "²": "**2", "³": "**3", "（": "(", "）": ")", "，": ",", "＜": "<", "＞": ">",
}  # fmt: skip
_WORDS = ("and", "or", "not", "in")
_CALLS = {
    **{name: name for name, function in FUNCTIONS.items() if not function.symbol},
    **{name: name for name in ("power", "isnan", "isnull", "notnull", "isfinite", "xor", "polygon",
                               "named", "column")},
    "ln": "log", "pow": "power", "isna": "isnan", "notna": "notnull",
}  # fmt: skip
_MODULES = ("np", "numpy", "math")
_NOTHING = ("null", "none", "nan")
_MOST = 300


def respelled(text: str) -> list[Token] | None:
    """Bring other spellings to Python's.

    Parameters
    ----------
    text
        The whole selection.

    Returns
    -------
    list of Token or None
        What Python is to read, each with its place in `text`; None where nothing is to be changed.
    """
    written = tokenize(text)
    tokens = _without_frame(written)
    for rewrite in (_signs, _calls, _powers, _missing, _between):
        tokens = rewrite(tokens)
    return None if tokens == written else tokens


def _without_frame(tokens: list[Token]) -> list[Token]:
    """Drop the word WHERE at the start and a semicolon at the end."""
    follows = tokens[1].kind != "sign" or tokens[1].text in "(-~!¬−" if len(tokens) > 1 else False
    if follows and tokens[0].word == "where":
        tokens = tokens[1:]
    return tokens[:-1] if len(tokens) > 1 and tokens[-1].text == ";" else tokens


def _signs(tokens: list[Token]) -> list[Token]:
    changed = []
    for token in tokens:
        if token.kind == "sign" and token.text in _SIGNS:
            word = _SIGNS[token.text]
            changed.append(token.to(word.strip(), "name") if word[0] == " " else token.to(word))
        elif token.word in _WORDS and token.text != token.word:
            changed.append(token.to(token.word))
        elif token.word in ("true", "false") and token.text != token.word.capitalize():
            changed.append(token.to(token.word.capitalize()))
        elif token.kind == "text" and token.text[0] in "“„«":
            changed.append(token.to(json.dumps(token.text[1:-1], ensure_ascii=False)))
        elif token.kind == "number" and "−" in token.text:
            changed.append(token.to(token.text.replace("−", "-")))
        else:
            changed.append(token)
    return [part for token in changed for part in _parted(token)]


def _parted(token: Token) -> list[Token]:
    """Take a power such as ``**2`` apart."""
    if token.kind == "sign" and len(token.text) > 2 and token.text.startswith("**"):
        return [token.to("**"), token.to(token.text[2:], "number")]
    return [token]


def _calls(tokens: list[Token]) -> list[Token]:
    """Write the functions of SQL and numpy as they are called here."""
    changed: list[Token] = []
    for index, token in enumerate(tokens):
        called = index + 1 < len(tokens) and tokens[index + 1].text == "("
        if called and token.word in _CALLS:
            if len(changed) > 1 and changed[-1].text == "." and changed[-2].text in _MODULES:
                del changed[-2:]
            if token.text not in FUNCTIONS:
                token = token.to(_CALLS[token.word])  # noqa: PLW2901
        changed.append(token)
    return changed


def _powers(tokens: list[Token]) -> list[Token]:
    """Read ``^`` between numbers as a power; between conditions it is an exclusive or.

    Where both would make sense, in the middle of a comparison that goes on, it stays as it is.
    """
    powers = sum(token.text == "^" for token in tokens)
    if not powers:
        return tokens
    if powers > _MOST:
        raise UserError(f"The selection has more than {_MOST} of ^.", "Write ** for a power.")
    pairs, _ = bracket_pairs(tokens)
    changed = list(tokens)
    for index, token in enumerate(tokens):
        power = token.kind == "sign" and token.text == "^" and 0 < index < len(tokens) - 1
        if power and _is_number(tokens, pairs, index) and not _goes_on(tokens, pairs, index):
            changed[index] = token.to("**")
    return changed


def _is_number(tokens: Sequence[Token], pairs: dict[int, int], at: int) -> bool:
    """Say whether the operands on both sides of a sign are numbers and not conditions."""
    right = at + 1
    while right < len(tokens) and tokens[right].text in ("-", "+", "−"):
        right += 1
    if right == len(tokens):
        return False
    exponent = tokens[right]
    if exponent.kind != "number" and (exponent.text != "(" or right not in pairs):
        return False
    if exponent.text == "(" and _is_condition(tokens[right : pairs[right]]):
        return False
    base = tokens[at - 1]
    if base.text == ")" and at - 1 in pairs:
        return not _is_condition(tokens[pairs[at - 1] : at - 1])
    return base.kind == "number" or (
        base.kind == "name" and base.word not in ("everything", "nothing", "true", "false")
    )


def _is_condition(tokens: Sequence[Token]) -> bool:
    return any(is_comparing(t) or (is_logical(t) and t.text != ",") for t in tokens)


def _goes_on(tokens: Sequence[Token], pairs: dict[int, int], at: int) -> bool:
    """Say whether comparisons stand on both sides of a sign."""
    left = clause(tokens, at, -1, compared=True)
    right = clause(tokens, at, 1, compared=True)
    return _compares(tokens, pairs, left, at) and _compares(tokens, pairs, at + 1, right + 1)


def _compares(tokens: Sequence[Token], pairs: dict[int, int], first: int, end: int) -> bool:
    index = first
    while index < end:
        if is_comparing(tokens[index]):
            return True
        index = pairs[index] + 1 if pairs.get(index, -1) > index else index + 1
    return False


Rewrite = Callable[[list[Token], int], list[Token] | None]


def _each(tokens: list[Token], words: Sequence[str], rewrite: Rewrite) -> list[Token]:
    """Rewrite the text at each of some words, from the left, until there is none to be changed."""
    if sum(token.word in words for token in tokens) > _MOST:
        raise UserError(f"The selection has more than {_MOST} of {' and '.join(words).upper()}.")
    index = 0
    while index < len(tokens):
        changed = rewrite(tokens, index) if tokens[index].word in words else None
        tokens = tokens if changed is None else changed
        index += 1
    return tokens


def _missing(tokens: list[Token]) -> list[Token]:
    """Write ``x IS NULL`` as isnan(x), and ``x IS NOT NULL`` as notnull(x)."""
    return _each(tokens, ("is",), _missing_at)


def _missing_at(tokens: list[Token], at: int) -> list[Token] | None:
    negated = at + 1 < len(tokens) and tokens[at + 1].word == "not"
    last = at + 1 + negated
    if last >= len(tokens) or tokens[last].word not in _NOTHING:
        return None
    first = clause(tokens, at, -1)
    if first == at:
        return None
    sign = Token("sign", "(", tokens[at].start, tokens[last].end)
    call = [sign.to("notnull" if negated else "isnan", "name"), sign]
    return [*tokens[:first], *call, *tokens[first:at], sign.to(")"), *tokens[last + 1 :]]


def _between(tokens: list[Token]) -> list[Token]:
    """Write ``x BETWEEN a AND b`` as (a <= x <= b)."""
    return _each(tokens, ("between",), _between_at)


def _between_at(tokens: list[Token], at: int) -> list[Token] | None:
    negated = at > 0 and tokens[at - 1].word == "not"
    end = at - negated
    first = clause(tokens, end, -1)
    middle = clause(tokens, at, 1) + 1
    if first == end or middle - 1 == at or middle >= len(tokens) or tokens[middle].text != "and":
        return None
    last = clause(tokens, middle, 1)
    if last == middle:
        return None
    sign = tokens[at].to("<=", "sign")
    opening = [sign.to("("), sign.to("not", "name"), sign.to("(")] if negated else [sign.to("(")]
    closing = [sign.to(")")] * (2 if negated else 1)
    return [
        *tokens[:first], *opening, *tokens[at + 1 : middle], sign, *tokens[first:end], sign,
        *tokens[middle + 1 : last + 1], *closing, *tokens[last + 1 :],
    ]  # fmt: skip
