"""Whether a table holds measured stars or a simulation, and why it was taken so."""

from __future__ import annotations

import re
from collections.abc import Collection

from data.catalogue.schema import CARTESIAN, KINDS, KNOWN, SKY, Kind
from data.errors import UserError

__all__ = ["decide_kind", "distance_like"]

_NEEDS: dict[Kind, tuple[str, ...]] = {"astrometry": SKY, "simulation": tuple(CARTESIAN)}
_SPELLINGS = {
    "ra": ("raj2000", "ra_icrs", "ra_deg", "_ra", "alpha", "raj"),
    "dec": ("dej2000", "de_icrs", "decj2000", "dec_icrs", "dec_deg", "_de", "delta", "de"),
    "pmra": ("pm_ra", "pmra_cosdec", "mu_ra", "mualpha"),
    "pmdec": ("pmde", "pm_de", "pm_dec", "mu_dec", "mudelta"),
}
_DISTANCE_WORDS = ("dist", "plx", "parallax", "r_med", "r_est", "rgeo", "rpgeo", "rest")
_NO_DISTANCE_WORDS = ("err", "_lo", "_hi", "lower", "upper", "e_", "corr", "over", "zero_point")


def decide_kind(
    kind: Kind | None, known: Collection[str], names: Collection[str], *, has_distance: bool
) -> tuple[Kind, str]:
    """Say what a table is.

    Parameters
    ----------
    kind
        What the user says; None to find out.
    known
        The known names for which the table has a column.
    names
        All its columns, for the error's hint.
    has_distance
        Whether it has a parallax or another distance.

    Returns
    -------
    kind
        Measured stars go before a simulation where a table can be both and says how far away
        they are.
    why
        The reason in words.

    Raises
    ------
    UserError
        If it can be neither, or can be both and nothing decides.
    """
    if kind is not None and kind not in KINDS:
        raise UserError(f"There is no kind of table called {kind}.", f"Use {' or '.join(KINDS)}.")
    lacks = {k: [name for name in _NEEDS[k] if name not in known] for k in KINDS}
    if kind is not None:
        if lacks[kind]:
            raise _lacking(kind, lacks[kind], names)
        return kind, "chosen by the user"
    possible = [k for k in KINDS if not lacks[k]]
    if not possible:
        nearest = min(KINDS, key=lambda k: len(lacks[k]) / len(_NEEDS[k]))
        raise _lacking(nearest, lacks[nearest], names)
    if len(possible) == 1:
        return possible[0], f"the table has {_series(_NEEDS[possible[0]])}"
    if not has_distance:
        raise _ambiguous(names)
    return "astrometry", (
        f"the table has {_series(SKY)} and a distance; its {_series(tuple(CARTESIAN))} are kept "
        "under other names (--kind simulation would take them as positions and velocities)"
    )


def distance_like(names: Collection[str]) -> list[str]:
    """List the columns that may hold a distance or a parallax under another name."""
    return [
        name
        for name in names
        if name.lower().startswith(_DISTANCE_WORDS)
        and not any(word in name.lower() for word in _NO_DISTANCE_WORDS)
    ]


def _ambiguous(names: Collection[str]) -> UserError:
    candidates = distance_like(names)
    distance = f" --distance {candidates[0]}" if candidates else ""
    return UserError(
        f"The table can be read in two ways: as measured stars ({_series(SKY)}, but no parallax) "
        f"or as a simulation ({_series(tuple(CARTESIAN))} in kpc and km/s).",
        f"Choose one: --kind astrometry{distance}, or --kind simulation.",
    )


def _lacking(kind: Kind, lacks: list[str], names: Collection[str]) -> UserError:
    noun = "column" if len(lacks) == 1 else "columns"
    shown = list(names)
    listed = ", ".join(shown[:40])
    more = f" and {len(shown) - 40} more" if len(shown) > 40 else ""
    pairs = [f"{name}={_likely(name, shown)}" for name in lacks]
    likely = [pair for pair in pairs if not pair.endswith("=NAME")] or pairs[:1]
    return UserError(
        f"The table lacks the {noun} {', '.join(lacks)}, needed for {kind}.",
        f"Columns found: {listed}{more}. If they have other names, map them: {', '.join(likely)}.",
    )


def _likely(wanted: str, names: list[str]) -> str:
    """Guess which column stands for a known one, for the hint only."""
    small = {name.lower(): name for name in names if name.lower() not in KNOWN}
    for spelling in (*_SPELLINGS.get(wanted, ()), wanted):
        found = [n for n in small if n == spelling or spelling in re.split(r"[^a-z0-9]+", n)]
        found = [n for n in found if not any(word in n for word in _NO_DISTANCE_WORDS)]
        if found:
            return small[found[0]]
    return "NAME"


def _series(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
