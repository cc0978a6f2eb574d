"""Why a number should not be believed, in words."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from engine.cubes.trust import FLAGS

#: What the flags of a cube mean to a reader. A flag that is not here speaks by its own name.
WORDS: dict[str, str] = {name: meaning for name, (_, meaning) in FLAGS.items()}


def words(code: str) -> str:
    """Say a flag or a code of a warning in words."""
    return WORDS.get(code, code.replace("_", " "))


def flag_table(flags: xr.DataArray) -> dict[int, str]:
    """Bits of a CF flag variable and the words for them.

    Parameters
    ----------
    flags
        An integer variable with the attributes ``flag_masks`` and ``flag_meanings``.
    """
    masks = np.atleast_1d(flags.attrs.get("flag_masks", []))
    meanings = str(flags.attrs.get("flag_meanings", "")).split()
    return {int(mask): words(name) for mask, name in zip(masks, meanings, strict=False)}


def reasons_of_cells(flags: xr.DataArray) -> NDArray[np.str_]:
    """Give the reasons for distrust of every cell, joined by commas; ``yes`` where there are none.

    Cells share few combinations of flags, so each combination is put into words once.
    """
    table = flag_table(flags)
    combinations, which = np.unique(flags.to_numpy(), return_inverse=True)
    sentences = [_sentence(int(bits), table) for bits in combinations]
    return np.array(sentences, dtype=str)[which].reshape(flags.shape)


def _sentence(bits: int, table: dict[int, str]) -> str:
    reasons = [text for mask, text in table.items() if bits & mask]
    return "no: " + ", ".join(reasons) if reasons else "yes"


def shares(flags: xr.DataArray, inside: NDArray[np.bool_]) -> list[tuple[str, float]]:
    """Share of the cells inside the volume that each reason concerns, largest first.

    Parameters
    ----------
    flags
        Flag variable of a cube.
    inside
        Cells that belong to the volume, same shape.
    """
    bits = flags.to_numpy()[inside]
    if bits.size == 0:
        return []
    found = [(text, float(np.mean(bits & mask != 0))) for mask, text in flag_table(flags).items()]
    return sorted((pair for pair in found if pair[1] > 0), key=lambda pair: -pair[1])


def trust_words(cube: xr.Dataset, estimator: str | None = None) -> xr.DataArray:
    """Give the reasons against the cells by an estimator, by default the cube's own, (x, y, z).

    Older cubes know those of their default alone.
    """
    words = cube["trust_flags"]
    if estimator is not None and "trust_flags_by" in cube:
        words = cube["trust_flags_by"].sel(estimator=estimator)
    return words.transpose("x", "y", "z")


def trusted_cells(cube: xr.Dataset, estimator: str | None = None) -> NDArray[np.bool_]:
    """Tell which cells have no reason against them by an estimator, (x, y, z)."""
    return np.asarray(trust_words(cube, estimator).to_numpy() == 0)


def doubt_sentence(*, show_untrusted: bool) -> str:
    """Say how doubtful cells are drawn."""
    if show_untrusted:
        return "Doubtful cells are drawn like the others: point at one to see what is against it."
    return "Grey: flagged cells (hover for the reason)."
