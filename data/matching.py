"""Which column of a table is which column of the store, and in what unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data.errors import UserError
from data.manifest import UnitOrigin
from data.readers.base import Field
from data.schema import (
    ASTROMETRY,
    CARTESIAN,
    DERIVED,
    ERRORS,
    GAIA_NAMES,
    KINDS,
    KNOWN,
    REQUIRED,
    ColumnSpec,
    Kind,
    distance_unit,
)
from data.units import conversion_factor, tidy_unit

__all__ = ["Matched", "Planned", "match_columns"]

_DISTANCE = DERIVED["distance"]
_CONVERTED = {**ASTROMETRY, **ERRORS, **CARTESIAN, "distance": _DISTANCE}


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
    mask
        The table's column that marks missing values of this one, if there is one.
    """

    source: str
    target: str
    dtype: str | None
    factor: float | None
    unit: str
    unit_origin: UnitOrigin
    description: str
    mask: str | None = None

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
    """

    kind: Kind
    columns: list[Planned]
    skipped: dict[str, str]
    distance: str | None

    @property
    def sources(self) -> list[str]:
        """The names to read from the table."""
        names = [c.source for c in self.columns]
        names += [c.mask for c in self.columns if c.mask]
        return list(dict.fromkeys(names))


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
        What the table is; by default astrometry where its columns are there, else a
        simulation.
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
    by_name = _unique(fields)
    chosen = _assign(by_name, column_map or {})
    stated = _stated_units(by_name, chosen, units or {})
    distance_from = _find(distance, by_name) if distance else None
    kind = _decide_kind(kind, chosen, by_name, has_distance=distance_from is not None)
    if kind == "simulation":
        distance_from = None
    elif distance_from is None and "parallax" not in chosen:
        distance_from = by_name["distance"].name
    columns, skipped = _plan(by_name, chosen, stated, kind, distance_from)
    if distance_from is not None:
        unit = stated.get(distance_from, (distance_unit(distance_from), "assumed"))
        columns.append(_planned(by_name[distance_from], "distance", _DISTANCE, unit, None))
    return Matched(kind, columns, skipped, distance_from)


def _unique(fields: Sequence[Field]) -> dict[str, Field]:
    by_name = {field.name: field for field in fields}
    if len(by_name) < len(fields):
        names = [field.name for field in fields]
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"Two columns of the table are called {twice}.", "Rename one of them.")
    return by_name


def _find(name: str, by_name: Mapping[str, Field]) -> str:
    """Find a column that the user named, in any mixture of capitals."""
    if name in by_name:
        return name
    alike = [there for there in by_name if there.lower() == name.lower()]
    if len(alike) != 1:
        raise UserError(f"The table has no column {name}.", _what_is_there(by_name))
    return alike[0]


def _assign(by_name: Mapping[str, Field], column_map: Mapping[str, str]) -> dict[str, str]:
    """Say which column of the table stands for each known name: the user's word goes first."""
    chosen = {target: _find(source, by_name) for target, source in column_map.items()}
    if len(set(chosen.values())) < len(chosen):
        raise UserError("The column map uses one column of the table twice.")
    taken = set(chosen.values())
    for target in (*KNOWN, *CARTESIAN, *sorted(GAIA_NAMES)):
        if target in chosen:
            continue
        exact = [name for name in by_name if name == target and name not in taken]
        alike = [name for name in by_name if name.lower() == target and name not in taken]
        if not exact and len(alike) > 1:
            raise UserError(
                f"The columns {' and '.join(alike)} of the table could both be {target}.",
                f"Say which one: {target}={alike[0]} in the column map.",
            )
        if exact or alike:
            chosen[target] = (exact or alike)[0]
    return chosen


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


def _decide_kind(
    kind: Kind | None,
    chosen: Mapping[str, str],
    by_name: Mapping[str, Field],
    *,
    has_distance: bool,
) -> Kind:
    """Say what the table is, or which columns it lacks to be anything."""
    if kind is not None and kind not in KINDS:
        raise UserError(f"There is no kind of table called {kind}.", f"Use {' or '.join(KINDS)}.")
    missing = {k: [name for name in REQUIRED[k] if name not in chosen] for k in KINDS}
    if has_distance or "distance" in by_name:
        missing["astrometry"] = [name for name in missing["astrometry"] if name != "parallax"]
    candidates: tuple[Kind, ...] = (kind,) if kind else KINDS
    for candidate in candidates:
        if not missing[candidate]:
            return candidate
    nearest = min(candidates, key=lambda k: len(missing[k]) / len(REQUIRED[k]))
    lacks = missing[nearest]
    noun = "column" if len(lacks) == 1 else "columns"
    raise UserError(
        f"The table lacks the {noun} {', '.join(lacks)} of a table of {nearest}.",
        f"{_what_is_there(by_name)} If it has another name there, give a column map, "
        f"for example {lacks[0]}=NAME.",
    )


def _plan(
    by_name: Mapping[str, Field],
    chosen: Mapping[str, str],
    stated: Mapping[str, tuple[str, UnitOrigin]],
    kind: Kind,
    distance_from: str | None,
) -> tuple[list[Planned], dict[str, str]]:
    """Give the columns that will be stored, and those that will not."""
    specs = {**KNOWN, **CARTESIAN} if kind == "simulation" else KNOWN
    own = set(DERIVED) - set(specs)
    target_of = {source: target for target, source in chosen.items()}
    columns: list[Planned] = []
    skipped: dict[str, str] = {}
    for name, field in by_name.items():
        masked = name.removesuffix(".mask")
        if masked != name and masked in by_name:
            continue  # it says where the other column has no value
        target = target_of.get(name, name)
        spec = specs.get(target)
        if spec is None and field.kind in ("text", "other"):
            skipped[name] = "text" if field.kind == "text" else "neither numbers nor text"
            continue
        if target in own:
            if name == distance_from:
                continue
            target = f"{target}_table"
        mask = f"{name}.mask" if f"{name}.mask" in by_name else None
        columns.append(_planned(field, target, spec, stated.get(name), mask))
    return columns, skipped


def _planned(
    field: Field,
    target: str,
    spec: ColumnSpec | None,
    unit: tuple[str, UnitOrigin] | None,
    mask: str | None,
) -> Planned:
    """Plan one column."""
    source, description = field.name, field.description
    if spec is None:
        text, origin = unit or ("", "assumed")
        return Planned(source, target, None, None, tidy_unit(text), origin, description, mask)
    _numeric(field, target)
    description = description or spec.description
    if unit is None:
        return Planned(source, target, spec.dtype, None, spec.unit, "assumed", description, mask)
    text, origin = unit
    if target not in _CONVERTED:
        return Planned(
            source, target, spec.dtype, None, tidy_unit(text), origin, description, mask
        )
    factor = conversion_factor(text, spec.unit, source)
    wanted = None if factor == 1.0 else factor
    return Planned(source, target, spec.dtype, wanted, spec.unit, origin, description, mask)


def _numeric(field: Field, target: str) -> None:
    """Refuse a known column that can hold no numbers; text may still be written numbers."""
    if field.kind in ("boolean", "other"):
        called = field.name if field.name == target else f"{field.name} (taken as {target})"
        raise UserError(
            f"The column {called} holds no plain numbers.",
            "Each cell of it must be one number.",
        )


def _what_is_there(by_name: Mapping[str, Field]) -> str:
    names = list(by_name)
    shown = ", ".join(names[:40])
    more = f" and {len(names) - 40} more" if len(names) > 40 else ""
    return f"It has {shown}{more}."
