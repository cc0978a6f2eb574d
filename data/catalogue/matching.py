"""Which column of a table is which column of the store, and in what unit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import astropy.units as u

from data.catalogue.distances import distance_unit
from data.catalogue.kinds import decide_kind
from data.catalogue.manifest import UnitOrigin
from data.catalogue.naming import unique_names
from data.catalogue.schema import (
    CARTESIAN,
    DERIVED,
    GAIA_NAMES,
    KINDS,
    KNOWN,
    SKY,
    ColumnSpec,
    Kind,
)
from data.errors import UserError
from data.readers.base import Field
from data.units import conversion_factor, parse_unit, tidy_unit

__all__ = ["Matched", "Planned", "find_column", "known_name", "match_columns", "planned", "suits"]

_DISTANCE = DERIVED["distance"]
_ANGLES = ("ra", "dec")


@dataclass(frozen=True)
class Planned:
    """A column that will be stored.

    Parameters
    ----------
    source, target
        Its name in the table and in the store.
    dtype
        The type that it must have; None lets the values decide.
    factor
        What its values are multiplied with; None leaves them as they are.
    unit, unit_origin, description
        For the manifest.
    text
        Whether its cells are read as text: identifiers, and angles such as ``12:34:56.7``.
    read_unit
        The unit of its values in the table, where it is not ``unit``.
    """

    source: str
    target: str
    dtype: str | None
    factor: float | None
    unit: str
    unit_origin: UnitOrigin
    description: str
    text: bool = False
    read_unit: str = ""

    @property
    def known(self) -> bool:
        """Whether its name promises numbers, so that text in it condemns the table."""
        return self.dtype is not None


@dataclass(frozen=True)
class Matched:
    """The plan for a table.

    Parameters
    ----------
    kind
        What the table is.
    columns
        What will be stored.
    skipped
        What will not, each with why.
    distance
        The column that the distance is taken from; None for 1/parallax and for simulations.
    why
        Why it was taken as a table of this kind.
    renamed
        Columns of the table that are stored under another name because theirs belongs to
        another column.
    """

    kind: Kind
    columns: list[Planned]
    skipped: dict[str, str]
    distance: str | None
    why: str = ""
    renamed: dict[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> list[str]:
        """The names to read from the table."""
        return list(dict.fromkeys(c.source for c in self.columns))

    @property
    def as_text(self) -> list[str]:
        """Those of them to be read as text."""
        return list(dict.fromkeys(c.source for c in self.columns if c.text))

    @property
    def origin_of_distance(self) -> str:
        """Where the distance comes from, as the manifest says it."""
        if self.kind == "simulation":
            return "positions"
        has_parallax = any(c.target == "parallax" for c in self.columns)
        return self.distance or ("1/parallax" if has_parallax else "none")


def match_columns(
    fields: Sequence[Field],
    *,
    kind: Kind | None = None,
    column_map: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    distance: str | None = None,
) -> Matched:
    """Plan how a table goes into the store.

    Parameters
    ----------
    fields
        The table's columns.
    kind
        What the table is; found out from its columns by default (`data.catalogue.kinds`).
    column_map
        Name in the store to name in the table, for names that are not Gaia's.
    units
        Units by name (in the store or in the table); they override the table's own.
    distance
        The column that holds the distance; 1/parallax without it.

    Raises
    ------
    UserError
        If a column is missing, ambiguous, in the wrong unit or holds no numbers.
    """
    by_name = _by_name(fields)
    chosen = _assign(by_name, column_map or {})
    distance_from = _find(distance, by_name) if distance else chosen.get("distance")
    known = set(chosen)
    own = known_name_in("distance", by_name)
    kind, why = decide_kind(
        kind,
        known,
        by_name,
        has_distance=bool(distance_from or own or "parallax" in chosen),
    )
    if kind == "simulation":
        distance_from = None
    elif distance_from is None and "parallax" not in chosen:
        distance_from = own
    stated = _stated_units(by_name, chosen, units or {})
    columns, skipped, renamed = _plan(by_name, chosen, stated, kind, distance_from)
    if distance_from is not None:
        unit = stated.get(distance_from, (distance_unit(distance_from), "assumed"))
        columns.append(planned(by_name[distance_from], "distance", _DISTANCE, unit))
    return Matched(kind, columns, skipped, distance_from, why, renamed)


def suits(
    column_map: Mapping[str, str] | None = None, kind: Kind | None = None
) -> Callable[[Collection[str]], bool]:
    """Give a function that says whether a table of such columns can be a catalogue.

    Parameters
    ----------
    column_map, kind
        As for `match_columns`.
    """
    mapped = {source.lower(): target for target, source in (column_map or {}).items()}
    wanted = [kind] if kind else list(KINDS)
    needs = {"astrometry": SKY, "simulation": tuple(CARTESIAN)}

    def suitable(names: Collection[str]) -> bool:
        known = {mapped.get(name.lower()) or known_name(name) for name in names}
        return any(set(needs.get(k, ())) <= known for k in wanted)

    return suitable


def find_column(name: str, names: Collection[str]) -> str:
    """Find a column that the user named, in any mixture of capitals.

    Raises
    ------
    UserError
        If there is none, or several differ only in capitals.
    """
    if name in names:
        return name
    alike = [other for other in names if other.lower() == name.lower()]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise UserError(
            f"The table has the columns {' and '.join(alike)}, but none is called {name}.",
            "Write the name with its capitals.",
        )
    listed = list(names)
    more = f" and {len(listed) - 40} more" if len(listed) > 40 else ""
    raise UserError(f"The table has no column {name}.", f"It has {', '.join(listed[:40])}{more}.")


def known_name(name: str) -> str:
    """Give the name in the store of a column that is known by name, in any mixture of capitals.

    A name of one letter must be written as it is: ``B`` is a magnitude, ``b`` a latitude.
    """
    small = name.lower()
    if small in GAIA_NAMES or small in CARTESIAN:
        return small if len(small) > 1 else name
    return name


def known_name_in(name: str, names: Collection[str]) -> str | None:
    """Find the one column that has a name, in any mixture of capitals; None if there is none."""
    alike = [name] if name in names else [n for n in names if n.lower() == name]
    return alike[0] if len(alike) == 1 else None


def _find(name: str, by_name: Mapping[str, Field]) -> str:
    """Find a column by its name, or by that in the file where it is offered under another."""
    written = [f.name for f in by_name.values() if f.written == name]
    return written[0] if len(written) == 1 and name not in by_name else find_column(name, by_name)


def _by_name(fields: Sequence[Field]) -> dict[str, Field]:
    by_name = {field.name: field for field in fields}
    if len(by_name) < len(fields):
        names = [field.name for field in fields]
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"Two columns of the table are called {twice}.", "Rename one of them.")
    return by_name


def _assign(by_name: Mapping[str, Field], column_map: Mapping[str, str]) -> dict[str, str]:
    """Say which column of the table stands for each known name: the user's word goes first."""
    chosen = {target: _find(source, by_name) for target, source in column_map.items()}
    if len(set(chosen.values())) < len(chosen):
        raise UserError("The column map uses one column of the table twice.")
    taken = set(chosen.values())
    for target in (*KNOWN, *CARTESIAN, *sorted(GAIA_NAMES)):
        if target in chosen:
            continue
        alike = [name for name in by_name if known_name(name) == target and name not in taken]
        exact = target in alike
        if not exact and len(alike) > 1:
            raise UserError(
                f"The columns {' and '.join(alike)} of the table could both be {target}.",
                f"Say which one: {target}={alike[0]} in the column map.",
            )
        if alike:
            chosen[target] = target if exact else alike[0]
        else:
            _refuse_repeated(target, by_name)
    return chosen


def _refuse_repeated(target: str, by_name: Mapping[str, Field]) -> None:
    """Refuse to choose between columns that have one and the same known name in the file."""
    twice = [
        name
        for name, field in by_name.items()
        if field.repeated and known_name(field.written or name) == target
    ]
    if len(twice) > 1:
        raise UserError(
            f"{'Two' if len(twice) == 2 else len(twice)} columns of the table are called "
            f"{by_name[twice[0]].written}.",
            f"They are read as {' and '.join(twice)}: say which one, {target}={twice[0]} in the "
            "column map.",
        )


def _stated_units(
    by_name: Mapping[str, Field], chosen: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, tuple[str, UnitOrigin]]:
    """Collect the units by the table's column name; what the user gives goes first."""
    stated: dict[str, tuple[str, UnitOrigin]] = {
        name: (field.unit, "stated") for name, field in by_name.items() if field.unit
    }
    for name, unit in given.items():
        stated[chosen[name] if name in chosen else _find(name, by_name)] = (unit, "given")
    return stated


def _plan(
    by_name: Mapping[str, Field],
    chosen: Mapping[str, str],
    stated: Mapping[str, tuple[str, UnitOrigin]],
    kind: Kind,
    distance_from: str | None,
) -> tuple[list[Planned], dict[str, str], dict[str, str]]:
    """Give the columns that will be stored, those that will not, and those with another name."""
    specs = {**KNOWN, **CARTESIAN} if kind == "simulation" else KNOWN
    calculated = set(DERIVED) - set(specs)
    target_of = {source: target for target, source in chosen.items()}
    fields: list[tuple[Field, str]] = []
    skipped: dict[str, str] = {}
    for name, described in by_name.items():
        target = target_of.get(name, name)
        if target not in specs and described.kind in ("text", "other"):
            skipped[name] = "text" if described.kind == "text" else "neither numbers nor text"
        elif name != distance_from or target not in calculated:
            fields.append((described, target))
    # what the user or a known name has chosen goes before a column that is merely called so
    fields.sort(key=lambda item: item[0].name not in target_of)
    targets = unique_names([target for _, target in fields], calculated)
    place = {name: i for i, name in enumerate(by_name)}
    pairs = sorted(zip(fields, targets, strict=True), key=lambda pair: place[pair[0][0].name])
    columns, renamed = [], {}
    for (described, wanted), target in pairs:
        if target != wanted:
            renamed[described.name] = target
        spec = specs.get(target) if target == wanted else None
        columns.append(planned(described, target, spec, stated.get(described.name)))
    return columns, skipped, renamed


def planned(
    described: Field,
    target: str,
    spec: ColumnSpec | None,
    unit: tuple[str, UnitOrigin] | None,
) -> Planned:
    """Plan one column.

    Parameters
    ----------
    described
        The column of the table.
    target
        Its name in the store.
    spec
        What is known about a column of that name; None for any other.
    unit
        Its unit and where that comes from; None if nobody states it.

    Raises
    ------
    UserError
        If it cannot hold the numbers that its name promises, or its unit cannot be converted.
    """
    source, description = described.name, described.description
    if spec is None:
        text, origin = unit or ("", "assumed")
        return Planned(source, target, None, None, tidy_unit(text), origin, description)
    _numeric(described, target)
    written = described.kind == "text" and target in (*_ANGLES, "source_id")
    plain = Planned(
        source, target, spec.dtype, None, spec.unit, "assumed", description or spec.description,
        written,
    )  # fmt: skip
    if unit is None:
        return plain
    text, origin = unit
    if target == "ra" and parse_unit(text) in (u.hour, u.hourangle):
        return replace(plain, factor=15.0, unit_origin=origin, read_unit="hourangle")
    if spec.unit in ("", "mag") and not _converts(text, spec.unit):
        return replace(plain, unit=tidy_unit(text), unit_origin=origin)
    factor = conversion_factor(text, spec.unit, source)
    if factor == 1.0:
        return replace(plain, unit_origin=origin)
    return replace(plain, factor=factor, unit_origin=origin, read_unit=tidy_unit(text))


def _converts(text: str, wanted: str) -> bool:
    """Say whether the unit of a magnitude or a pure number can be converted; many are loose."""
    unit = parse_unit(text)
    return unit is not None and unit.is_equivalent(u.Unit(wanted))


def _numeric(described: Field, target: str) -> None:
    """Refuse a known column that can hold no numbers; text may still be written numbers."""
    if described.kind in ("boolean", "other"):
        name = described.name
        raise UserError(
            f"The column {name if name == target else f'{name} (taken as {target})'} holds no "
            "plain numbers.",
            "Each cell of it must be one number.",
        )
