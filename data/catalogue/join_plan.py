"""Which columns a join takes from the second table, and under which names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from data.catalogue.manifest import UnitOrigin
from data.catalogue.matching import Planned, find_column, known_name, planned
from data.catalogue.naming import unique_names
from data.catalogue.schema import KNOWN
from data.catalogue.store import Catalogue
from data.errors import UserError
from data.readers.base import Field

__all__ = ["plan_join"]


def plan_join(
    catalogue: Catalogue,
    fields: Sequence[Field],
    identifier: str,
    wanted: Mapping[str, str],
    units: Mapping[str, str],
) -> tuple[list[Planned], dict[str, str]]:
    """Choose the columns to take, and say why not the others.

    Parameters
    ----------
    catalogue
        The stars.
    fields, identifier
        The columns of the table, and that of its identifiers.
    wanted
        Name in the catalogue to name in the table; empty for every new column of numbers.
    units
        Units by name, over what the table states.

    Returns
    -------
    plan, skipped
        The columns under their new names, and the reasons against the others.

    Raises
    ------
    UserError
        If a column is missing, is no numbers, or its name is taken.
    """
    by_name = {field.name: field for field in fields}
    if wanted:
        chosen = {target: find_column(source, by_name) for target, source in wanted.items()}
        skipped: dict[str, str] = {}
        _check_wanted(catalogue, chosen, by_name)
    else:
        chosen, skipped = _all_new(catalogue, by_name, identifier)
    unknown = [n for n in units if n not in chosen and n not in chosen.values()]
    if unknown:
        raise UserError(f"No new column is called {unknown[0]}, so that it can have no unit.",
                        f"The new columns are {', '.join(chosen)}.")  # fmt: skip
    plan = []
    for target, source in chosen.items():
        field = by_name[source]
        given = units.get(target, units.get(source))
        unit: tuple[str, UnitOrigin] | None = (given, "given") if given else None
        if unit is None and field.unit:
            unit = (field.unit, "stated")
        plan.append(planned(field, target, KNOWN.get(target), unit))
    return plan, skipped


def _check_wanted(
    catalogue: Catalogue, chosen: Mapping[str, str], by_name: Mapping[str, Field]
) -> None:
    """Refuse columns that cannot be taken under the names that the user gave them."""
    for target, source in chosen.items():
        if by_name[source].kind == "other":
            raise UserError(f"The column {source} holds no plain numbers.")
        if catalogue.has(target):
            raise UserError(
                f"The catalogue {catalogue.name} has a column {target} already.",
                f"Give the new one another name: NAME={source}.",
            )


def _all_new(
    catalogue: Catalogue, by_name: Mapping[str, Field], identifier: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Take every column of numbers whose name is new; a known name in any capitals is one."""
    sources, skipped = [], {}
    for name, field in by_name.items():
        if name == identifier:
            continue
        if field.kind == "other" or (field.kind == "text" and known_name(name) not in KNOWN):
            skipped[name] = "text" if field.kind == "text" else "neither numbers nor text"
        elif catalogue.has(known_name(name)):
            skipped[name] = "the catalogue has a column of this name"
        else:
            sources.append(name)
    if not sources:
        raise UserError(
            f"The table has no column of numbers that the catalogue {catalogue.name} lacks.",
            "Choose columns and names for them: NAME=COLUMN.",
        )
    names = [known_name(name) for name in sources]
    exact_first = sorted(range(len(names)), key=lambda i: names[i] != sources[i])
    targets = unique_names([names[i] for i in exact_first], catalogue.columns)
    by_source = {sources[i]: target for i, target in zip(exact_first, targets, strict=True)}
    return {by_source[source]: source for source in sources}, skipped
