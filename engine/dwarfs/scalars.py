r"""What a fit says in single numbers.

J within an angle theta of the centre at a distance D, the dark matter ending at r_t:

    J = 4 pi/D^2 \int_0^r_t rho^2 r^2 [1 - sqrt(1 - (D theta/r)^2)] dr,

the bracket being 1 for r < D theta, and D with rho in the place of rho^2. Both
belong to the sphere's part of the cylinder of radius D theta.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import astropy.constants as const
import astropy.units as u
import numpy as np
from numpy.typing import NDArray

from engine.dwarfs.profiles import Profiles

__all__ = ["CORE_SLOPE", "cone_integral", "scalars", "summary"]

Floats = NDArray[np.float64]

CORE_SLOPE = 0.85
"""A dwarf counts as cored where -dln rho/dln r at R_h is below this."""

_GEV = (1 * u.Msun * const.c**2).to_value(u.GeV)
_KPC_CM = (1 * u.kpc).to_value(u.cm)
J_UNIT = float(_GEV**2 / _KPC_CM**5)
"""GeV^2 cm^-5 of one Msun^2 kpc^-5."""
D_UNIT = float(_GEV / _KPC_CM**2)
"""GeV cm^-2 of one Msun kpc^-2."""


def summary(values: Floats, unit: str) -> dict[str, Any]:
    """Give median and the 68 and 95% limits of draws."""
    low95, low, middle, high, high95 = np.quantile(values, [0.025, 0.16, 0.5, 0.84, 0.975])
    limits = {"lo68": low, "hi68": high, "lo95": low95, "hi95": high95}
    return {"value": float(middle), **{k: float(v) for k, v in limits.items()}, "unit": unit}


def cone_integral(
    r: Floats, density: Floats, distance: float, angle: float, end: float, power: int
) -> Floats:
    """Integrate rho^power over a cone.

    Parameters
    ----------
    r
        Radii in kpc, rising, (k,).
    density
        rho in Msun/kpc^3, (n, k); a power law inside the first radius.
    distance
        kpc.
    angle
        Half opening angle of the cone, deg.
    end
        Radius at which the dark matter ends, kpc; inside the radii.
    power
        2 for J, 1 for D.

    Returns
    -------
    ndarray
        (n,), Msun^power kpc^(1 - 3 power + 1).
    """
    reach = distance * np.tan(np.radians(angle))
    fine = np.geomspace(r[0], min(end, r[-1]), 800)
    ln = np.stack([np.interp(np.log(fine), np.log(r), row) for row in np.log(density)])
    inside = np.where(fine > reach, 1 - np.sqrt(np.maximum(1 - (reach / fine) ** 2, 0.0)), 1.0)
    shell = np.exp(power * ln) * fine**3 * inside
    slope = -(ln[:, 1] - ln[:, 0]) / np.log(fine[1] / fine[0])
    centre = shell[:, 0] / np.maximum(3 - power * slope, 0.3)
    whole = np.trapezoid(shell, np.log(fine), axis=1) + centre
    return np.asarray(4 * np.pi * whole / distance**2, dtype=np.float64)


def scalars(
    found: Profiles,
    half_light: float,
    last: float,
    distance: float | None,
    core_slope: float = CORE_SLOPE,
) -> dict[str, dict[str, Any] | None]:
    """Give the scalars of a fit by name.

    Parameters
    ----------
    found
        The profiles.
    half_light
        R_h, kpc.
    last
        Projected radius of the last star with a velocity, kpc; J ends there.
    distance
        kpc; without it there are no angles, and J and D are None.
    core_slope
        The slope that separates cores from cusps.
    """
    slope = found.at(found.slope, half_light)
    named: dict[str, dict[str, Any] | None] = {
        "rho_150pc": summary(found.at(found.density, 0.15, log=True), "Msun/pc^3"),
        "rho_half": summary(found.at(found.density, half_light, log=True), "Msun/pc^3"),
        "mass_1p8_half": summary(found.at(found.mass, 1.8 * half_light, log=True), "Msun"),
        "slope_at_half": summary(slope, ""),
        "slope_150pc": summary(found.at(found.slope, 0.15), ""),
        "anisotropy_at_half": summary(found.at(found.anisotropy, half_light), ""),
        "v_circ_half": summary(found.at(found.v_circ, half_light, log=True), "km/s"),
    }
    share = float(np.mean(slope < core_slope))
    named["probability_core"] = {
        "value": share,
        "lo68": None,
        "hi68": None,
        "lo95": None,
        "hi95": None,
        "unit": "",
        "definition": f"-dln rho/dln r at R_h is below {core_slope:g}",
    }
    for angle, label in ((0.1, "0p1deg"), (0.5, "0p5deg")):
        named |= _cones(found, last, distance, angle, label)
    return named


def _cones(
    found: Profiles, last: float, distance: float | None, angle: float, label: str
) -> Mapping[str, dict[str, Any] | None]:
    if distance is None:
        return {f"j_factor_{label}": None, f"d_factor_{label}": None}
    rho = found.density * 1e9
    more = {"within_kpc": float(last), "angle_deg": angle}
    j = cone_integral(found.r, rho, distance, angle, last, 2) * J_UNIT
    d = cone_integral(found.r, rho, distance, angle, last, 1) * D_UNIT
    return {
        f"j_factor_{label}": summary(np.log10(j), "log10 GeV^2 cm^-5") | more,
        f"d_factor_{label}": summary(np.log10(d), "log10 GeV cm^-2") | more,
    }
