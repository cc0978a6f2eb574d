"""The one door through which text from outside reaches the browser."""

from __future__ import annotations

import html
import re
import unicodedata

__all__ = ["plain", "plain_text"]

#: Characters that steer how the text around them is laid out (bidirectional overrides and
#: isolates): harmless to a parser, but they let a name pretend to be another.
_STEERING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}

#: Punctuation to which Markdown gives a meaning; written as entities it stays text in Markdown
#: panes and in raw HTML alike.
_MARKDOWN = str.maketrans({c: f"&#{ord(c)};" for c in "\\`*_{}[]()#+!|~$:"})

#: What at the head of a line makes a list or a rule of it: a dash, or a number and a point.
_LIST = re.compile(r"^(\d*)(-(?=[\s-]|$)|(?<=\d)\.(?=\s|$))")


def plain(text: object, *, limit: int = 2000, multiline: bool = False) -> str:
    """Escape text that came from outside, for any pane that takes HTML or Markdown.

    Names of catalogues, columns and files, messages of exceptions and lines of logs all go
    through here: Panel's text panes hand their content to the browser as live markup.

    Parameters
    ----------
    text
        Anything; it is converted with ``str``.
    limit
        Longest result in characters before escaping; the rest becomes an ellipsis.
    multiline
        Keep line breaks, as for a log. Otherwise all white space becomes single spaces.

    Returns
    -------
    str
        Text without markup, control characters or direction overrides.
    """
    kept = plain_text(text, limit=limit, multiline=multiline)
    escaped = html.escape(kept, quote=True)
    if multiline:
        return escaped
    # '&', '#' and ';' of the entities that are there already must survive.
    inert = "".join(
        part if part.startswith("&") else part.translate(_MARKDOWN) for part in _entities(escaped)
    )
    return _LIST.sub(lambda mark: f"{mark[1]}&#{ord(mark[2])};", inert)


def plain_text(text: object, *, limit: int = 2000, multiline: bool = False) -> str:
    """Clean text that came from outside for a place that takes text alone, not markup.

    As `plain` does, but for the escaping: a place that knows no markup would show it.
    """
    kept = "".join(c for c in str(text) if c not in _STEERING and _printable(c))
    lines = (" ".join(line.split()) if not multiline else line for line in kept.splitlines())
    kept = ("\n" if multiline else " ").join(lines).strip()
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def _printable(character: str) -> bool:
    return character in "\n\r\t" or unicodedata.category(character) not in {"Cc", "Cs", "Co"}


def _entities(escaped: str) -> list[str]:
    """Split escaped text into entities (``&lt;``) and what lies between them."""
    parts: list[str] = []
    rest = escaped
    while (start := rest.find("&")) >= 0:
        stop = rest.find(";", start) + 1
        parts += [rest[:start], rest[start:stop]]
        rest = rest[stop:]
    return [*parts, rest]
