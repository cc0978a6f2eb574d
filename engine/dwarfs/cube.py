"""The cube ``dwarf``: profiles of a dwarf galaxy with their posterior draws."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from engine.dwarfs.fit import Fit
from engine.dwarfs.predictive import Predictive
from engine.dwarfs.profiles import QUANTILES, Profiles, family_profiles

__all__ = ["dwarf_cube"]

_PROFILES = {
    "tracer_density": ("kpc-3", "share of the stars per volume"),
    "dispersion": ("km s-1", "radial velocity dispersion"),
    "anisotropy": ("1", "anisotropy beta = 1 - s_t^2/s_r^2"),
    "mass": ("Msun", "mass within r"),
    "density": ("Msun pc-3", "density of dark matter"),
    "log_slope": ("1", "-dln rho/dln r"),
    "v_circ": ("km s-1", "circular velocity"),
}
_PROJECTED = {
    "surface_density": ("kpc-2", "share of the stars per area"),
    "projected_dispersion": ("km s-1", "line-of-sight velocity dispersion"),
    "projected_kurtosis": ("1", "kurtosis of line-of-sight velocities"),
}


def dwarf_cube(
    fit: Fit,
    found: Profiles,
    predictive: Sequence[Predictive],
    scalars: Mapping[str, Any],
    reasons: Sequence[str],
    covered: tuple[float, float],
    attributes: Mapping[str, Any],
) -> xr.Dataset:
    """Put a fit into a cube.

    Parameters
    ----------
    fit, found, predictive, scalars, reasons
        The fit and what was made of it.
    covered
        Projected radii of the first and last star with a velocity, kpc; outside them the
        profiles are the prior's.
    attributes
        Provenance.

    Returns
    -------
    xarray.Dataset
        The profiles on (draw, r) with ``<name>_sd`` on r, projected profiles on (draw, R), what
        the stars show in bins, and ``constrained`` on r.
    """
    data: dict[str, Any] = {}
    for names, axis in ((_PROFILES, "r"), (_PROJECTED, "R")):
        for name, (unit, meaning) in names.items():
            values = getattr(found, "slope" if name == "log_slope" else name)
            shared = {"units": unit, "long_name": meaning, "ancillary_variables": f"{name}_sd"}
            data[name] = (("draw", axis), values.astype(np.float32), shared)
            spread = {"units": unit, "long_name": f"standard deviation of {meaning}"}
            data[f"{name}_sd"] = ((axis,), values.std(0).astype(np.float32), spread)
    inside = (found.r >= covered[0]) & (found.r <= covered[1])
    note = {"units": "1", "long_name": "whether stars with velocities reach this radius"}
    data["constrained"] = (("r",), inside, note)
    families = [one.family for one in fit.families]
    data["draw_family"] = (
        ("draw",),
        found.family.astype(np.int8),
        {
            "units": "1",
            "flag_values": list(range(len(families))),
            "flag_meanings": " ".join(name.replace(" ", "_") for name in families),
        },
    )
    data |= _families(fit)
    for name, values in family_profiles(fit).items():
        unit, meaning = _PROFILES[name]
        about = {"units": unit, "long_name": f"{meaning}, of each family alone"}
        data[f"{name}_by_family"] = (("family", "quantile", "r"), values, about)
    data |= _bins(predictive[0])
    return xr.Dataset(
        data,
        coords={
            "r": ("r", found.r, {"units": "kpc", "long_name": "radius"}),
            "R": ("R", found.R, {"units": "kpc", "long_name": "projected radius"}),
            "family": ("family", np.array(families)),
            "quantile": ("quantile", np.array(QUANTILES)),
        },
        attrs={
            **attributes,
            "half_light_radius_kpc": fit.half_light,
            "scalars": json.dumps(scalars),
            "reasons": json.dumps(list(reasons)),
        },
    )


def _families(fit: Fit) -> dict[str, Any]:
    def column(values: Sequence[float], meaning: str) -> tuple[Any, ...]:
        return ("family",), np.array(values), {"units": "1", "long_name": meaning}

    return {
        "family_weight": column(list(fit.weights), "posterior probability of a family"),
        "family_ln_evidence": column([f.ln_evidence for f in fit.families], "ln evidence"),
        "family_r_hat": column([f.r_hat for f in fit.families], "worst r-hat"),
        "family_effective_draws": column(
            [f.effective for f in fit.families], "smallest effective sample size"
        ),
    }


def _bins(one: Predictive) -> dict[str, Any]:
    def column(values: NDArray[Any], unit: str, meaning: str) -> tuple[Any, ...]:
        return ("bin",), values, {"units": unit, "long_name": meaning}

    found = {
        "bin_radius": column(one.radius, "kpc", "median projected radius of the stars of a bin"),
        "bin_count": column(one.count, "1", "stars of a bin"),
        "bin_dispersion": column(one.dispersion, "km s-1", "dispersion, errors included"),
        "bin_kurtosis": column(one.kurtosis, "1", "kurtosis, errors included"),
    }
    for name, unit, values in (
        ("dispersion", "km s-1", one.predicted_dispersion),
        ("kurtosis", "1", one.predicted_kurtosis),
    ):
        low, high = np.quantile(values, [0.025, 0.975], axis=0)
        for word, limit in (("lo95", low), ("hi95", high)):
            meaning = f"limit of the {name} of mock stars"
            found[f"bin_{name}_predicted_{word}"] = column(limit, unit, meaning)
    return found
