"""The demonstration catalogue: a mock galaxy, whose first map can be compared with the truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from data.catalogue.store import CatalogueStore

__all__ = ["NAME", "STARS", "is_missing", "make_if_missing"]

NAME = "demo"
STARS = 200_000


def is_missing(home: Path) -> bool:
    """Tell whether the store of a home lacks the demonstration catalogue."""
    return all(manifest.name != NAME for manifest in CatalogueStore(home).list())


def make_if_missing(
    home: Path, progress: Callable[[float, str], None], stars: int = STARS
) -> bool:
    """Make the demonstration catalogue unless the store has one.

    Parameters
    ----------
    home
        The folder that holds the catalogues.
    progress
        Called with the fraction done and the name of the stage.
    stars
        Stars of the mock.

    Returns
    -------
    bool
        Whether it had to be made.
    """
    if not is_missing(home):
        return False
    from data.mocks.galaxy import make_galaxy

    make_galaxy(home, stars=stars, name=NAME, progress=progress)
    return True
