"""Names under which the columns of a table are stored: no two alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["unique_names"]


def unique_names(names: Sequence[str], reserved: Iterable[str]) -> list[str]:
    """Give each column a name that no other has.

    Parameters
    ----------
    names
        The names that the columns would like to have; they may repeat.
    reserved
        Names that none of them can have: those of columns that are calculated, or were chosen
        by the user for another column.

    Returns
    -------
    list
        A column keeps its name if it is free and no earlier column has it. The others are
        called ``NAME_table``, ``NAME_table_2`` and so on. Capitals tell names apart.
    """
    taken = set(reserved)
    result: list[str | None] = []
    for name in names:
        result.append(None if name in taken else name)
        taken.add(name)
    for place, name in enumerate(names):
        if result[place] is not None:
            continue
        candidate, n = f"{name}_table", 1
        while candidate in taken:
            n += 1
            candidate = f"{name}_table_{n}"
        taken.add(candidate)
        result[place] = candidate
    return [name for name in result if name is not None]
