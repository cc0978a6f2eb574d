"""Cuts of a selection on which a map would depend: in position, in brightness, in velocity.

They are read off the tree, and weighed by the stars that they remove inside the volume.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data.derived import ColumnSource
from data.reason import Reason
from data.selection import Node, Tree, columns, conjuncts, leaves, mask, to_text

__all__ = ["selection_reasons"]

_REMOVED = 0.01  # share of the stars in the volume that a cut may remove without a word

_DISTANCE = frozenset({
    "distance", "distance_sun", "parallax", "r_med_geo", "r_med_photogeo", "r_est",
    "distance_gspphot",
})  # fmt: skip
_PLACE = _DISTANCE | {
    "x", "y", "z", "R", "r", "phi", "l", "b", "ra", "dec", "ecl_lon", "ecl_lat",
}  # fmt: skip
_MOTION = frozenset({
    "vx", "vy", "vz", "v_R", "v_phi", "v_z", "v_toomre", "L_z", "speed", "radial_velocity",
    "pmra", "pmdec", "pm",
})  # fmt: skip
_LUMINOSITY = frozenset({"absolute_g", "absolute_grvs"})


def _is_apparent(name: str) -> bool:
    """Say whether a column depends on how bright a star looks, hence on its distance."""
    return name.endswith(("_mag", "_error", "_over_error", "_flux")) and name not in _LUMINOSITY


def _dependences(cut: Node) -> set[str]:
    """Say on what the cut depends that a tracer population must not: place, brightness, motion.

    A comparison that combines an apparent magnitude with a distance makes a luminosity, which is
    a property of the star alone.
    """
    found: set[str] = set()
    for leaf in leaves(cut):
        names = columns(leaf)
        if any(map(_is_apparent, names)) and names & _DISTANCE:
            names = {name for name in names - _DISTANCE if not _is_apparent(name)}
        if names & _PLACE:
            found.add("position")
        if names & _MOTION:
            found.add("velocity")
        if any(map(_is_apparent, names)):
            found.add("brightness")
    return found


_WHY = {
    "position": "an edge inside the volume imitates an acceleration",
    "brightness": "it takes stars away the more, the farther they are",
    "velocity": "the stars left do not show the whole velocity distribution at any place",
}


def selection_reasons(
    catalogue: ColumnSource, tree: Tree, filled: npt.NDArray[np.bool_], n_tracers: int
) -> list[Reason]:
    """Find the cuts of a selection that remove stars by place, brightness or velocity.

    Parameters
    ----------
    catalogue, tree
        The stars, and the validated selection.
    filled
        Which stars have 6D coordinates inside the volume, selected or not, shape (n,).
    n_tracers
        How many of them the selection keeps.

    Returns
    -------
    list of Reason
        ``selection_in_position``, ``selection_in_brightness``, ``selection_in_velocity``; none
        for a cut that removes no more than one star in a hundred inside the volume.
    """
    found = []
    cuts = conjuncts(tree)
    depends = [_dependences(cut) for cut in cuts]
    for what, why in _WHY.items():
        guilty = [cut for cut, on in zip(cuts, depends, strict=True) if what in on]
        if not guilty:
            continue
        others = [cut for cut, on in zip(cuts, depends, strict=True) if what not in on]
        without = int(np.count_nonzero(mask({"kind": "and", "of": others}, catalogue) & filled))
        removed = without - n_tracers
        if removed <= _REMOVED * without:
            continue
        text = " and ".join(to_text(cut) for cut in guilty)
        text = text if len(text) <= 120 else text[:117] + "..."
        sentence = (
            f"The selection cuts in {what} ({text}) and so removes {removed:,} of the {without:,}"
            f" stars that the volume would hold; {why}."
        )
        found.append(Reason(f"selection_in_{what}", sentence))
    return found
