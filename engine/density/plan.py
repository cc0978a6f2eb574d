"""Who the members of an ensemble are: their starts, their stars and their noise.

A map may err because a flow started where it did, because the stars are a sample, and because
they are measured with errors. Members that differ in one of these alone tell how much each is
worth: twins learn from the same stars after another start; all others have bootstrap samples of
their own; and to each of them belongs one that has the same start and the same stars, observed
once more with additional noise.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MemberPlan"]


@dataclass(frozen=True)
class MemberPlan:
    """The layout of an ensemble.

    Parameters
    ----------
    base
        Number M of members without additional noise; they come first.
    levels
        Additional noise in units of each star's own variance; M members for each level follow,
        the m-th of them made as the m-th without noise.
    bootstrap
        Whether members learn from bootstrap samples.
    """

    base: int
    levels: tuple[float, ...] = ()
    bootstrap: bool = True

    @property
    def total(self) -> int:
        """Number of all members."""
        return self.base * (1 + len(self.levels))

    @property
    def twins(self) -> int:
        """Pairs of members, (0, 1), (2, 3) ..., that differ by their start alone."""
        return max(1, self.base // 4) if self.bootstrap and self.base >= 3 else 0

    def level(self, index: int) -> slice:
        """Give the members of the ``index``-th level; -1 stands for those without noise."""
        return slice((index + 1) * self.base, (index + 2) * self.base)

    def streams(self) -> tuple[int, ...]:
        """Give for each member the number of the one that it is made as."""
        return tuple(range(self.base)) * (1 + len(self.levels))
