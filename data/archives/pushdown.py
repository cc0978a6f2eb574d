"""What of a selection can be asked of Parquet files: ranges of stored columns, a box on the sky.

Both keep a superset; the mask makes the rest of the selection. Only cuts that every star must
pass are of use, so the members of the top ``and`` are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from data.frames import SolarParameters, galactocentric_rotation
from data.selection import Node, Tree, canonical, conjuncts

__all__ = ["Box", "Cone", "ball_on_the_sky", "filters_of", "sky_box"]

Filter = tuple[str, str, float | int]
"""A column, an operator and a number, as pyarrow takes them."""

_MARGIN = 1e-6  # degrees; more than any rounding of an angle


@dataclass(frozen=True)
class Box:
    """A part of the sky between circles of right ascension and declination, degrees."""

    ra: tuple[float, float]
    dec: tuple[float, float]


@dataclass(frozen=True)
class Cone:
    """A circle on the sky: centre and radius in degrees."""

    ra: float
    dec: float
    radius: float


def filters_of(tree: Tree, columns: Mapping[str, str]) -> list[Filter]:
    """Give the filters that all stars of a selection pass.

    Bounds are moved outwards by the rounding of single precision, because Parquet readers
    compare in the precision of the column.

    Parameters
    ----------
    tree
        A validated selection.
    columns
        Our name of a column to its name in the files.
    """
    found = [
        (columns[name], op, _outwards(bound, op))
        for cut in conjuncts(canonical(tree))
        for name, op, bound in _bounds(cut)
        if name in columns
    ]
    return list(dict.fromkeys(found))


def sky_box(tree: Tree) -> Box | None:
    """Give the box in ra and dec that holds all stars of a selection; None for the whole sky."""
    ra, dec = (0.0, 360.0), [-90.0, 90.0]
    for cut in conjuncts(canonical(tree)):
        if (
            cut["kind"] == "range"
            and cut["column"] == "ra"
            and None not in (cut["min"], cut["max"])
        ):
            if cut["max"] - cut["min"] + 2 * _MARGIN < 360.0:
                ra = ((cut["min"] - _MARGIN) % 360.0, (cut["max"] + _MARGIN) % 360.0)
            continue
        for name, op, bound in _bounds(cut):
            if name == "dec" and op == ">=":
                dec[0] = max(dec[0], bound - _MARGIN)
            if name == "dec" and op == "<=":
                dec[1] = min(dec[1], bound + _MARGIN)
    if (ra, dec) == ((0.0, 360.0), [-90.0, 90.0]) or dec[0] >= dec[1]:
        return None
    return Box(ra, (dec[0], dec[1]))


def ball_on_the_sky(
    centre: tuple[float, float, float], radius: float, sun: SolarParameters | None = None
) -> Cone | None:
    """Give the cone in which a ball is seen from the Sun; None where the Sun is inside of it.

    The half-angle is asin(radius / distance of the centre).

    Parameters
    ----------
    centre, radius
        Galactocentric, kpc.
    sun
        The Sun's place.
    """
    rotation, origin = galactocentric_rotation(sun or SolarParameters())
    toward = rotation.T @ (np.asarray(centre, dtype=np.float64) - origin)
    distance = float(np.linalg.norm(toward))
    if distance <= radius:
        return None
    ra = float(np.degrees(np.arctan2(toward[1], toward[0])) % 360.0)
    dec = float(np.degrees(np.arcsin(toward[2] / distance)))
    return Cone(ra, dec, float(np.degrees(np.arcsin(radius / distance))) + _MARGIN)


def _bounds(cut: Node) -> Iterator[tuple[str, str, float]]:
    """Go through the bounds of a cut that is made of one column, or of a polygon's box."""
    if cut["kind"] == "range" and cut["column"] not in ("ra", "l", "phi", "ecl_lon"):
        if cut["min"] is not None:
            yield cut["column"], ">=", cut["min"]
        if cut["max"] is not None:
            yield cut["column"], "<=", cut["max"]
    elif cut["kind"] == "range" and (cut["min"] is None) != (cut["max"] is None):
        op, bound = (">=", cut["min"]) if cut["max"] is None else ("<=", cut["max"])
        yield cut["column"], op, bound
    elif cut["kind"] == "among":
        yield cut["column"], ">=", min(cut["values"])
        yield cut["column"], "<=", max(cut["values"])
    elif cut["kind"] == "polygon":
        for axis, name in enumerate(cut["columns"]):
            values = [point[axis] for point in cut["points"]]
            yield name, ">=", min(values)
            yield name, "<=", max(values)
    elif cut["kind"] == "compare":
        left, op, right = cut["left"], cut["op"], cut["right"]
        if isinstance(left, dict) and "column" in left and not isinstance(right, dict):
            for wanted in {"<": "<", "<=": "<", ">": ">", ">=": ">", "==": "<>"}.get(op, ""):
                yield left["column"], f"{wanted}=", right


def _outwards(bound: float, op: str) -> float | int:
    if isinstance(bound, int):
        return bound
    if abs(bound) > np.finfo(np.float32).max:
        return bound
    way = np.float32(np.inf if op == "<=" else -np.inf)
    return float(np.nextafter(np.float32(bound), way))
