"""Cuts of a selection on which a map would depend: in position, in brightness, in velocity.

What a cut depends on follows from the stored columns that it is made of
(:mod:`data.columns.dependence`); it is weighed by the stars that it removes inside the volume.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data.columns.dependence import dependences
from data.columns.derived import ColumnSource
from data.reason import Reason
from data.selection import Tree, conjuncts, mask, to_text

__all__ = ["selection_reasons"]

_REMOVED = 0.01  # share of the stars in the volume that a cut may remove without a word

_WHY = {
    "position": "an edge inside the volume imitates an acceleration",
    "brightness": "it takes stars away the more, the farther they are",
    "velocity": "the stars left do not show the whole velocity distribution at any place",
}
_WHY_BOTH = "the share of stars that it removes changes from place to place"
"""Of a cut in motion at a place, such as one in energy, angular momentum or circularity."""


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
    depends = [dependences(cut, catalogue) for cut in cuts]
    for what, why in _WHY.items():
        guilty = [cut for cut, on in zip(cuts, depends, strict=True) if what in on]
        if what == "position" and all("velocity" in on for on in depends if what in on):
            why = _WHY_BOTH  # noqa: PLW2901
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
