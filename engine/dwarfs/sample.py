"""From the table of a dwarf to the stars that a fit takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.dwarfs.membership import fit_mixture
from data.dwarfs.table import DwarfTable
from data.errors import UserError
from engine.dwarfs.families import FAMILIES, Family, given_family
from engine.dwarfs.fit import MIN_STARS
from engine.dwarfs.request import DwarfRequest
from engine.dwarfs.stars import Stars

__all__ = ["SCAN", "Sample", "families_of", "make_sample"]

Floats = NDArray[np.float64]

SCAN = (-1.0, -0.5, -0.25, 0.0, 0.2, 0.4)
"""Constant anisotropies of a scan."""

_FARTHEST = 15.0  # R_h: where the tables end
_CLIP = 6.0  # dispersions
_LARGEST_DISPERSION = 60.0  # km/s: no dwarf has it, a foreground has
_FOREGROUND = 0.03  # share from which there is one
_ARCMIN = float(np.radians(1 / 60))


@dataclass(frozen=True)
class Sample:
    """The stars of a fit.

    Parameters
    ----------
    populations
        In units of R_h.
    half_light
        R_h, kpc.
    distance
        kpc, if known.
    mean_velocity
        That was subtracted, km/s.
    covered
        Projected radii of the first and last star with a velocity, kpc.
    counts
        Stars used, and those left out by reason.
    """

    populations: tuple[Stars, ...]
    half_light: float
    distance: float | None
    mean_velocity: float
    covered: tuple[float, float]
    counts: dict[str, Any]


def families_of(request: DwarfRequest, half_light: float) -> list[Family]:
    """Give the families that a request wants."""
    if request.beta == "average":
        names = ["osipkov-merritt", "constant"]
        return [FAMILIES[n] for n in names + ["cuddeford"] * (request.preset == "standard")]
    if request.beta == "scan":
        return [given_family(beta) for beta in SCAN]
    if request.beta == "free":
        return [FAMILIES["general"]]
    if request.beta.startswith("om:"):
        return [given_family(0.0, float(request.beta[3:]) / half_light)]
    return [given_family(float(request.beta))]


def make_sample(table: DwarfTable, request: DwarfRequest) -> Sample:
    """Choose the members and put them into the fit's units.

    Raises
    ------
    UserError
        If too few stars are left, they are not those of a dwarf, or a split by metallicity is
        asked for and there is none.
    """
    columns, dropped = table.columns, {}
    radius, velocity, error = (
        columns[name].astype(np.float64) for name in ("radius", "v_los", "v_los_error")
    )
    keep = np.ones(len(radius), dtype=bool)

    def drop(reason: str, bad: NDArray[np.bool_]) -> None:
        lost = int((keep & bad).sum())
        if lost:
            dropped[reason] = lost
        keep[bad] = False

    drop(f"error above {request.max_error:g} km/s", error > request.max_error)
    if "p_member" in columns:
        p = np.nan_to_num(columns["p_member"].astype(np.float64))
        drop(f"membership not above {request.min_membership:g}", p <= request.min_membership)
    _check_count(keep, dropped)
    share, background, p_star = _foreground(radius, velocity, error, keep, columns)
    mean, spread = _centre(velocity[keep], p_star[keep])
    drop(
        f"more than {_CLIP:g} dispersions from the mean", np.abs(velocity - mean) > _CLIP * spread
    )
    half = _half_light(table, request, radius[keep], p_star[keep])
    drop(f"beyond {_FARTHEST:g} half-light radii", radius > _FARTHEST * half)
    _check_count(keep, dropped)
    if spread > _LARGEST_DISPERSION:
        raise UserError(
            f"The velocities scatter by {spread:.0f} km/s: these are not the stars of a dwarf.",
            "They are perhaps foreground stars: bring the members, or their p_member.",
        )
    groups = _groups(columns, keep, request.populations)
    populations = []
    for group in groups:
        one = Stars.members(radius[group] / half, velocity[group] - mean, error[group])
        populations.append(
            Stars(
                one.radius,
                one.velocity,
                one.error,
                share[group],
                one.background if share[group].min() == 1 else background[group],
                one.positions,
                p_star[group],
            )
        )
    used = np.concatenate([np.flatnonzero(g) for g in groups])
    return Sample(
        tuple(populations),
        half,
        None if table.dwarf is None else table.dwarf.distance,
        mean,
        (float(radius[used].min()), float(radius[used].max())),
        {"stars": len(used), "dropped": dropped, "expected_members": float(p_star[used].sum())},
    )


def _check_count(keep: NDArray[np.bool_], dropped: dict[str, int]) -> None:
    count = int(keep.sum())
    if count < MIN_STARS:
        why = "; ".join(f"{n} left out: {reason}" for reason, n in dropped.items())
        raise UserError(
            f"Only {count} star{'s' * (count != 1)} can be used" + (f" ({why})." if why else "."),
            f"A fit needs {MIN_STARS}; loosen the cuts or bring more stars.",
        )


def _foreground(
    radius: Floats,
    velocity: Floats,
    error: Floats,
    keep: NDArray[np.bool_],
    columns: dict[str, NDArray[Any]],
) -> tuple[Floats, Floats, Floats]:
    """Give share of members at each place, the foreground's density, and probabilities."""
    ones = np.ones(len(radius))
    share, background, p = ones.copy(), ones * 0, ones.copy()
    if "p_member" in columns or keep.sum() < 50:
        return share, background, p
    mixture = fit_mixture(radius[keep], velocity[keep], error[keep])
    foreign = 1 - mixture.members / keep.sum()
    if foreign < _FOREGROUND:
        return share, background, p
    share[keep], background[keep], p[keep] = (
        mixture.share, mixture.background, mixture.probability
    )  # fmt: skip
    return share, background, p


def _centre(velocity: Floats, p: Floats) -> tuple[float, float]:
    """Give mean and dispersion of the members, robustly."""
    likely = velocity[p > 0.5] if (p > 0.5).sum() >= MIN_STARS else velocity
    low, middle, high = np.quantile(likely, [0.16, 0.5, 0.84])
    spread = float(max(0.5 * (high - low), 1e-3))
    near = likely[np.abs(likely - middle) < 4 * spread]
    return float(near.mean()), spread


def _half_light(table: DwarfTable, request: DwarfRequest, radius: Floats, p: Floats) -> float:
    """Give R_h in kpc: as asked for, as published, or the median of the members."""
    if request.half_light is not None:
        return request.half_light
    dwarf = table.dwarf
    if dwarf is not None and dwarf.half_light is not None:
        return dwarf.half_light * _ARCMIN * dwarf.distance * float(np.sqrt(1 - dwarf.ellipticity))
    order = np.argsort(radius)
    within = np.cumsum(p[order])
    half = float(np.interp(0.5 * within[-1], within, radius[order]))
    if not half > 0:
        raise UserError("All stars lie in one place.", "Check the columns of the places.")
    return half


def _groups(
    columns: dict[str, NDArray[Any]], keep: NDArray[np.bool_], count: int
) -> Sequence[NDArray[np.bool_]]:
    if count == 1:
        return [keep]
    if "metallicity" not in columns:
        raise UserError("The stars have no metallicities to split them by.", "Fit one population.")
    metallicity = columns["metallicity"].astype(np.float64)
    known = keep & np.isfinite(metallicity)
    if known.sum() < 2 * MIN_STARS:
        raise UserError(
            f"Only {int(known.sum())} stars have a metallicity.", "Fit one population."
        )
    middle = np.median(metallicity[known])
    return [known & (metallicity > middle), known & (metallicity <= middle)]
