"""The usual cuts that make a tracer population, as bounds in the one selection tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dashboard.policy.brushes import cuts as cuts_of

__all__ = ["USUAL", "Cut", "bound_of", "cuts_for", "set_bound"]

Tree = dict[str, Any] | None


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
    Cut("distance_sun", "max", "Distance at most (kpc)", 0.5, 4.0),
    Cut("parallax_over_error", "min", "Parallax over error at least", 1.0, 10.0),
    Cut("ruwe", "max", "RUWE at most", 0.1, 1.4),
    Cut("speed", "max", "Speed at most (km/s)", 50.0, 550.0),
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

    Only ranges at the top of the tree count: one inside an ``or`` is no cut that every star
    must pass.
    """
    for node in cuts_of(tree):
        if _is_range(node, cut) and node.get(cut.side) is not None:
            return float(node[cut.side])
    return None


def set_bound(tree: Tree, cut: Cut, value: float | None) -> Tree:
    """Give the tree with this bound set, moved or (with None) taken away."""
    result: list[dict[str, Any]] = []
    done = value is None
    for node in cuts_of(tree):
        if not _is_range(node, cut):
            result.append(node)
            continue
        bounds = {"min": node.get("min"), "max": node.get("max")}
        bounds[cut.side] = None if done else value
        done = True
        if bounds["min"] is not None or bounds["max"] is not None:
            result.append({"kind": "range", "column": cut.column, **bounds})
    if not done:
        bounds = {"min": None, "max": None} | {cut.side: value}
        result.append({"kind": "range", "column": cut.column, **bounds})
    if not result:
        return None
    return result[0] if len(result) == 1 else {"kind": "and", "of": result}


def _is_range(node: dict[str, Any], cut: Cut) -> bool:
    return node["kind"] == "range" and node["column"] == cut.column and "name" not in node
