"""Which patches a request means: by name, by hand, round the stars, or all that hold stars."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from data.frames import sky_triad
from engine.streams.patches import Patch, sky_patches

__all__ = ["patch_of", "patches_of", "round_the_stars"]

_RADIUS, _INNER = 15.0, 10.0
_FITS = 16.5
"""Stars whose farthest lie within so many degrees of a common centre make one patch."""

_RIM = 0.05  # percent of the stars on either side that may lie beyond the edge
_HAND = re.compile(r"\s*([-+\d.eE]+)\s*,\s*([-+\d.eE]+)\s*(?:,\s*([-+\d.eE]+)\s*)?")


def patch_of(given: object) -> Patch:
    """Read a patch.

    Parameters
    ----------
    given
        The name of one of the 200, a text or a list ``ra, dec`` or ``ra, dec, radius`` in degrees,
        or the fields of a `Patch`.

    Raises
    ------
    UserError
        If there is no such patch.
    """
    if isinstance(given, Patch):
        return given
    if isinstance(given, str):
        match = _HAND.fullmatch(given)
        if match is None:
            return _by_name(given)
        given = [float(part) for part in match.groups() if part is not None]
    if isinstance(given, Mapping):
        try:
            return Patch(**{str(key): value for key, value in given.items()})
        except TypeError:
            raise UserError(
                f"Invalid description of a patch: {', '.join(map(str, given))}."
            ) from None
    if isinstance(given, Sequence) and len(given) in (2, 3):
        ra, dec, *rest = (float(value) for value in given)
        if not (np.isfinite(ra) and abs(dec) <= 90.0):
            raise UserError(f"Invalid position: ra {ra:g}, dec {dec:g}.")
        radius = rest[0] if rest else _RADIUS
        return Patch.at(ra % 360.0, dec, radius, min(_INNER, radius * _INNER / _RADIUS))
    raise UserError(
        f"{given!r} is not a patch.",
        "Give a name such as l195.0b+33.7, or RA,DEC[,RADIUS] in degrees.",
    )


def patches_of(
    ra: npt.NDArray[np.float64],
    dec: npt.NDArray[np.float64],
    *,
    everywhere: bool = False,
    fewest: int = 1_000,
) -> list[Patch]:
    """Choose patches for stars: one round them, or those of the sky's 200 that hold enough.

    Parameters
    ----------
    ra, dec
        Degrees, (n,).
    everywhere
        Take the 200 even where one patch would hold the stars.
    fewest
        Stars that a patch must hold.

    Raises
    ------
    UserError
        If no patch does.
    """
    if not everywhere:
        own = round_the_stars(ra, dec)
        if own is not None:
            return [own]
    found = [patch for patch in sky_patches() if int(np.sum(patch.contains(ra, dec))) >= fewest]
    if not found:
        raise UserError(
            f"No patch contains {fewest:,} of the {len(ra):,} stars.",
            "Give patches explicitly: RA,DEC[,RADIUS] in degrees.",
        )
    return found


def round_the_stars(ra: npt.NDArray[np.float64], dec: npt.NDArray[np.float64]) -> Patch | None:
    """Give the one patch that holds all stars, or None where they reach too far.

    Its centre is the middle of their extent, so that more stars on one side do not move it.
    """
    if not len(ra):
        return None
    middle = sky_triad(ra, dec)[2].mean(axis=0)
    length = float(np.linalg.norm(middle))
    if length < 0.9:  # farther apart than any patch
        return None
    patch = Patch.at(*_angles(middle / length))
    for _ in range(3):
        local = patch.local(ra, dec)
        ends = [np.percentile(local[axis], [_RIM, 100.0 - _RIM]) for axis in ("lon", "lat")]
        east, north = (float(low + high) / 2.0 for low, high in ends)
        centre = patch.to_icrs(np.array([east]), np.array([north]))
        patch = Patch.at(float(centre[0][0]), float(centre[1][0]))
    local = patch.local(ra, dec)
    reach = float(np.percentile(np.hypot(local["lon"], local["lat"]), 100.0 - _RIM))
    if reach > _FITS:
        return None
    radius = min(_RADIUS, reach * 1.001)
    return Patch.at(*patch.centre, radius, radius * _INNER / _RADIUS)


def _by_name(name: str) -> Patch:
    for patch in sky_patches(dropped="nothing"):
        if patch.name == name:
            return patch
    near = sky_patches()[:3]
    raise UserError(
        f"Unknown patch {name!r}.",
        f"Names are like {', '.join(p.name for p in near)}; or give RA,DEC[,RADIUS] in degrees.",
    )


def _angles(vector: npt.NDArray[np.float64]) -> tuple[float, float]:
    ra = float(np.degrees(np.arctan2(vector[1], vector[0]))) % 360.0
    return ra, float(np.degrees(np.arcsin(np.clip(vector[2], -1.0, 1.0))))
