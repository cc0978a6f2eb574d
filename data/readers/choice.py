"""Which table of a file is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from data.errors import UserError
from data.readers.base import TableInfo

__all__ = ["Suits", "choose_table", "describe_tables"]

Suits = Callable[[Sequence[str]], bool]

_LISTED = 12


def choose_table(
    file: str, tables: Sequence[TableInfo], table: str | None, suits: Suits | None
) -> int:
    """Choose one of the tables of a file.

    Parameters
    ----------
    file
        Its name, for the error's sentence.
    tables
        At least one.
    table
        The user's word for it: a number, a name or a path, in any mixture of capitals.
    suits
        Whether a table of these columns is of use; without it every table is.

    Returns
    -------
    int
        The place in ``tables``. If none suits, it is that of the one with most columns, for
        whoever asked to say what it lacks.

    Raises
    ------
    UserError
        If no table has the name, or several suit and none was named.
    """
    if table is not None:
        return _called(file, tables, table)
    if len(tables) == 1:
        return 0
    suitable = [i for i, info in enumerate(tables) if suits is None or suits(info.columns)]
    if len(suitable) == 1:
        return suitable[0]
    if not suitable:
        return max(range(len(tables)), key=lambda i: (len(tables[i].columns), tables[i].rows or 0))
    raise UserError(
        f"{file} holds several tables: {describe_tables([tables[i] for i in suitable])}.",
        f"Name the one to read, for example --table '{_shortest(tables[suitable[0]])}'.",
    )


def describe_tables(tables: Sequence[TableInfo], columns: int = 0) -> str:
    """List tables with their numbers of rows, and up to so many names of columns of each."""
    texts = [_described(info, columns) for info in tables[:_LISTED]]
    if len(tables) > _LISTED:
        texts.append(f"and {len(tables) - _LISTED} more")
    return "; ".join(texts) if columns else ", ".join(texts)


def _described(info: TableInfo, columns: int) -> str:
    rows = "" if info.rows is None else f"{info.rows:,} row{'' if info.rows == 1 else 's'}"
    names = ", ".join(info.columns[:columns])
    more = ", ..." if columns and len(info.columns) > columns else ""
    inside = ": ".join(filter(None, (rows, names + more)))
    return f"{info.name} ({inside})" if inside else info.name


def _called(file: str, tables: Sequence[TableInfo], table: str) -> int:
    """Find the table that the user named."""
    for spell in (str, _plain):
        wanted = spell(table)
        exact = [i for i, info in enumerate(tables) if spell(info.name) == wanted]
        hits = exact or [i for i, info in enumerate(tables) if wanted in map(spell, info.aliases)]
        if len(hits) == 1:
            return hits[0]
        if hits:
            raise UserError(
                f"{file} holds {len(hits)} tables called {table}: "
                f"{describe_tables([tables[i] for i in hits])}.",
                "Name the one to read by its number or its full name.",
            )
    raise UserError(
        f"{file} holds no table called {table}.", f"It holds {describe_tables(tables)}."
    )


def _plain(name: str) -> str:
    return " ".join(name.casefold().split()).strip("/ ")


def _shortest(info: TableInfo) -> str:
    return min(info.aliases, key=len, default=info.name) if " " in info.name else info.name
