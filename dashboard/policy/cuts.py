"""The usual cuts that make a tracer population, as bounds in the one selection tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dashboard.policy.brushes import all_of
from dashboard.policy.brushes import cuts as cuts_of

__all__ = ["USUAL", "Cut", "bound_of", "cuts_for", "set_bound"]

Tree = dict[str, Any] | None

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Cut:
    """One bound on one column.

    Parameters
    ----------
    column
        Stored or derived.
    side
        ``min`` or ``max``.
    label
        What the field is called on the screen.
    step
        Step of the field's arrows.
    suggestion
        A usual value, shown in the empty field.
    """

    column: str
    side: str
    label: str
    step: float
    suggestion: float


USUAL = (
    Cut("distance_sun", "max", "Maximum distance (kpc)", 0.5, 4.0),
    Cut("parallax_over_error", "min", "Parallax over error at least", 1.0, 10.0),
    Cut("ruwe", "max", "RUWE at most", 0.1, 1.4),
    Cut("speed", "max", "Maximum speed (km/s)", 50.0, 550.0),
    Cut("phot_g_mean_mag", "max", "G at most (mag)", 0.5, 15.0),
    Cut("grvs_mag", "max", "G_RVS at most (mag)", 0.5, 14.0),
    Cut("absolute_g", "max", "M_G at most (mag)", 0.5, 3.0),
)


def cuts_for(columns: Iterable[str]) -> list[Cut]:
    """Give the cuts that a catalogue with these columns (stored and derived) allows."""
    there = set(columns)
    return [cut for cut in USUAL if cut.column in there]


def bound_of(tree: Tree, cut: Cut) -> float | None:
    """Give the bound that the tree has now, None where it has none.

    Only cuts at the top of the tree count: a bound inside an ``or`` is not one that every
    star must pass.
    """
    for node in cuts_of(tree):
        bounds = _bounds(node, cut.column)
        if bounds is not None and bounds[cut.side] is not None:
            return bounds[cut.side]
    return None


def set_bound(tree: Tree, cut: Cut, value: float | None) -> Tree:
    """Give the tree with this bound set, moved or (with None) taken away."""
    result: list[dict[str, Any]] = []
    open_ = value is not None
    for node in cuts_of(tree):
        bounds = _bounds(node, cut.column)
        if bounds is None:
            result.append(node)
            continue
        bounds[cut.side] = value if open_ else None
        open_ = False
        if bounds["min"] is not None or bounds["max"] is not None:
            result.append({"kind": "range", "column": cut.column, **bounds})
    if open_:
        bounds = {"min": None, "max": None, cut.side: value}
        result.append({"kind": "range", "column": cut.column, **bounds})
    return all_of(result)


def _bounds(node: dict[str, Any], column: str) -> dict[str, float | None] | None:
    """Give min and max of a cut on this column alone; None for any other cut.

    A comparison typed as text is such a cut too; whether its bound itself passes makes no
    difference for measured numbers.
    """
    if "name" in node:
        return None
    if node["kind"] == "range" and node["column"] == column:
        return {"min": node.get("min"), "max": node.get("max")}
    if node["kind"] != "compare":
        return None
    left, op, right = node["left"], node["op"], node["right"]
    if isinstance(left, int | float):
        left, op, right = right, _MIRRORED.get(op, op), left
    if left != {"column": column} or not isinstance(right, int | float) or op not in _MIRRORED:
        return None
    low = op in {">", ">="}
    return {"min": float(right) if low else None, "max": None if low else float(right)}
