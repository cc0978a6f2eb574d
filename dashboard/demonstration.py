"""The demonstration catalogue: a mock galaxy, so that the first map can be held against truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from data.store import CatalogueStore

__all__ = ["NAME", "make_if_missing"]

NAME = "demo"


def make_if_missing(
    home: Path, progress: Callable[[float, str], None], stars: int = 200_000
) -> bool:
    """Make the demonstration catalogue unless the store has one.

    Parameters
    ----------
    home
        The folder that holds the catalogues.
    progress
        Called with the fraction done and a word on the stage.
    stars
        Stars of the mock.

    Returns
    -------
    bool
        Whether it had to be made.
    """
    if any(manifest.name == NAME for manifest in CatalogueStore(home).list()):
        return False
    from data.mocks.galaxy import make_galaxy

    make_galaxy(home, stars=stars, name=NAME, progress=progress)
    return True
