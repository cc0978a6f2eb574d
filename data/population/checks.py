"""Why no tracer population can be made, each time in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from data.catalogue.store import Catalogue
from data.errors import UserError
from data.selection import Tree, conjuncts, refine, to_text

if TYPE_CHECKING:
    from data.population.population import Volume

__all__ = ["MIN_TRACERS", "listed", "nothing_selected", "require_6d", "too_few"]

MIN_TRACERS = 500
"""Fewest stars that a density model is trained on."""

_NEGATIVE = "parallax not positive"


def require_6d(catalogue: Catalogue) -> None:
    """Refuse a catalogue in which no star has position and velocity, and say why none has."""
    manifest = catalogue.manifest
    if manifest.with_6d > 0:
        return
    reasons = {reason: n for reason, n in manifest.not_6d.items() if n}
    if set(reasons) == {_NEGATIVE}:
        raise UserError(
            f"All {manifest.rows:,} stars of the catalogue {catalogue.name} have non-positive"
            " parallaxes, so none has a distance.",
            "Import the table with a column of another distance estimate.",
        )
    raise UserError(
        f"No star of the catalogue {catalogue.name} has full 6D data: {listed(reasons)}.",
        "A map needs stars with a distance, a proper motion and a radial velocity.",
    )


def listed(reasons: Mapping[str, int]) -> str:
    """Write counts by reason into a sentence."""
    return ", ".join(f"{reason} ({n:,})" for reason, n in reasons.items())


def nothing_selected(catalogue: Catalogue, tree: Tree) -> UserError:
    """Name the cut that takes the last star."""
    left = np.ones(catalogue.n_rows, dtype=np.bool_)
    for cut in conjuncts(tree):
        before = int(np.count_nonzero(left))
        refine(left, cut, catalogue)
        if not left.any():
            text = to_text(cut)
            shown = text if len(text) <= 120 else text[:117] + "..."
            earlier = "" if before == catalogue.n_rows else " that the cuts before it leave"
            return UserError(
                f"The cut {shown} removes all of the {before:,} stars{earlier}.",
                "Widen it, or inspect its column on the Explore page.",
            )
    return UserError("The selection is empty.", "Widen it.")


def too_few(
    catalogue: Catalogue, ball: Volume, tracers: int, usable: int, filled: int
) -> UserError:
    """Say why there are not enough tracers: the volume, or the selection."""
    place = "({:g}, {:g}, {:g}) kpc".format(*ball.centre)
    where = f"the ball of {ball.radius:g} kpc round {place}"
    if filled == 0:
        centre = _median_position(catalogue)
        return UserError(
            f"No star of the catalogue {catalogue.name} lies in {where}.",
            "Place the centre of the volume where the stars are; their median position is"
            " ({:.2f}, {:.2f}, {:.2f}) kpc.".format(*centre),
        )
    if tracers == 0:
        return UserError(
            f"None of the {usable:,} selected stars with 6D data lies in {where}.",
            f"It contains {filled:,} stars that fail the selection.",
        )
    return UserError(
        f"Only {tracers:,} tracers are left in {where}; a density model needs at least"
        f" {MIN_TRACERS:,}.",
        f"The selection contains {usable:,} stars with 6D data, the volume {filled:,}.",
    )


def _median_position(catalogue: Catalogue) -> tuple[float, float, float]:
    rows = np.flatnonzero(catalogue.column("has_6d"))
    rows = rows[:: max(1, rows.size // 100_000)]
    x, y, z = (float(np.median(catalogue.column(name)[rows])) for name in "xyz")
    return x, y, z
