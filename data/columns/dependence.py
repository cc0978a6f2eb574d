"""What a cut depends on, from the stored columns that its expressions are made of.

A derived column needs stored ones, and depends on whatever they depend on; so does an expression
of columns, and a tree of cuts. There is one exception: an apparent magnitude that is combined with
a distance makes a luminosity, a property of the star alone. Whether an expression is one is not
read off its text but tried: the same stars are placed elsewhere, with the magnitudes that they
would have there, and the expression must stay what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from data.catalogue.schema import Dependence
from data.columns.derived import described, sun_position
from data.columns.nature import Nature, stored_nature
from data.columns.table import ColumnSource
from data.errors import UserError
from data.frames import Floats, SolarParameters
from data.selection import Expression, Node, Tree, expression_columns, leaves
from data.selection.comparisons import evaluate_expression

__all__ = ["column_dependence", "dependences", "stored_columns"]

Dependences: TypeAlias = frozenset[Dependence]
Columns: TypeAlias = dict[str, npt.NDArray[Any]]

_STARS = 400
_TOLERANCE = 1e-9


def dependences(cut: Tree, catalogue: ColumnSource) -> Dependences:
    """Say on what a cut depends that a tracer population must not: place, motion, brightness.

    Parameters
    ----------
    cut
        A validated tree; what any part of it depends on, the whole does.
    catalogue
        Says which columns are stored, in which units, and which are derived from which.
    """
    parts = (
        expression_dependence(sides, catalogue)
        for leaf in leaves(cut)
        for sides in _expressions(leaf)
    )
    return frozenset().union(*parts)


def column_dependence(name: str, catalogue: ColumnSource) -> Dependences:
    """Say what a column depends on, stored or derived."""
    return expression_dependence([{"column": name}], catalogue)


def expression_dependence(sides: Iterable[Expression], catalogue: ColumnSource) -> Dependences:
    """Say what a comparison depends on.

    Parameters
    ----------
    sides
        The expression, or the two that are compared with each other.
    catalogue
        As of `dependences`.
    """
    sides = list(sides)
    names = {name for side in sides for name in expression_columns(side)}
    natures = {name: stored_nature(catalogue, name) for name in stored_columns(names, catalogue)}
    roles = {nature.role for nature in natures.values()}
    if roles & {"magnitude", "flux", "colour"}:
        # A colour or a magnitude from which the dust is taken off describes the star.
        natures = {n: nature for n, nature in natures.items() if nature.role != "extinction"}
    if roles & {"magnitude", "flux"} and _of_the_star(sides, names, natures, catalogue):
        natures = {
            name: nature for name, nature in natures.items() if "velocity" in nature.depends
        }
    return frozenset().union(*(nature.depends for nature in natures.values()))


def stored_columns(names: Iterable[str], catalogue: ColumnSource) -> set[str]:
    """Name the stored columns that columns are made of.

    One that is stored stands for itself, and so does a name that the catalogue does not know.
    """
    found: set[str] = set()
    for name in names:
        way = described(catalogue, name)
        if way is None:
            found.add(name)
        else:
            found.update(way.needs, filter(catalogue.has, way.optional))
    return found


def _expressions(leaf: Node) -> Iterator[list[Expression]]:
    """Go through what a range, polygon, list or comparison looks at, each for itself.

    Only a comparison combines columns; the two of a polygon are cut independently of each other.
    """
    if leaf["kind"] == "compare":
        yield [leaf["left"], leaf["right"]]
    elif leaf["kind"] == "polygon":
        for name in leaf["columns"]:
            yield [{"column": name}]
    else:
        yield [{"column": leaf["column"]}]


# --- stars that are placed elsewhere ------------------------------------------------------------


def _of_the_star(
    sides: list[Expression],
    names: set[str],
    natures: Mapping[str, Nature],
    catalogue: ColumnSource,
) -> bool:
    """Say whether a comparison is the same for the same star at any other place."""
    stored = stored_columns(names, catalogue)
    tried = []
    for seed in (1, 2):
        star = _placed(stored, natures, catalogue, seed)
        try:
            with np.errstate(all="ignore"):
                values = {name: _value(name, star, catalogue) for name in names}
                tried.append([_numbers(side, values) for side in sides])
        except (UserError, KeyError, TypeError, ValueError):
            return False
    (before, after) = tried
    if all(map(_same, before, after)):
        return True
    if len(sides) < 2:
        return False
    with np.errstate(all="ignore"):
        (a, b), (c, d) = before, after
        size = np.abs(a) + np.abs(b) + np.abs(c) + np.abs(d)
        return _same(a - b, c - d, size) or (
            bool(np.all(np.sign(a) == np.sign(c)) and np.all(np.sign(b) == np.sign(d)))
            and _same(a / b, c / d)
        )


def _same(before: Floats, after: Floats, size: Floats | None = None) -> bool:
    """Compare numbers that are there; a comparison that is never there proves nothing."""
    known = np.isfinite(before) & np.isfinite(after)
    if np.any(np.isfinite(before) != np.isfinite(after)) or not known.any():
        return False
    scale = np.abs(before) + np.abs(after) if size is None else size
    difference = np.abs(before - after)
    return bool(np.all(difference[known] <= _TOLERANCE * (scale[known] + 1e-300)))


def _placed(
    stored: set[str], natures: Mapping[str, Nature], catalogue: ColumnSource, seed: int
) -> Columns:
    """Draw stars whose own properties are the same for each seed, at places that are not.

    Magnitudes are those of the place, m = M + 5 log10(d / 10 pc), and so are fluxes. Whatever
    else depends on position or brightness has nothing to do with that of the other seed.
    """
    place, star = np.random.default_rng(seed), np.random.default_rng(0)
    distance = 10.0 ** place.uniform(-2.0, 1.5, _STARS)  # kpc
    direction = place.normal(size=(3, _STARS))
    direction /= np.linalg.norm(direction, axis=0)
    here = sun_position(catalogue)[:, None] + distance * direction
    shift = 5.0 * np.log10(distance) + 10.0
    drawn: Columns = {}
    for name in sorted(stored):
        own = star.uniform(0.0, 5.0, _STARS)
        other = place.uniform(0.0, 5.0, _STARS)
        nature = natures.get(name, Nature())
        if name in ("x", "y", "z"):
            drawn[name] = here["xyz".index(name)]
        elif nature.role in _MOVED:
            drawn[name] = _MOVED[nature.role](own, distance, shift)
        else:
            drawn[name] = other if nature.depends & {"position", "brightness"} else own
    return drawn


_MOVED: dict[str, Any] = {
    "distance": lambda own, distance, shift: distance,
    "parallax": lambda own, distance, shift: 1.0 / distance,
    "modulus": lambda own, distance, shift: shift,
    "magnitude": lambda own, distance, shift: own + shift,
    "flux": lambda own, distance, shift: own / distance**2,
}


def _value(name: str, star: Columns, catalogue: ColumnSource) -> Floats:
    """Give a column of the drawn stars, derived in doubles as `data.columns.derived` does."""
    way = described(catalogue, name)
    if way is None:
        return star[name]
    manifest = getattr(catalogue, "manifest", None)
    solar = SolarParameters() if manifest is None else manifest.sun
    parts = [star[need] for need in way.needs]
    parts += [star.get(other) for other in way.optional]  # type: ignore[misc]
    value = way.calculate(*parts, sun=solar if way.moving else sun_position(catalogue))
    return np.asarray(value, dtype=np.float64)


def _numbers(side: Expression, values: Columns) -> Floats:
    return np.broadcast_to(
        np.asarray(evaluate_expression(side, values), dtype=np.float64), (_STARS,)
    )
