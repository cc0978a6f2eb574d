"""The words, numbers and signs of a selection text, each with its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["COMPARING", "LOGICAL", "Token", "bracket_pairs", "clause", "tokenize"]

Kind = Literal["text", "number", "name", "sign"]


@dataclass(frozen=True)
class Token:
    """A piece of a text that belongs together.

    Parameters
    ----------
    kind
        A text in quotes, a number, a name or a sign.
    text
        As Python is to read it.
    start, end
        Where what it stands for begins and ends in what was written.
    """

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """A name in small letters; empty for anything else."""
        return self.text.lower() if self.kind == "name" else ""

    def to(self, text: str, kind: Kind | None = None) -> Token:
        """Give the same place another text."""
        return Token(kind or self.kind, text, self.start, self.end)


_QUOTES = r"""[rbfuRBFU]{0,2}(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|[“„«][^“”„«»]*[”“»]"""
_NUMBER = (
    r"0[xXoObB][\da-fA-F_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+\-−]?\d[\d_]*)?[jJ]?"
)
_NAME = r"[^\W\d²³][^\W²³]*"
_SIGN = r"\*\*|//|<=|>=|==|!=|<>|:=|&&|\|\||=>|=<|\S"
_TOKEN = re.compile(f"(?P<text>{_QUOTES})|(?P<number>{_NUMBER})|(?P<name>{_NAME})"
                    f"|(?P<comment>#.*)|(?P<sign>{_SIGN})", re.DOTALL)  # fmt: skip

COMPARING = frozenset({"<", "<=", ">", ">=", "==", "!=", "<>", "=", "≤", "≥", "≠", "=<", "=>"})
LOGICAL = frozenset({"and", "or", "not", "&", "|", "~", "&&", "||", "!", "∧", "∨", "¬", ","})
_OPEN, _CLOSE = "([{", ")]}"


def tokenize(text: str) -> list[Token]:
    """Take a text apart; white space and a comment at the end belong to no token."""
    return [
        Token(match.lastgroup, match.group(), *match.span())  # type: ignore[arg-type]
        for match in _TOKEN.finditer(text)
        if match.lastgroup != "comment"
    ]


def bracket_pairs(tokens: Sequence[Token]) -> tuple[dict[int, int], list[int]]:
    """Match brackets.

    Returns
    -------
    pairs
        Index of each opening bracket to that of its closing one, and back.
    lonely
        Indices of those without a partner, or with one of another kind.
    """
    pairs: dict[int, int] = {}
    lonely, waiting = [], []
    for index, token in enumerate(tokens):
        if token.kind != "sign":
            continue
        if token.text in _OPEN:
            waiting.append(index)
        elif token.text in _CLOSE:
            wanted = _OPEN[_CLOSE.index(token.text)]
            if waiting and tokens[waiting[-1]].text == wanted:
                first = waiting.pop()
                pairs[first], pairs[index] = index, first
            else:
                lonely.append(index)
    return pairs, sorted([*lonely, *waiting])


def is_logical(token: Token) -> bool:
    """Say whether a token joins conditions, or parts the arguments of a call."""
    return token.word in LOGICAL or (token.kind == "sign" and token.text in LOGICAL)


def is_comparing(token: Token) -> bool:
    """Say whether a token compares."""
    return (token.kind == "sign" and token.text in COMPARING) or token.word in ("in", "is")


def clause(tokens: Sequence[Token], at: int, step: int, *, compared: bool = False) -> int:
    """Walk from a token to the end of its part of the text.

    Parameters
    ----------
    tokens
        Of the text.
    at
        Index of the token to start from, which does not belong to the part.
    step
        -1 to walk to the left, 1 to the right.
    compared
        Go on over comparisons, to the next word that joins conditions.

    Returns
    -------
    int
        Index of the last token that belongs to the part; ``at`` where none does.
    """
    enter, leave = (_CLOSE, _OPEN) if step < 0 else (_OPEN, _CLOSE)
    index, depth = at + step, 0
    while 0 <= index < len(tokens):
        token = tokens[index]
        if token.kind == "sign" and token.text in enter:
            depth += 1
        elif token.kind == "sign" and token.text in leave:
            depth -= 1
            if depth < 0:
                break
        elif not depth and (is_logical(token) or (is_comparing(token) and not compared)):
            break
        index += step
    return index - step
