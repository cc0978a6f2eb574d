"""The fiducial cuts: which stars may be chosen by their scores, after the training.

Via Machinae's five (for the last see `near_disc`), each of which can be switched off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from data.declared import Settings, setting
from data.frames import Floats, SolarParameters, to_galactocentric
from engine.streams.patches import Patch
from engine.streams.stars import PatchStars

__all__ = ["CutCount", "Fiducial", "FiducialCuts", "fiducial", "near_disc"]

Mask = npt.NDArray[np.bool_]

GALAXIA_SUN = SolarParameters((8.0, 0.0, 0.015))
"""Where Via Machinae has the Sun: 8 kpc from the centre, 15 pc above the plane."""

_WELL_MEASURED = 0.2


class FiducialCuts(Settings):
    """What a chosen star must fulfil; None switches a cut off."""

    thing: ClassVar[str] = "the fiducial cuts"

    inner: float | None = setting(
        10.0,
        "maximum distance from the patch's centre: densities near the rim of the training "
        "data are unreliable",
        low=0,
        unit="deg",
        group="fiducial cuts",
    )
    faintest: float | None = setting(
        20.2,
        "faintest G magnitude: fainter stars trace Gaia's scanning pattern",
        unit="mag",
        group="fiducial cuts",
    )
    colour: tuple[float, float] | None = setting(
        (0.5, 1.0),
        "range of BP-RP: old, metal-poor turn-off and lower giants",
        unit="mag",
        group="fiducial cuts",
    )
    slow: float | None = setting(
        2.0,
        "at least one component of the proper motion must exceed this, which removes distant "
        "stars",
        low=0,
        unit="mas/yr",
        group="fiducial cuts",
    )
    height: float | None = setting(
        2.0,
        "minimum height above the Galactic plane of stars with a good parallax, even at the "
        "near end of what it allows",
        unit="kpc",
        group="fiducial cuts",
    )


@dataclass(frozen=True)
class CutCount:
    """One line of the table of cuts.

    Parameters
    ----------
    cut, says
        Its name and what it asks for.
    passing
        Stars that fulfil it, whatever the others say.
    left
        Stars that fulfil it and all before it.
    unused
        Why it was not used; empty if it was.
    """

    cut: str
    says: str
    passing: int
    left: int
    unused: str = ""


@dataclass(frozen=True)
class Fiducial:
    """Which stars pass, (n,), and how many pass each cut."""

    mask: Mask
    table: tuple[CutCount, ...]


def fiducial(
    stars: PatchStars, cuts: FiducialCuts | None = None, patch: Patch | None = None
) -> Fiducial:
    """Apply the fiducial cuts.

    A cut whose columns the table does not have is not used, and the table of cuts says so. A star
    with a missing value fails a cut that needs it, except that without a parallax it cannot be
    told to be near.

    Parameters
    ----------
    stars
        Of a patch.
    cuts
        Which ones; Via Machinae's by default.
    patch
        Tells where the stars are on the sky; without it, their ``ra`` and ``dec`` do.
    """
    cuts = cuts or FiducialCuts()
    left = np.ones(len(stars), dtype=bool)
    table = [CutCount("all", "stars of the patch", len(stars), len(stars))]
    for name, (says, needs, found) in _found(stars, cuts, patch).items():
        if found is None:
            why = f"the table has no {', '.join(needs)}" if needs else "switched off"
            table.append(CutCount(name, says, len(stars), int(left.sum()), why))
            continue
        left = left & found
        table.append(CutCount(name, says, int(found.sum()), int(left.sum())))
    return Fiducial(left, tuple(table))


def _found(
    stars: PatchStars, cuts: FiducialCuts, patch: Patch | None
) -> dict[str, tuple[str, list[str], Mask | None]]:
    """Give for each cut what it says, what it lacks, and which stars fulfil it (None: unused)."""
    masks: dict[str, Mask] = {}
    if cuts.inner is not None:
        masks["inner"] = np.hypot(stars.lon, stars.lat) < cuts.inner
    if cuts.faintest is not None and stars.has("g"):
        masks["faintest"] = stars["g"] < cuts.faintest
    if cuts.colour is not None and stars.has("bp_rp"):
        masks["colour"] = (stars["bp_rp"] > cuts.colour[0]) & (stars["bp_rp"] < cuts.colour[1])
    if cuts.slow is not None:
        fast = (np.abs(stars[name]) > cuts.slow for name in ("mu_lon", "mu_lat"))
        masks["slow"] = np.logical_or(*fast)
    sky = stars.sky(patch)
    if cuts.height is not None and stars.has("parallax", "parallax_error") and sky is not None:
        given = (stars["parallax"], stars["parallax_error"])
        masks["height"] = ~near_disc(*sky, *given, height=cuts.height)
    low, high = cuts.colour or (0.0, 0.0)
    words: dict[str, tuple[str, tuple[str, ...]]] = {
        "inner": (f"within {cuts.inner or 0:.3g} deg of the centre", ()),
        "faintest": (f"G < {cuts.faintest}", ("g",)),
        "colour": (f"{low} < BP-RP < {high}", ("bp_rp",)),
        "slow": (f"faster than {cuts.slow} mas/yr along an axis", ()),
        "height": (
            f"|z| > {cuts.height} kpc where the parallax tells",
            ("parallax", "parallax_error") if sky is not None else ("ra", "dec"),
        ),
    }
    return {
        name: (
            says,
            [] if getattr(cuts, name) is None else [c for c in needs if not stars.has(c)],
            masks.get(name),
        )
        for name, (says, needs) in words.items()
    }


def near_disc(
    ra: Floats, dec: Floats, parallax: Floats, error: Floats, *, height: float = 2.0,
    sun: SolarParameters = GALAXIA_SUN,
) -> Mask:  # fmt: skip
    """Tell which stars certainly are near the Galactic plane, above or below it.

    A star is well measured if its parallax is positive and five times its error; with the near
    end of its distance, d = 1/(parallax + 2 error), it must have |z| > height. The absolute value
    matters: without it every star south of the plane is thrown out.

    Parameters
    ----------
    ra, dec
        ICRS, degrees, (n,).
    parallax, error
        mas, (n,); NaN is not well measured.
    height
        kpc.
    sun
        Gives the height of the Sun.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        measured = (parallax > 0) & (error / parallax < _WELL_MEASURED)
        distance = np.where(measured, 1.0 / np.where(measured, parallax + 2.0 * error, 1.0), 1.0)
    still = np.zeros(len(distance))
    z = to_galactocentric(ra, dec, distance, still, still, still, sun)[0][:, 2]
    return np.asarray(measured & (np.abs(z) <= height))
